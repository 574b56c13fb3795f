//! What a flow answers when it could not do its work: a kind for programs, hints for people.

use serde::Serialize;

use crate::base::BaseError;
use crate::config::{ConfigError, Place};

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
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl FlowError {
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoHome => ErrorKind::NotConfigured,
            Self::Base(_) | Self::Config(ConfigError::Base(_)) => ErrorKind::Io,
            Self::Config(ConfigError::ChangedMeanwhile { .. }) => ErrorKind::Busy,
            Self::Config(_) => ErrorKind::Invalid,
        }
    }

    /// What to do next, the most likely first.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NoHome => vec!["set HOME, or pass `--home DIR`".to_owned()],
            Self::Base(_) => Vec::new(),
            Self::Config(fault) => config_hints(fault),
        }
    }
}

fn config_hints(fault: &ConfigError) -> Vec<String> {
    let mend = |at: &Option<Place>, key: &str| match at {
        Some(place) => vec![format!(
            "edit {}, or run `holdall config unset {}`",
            place.path,
            quoted(key)
        )],
        None => vec!["run `holdall config list` for every key and its value".to_owned()],
    };
    match fault {
        ConfigError::Base(_) => Vec::new(),
        ConfigError::Syntax { path, .. } | ConfigError::Edit { path, .. } => {
            vec![format!("edit {path}; nothing was changed")]
        }
        ConfigError::UnknownKey { at, key, .. }
        | ConfigError::WrongType { at, key, .. }
        | ConfigError::BadValue { at, key, .. } => mend(at, key),
        ConfigError::SecretInUrl { .. } => vec![
            "leave the password out: git's credential helper or an ssh url keeps it elsewhere"
                .to_owned(),
        ],
        ConfigError::ChangedMeanwhile { .. } => vec!["run the command again".to_owned()],
    }
}

/// A key as a shell takes it: only keys that holdall does not know need quotes.
fn quoted(key: &str) -> String {
    if key
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    {
        key.to_owned()
    } else {
        format!("'{}'", key.replace('\'', r"'\''"))
    }
}
