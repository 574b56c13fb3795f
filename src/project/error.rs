//! Why the list of projects could not be read or changed.

use std::path::PathBuf;

use crate::base::{BaseError, Holder};

#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    #[error("{path} is damaged at line {line}, and is left as it is")]
    Damaged {
        path: PathBuf,
        line: usize,
        #[source]
        source: serde_json::Error,
    },
    #[error("{path} is being changed by {}", named(.holder.as_ref()))]
    Busy {
        path: PathBuf,
        holder: Option<Holder>,
    },
    #[error("{path} cannot be registered: its name is not UTF-8")]
    NotUtf8 { path: PathBuf },
    #[error("the list of projects cannot be written as JSON")]
    Unwritable(#[source] serde_json::Error),
    /// The change that was asked for does not fit the projects that are there.
    #[error("{path} is registered already, as `{name}`")]
    Taken { path: PathBuf, name: String },
    #[error("{path} is registered as `{name}`, and has another repository in it now")]
    Another { path: PathBuf, name: String },
    #[error("the vault has {path} as `{name}`, and it keeps that name")]
    Named { path: PathBuf, name: String },
    #[error("`{dir}` lies in `{within}`: one of them alone can be a state directory")]
    Nested { dir: String, within: String },
    #[error("no project here is called `{wanted}`")]
    NotFound { wanted: String },
    #[error(transparent)]
    Base(#[from] BaseError),
}

fn named(holder: Option<&Holder>) -> String {
    holder.map_or_else(
        || "another process".to_owned(),
        |holder| format!("`{}` (process {})", holder.command, holder.pid),
    )
}
