//! What is to change on a disk, and what the disk is to be asked with.

use std::ffi::OsString;
use std::io::{self, Read};

use crate::base::{HostPath, Kind, Leaf, Random, Stat, VaultPath};

use super::RestoreError;
use super::kept::{StepOutcome, WhyKept};
use super::seen::{Hash, Reached};

/// Where the bytes of a step come from, to be read piece by piece.
pub type Content<'a> = &'a dyn Fn(&Step) -> Result<Box<dyn Read + 'a>, RestoreError>;

/// No system follows a longer link.
const LONGEST_LINK: u64 = 4_096;
const HEAD: u64 = 64;

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
    /// Add what this has beyond what is expected there, of which it is the continuation.
    Append {
        leaf: Leaf,
        expected: Leaf,
        /// The size of what is expected.
        from: u64,
    },
    Delete {
        expected: Leaf,
    },
    MakeDir,
    RemoveDir,
    /// Make a file readable by its owner alone, or by others again.
    Private(bool),
}

impl Step {
    /// The file that it is about.
    #[must_use]
    pub fn file(&self, root: &HostPath) -> HostPath {
        let names = self.names.iter();
        names.fold(root.clone(), |at, name| at.join(name))
    }

    /// Where it is done; else what becomes of it.
    pub(super) fn at<P>(&self, reached: Reached<P>) -> Result<P, StepOutcome> {
        match reached {
            Reached::Place(place) => Ok(place),
            // What was to go is gone, and of what is not there no mode is to be changed.
            Reached::Nowhere if matches!(self.kind, StepKind::Delete { .. }) => {
                Err(StepOutcome::Done)
            }
            Reached::Nowhere if matches!(self.kind, StepKind::Append { .. }) => {
                Err(StepOutcome::Kept(WhyKept::Changed))
            }
            Reached::Nowhere => Err(StepOutcome::Already),
            Reached::OtherSpelling => Err(StepOutcome::Kept(WhyKept::CaseClash)),
        }
    }
}

impl StepKind {
    #[must_use]
    pub const fn leaf(&self) -> Option<Leaf> {
        match self {
            Self::Write { leaf, .. } | Self::Append { leaf, .. } => Some(*leaf),
            _ => None,
        }
    }

    /// So much of a file says what it is; of a link it is all.
    pub(super) fn head(&self) -> u64 {
        if self.makes_link() {
            LONGEST_LINK
        } else {
            HEAD
        }
    }

    pub(super) fn makes_link(&self) -> bool {
        matches!(self, Self::Write { leaf, .. } if leaf.kind == Kind::Link)
    }

    /// What is to stand there before.
    #[must_use]
    pub const fn expected(&self) -> Option<Leaf> {
        match self {
            Self::Write { expected, .. } => *expected,
            Self::Delete { expected } | Self::Append { expected, .. } => Some(*expected),
            Self::MakeDir | Self::RemoveDir | Self::Private(_) => None,
        }
    }

    /// The mode of a file that is written.
    pub(super) fn mode(&self) -> u32 {
        let (is_exec, is_private) = match self {
            Self::Write { leaf, private, .. } => (leaf.kind == Kind::Exec, *private),
            _ => (false, false),
        };
        match (is_exec, is_private) {
            (true, true) => 0o700,
            (true, false) => 0o755,
            (false, true) => 0o600,
            (false, false) => 0o644,
        }
    }
}

/// Where steps are carried out, and with what.
pub struct Target<'a> {
    pub root: &'a HostPath,
    /// The state directories: they stay, also with nothing left in them.
    pub keep: &'a [VaultPath],
    pub content: Content<'a>,
    pub hash: Hash<'a>,
    pub random: &'a dyn Random,
    /// The time of files that are new here, in nanoseconds: so long ago that every later write to
    /// them shows, however coarse this disk counts.
    pub mtime_ns: i64,
    /// Is told of each new file as it stands once it has its name.
    pub landed: &'a dyn Fn(&Step, Stat),
}

impl Target<'_> {
    /// A fault of the disk, at a step or at the root.
    pub(super) fn fault(
        &self,
        action: &'static str,
        step: Option<&Step>,
        source: io::Error,
    ) -> RestoreError {
        let path = step.map_or_else(|| self.root.clone(), |step| self.root.below(&step.path));
        RestoreError::Io {
            action,
            path: path.as_path().to_owned(),
            source,
        }
    }
}
