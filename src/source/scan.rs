//! Looking around: which checkouts lie below a directory, and which known state a checkout holds.

use std::fs;
use std::io::ErrorKind;

use walkdir::{DirEntry, WalkDir};

use crate::base::{HostPath, VaultPath};

use super::{SourceError, presets};

/// Directories that hold copies of other people's work, and no checkouts of the person's own.
const NOT_WORTH_A_LOOK: [&str; 3] = ["node_modules", "target", "vendor"];

/// The checkouts below a directory, itself included, down to a depth; sorted. What lies inside a
/// checkout belongs to it and is not looked at, but for the directory that was named: somebody may
/// keep all of it in git. Hidden directories, copies of other people's work and other file systems
/// are not entered, and links are not followed. Behind them, the directories that cannot be entered.
pub fn checkouts_below(
    dir: &HostPath,
    depth: usize,
) -> Result<(Vec<HostPath>, Vec<SourceError>), SourceError> {
    let (mut found, mut closed) = (Vec::new(), Vec::new());
    let mut entries = WalkDir::new(dir.as_path())
        .max_depth(depth)
        .same_file_system(true)
        .sort_by_file_name()
        .into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(fault) if fault.depth() == 0 => return Err(unreadable(dir, fault)),
            Err(fault) => {
                let at = fault.path().and_then(|path| HostPath::new(path).ok());
                closed.extend(at.map(|at| unreadable(&at, fault)));
                continue;
            }
        };
        if !entry.file_type().is_dir() {
            continue;
        }
        if entry.depth() > 0 && is_hidden_or_foreign(&entry) {
            entries.skip_current_dir();
        } else if fs::symlink_metadata(entry.path().join(".git")).is_ok() {
            if entry.depth() > 0 {
                entries.skip_current_dir();
            }
            let tail = entry.path().strip_prefix(dir).unwrap_or(entry.path());
            found.push(if tail.as_os_str().is_empty() {
                dir.clone()
            } else {
                dir.join(tail)
            });
        }
    }
    Ok((found, closed))
}

fn unreadable(dir: &HostPath, fault: walkdir::Error) -> SourceError {
    let path = dir.as_path().to_owned();
    // Whoever says where it was says the path.
    let source = fault
        .into_io_error()
        .unwrap_or_else(|| ErrorKind::Other.into());
    match source.kind() {
        ErrorKind::NotFound => SourceError::Missing { path },
        _ => SourceError::Io { path, source },
    }
}

fn is_hidden_or_foreign(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    name.as_encoded_bytes().starts_with(b".") || NOT_WORTH_A_LOOK.iter().any(|other| name == *other)
}

/// The state directories in a checkout that some preset knows, unless it is switched off.
#[must_use]
pub fn state_dirs(root: &HostPath, off: &[String]) -> Vec<VaultPath> {
    let mut found: Vec<VaultPath> = presets()
        .iter()
        .filter(|preset| !off.contains(&preset.name))
        .flat_map(|preset| &preset.dirs)
        .filter_map(|dir| VaultPath::parse(dir).ok())
        .filter(|dir| {
            fs::symlink_metadata(root.below(dir)).is_ok_and(|seen| !seen.file_type().is_symlink())
        })
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkouts_are_found_and_not_looked_into() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let root = HostPath::new(dir.path()).expect("absolute");
        for place in [
            "work/api/.git",
            "work/api/inner/.git",
            "web/.git",
            "node_modules/x/.git",
            ".hidden/x/.git",
            "a/b/c/deep/.git",
            "plain/src",
        ] {
            fs::create_dir_all(root.join(place).as_path()).expect("made");
        }
        fs::create_dir(root.join("linked").as_path()).expect("made");
        fs::write(root.join("linked/.git").as_path(), "gitdir: x").expect("written");
        let (found, closed) = checkouts_below(&root, 3).expect("readable");
        assert!(closed.is_empty());
        assert_eq!(found, ["linked", "web", "work/api"].map(|it| root.join(it)));
        let own = root.join("web");
        assert_eq!(checkouts_below(&own, 0).expect("readable").0, [own]);
        let work = root.join("work/api");
        let (found, _) = checkouts_below(&work, 3).expect("readable");
        assert_eq!(found, [work.clone(), work.join("inner")]);
        let fault = checkouts_below(&root.join("gone"), 3);
        assert!(matches!(fault, Err(SourceError::Missing { .. })));
    }

    #[test]
    fn a_directory_that_cannot_be_entered_is_named() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a temp dir");
        let root = HostPath::new(dir.path()).expect("absolute");
        let closed = root.join("closed");
        fs::create_dir_all(root.join("api/.git").as_path()).expect("made");
        fs::create_dir(closed.as_path()).expect("made");
        let mode = |mode| {
            fs::set_permissions(closed.as_path(), fs::Permissions::from_mode(mode)).expect("ours");
        };
        mode(0o000);
        // Root may enter everything.
        let is_closed = fs::read_dir(closed.as_path()).is_err();
        let (found, faults) = checkouts_below(&root, 3).expect("readable");
        mode(0o700);
        assert_eq!(found, [root.join("api")]);
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let named = format!("cannot look at {closed}");
        assert_eq!(faults, if is_closed { vec![named] } else { Vec::new() });
    }

    #[test]
    fn known_state_is_found_unless_its_preset_is_off() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let root = HostPath::new(dir.path()).expect("absolute");
        for place in [".aigon", ".claude", ".mine", "src"] {
            fs::create_dir(root.join(place).as_path()).expect("made");
        }
        fs::write(root.join(".aider.conf.yml").as_path(), "x").expect("written");
        std::os::unix::fs::symlink(".aigon", root.join(".beads").as_path()).expect("linked");
        let names = |off: &[String]| -> Vec<String> {
            let found = state_dirs(&root, off);
            found.iter().map(ToString::to_string).collect()
        };
        assert_eq!(names(&[]), [".aider.conf.yml", ".aigon", ".claude"]);
        assert_eq!(names(&["claude".to_owned()]), [".aider.conf.yml", ".aigon"]);
    }
}
