//! What can be wrong with a document, and where.

use std::fmt;

/// A place in a text, counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Messages name keys, but never values: those may be secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocError {
    #[error("{at}: the text is not UTF-8")]
    NotUtf8 { at: Position },
    #[error("{at}: expected {expected}")]
    Expected {
        at: Position,
        expected: &'static str,
    },
    #[error("{at}: the key `{key}` stands here for the second time")]
    DuplicateKey { at: Position, key: String },
    #[error("{at}: nested more than {limit} levels deep")]
    TooDeep { at: Position, limit: usize },
    #[error("{at}: {what}")]
    Toml { at: Position, what: String },
    #[error("{at}: {what}")]
    Yaml { at: Position, what: String },
    #[error("longer than {limit} bytes")]
    TooLarge { limit: usize },
    /// Readable, but not to be changed without risk.
    #[error("{at}: {what}, which cannot be edited safely")]
    Unsupported { at: Position, what: &'static str },
    /// The text after an edit was read again and did not say what it should.
    #[error("an edit of `{key}` would change more than was meant")]
    Unsafe { key: String },
    #[error("`{key}` cannot be set, because something above it is not a table")]
    NotATable { key: String },
    #[error("`{key}` is not a key of dot-separated names")]
    BadKey { key: String },
    #[error("`{pattern}` is not a key pattern: a part of it is empty")]
    BadPattern { pattern: String },
}

impl DocError {
    /// Where in the text, for the faults that have a place.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        match self {
            Self::NotUtf8 { at }
            | Self::Expected { at, .. }
            | Self::DuplicateKey { at, .. }
            | Self::TooDeep { at, .. }
            | Self::Toml { at, .. }
            | Self::Yaml { at, .. }
            | Self::Unsupported { at, .. } => Some(*at),
            Self::TooLarge { .. }
            | Self::Unsafe { .. }
            | Self::NotATable { .. }
            | Self::BadKey { .. }
            | Self::BadPattern { .. } => None,
        }
    }
}
