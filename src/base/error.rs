//! What can go wrong in careful file work, and in the object store behind the traits.

use std::path::PathBuf;

use super::{ObjectId, PathFault};

/// A failure of the file system, a lock or a child process, with the thing it happened to.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    #[error("cannot {action} {path}")]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} has {size} bytes, more than the {limit} that are read here")]
    TooLarge {
        path: PathBuf,
        size: u64,
        limit: u64,
    },
    #[error("{path} is not an absolute path")]
    NotAbsolute { path: PathBuf },
    #[error("cannot run {program}")]
    Spawn {
        program: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the system gave no random bytes: {reason}")]
    Random { reason: String },
    #[error("`{text}` is not {expected}")]
    Malformed {
        text: String,
        expected: &'static str,
    },
    #[error(transparent)]
    Path(#[from] PathFault),
}

impl BaseError {
    /// Wraps an I/O error with what was tried and on which path.
    pub fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

/// A failure of an object store, seen through [`super::Trees`], [`super::Blobs`] or [`super::Sink`].
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("object {id} is missing")]
    Missing { id: ObjectId },
    #[error("object {id} is damaged: {reason}")]
    Damaged { id: ObjectId, reason: String },
    #[error("the object store failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}
