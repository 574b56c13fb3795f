//! How a vault can break its contract. Every fault names the file and the rule of `SPEC.md`.

use crate::base::{PathFault, VaultPath};

#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    #[error("{path}: field `{field}` is missing ({rule})")]
    Missing {
        path: VaultPath,
        field: String,
        rule: &'static str,
    },
    #[error("{path}: field `{field}` is not {expected} ({rule})")]
    Malformed {
        path: VaultPath,
        field: String,
        expected: &'static str,
        rule: &'static str,
    },
    #[error("{path} is not a record ({rule})")]
    Json {
        path: VaultPath,
        rule: &'static str,
        #[source]
        source: serde_json::Error,
    },
    #[error("{path} has {size} bytes, more than the {limit} of a record (V15)")]
    TooLarge {
        path: VaultPath,
        size: u64,
        limit: u64,
    },
    #[error("{path} {fault} ({rule})")]
    Broken {
        path: VaultPath,
        fault: &'static str,
        rule: &'static str,
    },
    #[error("a path of the vault breaks {rule}")]
    Path {
        rule: &'static str,
        #[source]
        source: PathFault,
    },
    #[error("`{name}` is not one file name written with %XX (V40)")]
    Name { name: String },
    #[error(
        "{path}: the vault needs version {needed} of the format, this holdall knows {known} (V25)"
    )]
    NewerFormat {
        path: VaultPath,
        needed: u64,
        known: u32,
    },
    #[error("{path}: the vault is encrypted in a way that this holdall does not know (V26)")]
    Encrypted { path: VaultPath },
}

impl LayoutError {
    /// The number of the broken rule in `vault-layout/SPEC.md`.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Missing { rule, .. }
            | Self::Malformed { rule, .. }
            | Self::Json { rule, .. }
            | Self::Broken { rule, .. }
            | Self::Path { rule, .. } => rule,
            Self::TooLarge { .. } => "V15",
            Self::Name { .. } => "V40",
            Self::NewerFormat { .. } => "V25",
            Self::Encrypted { .. } => "V26",
        }
    }

    /// The file that breaks it; a path that is none has no name here.
    #[must_use]
    pub const fn path(&self) -> Option<&VaultPath> {
        match self {
            Self::Missing { path, .. }
            | Self::Malformed { path, .. }
            | Self::Json { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Broken { path, .. }
            | Self::NewerFormat { path, .. }
            | Self::Encrypted { path } => Some(path),
            Self::Path { .. } | Self::Name { .. } => None,
        }
    }

    /// Whether the vault is sound but made for a newer holdall.
    #[must_use]
    pub const fn is_newer_format(&self) -> bool {
        matches!(self, Self::NewerFormat { .. } | Self::Encrypted { .. })
    }
}

impl From<PathFault> for LayoutError {
    fn from(source: PathFault) -> Self {
        let rule = match source {
            PathFault::Traversal { .. } | PathFault::BadByte { .. } | PathFault::NotUtf8 { .. } => {
                "V7"
            }
            PathFault::Reserved { .. } => "V8",
            PathFault::TooLong { .. } => "V9",
        };
        Self::Path { rule, source }
    }
}
