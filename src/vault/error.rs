//! What can go wrong in the store, and on the way to the remote.

use std::path::PathBuf;

use crate::base::{BaseError, ObjectId, StoreError};

/// A failure of this machine's own store.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("cannot {action} the vault's store {path}")]
    Git {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: git2::Error,
    },
    #[error("commit {id} cannot be read")]
    BadCommit {
        id: ObjectId,
        #[source]
        source: git2::Error,
    },
    #[error("`{text}` names no commit of the vault")]
    NoSuchRevision { text: String },
    #[error("the ref {name} moved while it was written")]
    RefMoved { name: &'static str },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Base(#[from] BaseError),
}

impl VaultError {
    /// What is stored is not what it should be; else the disk or the system did not do its part.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        use git2::ErrorClass as Class;
        match self {
            Self::BadCommit { .. } => true,
            Self::Git { source, .. } => !matches!(
                source.class(),
                Class::Os | Class::Filesystem | Class::NoMemory | Class::Callback | Class::Config
            ),
            _ => false,
        }
    }

    /// What cannot be read is git's own configuration, the person's or the machine's.
    #[must_use]
    pub fn is_of_config(&self) -> bool {
        matches!(self, Self::Git { source, .. } if source.class() == git2::ErrorClass::Config)
    }
}

/// Why the remote could not be read or written. Each one is another situation for the user.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error("the remote {url} cannot be reached: {reason}")]
    Unreachable { url: String, reason: String },
    /// It was asked to move the ref, and never said what became of that.
    #[error("what became of the push to {url} is not known: {reason}")]
    Unconfirmed { url: String, reason: String },
    /// What is needed on the way is not on this machine, or not as it should be.
    #[error("ssh cannot be used to reach {url}: {reason}")]
    NoSsh { url: String, reason: String },
    #[error("there is no git where {url} leads: {reason}")]
    NoGit { url: String, reason: String },
    #[error("the remote {url} does not let this machine in: {reason}")]
    NotAllowed { url: String, reason: String },
    #[error("{url} is not a vault: {reason}")]
    NotAVault { url: String, reason: String },
    #[error("the remote {url} uses {what}, which holdall cannot read")]
    Unsupported { url: String, what: String },
    #[error("`{url}` is not an address that holdall knows: {reason}")]
    BadUrl { url: String, reason: String },
    #[error(
        "{url} leads to another machine in the clear: everybody on the way reads and writes along"
    )]
    Insecure { url: String },
    #[error("the remote {url} is damaged: {reason}")]
    Damaged { url: String, reason: String },
    #[error("the remote {url} answered in a way that is not git's: {reason}")]
    Protocol { url: String, reason: String },
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<StoreError> for WireError {
    fn from(fault: StoreError) -> Self {
        Self::Vault(fault.into())
    }
}
