//! What changes at a path, and how much changes by that.

use serde::Serialize;

use crate::base::{Leaf, VaultPath};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Added,
    Changed,
    Removed,
    /// An empty directory is made.
    DirMade,
    /// An empty directory goes.
    DirRemoved,
    /// A file becomes readable by its owner alone, or by others again.
    Mode,
}

/// How many paths change, by what changes of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub added: usize,
    pub changed: usize,
    pub removed: usize,
    /// Empty directories that are made or go.
    pub dirs: usize,
    pub modes: usize,
}

impl Counts {
    #[must_use]
    pub fn of<'c>(changes: impl IntoIterator<Item = &'c Change>) -> Self {
        let mut counts = Self::default();
        for change in changes {
            *match change.change {
                ChangeKind::Added => &mut counts.added,
                ChangeKind::Changed => &mut counts.changed,
                ChangeKind::Removed => &mut counts.removed,
                ChangeKind::DirMade | ChangeKind::DirRemoved => &mut counts.dirs,
                ChangeKind::Mode => &mut counts.modes,
            } += 1;
        }
        counts
    }

    #[must_use]
    pub const fn files(&self) -> usize {
        self.added + self.changed + self.removed
    }

    /// What there is of it, each with its word for one and for many; files where there is nothing.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let files = (self.files(), "file", "files");
        let is_bare = self.dirs + self.modes == 0;
        let files = Some(files).filter(|(count, ..)| is_bare || *count > 0);
        files.into_iter().chain(self.beside_files()).collect()
    }

    /// The same without the files.
    pub fn beside_files(&self) -> impl Iterator<Item = Part> + use<> {
        let rest = [
            (self.dirs, "directory", "directories"),
            (self.modes, "mode", "modes"),
        ];
        rest.into_iter().filter(|(count, ..)| *count > 0)
    }
}

/// A count, and its word for one and for many.
pub type Part = (usize, &'static str, &'static str);

/// One path that changes.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    pub path: VaultPath,
    pub change: ChangeKind,
}

impl ChangeKind {
    #[must_use]
    pub fn between(before: Option<Leaf>, after: Option<Leaf>) -> Self {
        match (before, after) {
            (None, _) => Self::Added,
            (_, None) => Self::Removed,
            _ => Self::Changed,
        }
    }
}
