//! The kinds of faults, as programs tell them apart.

use serde::Serialize;

use crate::base::BaseError;
use crate::tasks::TasksError;

/// The kinds that scripts rely on. The command line turns each into its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    Usage,
    Busy,
    Unreachable,
    Unconfirmed,
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

impl ErrorKind {
    /// The word for it in JSON and in the history of runs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Busy => "busy",
            Self::Unreachable => "unreachable",
            Self::Unconfirmed => "unconfirmed",
            Self::Auth => "auth",
            Self::WrongKey => "wrong_key",
            Self::NotAVault => "not_a_vault",
            Self::OtherVault => "other_vault",
            Self::Rewound => "rewound",
            Self::NewerFormat => "newer_format",
            Self::Corrupt => "corrupt",
            Self::Internal => "internal",
            Self::NotConfigured => "not_configured",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Invalid => "invalid",
            Self::Io => "io",
        }
    }
}

/// What a fault of the task store is to a program.
pub fn tasks_kind(fault: &TasksError) -> ErrorKind {
    match fault {
        TasksError::NoSuchTask { .. } | TasksError::NoToken { .. } => ErrorKind::NotFound,
        TasksError::NoRef { .. } | TasksError::Ambiguous { .. } => ErrorKind::Usage,
        TasksError::Newer { .. } => ErrorKind::NewerFormat,
        TasksError::Base(BaseError::Path(_) | BaseError::Malformed { .. }) => ErrorKind::Invalid,
        _ if fault.is_busy() => ErrorKind::Busy,
        _ if fault.is_damage() => ErrorKind::Corrupt,
        _ => ErrorKind::Io,
    }
}
