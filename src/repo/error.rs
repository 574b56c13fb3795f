//! Why a repository could not be read.

use std::path::PathBuf;

use crate::base::BaseError;

#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    #[error("{path} is not there")]
    Missing { path: PathBuf },
    #[error("{path} is a bare repository: it has no files, so no state directories either")]
    Bare { path: PathBuf },
    #[error(
        "the repository {path} belongs to another user; if you trust it, run \
         `git config --global --add safe.directory '{path}'`"
    )]
    NotOwned { path: PathBuf },
    /// libgit2 gave up, and there is no git program to ask instead.
    #[error("cannot read the repository {path}, and there is no `git` on PATH to ask")]
    Unreadable {
        path: PathBuf,
        #[source]
        source: git2::Error,
    },
    /// libgit2 gave up, and so did git.
    #[error("cannot read the repository {path}: git says `{said}`")]
    Git {
        path: PathBuf,
        said: String,
        #[source]
        source: Option<git2::Error>,
    },
    #[error(transparent)]
    Base(#[from] BaseError),
}
