//! What a flow answers when it could not do its work: a kind for programs, hints for people.

use serde::Serialize;

use crate::base::BaseError;

/// The kinds that scripts rely on. The command line turns each into its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    Usage,
    Busy,
    Unreachable,
    Auth,
    WrongKey,
    NotAVault,
    OtherVault,
    Rewound,
    NewerFormat,
    Corrupt,
    Internal,
    NotConfigured,
    NotFound,
    Refused,
    Invalid,
    Io,
}

#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error("HOME is not set, so there is no place for holdall's data")]
    NoHome,
    #[error(transparent)]
    Base(#[from] BaseError),
}

impl FlowError {
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoHome => ErrorKind::NotConfigured,
            Self::Base(_) => ErrorKind::Io,
        }
    }

    /// What to do next, the most likely first.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NoHome => vec!["set HOME, or pass `--home DIR`".to_owned()],
            Self::Base(_) => Vec::new(),
        }
    }
}
