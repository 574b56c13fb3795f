//! One step at a time: a temp file beside the target, a last look at the target, a rename.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path};

use serde::Serialize;

use crate::base::{HostPath, Kind, Leaf, ObjectId, Random, TEMP_PREFIX, VaultPath};

use super::RestoreError;
use super::place::{Place, Standing, open_root, reach};

/// How the caller names contents: the restore compares, and knows no more of it.
pub type Hash<'a> = &'a dyn Fn(&[u8]) -> ObjectId;

/// Where the bytes of a step come from.
pub type Content<'a> = &'a dyn Fn(&Step) -> Result<Vec<u8>, RestoreError>;

/// One change of the disk.
#[derive(Clone, Debug)]
pub struct Step {
    /// How the path is spoken of.
    pub path: VaultPath,
    /// The real names on this disk, below the root.
    pub names: Vec<OsString>,
    pub kind: StepKind,
}

#[derive(Clone, Debug)]
pub enum StepKind {
    /// Put this there, if what stands there is what is expected.
    Write {
        leaf: Leaf,
        private: bool,
        expected: Option<Leaf>,
    },
    Delete {
        expected: Leaf,
    },
    MakeDir,
    RemoveDir,
    /// Make a file readable by its owner alone, or by others again.
    Private(bool),
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum StepOutcome {
    Done,
    Kept(WhyKept),
}

/// Why the disk was left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyKept {
    /// It changed after the plan was made.
    Changed,
    /// A directory, or something that is no file, stands there.
    InTheWay,
    /// On the way to it there is a link or a file.
    NotADirectory,
    /// A link that would lead out of the project.
    LinkLeaves,
    /// This disk does not take the name.
    NameRefused,
    NotAllowed,
}

/// Carries the steps out below `root`; outcomes come in the order of the steps. A fault of the disk
/// (full, gone) ends it: what was done is whole, what was not is untouched.
pub fn apply(
    root: &HostPath,
    steps: &[Step],
    content: Content<'_>,
    hash: Hash<'_>,
    random: &dyn Random,
) -> Result<Vec<StepOutcome>, RestoreError> {
    let io = |source| RestoreError::Io {
        action: "open",
        path: root.as_path().to_owned(),
        source,
    };
    let run = Run {
        root: open_root(root.as_path()).map_err(io)?,
        host: root,
        content,
        hash,
        random,
    };
    let mut outcomes = Vec::with_capacity(steps.len());
    let mut emptied = BTreeSet::new();
    let mut wanted = BTreeSet::new();
    for step in steps {
        let outcome = run.step(step)?;
        match (&step.kind, outcome) {
            (StepKind::Delete { .. } | StepKind::RemoveDir, StepOutcome::Done) => {
                emptied.insert(step.names.clone());
            }
            (StepKind::MakeDir, _) => {
                wanted.insert(step.names.as_slice());
            }
            _ => {}
        }
        outcomes.push(outcome);
    }
    run.remove_emptied(emptied, &wanted);
    Ok(outcomes)
}

struct Run<'a> {
    root: std::os::fd::OwnedFd,
    host: &'a HostPath,
    content: Content<'a>,
    hash: Hash<'a>,
    random: &'a dyn Random,
}

impl Run<'_> {
    fn step(&self, step: &Step) -> Result<StepOutcome, RestoreError> {
        match self.attempt(step) {
            Ok(outcome) => Ok(outcome),
            Err(Fault::Io(fault)) => match why_kept(&fault) {
                Some(why) => Ok(StepOutcome::Kept(why)),
                None => Err(RestoreError::Io {
                    action: "write",
                    path: self.host.below(&step.path).as_path().to_owned(),
                    source: fault,
                }),
            },
            Err(Fault::Restore(fault)) => Err(fault),
        }
    }

    fn attempt(&self, step: &Step) -> Result<StepOutcome, Fault> {
        let makes = matches!(step.kind, StepKind::Write { .. } | StepKind::MakeDir);
        let Some(place) = reach(&self.root, &step.names, makes)? else {
            return Ok(StepOutcome::Done);
        };
        match &step.kind {
            StepKind::Write {
                leaf,
                private,
                expected,
            } => self.write(step, &place, (*leaf, *private), *expected),
            StepKind::Delete { expected } => {
                if let Some(why) = self.differs(&place, Some(*expected))? {
                    return Ok(StepOutcome::Kept(why));
                }
                place.unlink()?;
                place.sync()?;
                Ok(StepOutcome::Done)
            }
            StepKind::MakeDir => match place.standing()? {
                Standing::Nothing | Standing::Dir => {
                    place.make_dir()?;
                    Ok(StepOutcome::Done)
                }
                _ => Ok(StepOutcome::Kept(WhyKept::InTheWay)),
            },
            StepKind::RemoveDir => {
                place.remove_dir()?;
                Ok(StepOutcome::Done)
            }
            StepKind::Private(private) => {
                if let Standing::File { mode } = place.standing()? {
                    place.set_mode(if *private { mode & 0o700 } else { mode | 0o044 })?;
                }
                Ok(StepOutcome::Done)
            }
        }
    }

    fn write(
        &self,
        step: &Step,
        place: &Place,
        (leaf, private): (Leaf, bool),
        expected: Option<Leaf>,
    ) -> Result<StepOutcome, Fault> {
        let bytes = (self.content)(step).map_err(Fault::Restore)?;
        if leaf.kind == Kind::Link && !stays_inside(&step.names, &bytes) {
            return Ok(StepOutcome::Kept(WhyKept::LinkLeaves));
        }
        let temp = self.temp_name().map_err(Fault::Restore)?;
        let made = write_temp(place, &temp, (leaf, private), &bytes);
        let outcome = made.and_then(|()| {
            if let Some(why) = self.differs(place, expected)? {
                return Ok(StepOutcome::Kept(why));
            }
            place.rename_from(&temp)?;
            place.sync()?;
            Ok(StepOutcome::Done)
        });
        if !matches!(outcome, Ok(StepOutcome::Done)) {
            place.unlink_beside(&temp);
        }
        outcome
    }

    /// Whether the target is still what the plan saw, by its content. Nothing means: yes.
    fn differs(&self, place: &Place, expected: Option<Leaf>) -> Result<Option<WhyKept>, Fault> {
        let id = match (place.standing()?, expected.map(|leaf| leaf.kind)) {
            (Standing::Nothing, None) => return Ok(None),
            (Standing::File { .. }, Some(Kind::File | Kind::Exec)) => (self.hash)(&place.read()?),
            (Standing::Link, Some(Kind::Link)) => (self.hash)(&place.read_link()?),
            (Standing::Dir | Standing::Other, _) => return Ok(Some(WhyKept::InTheWay)),
            _ => return Ok(Some(WhyKept::Changed)),
        };
        let same = expected.is_some_and(|leaf| leaf.id == id);
        Ok((!same).then_some(WhyKept::Changed))
    }

    fn temp_name(&self) -> Result<OsString, RestoreError> {
        let mut chance = [0; 8];
        self.random.fill(&mut chance)?;
        Ok(OsString::from(format!(
            "{TEMP_PREFIX}{:016x}",
            u64::from_be_bytes(chance)
        )))
    }

    /// A directory whose last entry was deleted goes too, but never the state directory itself, and
    /// none that is wanted as an empty one.
    fn remove_emptied(&self, deleted: BTreeSet<Vec<OsString>>, wanted: &BTreeSet<&[OsString]>) {
        for mut names in deleted.into_iter().rev() {
            while names.len() > 2 {
                names.pop();
                if wanted.contains(names.as_slice()) {
                    break;
                }
                let gone = reach(&self.root, &names, false).and_then(|place| match place {
                    Some(place) => place.remove_dir(),
                    None => Ok(false),
                });
                if !gone.unwrap_or(false) {
                    break;
                }
            }
        }
    }
}

fn write_temp(
    place: &Place,
    temp: &OsStr,
    (leaf, private): (Leaf, bool),
    bytes: &[u8],
) -> Result<(), Fault> {
    if leaf.kind == Kind::Link {
        place.link_beside(temp, OsStr::from_bytes(bytes))?;
        return Ok(());
    }
    let mode = match (leaf.kind, private) {
        (Kind::Exec, true) => 0o700,
        (Kind::Exec, false) => 0o755,
        (_, true) => 0o600,
        (_, false) => 0o644,
    };
    let mut file = place.create_beside(temp, mode)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

enum Fault {
    Io(io::Error),
    Restore(RestoreError),
}

impl From<io::Error> for Fault {
    fn from(fault: io::Error) -> Self {
        Self::Io(fault)
    }
}

/// Faults of one path, as opposed to faults of the disk.
fn why_kept(fault: &io::Error) -> Option<WhyKept> {
    match fault.kind() {
        io::ErrorKind::NotADirectory => Some(WhyKept::NotADirectory),
        io::ErrorKind::PermissionDenied => Some(WhyKept::NotAllowed),
        io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => Some(WhyKept::NameRefused),
        io::ErrorKind::IsADirectory => Some(WhyKept::InTheWay),
        _ if fault.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            Some(WhyKept::NotADirectory)
        }
        _ => None,
    }
}

/// Whether a link at `names` that points to `target` stays below the root, read as text alone.
fn stays_inside(names: &[OsString], target: &[u8]) -> bool {
    let target = OsString::from_vec(target.to_vec());
    let mut depth = names.len().saturating_sub(1);
    for part in Path::new(&target).components() {
        match part {
            // What lies there is obeyed by git, so no link from elsewhere leads to it.
            Component::Normal(name) if name.eq_ignore_ascii_case(".git") => return false,
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::StepOutcome::{Done, Kept};
    use super::*;
    use crate::base::Edges;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn hash(bytes: &[u8]) -> ObjectId {
        let mut id = [0; 20];
        id.copy_from_slice(&blake3::hash(bytes).as_bytes()[..20]);
        ObjectId::from_bytes(id)
    }

    fn leaf(kind: Kind, text: &str) -> Leaf {
        Leaf {
            kind,
            id: hash(text.as_bytes()),
        }
    }

    fn step(path: &str, kind: StepKind) -> Step {
        let path = VaultPath::parse(path).expect("valid");
        Step {
            names: path.names().map(OsString::from).collect(),
            path,
            kind,
        }
    }

    fn put(path: &str, expected: Option<&str>) -> Step {
        let expected = expected.map(|text| leaf(Kind::File, text));
        step(
            path,
            StepKind::Write {
                leaf: leaf(Kind::File, "new"),
                private: false,
                expected,
            },
        )
    }

    fn run(root: &Path, steps: &[Step], bytes: &str) -> Vec<StepOutcome> {
        let root = HostPath::new(root).expect("absolute");
        let edges = Edges::fixed(0);
        apply(
            &root,
            steps,
            &|_| Ok(bytes.as_bytes().to_vec()),
            &hash,
            edges.random.as_ref(),
        )
        .expect("no fault of the disk")
    }

    #[test]
    fn only_what_is_as_expected_is_replaced() {
        let dir = tempfile::tempdir().expect("a temp dir");
        fs::create_dir_all(dir.path().join("a")).expect("made");
        fs::write(dir.path().join("a/same"), "old").expect("written");
        fs::write(dir.path().join("a/edited"), "edited").expect("written");
        fs::write(dir.path().join("a/unexpected"), "mine").expect("written");
        let steps = [
            put("a/same", Some("old")),
            put("a/edited", Some("old")),
            put("a/unexpected", None),
            put("b/c/fresh", None),
        ];
        let outcomes = run(dir.path(), &steps, "new");
        assert_eq!(
            outcomes,
            [Done, Kept(WhyKept::Changed), Kept(WhyKept::Changed), Done]
        );
        let read = |name: &str| fs::read_to_string(dir.path().join(name)).expect("there");
        assert_eq!(
            (
                read("a/same"),
                read("a/edited"),
                read("a/unexpected"),
                read("b/c/fresh")
            ),
            ("new".into(), "edited".into(), "mine".into(), "new".into())
        );
        assert_eq!(
            fs::read_dir(dir.path().join("a")).expect("listed").count(),
            3,
            "no temp files stay"
        );
    }

    #[test]
    fn a_link_on_the_way_is_never_followed() {
        let outside = tempfile::tempdir().expect("a temp dir");
        let dir = tempfile::tempdir().expect("a temp dir");
        symlink(outside.path(), dir.path().join("a")).expect("linked");
        let victim = outside.path().join("victim");
        fs::write(&victim, "old").expect("written");
        let delete = step(
            "a/victim",
            StepKind::Delete {
                expected: leaf(Kind::File, "old"),
            },
        );
        let outcomes = run(
            dir.path(),
            &[put("a/victim", Some("old")), put("a/x", None), delete],
            "new",
        );
        assert_eq!(outcomes, [StepOutcome::Kept(WhyKept::NotADirectory); 3]);
        assert_eq!(fs::read_to_string(&victim).expect("there"), "old");
        assert!(!outside.path().join("x").exists());
    }

    #[test]
    fn a_link_may_not_lead_out_of_the_project() {
        let dir = tempfile::tempdir().expect("a temp dir");
        for (target, outcome) in [
            ("../../etc/passwd", StepOutcome::Kept(WhyKept::LinkLeaves)),
            ("/etc/passwd", StepOutcome::Kept(WhyKept::LinkLeaves)),
            ("b/../../../x", StepOutcome::Kept(WhyKept::LinkLeaves)),
            ("../sibling", StepOutcome::Done),
        ] {
            let link = StepKind::Write {
                leaf: leaf(Kind::Link, target),
                private: false,
                expected: None,
            };
            fs::remove_file(dir.path().join("a/link")).ok();
            assert_eq!(
                run(dir.path(), &[step("a/link", link)], target),
                [outcome],
                "{target}"
            );
        }
    }

    #[test]
    fn an_emptied_directory_goes_and_the_state_directory_stays() {
        let dir = tempfile::tempdir().expect("a temp dir");
        fs::create_dir_all(dir.path().join(".aigon/deep/er")).expect("made");
        fs::write(dir.path().join(".aigon/deep/er/x"), "old").expect("written");
        let delete = step(
            ".aigon/deep/er/x",
            StepKind::Delete {
                expected: leaf(Kind::File, "old"),
            },
        );
        assert_eq!(run(dir.path(), &[delete], ""), [StepOutcome::Done]);
        assert!(dir.path().join(".aigon").is_dir());
        assert!(!dir.path().join(".aigon/deep").exists());
    }

    #[test]
    fn modes_are_as_asked() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let write = |kind, private| StepKind::Write {
            leaf: leaf(kind, "new"),
            private,
            expected: None,
        };
        let steps = [
            step("a/plain", write(Kind::File, false)),
            step("a/private", write(Kind::File, true)),
            step("a/run", write(Kind::Exec, false)),
        ];
        assert_eq!(run(dir.path(), &steps, "new"), [StepOutcome::Done; 3]);
        let mode = |name: &str| {
            fs::metadata(dir.path().join(name))
                .expect("there")
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(
            (mode("a/plain"), mode("a/private"), mode("a/run")),
            (0o644, 0o600, 0o755)
        );
    }
}
