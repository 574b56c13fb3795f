//! Why a host did not do what was asked of it.

use crate::base::BaseError;

use super::host::Host;

/// What is known of a repository that has the wanted name already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    Public,
    Empty,
    Vault,
    /// It is private. What it holds is no vault, or cannot be seen from here.
    Other {
        why: String,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum HostingError {
    #[error("there is no `{}` on PATH, which reaches {host}", .host.program())]
    NoProgram { host: Host },
    #[error("`{}` has nobody logged in at {host}: {said}", .host.program())]
    NotLoggedIn { host: Host, said: String },
    #[error("{host} cannot be reached through `{}`: {said}", .host.program())]
    Unreachable { host: Host, said: String },
    #[error("`{}` could not {what}: {said}", .host.program())]
    Failed {
        host: Host,
        what: &'static str,
        said: String,
    },
    #[error("`{name}` is no name for a repository at {host}: {reason}")]
    BadName {
        host: Host,
        name: String,
        reason: &'static str,
    },
    #[error("{label} is there already at {host}, and {}", in_words(.stands))]
    NameTaken {
        host: Host,
        label: String,
        url: String,
        stands: Stands,
    },
    #[error("{label} at GitHub is public: everybody could read the vault")]
    Public { label: String, url: String },
    #[error(transparent)]
    Base(#[from] BaseError),
}

fn in_words(stands: &Stands) -> String {
    match stands {
        Stands::Public => "public".to_owned(),
        Stands::Empty => "private and empty".to_owned(),
        Stands::Vault => "private and a vault".to_owned(),
        Stands::Other { why } => format!("private: {why}"),
    }
}
