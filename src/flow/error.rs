//! What a flow answers when it could not do its work: a kind for programs, hints for people.

use std::path::PathBuf;

use serde::Serialize;

use crate::base::{BaseError, Holder, Id, PathFault, StoreError, VaultPath};
use crate::config::{ConfigError, Place};
use crate::layout::LayoutError;
use crate::merge::MergeError;
use crate::project::ProjectError;
use crate::repo::RepoError;
use crate::restore::RestoreError;
use crate::snapshot::SnapshotError;
use crate::source::SourceError;
use crate::vault::{VaultError, WireError};

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

impl ErrorKind {
    /// The word for it in JSON and in the history of runs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Busy => "busy",
            Self::Unreachable => "unreachable",
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

#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error("HOME is not set, so there is no place for holdall's data")]
    NoHome,
    #[error("another holdall is at work here{}", held_by(.holder.as_ref()))]
    Busy { holder: Option<Holder> },
    #[error("{} is damaged", .path.display())]
    BadFile {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("{place} is not a vault: it has no vault record")]
    NotAVault { place: String },
    #[error("{url} holds another vault ({theirs}) than the one this machine knows ({ours})")]
    OtherVault { url: String, ours: Id, theirs: Id },
    #[error("{url} was replaced: its history shares nothing with what this machine saw there")]
    Replaced { url: String },
    #[error("{place} needs a newer holdall {}", if *.writing { "to write to it" } else { "to read it" })]
    NewerFormat { place: String, writing: bool },
    #[error("{url} refused the push: {reason}")]
    PushRefused { url: String, reason: String },
    #[error(
        "the vault could not be moved in {attempts} attempts: other machines were faster, or one holds its lock"
    )]
    TooContended { attempts: usize },
    #[error("nothing here is registered yet, so there is nothing to push")]
    NothingToPush,
    #[error("the vault is empty: nothing was pushed to it yet")]
    NothingToPull,
    #[error("no project here is called `{name}`")]
    NoSuchProject { name: String, known: Vec<String> },
    #[error(
        "{path} does not lie in the home directory, so it is no setting of yours that could travel"
    )]
    OutsideHome { path: String },
    #[error("{path} is not there")]
    NoSuchPath { path: PathBuf },
    #[error("`{what}` is neither a tool whose settings travel nor a path that was added")]
    NoSuchSetting { what: String },
    #[error("no address was given{}", now.as_ref().map_or_else(String::new, |url| format!("; the remote now is {url}")))]
    NoAddress { now: Option<String> },
    #[error("{what}")]
    Refused { what: String, hint: String },
    #[error("{path} of the vault itself would carry a secret ({rule}); nothing was sent")]
    GateHoldsRecord { path: VaultPath, rule: String },
    #[error(transparent)]
    Base(#[from] BaseError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Layout(#[from] LayoutError),
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Merge(#[from] MergeError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error(transparent)]
    Restore(#[from] RestoreError),
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error(transparent)]
    Repo(#[from] RepoError),
}

impl From<PathFault> for FlowError {
    fn from(fault: PathFault) -> Self {
        Self::Base(fault.into())
    }
}

fn held_by(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| {
        format!(
            ": `{}` (process {}), since {}",
            holder.command,
            holder.pid,
            holder.since.readable()
        )
    })
}

impl FlowError {
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoHome => ErrorKind::NotConfigured,
            Self::NoAddress { .. } => ErrorKind::Usage,
            Self::Busy { .. } | Self::TooContended { .. } => ErrorKind::Busy,
            Self::NotAVault { .. } => ErrorKind::NotAVault,
            Self::OtherVault { .. } => ErrorKind::OtherVault,
            Self::Replaced { .. } => ErrorKind::Rewound,
            Self::NewerFormat { .. } => ErrorKind::NewerFormat,
            Self::PushRefused { .. } | Self::Refused { .. } | Self::GateHoldsRecord { .. } => {
                ErrorKind::Refused
            }
            Self::NoSuchSetting { .. }
            | Self::NothingToPush
            | Self::NothingToPull
            | Self::NoSuchProject { .. }
            | Self::NoSuchPath { .. } => ErrorKind::NotFound,
            Self::OutsideHome { .. } => ErrorKind::Invalid,
            Self::Store(fault) | Self::Merge(MergeError::Store(fault)) => store_kind(fault),
            Self::BadFile { .. } | Self::Merge(_) => ErrorKind::Corrupt,
            Self::Layout(fault) => layout_kind(fault),
            Self::Wire(fault) => wire_kind(fault),
            Self::Vault(fault) => vault_kind(fault),
            Self::Project(fault) => project_kind(fault),
            Self::Repo(fault) => repo_kind(fault),
            Self::Base(fault) => base_kind(fault),
            Self::Config(fault) => config_kind(fault),
            Self::Source(SourceError::Rule { .. } | SourceError::TooManyRules { .. }) => {
                ErrorKind::Invalid
            }
            Self::Source(_) | Self::Snapshot(_) | Self::Restore(_) => ErrorKind::Io,
        }
    }

    /// The kind as scripts read it.
    #[must_use]
    pub fn kind_name(&self) -> String {
        self.kind().word().to_owned()
    }

    /// What to do next, the most likely first.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::NoHome => one("set HOME, or pass `--home DIR`"),
            Self::Busy { .. } | Self::TooContended { .. } => {
                one("run the command again in a moment")
            }
            Self::NotAVault { .. } => {
                one("connect an empty repository or a vault: `holdall backup configure URL`")
            }
            Self::OtherVault { url, .. } | Self::Replaced { url } => vec![
                format!(
                    "if this is the vault you want now: `holdall backup configure {url} --replace`"
                ),
                "what this machine has stays in its own store either way".to_owned(),
            ],
            Self::NewerFormat { .. } => one("install the holdall that the other machines use"),
            Self::PushRefused { .. } => {
                one("nothing is lost: mend the cause there and run `holdall backup push` again")
            }
            Self::NothingToPush => one("register a project: `holdall project add PATH`"),
            Self::NothingToPull => {
                one("push from the machine that has the state: `holdall backup push`")
            }
            Self::NoSuchProject { known, .. } if known.is_empty() => {
                one("register it: `holdall project add PATH`")
            }
            Self::NoSuchProject { known, .. } => {
                vec![format!("registered here: {}", known.join(", "))]
            }
            Self::NoAddress { .. } => vec![
                "make a bare repository, on a disk or a NAS, and name it: `git init --bare PATH`, then `holdall backup configure PATH`".to_owned(),
            ],
            Self::Refused { hint, .. } => one(hint),
            Self::NoSuchSetting { .. } => one("run `holdall settings list`"),
            Self::GateHoldsRecord { .. } => {
                one("rename what carries it (a machine's name, a directory), and push again")
            }
            Self::Config(fault) => config_hints(fault),
            Self::Source(SourceError::Rule { .. }) => {
                one("mend the rule: a pattern as in a .gitignore, and where you like a class such as `:disposable` behind it")
            }
            Self::Wire(fault) => wire_hints(fault),
            Self::Project(ProjectError::NotFound { .. }) => one("run `holdall project list`"),
            Self::Vault(VaultError::NoSuchRevision { .. }) => {
                one("run `holdall backup log` for the commits there are")
            }
            _ => Vec::new(),
        }
    }
}

fn layout_kind(fault: &LayoutError) -> ErrorKind {
    if fault.is_newer_format() {
        ErrorKind::NewerFormat
    } else {
        ErrorKind::Corrupt
    }
}

const fn project_kind(fault: &ProjectError) -> ErrorKind {
    match fault {
        ProjectError::Busy { .. } => ErrorKind::Busy,
        ProjectError::NotFound { .. } => ErrorKind::NotFound,
        ProjectError::Taken { .. } => ErrorKind::Refused,
        ProjectError::Damaged { .. } => ErrorKind::Corrupt,
        ProjectError::NotUtf8 { .. } => ErrorKind::Invalid,
        ProjectError::Unwritable(_) | ProjectError::Base(_) => ErrorKind::Io,
    }
}

const fn repo_kind(fault: &RepoError) -> ErrorKind {
    match fault {
        RepoError::Missing { .. } => ErrorKind::NotFound,
        RepoError::Bare { .. } => ErrorKind::Invalid,
        RepoError::NotOwned { .. }
        | RepoError::Unreadable { .. }
        | RepoError::Git { .. }
        | RepoError::Base(_) => ErrorKind::Io,
    }
}

const fn base_kind(fault: &BaseError) -> ErrorKind {
    match fault {
        BaseError::Path(_) | BaseError::Malformed { .. } | BaseError::NotAbsolute { .. } => {
            ErrorKind::Invalid
        }
        _ => ErrorKind::Io,
    }
}

const fn config_kind(fault: &ConfigError) -> ErrorKind {
    match fault {
        ConfigError::ChangedMeanwhile { .. } => ErrorKind::Busy,
        ConfigError::Base(_) => ErrorKind::Io,
        _ => ErrorKind::Invalid,
    }
}

fn wire_kind(fault: &WireError) -> ErrorKind {
    match fault {
        WireError::Unreachable { .. } => ErrorKind::Unreachable,
        WireError::NotAllowed { .. } => ErrorKind::Auth,
        WireError::NotAVault { .. } => ErrorKind::NotAVault,
        WireError::Unsupported { .. } => ErrorKind::Refused,
        WireError::BadUrl { .. } => ErrorKind::Invalid,
        WireError::Damaged { .. } | WireError::Protocol { .. } => ErrorKind::Corrupt,
        WireError::Vault(fault) => vault_kind(fault),
    }
}

fn vault_kind(fault: &VaultError) -> ErrorKind {
    match fault {
        VaultError::NoSuchRevision { .. } => ErrorKind::NotFound,
        VaultError::BadCommit { .. } => ErrorKind::Corrupt,
        VaultError::Store(fault) => store_kind(fault),
        VaultError::Git { .. } | VaultError::RefMoved { .. } | VaultError::Base(_) => ErrorKind::Io,
    }
}

/// What failed to be written, for want of room for one, is not damaged.
fn store_kind(fault: &StoreError) -> ErrorKind {
    match fault {
        StoreError::Missing { .. } | StoreError::Damaged { .. } => ErrorKind::Corrupt,
        StoreError::Failed(_) => ErrorKind::Io,
    }
}

fn wire_hints(fault: &WireError) -> Vec<String> {
    let text = match fault {
        WireError::Unreachable { .. } => {
            "nothing was changed; when it is there again: `holdall backup push`, or another place: `holdall backup configure URL`"
        }
        WireError::NotAllowed { .. } => {
            "check the rights on the repository, then run the command again"
        }
        WireError::NotAVault { .. } => {
            "use an empty bare repository (`git init --bare PATH`) or one that is a vault"
        }
        WireError::Unsupported { .. } => {
            "make a plain one: `git init --bare --object-format=sha1 --ref-format=files PATH`"
        }
        WireError::BadUrl { .. } => {
            "write a path like /mnt/nas/vault.git, or file:///mnt/nas/vault.git"
        }
        WireError::Damaged { .. } => "run `git fsck` in the remote repository",
        WireError::Protocol { .. } | WireError::Vault(_) => return Vec::new(),
    };
    vec![text.to_owned()]
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
