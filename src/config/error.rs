//! What can be wrong with the configuration.

use std::fmt;

use crate::base::{BaseError, HostPath};
use crate::doc::DocError;

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub path: HostPath,
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", self.path, self.line)
    }
}

/// Faults in the file have a [`Place`]; those in what was asked for have none. No message repeats
/// a value that may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(transparent)]
    Base(#[from] BaseError),
    #[error("{path} is not valid TOML")]
    Syntax {
        path: HostPath,
        #[source]
        source: DocError,
    },
    #[error("{}unknown key `{key}`{}", prefix(at.as_ref()), suggestion(near))]
    UnknownKey {
        at: Option<Place>,
        key: String,
        near: Vec<String>,
    },
    #[error("{}`{key}` takes {expected}, not {found}", prefix(at.as_ref()))]
    WrongType {
        at: Option<Place>,
        key: String,
        expected: &'static str,
        found: &'static str,
    },
    #[error("{}`{key}` takes {expected}", prefix(at.as_ref()))]
    BadValue {
        at: Option<Place>,
        key: String,
        expected: &'static str,
    },
    #[error("{}the url in `{key}` has a password or a token in it", prefix(at.as_ref()))]
    SecretInUrl { at: Option<Place>, key: String },
    #[error("cannot set `{key}` in {path}")]
    Edit {
        path: HostPath,
        key: String,
        #[source]
        source: DocError,
    },
    #[error("{path} was changed by another program meanwhile")]
    ChangedMeanwhile { path: HostPath },
}

impl ConfigError {
    /// Puts a fault of a value at its line.
    pub(super) fn at(mut self, place: Place) -> Self {
        match &mut self {
            Self::UnknownKey { at, .. }
            | Self::WrongType { at, .. }
            | Self::BadValue { at, .. }
            | Self::SecretInUrl { at, .. } => *at = Some(place),
            Self::Base(_)
            | Self::Syntax { .. }
            | Self::Edit { .. }
            | Self::ChangedMeanwhile { .. } => {}
        }
        self
    }
}

fn prefix(at: Option<&Place>) -> String {
    at.map_or_else(String::new, |place| format!("{place}: "))
}

fn suggestion(near: &[String]) -> String {
    if near.is_empty() {
        return String::new();
    }
    let near: Vec<String> = near.iter().map(|key| format!("`{key}`")).collect();
    format!("; did you mean {}?", near.join(" or "))
}
