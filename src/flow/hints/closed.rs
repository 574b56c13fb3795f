//! What this user may not read or write. That is no damage: whoever may opens it again.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::base::BaseError;

use super::super::FlowError;
use super::typed::quoted;

/// Something that is there and closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub path: PathBuf,
    owner: u32,
    is_dir: bool,
    /// The file system is not there for writing, whoever asks.
    is_read_only: bool,
}

impl Closed {
    /// A file or directory that is closed to this user. One that nobody can look at is closed further up.
    #[must_use]
    pub fn at(path: &Path) -> Option<Self> {
        let seen = fs::metadata(path).ok()?;
        let wanted = if seen.is_dir() {
            Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK
        } else {
            Access::READ_OK | Access::WRITE_OK
        };
        match access(path, wanted) {
            Err(Errno::ACCESS) => Some(Self::of(path, &seen)),
            Err(Errno::ROFS) => Some(Self {
                is_read_only: true,
                ..Self::of(path, &seen)
            }),
            _ => None,
        }
    }

    /// The same of the path or of the first above it that is there.
    #[must_use]
    pub fn on_the_way_to(path: &Path) -> Option<Self> {
        let mut way = path.ancestors();
        let there = way.find(|path| fs::metadata(path).is_ok())?;
        Self::at(there)
    }

    /// The first that cannot be read below a directory. What git wrote there nobody changes.
    #[must_use]
    pub fn below(dir: &Path) -> Option<Self> {
        if let Some(closed) = Self::at(dir) {
            return Some(closed);
        }
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(seen) = entry.metadata() else { continue };
            let found = if seen.is_dir() {
                Self::below(&path)
            } else {
                let is_closed = access(&path, Access::READ_OK) == Err(Errno::ACCESS);
                is_closed.then(|| Self::of(&path, &seen))
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn of(path: &Path, seen: &Metadata) -> Self {
        Self {
            path: path.to_owned(),
            owner: seen.uid(),
            is_dir: seen.is_dir(),
            is_read_only: false,
        }
    }

    /// What is the matter.
    #[must_use]
    pub fn words(&self) -> String {
        let path = self.path.display();
        if self.is_read_only {
            format!("{path} is on a file system that is mounted read-only")
        } else if self.is_ours() {
            format!("{path} is closed to you, its owner")
        } else {
            let owner = self.owner;
            format!("{path} is closed to you: it belongs to the user {owner}")
        }
    }

    /// What opens it.
    #[must_use]
    pub fn fix(&self) -> String {
        if self.is_read_only {
            return "have that file system mounted for writing".to_owned();
        }
        let path = quoted(&self.path.display().to_string());
        match (self.is_ours(), self.is_dir) {
            (true, true) => format!("chmod u+rwx {path}"),
            (true, false) => format!("chmod u+rw {path}"),
            (false, true) => format!("sudo chown -R \"$(id -u)\" {path}"),
            (false, false) => format!("sudo chown \"$(id -u)\" {path}"),
        }
    }

    fn is_ours(&self) -> bool {
        self.owner == geteuid().as_raw()
    }

    #[must_use]
    pub fn fault(&self) -> FlowError {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        BaseError::io("open", &self.path)(denied).into()
    }
}

/// What to do about something that could not be done with a file.
#[must_use]
pub fn closed_hints(fault: &BaseError) -> Vec<String> {
    let BaseError::Io { path, source, .. } = fault else {
        return Vec::new();
    };
    if source.kind() != io::ErrorKind::PermissionDenied {
        return Vec::new();
    }
    let closed = Closed::on_the_way_to(path);
    closed.map_or_else(Vec::new, |closed| vec![closed.fix(), closed.words()])
}
