//! The kinds of faults, as programs tell them apart.

use serde::Serialize;

use crate::base::{BaseError, StoreError};
use crate::config::ConfigError;
use crate::layout::LayoutError;
use crate::project::ProjectError;
use crate::repo::RepoError;
use crate::tasks::TasksError;
use crate::vault::{VaultError, WireError};

use super::hosting::HostingError;

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

pub fn layout_kind(fault: &LayoutError) -> ErrorKind {
    if fault.is_newer_format() {
        ErrorKind::NewerFormat
    } else {
        ErrorKind::Corrupt
    }
}

pub const fn project_kind(fault: &ProjectError) -> ErrorKind {
    match fault {
        ProjectError::Busy { .. } => ErrorKind::Busy,
        ProjectError::NotFound { .. } => ErrorKind::NotFound,
        ProjectError::Taken { .. }
        | ProjectError::Another { .. }
        | ProjectError::Named { .. }
        | ProjectError::Nested { .. } => ErrorKind::Refused,
        ProjectError::Damaged { .. } => ErrorKind::Corrupt,
        ProjectError::NotUtf8 { .. } => ErrorKind::Invalid,
        ProjectError::Unwritable(_) | ProjectError::Base(_) => ErrorKind::Io,
    }
}

pub const fn repo_kind(fault: &RepoError) -> ErrorKind {
    match fault {
        RepoError::Missing { .. } => ErrorKind::NotFound,
        RepoError::Bare { .. } => ErrorKind::Invalid,
        RepoError::NotOwned { .. }
        | RepoError::Unreadable { .. }
        | RepoError::Git { .. }
        | RepoError::Base(_) => ErrorKind::Io,
    }
}

pub const fn base_kind(fault: &BaseError) -> ErrorKind {
    match fault {
        BaseError::Path(_) | BaseError::Malformed { .. } | BaseError::NotAbsolute { .. } => {
            ErrorKind::Invalid
        }
        _ => ErrorKind::Io,
    }
}

pub const fn config_kind(fault: &ConfigError) -> ErrorKind {
    match fault {
        ConfigError::ChangedMeanwhile { .. } => ErrorKind::Busy,
        ConfigError::Base(_) => ErrorKind::Io,
        _ => ErrorKind::Invalid,
    }
}

pub const fn hosting_kind(fault: &HostingError) -> ErrorKind {
    match fault {
        HostingError::NoProgram { .. } => ErrorKind::NotFound,
        HostingError::NotLoggedIn { .. } => ErrorKind::Auth,
        HostingError::Unreachable { .. } => ErrorKind::Unreachable,
        HostingError::BadName { .. } => ErrorKind::Invalid,
        HostingError::Failed { .. }
        | HostingError::NameTaken { .. }
        | HostingError::Public { .. } => ErrorKind::Refused,
        HostingError::Base(_) => ErrorKind::Io,
    }
}

pub fn wire_kind(fault: &WireError) -> ErrorKind {
    match fault {
        WireError::Unreachable { .. } => ErrorKind::Unreachable,
        WireError::Unconfirmed { .. } => ErrorKind::Unconfirmed,
        WireError::NoSsh { .. } | WireError::NoGit { .. } => ErrorKind::NotFound,
        WireError::NotAllowed { .. } => ErrorKind::Auth,
        WireError::NotAVault { .. } => ErrorKind::NotAVault,
        WireError::Unsupported { .. } | WireError::Insecure { .. } => ErrorKind::Refused,
        WireError::BadUrl { .. } => ErrorKind::Invalid,
        WireError::Damaged { .. } | WireError::Protocol { .. } => ErrorKind::Corrupt,
        WireError::Vault(fault) => vault_kind(fault),
    }
}

pub fn vault_kind(fault: &VaultError) -> ErrorKind {
    match fault {
        VaultError::NoSuchRevision { .. } => ErrorKind::NotFound,
        VaultError::BadCommit { .. } => ErrorKind::Corrupt,
        VaultError::Git { .. } if fault.is_damage() => ErrorKind::Corrupt,
        VaultError::Git { .. } if fault.is_of_config() => ErrorKind::Invalid,
        VaultError::Store(fault) => store_kind(fault),
        VaultError::Git { .. } | VaultError::RefMoved { .. } | VaultError::Base(_) => ErrorKind::Io,
    }
}

/// What failed to be written, for want of room for one, is not damaged.
pub fn store_kind(fault: &StoreError) -> ErrorKind {
    match fault {
        StoreError::Missing { .. } | StoreError::Damaged { .. } => ErrorKind::Corrupt,
        StoreError::Failed(_) => ErrorKind::Io,
    }
}
