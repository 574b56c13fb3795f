//! What stops a snapshot. A file that cannot travel is no error: it is left, with a reason.

use crate::base::{BaseError, PathFault, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Path(#[from] PathFault),
    #[error(transparent)]
    Base(#[from] BaseError),
}
