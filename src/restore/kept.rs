//! Why a step was not done, though nothing is wrong with the disk.

use std::io;

use serde::Serialize;

use crate::base::StoreError;

use super::RestoreError;

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
    /// With it, git would take a directory for a repository.
    Repository,
    /// This disk does not take the name.
    NameRefused,
    /// This disk takes another name for this one, which differs in case or Unicode form.
    CaseClash,
    NotAllowed,
    /// It lies on a file system that is mounted read-only.
    ReadOnly,
    /// A database stands there, or would, and a program has it open.
    DatabaseInUse,
    /// What SQLite keeps beside a database is true on the machine that it comes from alone.
    BesideDatabase,
}

/// What ended an attempt.
pub enum Fault {
    Io(io::Error),
    Restore(RestoreError),
}

impl From<io::Error> for Fault {
    fn from(fault: io::Error) -> Self {
        Self::Io(fault)
    }
}

impl From<RestoreError> for Fault {
    fn from(fault: RestoreError) -> Self {
        Self::Restore(fault)
    }
}

/// What a content could not give is no fault of the disk.
pub fn unread(fault: io::Error) -> RestoreError {
    StoreError::Failed(Box::new(fault)).into()
}

impl Fault {
    /// Whether a file found no room.
    pub fn is_of_room(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(self, Self::Io(fault) if matches!(fault.kind(), StorageFull | QuotaExceeded))
    }

    /// Why the disk was left as it is, where the fault is of one path only.
    pub fn why_kept(
        self,
        of_disk: impl FnOnce(io::Error) -> RestoreError,
    ) -> Result<WhyKept, RestoreError> {
        match self {
            Self::Io(fault) => why_kept(&fault).ok_or_else(|| of_disk(fault)),
            Self::Restore(fault) => Err(fault),
        }
    }
}

/// Faults of one path, as opposed to faults of the disk.
fn why_kept(fault: &io::Error) -> Option<WhyKept> {
    match fault.kind() {
        // Its directory, or what stood there, went while it was worked on.
        io::ErrorKind::NotFound => Some(WhyKept::Changed),
        io::ErrorKind::NotADirectory => Some(WhyKept::NotADirectory),
        io::ErrorKind::ReadOnlyFilesystem => Some(WhyKept::ReadOnly),
        io::ErrorKind::PermissionDenied => Some(WhyKept::NotAllowed),
        io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => Some(WhyKept::NameRefused),
        io::ErrorKind::IsADirectory => Some(WhyKept::InTheWay),
        _ if fault.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            Some(WhyKept::NotADirectory)
        }
        _ => None,
    }
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum StepOutcome {
    Done,
    /// A directory or a mode that was so already.
    Already,
    Kept(WhyKept),
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn a_place_that_takes_nothing_ends_no_run_and_a_full_disk_does() {
        let why = |errno: Errno| why_kept(&io::Error::from(errno));
        assert_eq!(why(Errno::ROFS), Some(WhyKept::ReadOnly));
        assert_eq!(why(Errno::ACCESS), Some(WhyKept::NotAllowed));
        for ends in [Errno::NOSPC, Errno::DQUOT, Errno::IO] {
            assert_eq!(why(ends), None);
        }
    }
}
