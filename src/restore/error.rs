//! What stops a whole restore. What stops one step only is its [`super::StepOutcome`].

use std::path::PathBuf;

use crate::base::{BaseError, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("cannot {action} {path}")]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot make sure that what was written stays")]
    NotDurable(#[source] std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Base(#[from] BaseError),
}
