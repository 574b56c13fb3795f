//! What can go wrong while trees are merged.

use crate::base::{PathFault, StoreError, VaultPath};

#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    #[error("{path} cannot be both a file and a directory")]
    FileAndDirectory { path: VaultPath },
    /// A small tree can stand for as many paths as it likes, by naming another one often.
    #[error("trees differ at more than {most} paths, which nobody wrote")]
    TooMany { most: usize },
    #[error(transparent)]
    Path(#[from] PathFault),
    #[error(transparent)]
    Store(#[from] StoreError),
}
