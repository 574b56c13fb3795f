//! What can go wrong while trees are merged.

use crate::base::{PathFault, StoreError, VaultPath};

#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    #[error("{path} cannot be both a file and a directory")]
    FileAndDirectory { path: VaultPath },
    #[error(transparent)]
    Path(#[from] PathFault),
    #[error(transparent)]
    Store(#[from] StoreError),
}
