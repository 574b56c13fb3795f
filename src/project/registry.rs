//! The list of the projects on this machine: `projects.json` in the data directory.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use crate::base::{
    BaseError, FileLock, Holder, HostPath, Id, LockOutcome, VaultPath, read_if_there, write_atomic,
};

use super::ProjectError;

/// A longer list was not written by us.
const MAX_SIZE: u64 = 16 * 1024 * 1024;
/// How long a change waits for another one to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// A project on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    pub id: Id,
    #[serde(deserialize_with = "one_component")]
    pub name: String,
    pub path: HostPath,
    /// The state directories that travel, below `path`.
    #[serde(default)]
    pub dirs: Vec<VaultPath>,
    /// Normalised.
    #[serde(default)]
    pub remotes: Vec<String>,
    #[serde(default)]
    pub roots: Vec<String>,
    /// Whether the vault on the remote knows the id: before that, id and name are provisional.
    #[serde(default)]
    pub published: bool,
    /// Kept apart from another checkout of the same repository, because the person said so.
    #[serde(default)]
    pub separate: bool,
    /// What another version of holdall wrote here.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// All projects on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    pub projects: Vec<Registered>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl Registry {
    /// Reads the list. No file means no projects yet; a damaged one is an error.
    pub fn load(file: &HostPath) -> Result<Self, ProjectError> {
        read(file.as_path()).map(|(registry, _)| registry)
    }

    /// Changes the list under its lock. If the change fails, nothing is written.
    pub fn edit<T>(
        file: &HostPath,
        holder: &Holder,
        change: impl FnOnce(&mut Self) -> Result<T, ProjectError>,
    ) -> Result<T, ProjectError> {
        let path = file.as_path();
        let _lock = take_lock(path, holder)?;
        let (mut registry, old) = read(path)?;
        let answer = change(&mut registry)?;
        // JSON has no way to write such a path, and a changed one would be another place.
        if let Some(odd) = registry
            .projects
            .iter()
            .find(|project| project.path.as_path().to_str().is_none())
        {
            return Err(ProjectError::NotUtf8 {
                path: odd.path.as_path().to_owned(),
            });
        }
        let mut text = serde_json::to_vec_pretty(&registry).map_err(ProjectError::Unwritable)?;
        text.push(b'\n');
        if old.as_deref() != Some(text.as_slice()) {
            write_atomic(path, &text)?;
        }
        Ok(answer)
    }

    /// The project that a person means: by name, by path, or by id.
    #[must_use]
    pub fn find(&self, wanted: &str) -> Option<&Registered> {
        let by = |fits: &dyn Fn(&Registered) -> bool| self.projects.iter().find(|it| fits(it));
        by(&|project| project.name == wanted)
            .or_else(|| by(&|project| project.path.as_path() == Path::new(wanted)))
            .or_else(|| by(&|project| project.id.as_str().eq_ignore_ascii_case(wanted)))
    }

    /// The project that was registered for this very directory.
    #[must_use]
    pub fn at(&self, path: &HostPath) -> Option<&Registered> {
        self.projects.iter().find(|project| project.path == *path)
    }
}

/// The list, and its bytes as they stand on the disk.
fn read(path: &Path) -> Result<(Registry, Option<Vec<u8>>), ProjectError> {
    let Some(bytes) = read_if_there(path, MAX_SIZE)? else {
        return Ok((Registry::default(), None));
    };
    let registry = serde_json::from_slice(&bytes).map_err(|source| ProjectError::Damaged {
        path: path.to_owned(),
        line: source.line(),
        source,
    })?;
    Ok((registry, Some(bytes)))
}

fn take_lock(path: &Path, holder: &Holder) -> Result<FileLock, ProjectError> {
    match FileLock::beside(path, holder, PATIENCE)? {
        LockOutcome::Taken(lock) => Ok(lock),
        LockOutcome::Busy(holder) => Err(ProjectError::Busy {
            path: path.to_owned(),
            holder,
        }),
    }
}

/// The name becomes a directory in the vault.
fn one_component<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    VaultPath::root()
        .child(name.as_bytes())
        .map_err(|fault| de::Error::custom(BaseError::from(fault)))?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::thread;

    use super::*;
    use crate::base::Timestamp;

    struct Place {
        _dir: tempfile::TempDir,
        file: HostPath,
    }

    fn place(content: Option<&str>) -> Place {
        let dir = tempfile::tempdir().expect("a temp dir");
        let file = HostPath::new(dir.path().join("projects.json")).expect("absolute");
        if let Some(content) = content {
            std::fs::write(file.as_path(), content).expect("written");
        }
        Place { _dir: dir, file }
    }

    fn holder() -> Holder {
        Holder {
            pid: 7,
            command: "project add".to_owned(),
            since: Timestamp::from_millis(0),
        }
    }

    fn project(letter: char, name: &str) -> Registered {
        Registered {
            id: Id::parse(&letter.to_string().repeat(26)).expect("valid"),
            name: name.to_owned(),
            path: HostPath::new(format!("/work/{name}")).expect("absolute"),
            dirs: vec![VaultPath::parse(".aigon").expect("valid")],
            remotes: vec!["host.org/x".to_owned()],
            roots: Vec::new(),
            published: false,
            separate: false,
            unknown: Map::new(),
        }
    }

    fn add(place: &Place, project: Registered) {
        Registry::edit(&place.file, &holder(), |registry| {
            registry.projects.push(project);
            Ok(())
        })
        .expect("edited");
    }

    #[test]
    fn what_was_added_is_found_by_name_path_and_id() {
        let place = place(None);
        assert!(
            Registry::load(&place.file)
                .expect("none yet")
                .projects
                .is_empty()
        );
        add(&place, project('1', "api"));
        add(&place, project('2', "web"));
        let registry = Registry::load(&place.file).expect("readable");
        for wanted in ["web", "/work/web", "/work/web/", &"2".repeat(26)] {
            let found = registry.find(wanted).expect("there");
            assert_eq!(found, &project('2', "web"), "{wanted}");
        }
        assert_eq!(registry.find("we"), None);
    }

    #[test]
    fn a_damaged_list_is_named_with_its_line_and_left_alone() {
        let valid = |name: &str| {
            format!(
                "{{\"projects\":[\n{{\"id\":\"{}\",\n\"name\":\"{name}\",\"path\":\"/x\"}}]}}",
                "1".repeat(26)
            )
        };
        assert!(Registry::load(&place(Some(&valid("api"))).file).is_ok());
        let relative = valid("api").replace("/x", "x");
        let faults = [
            "",
            "{\"projects\":[\n\n{]}",
            "[]",
            &valid("../up"),
            &valid("a\\u0000"),
            &relative,
        ];
        for text in faults {
            let place = place(Some(text));
            let fault = Registry::edit(&place.file, &holder(), |registry| {
                registry.projects.clear();
                Ok(())
            });
            let message = fault.expect_err("damaged").to_string();
            assert!(message.contains("projects.json is damaged at line "));
            let left = std::fs::read_to_string(place.file.as_path()).expect("there");
            assert_eq!(left, text);
        }
        let place = place(Some(&valid("../up")));
        let fault = Registry::load(&place.file).expect_err("unsafe");
        assert!(
            matches!(fault, ProjectError::Damaged { line: 3, .. }),
            "{fault}"
        );
    }

    #[test]
    fn fields_of_another_version_survive() {
        let text = format!(
            "{{\"later\":[1],\"projects\":[{{\"id\":\"{}\",\"name\":\"api\",\"path\":\"/x\",\
             \"colour\":{{\"deep\":1.50}}}}]}}",
            "1".repeat(26)
        );
        let place = place(Some(&text));
        add(&place, project('2', "web"));
        let text = std::fs::read_to_string(place.file.as_path()).expect("there");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(value["later"][0], 1);
        assert_eq!(value["projects"][0]["colour"]["deep"], 1.5);
        assert_eq!(value["projects"][1]["name"], "web");
    }

    #[test]
    fn a_failed_change_writes_nothing() {
        let place = place(None);
        add(&place, project('1', "api"));
        let before = std::fs::read(place.file.as_path()).expect("there");
        let fault = Registry::edit(&place.file, &holder(), |registry| {
            registry.projects.clear();
            Err::<(), _>(ProjectError::NotFound {
                wanted: "x".to_owned(),
            })
        });
        assert!(fault.is_err());
        assert_eq!(std::fs::read(place.file.as_path()).expect("there"), before);
    }

    #[test]
    fn a_path_that_json_cannot_hold_is_refused() {
        use std::os::unix::ffi::OsStrExt;
        let place = place(None);
        let mut odd = project('1', "api");
        let name = std::ffi::OsStr::from_bytes(b"/work/\xff");
        odd.path = HostPath::new(PathBuf::from(name)).expect("absolute");
        let fault = Registry::edit(&place.file, &holder(), |registry| {
            registry.projects.push(odd);
            Ok(())
        });
        assert!(matches!(fault, Err(ProjectError::NotUtf8 { .. })));
        assert!(!place.file.as_path().exists());
    }

    #[test]
    fn eight_writers_at_once_lose_nothing() {
        let place = place(None);
        thread::scope(|scope| {
            for letter in '0'..='7' {
                let place = &place;
                scope.spawn(move || add(place, project(letter, &format!("p{letter}"))));
            }
        });
        let registry = Registry::load(&place.file).expect("readable");
        assert_eq!(registry.projects.len(), 8);
    }
}
