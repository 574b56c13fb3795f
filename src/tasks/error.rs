//! What can go wrong with the task store.

use std::path::PathBuf;

use thiserror::Error;

use crate::base::BaseError;

#[derive(Debug, Error)]
pub enum TasksError {
    #[error(transparent)]
    Base(#[from] BaseError),
    #[error("the task store could not be used")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the task store has something in it that no holdall writes: {what}")]
    Damaged { what: &'static str },
    #[error("the task store is damaged: {said}")]
    Broken { said: String },
    #[error(
        "the task store {path} was written by a newer holdall: its form is {found}, this one knows {known}"
    )]
    Newer {
        path: PathBuf,
        found: i64,
        known: i64,
    },
    #[error("another process is making the task store {path} ready and does not come to an end")]
    Busy { path: PathBuf },
    #[error("no task is called {wanted}")]
    NoSuchTask { wanted: String },
    #[error("{wanted} is no ref of a task: one is like API-7KQ9, 7KQ9, or an id of 26 characters")]
    NoRef { wanted: String },
    #[error("{wanted} could be any of {}", list(candidates))]
    Ambiguous {
        wanted: String,
        /// Their refs and titles.
        candidates: Vec<(String, String)>,
    },
    #[error("the token {token} is of another task, or of no state that this store knows")]
    NoToken { token: String },
}

/// So many candidates are worth reading.
pub const CANDIDATES: usize = 10;

fn list(candidates: &[(String, String)]) -> String {
    let named = candidates.iter().take(CANDIDATES);
    let named: Vec<String> = named
        .map(|(name, title)| format!("{name} ({title})"))
        .collect();
    let more = if candidates.len() > CANDIDATES {
        ", …"
    } else {
        ""
    };
    format!("{}{more}", named.join(", "))
}

impl TasksError {
    /// Others were at work for so long that this one gave up.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
        matches!(self, Self::Busy { .. })
            || matches!(self.code(), Some(DatabaseBusy | DatabaseLocked))
    }

    /// What is in the store is not what was written there. What is asked of it is well said, and what is
    /// put in is in order: where SQLite finds fault with that, it found something else there.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        use rusqlite::Error::{
            FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType,
            QueryReturnedNoRows, Utf8Error,
        };
        use rusqlite::ErrorCode::{
            ConstraintViolation, DatabaseCorrupt, NotADatabase, TooBig, TypeMismatch, Unknown,
        };
        let is_misread = |fault: &rusqlite::Error| {
            matches!(
                fault,
                InvalidColumnType(..)
                    | FromSqlConversionFailure(..)
                    | IntegralValueOutOfRange(..)
                    | QueryReturnedNoRows
                    | Utf8Error(..)
            )
        };
        let is_refused = matches!(
            self.code(),
            Some(
                DatabaseCorrupt
                    | NotADatabase
                    | Unknown
                    | ConstraintViolation
                    | TypeMismatch
                    | TooBig
            )
        );
        is_refused
            || matches!(self, Self::Damaged { .. } | Self::Broken { .. })
            || matches!(self, Self::Sqlite(fault) if is_misread(fault))
    }

    fn code(&self) -> Option<rusqlite::ErrorCode> {
        match self {
            Self::Sqlite(rusqlite::Error::SqlInputError { error, .. }) => Some(error.code),
            Self::Sqlite(fault) => fault.sqlite_error_code(),
            _ => None,
        }
    }
}
