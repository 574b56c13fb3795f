//! The file of the program: whether it still is the one that runs.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What tells a file from the one that comes into its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    file: (u64, u64),
    size: u64,
    written: (i64, i64),
}

impl Mark {
    fn of(path: &Path) -> Option<Self> {
        let meta = fs::metadata(path).ok()?;
        Some(Self {
            file: (meta.dev(), meta.ino()),
            size: meta.len(),
            written: (meta.mtime(), meta.mtime_nsec()),
        })
    }
}

pub struct Program {
    path: PathBuf,
    known: Option<Mark>,
}

impl Program {
    pub fn seen(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            known: Mark::of(path),
        }
    }

    /// One that is gone is not replaced yet.
    pub fn is_replaced(&self) -> bool {
        let now = Mark::of(&self.path);
        now.is_some() && now != self.known
    }

    /// This one is of no use: only another one is looked at again.
    pub fn look_away(&mut self) {
        self.known = Mark::of(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_replaced_by_another_file_and_not_by_none() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let path = dir.path().join("holdall");
        fs::write(&path, "one").expect("written");
        let mut program = Program::seen(&path);
        assert!(!program.is_replaced());
        fs::remove_file(&path).expect("there");
        assert!(!program.is_replaced());
        fs::write(&path, "another").expect("written");
        assert!(program.is_replaced());
        program.look_away();
        assert!(!program.is_replaced());
    }
}
