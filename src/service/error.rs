//! What can go wrong with the service manager.

use thiserror::Error;

use crate::base::BaseError;

#[derive(Debug, Error)]
pub enum ServiceError {
    #[error("this machine has neither systemd nor launchd, which would start it")]
    NoManager,
    #[error("systemd does not answer for this user: {words}")]
    Silent { words: String },
    #[error("`{command}` failed: {words}")]
    Refused { command: String, words: String },
    #[error("it was started, and ended at once: all is as it was before")]
    Ended,
    #[error(transparent)]
    Base(#[from] BaseError),
}
