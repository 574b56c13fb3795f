//! A checkout: where it begins, and what tells it from others.

use std::path::Path;

use crate::base::{BaseError, HostPath};

use super::RepoError;

/// A checkout of a repository, as found on this disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The directory of the main checkout, without links in its path.
    pub root: HostPath,
    /// The linked worktree that was asked about; `root` is the checkout it belongs to.
    pub linked_from: Option<HostPath>,
    /// The URLs of all remotes, `origin` first: as configured, and as `insteadOf` makes them.
    pub remotes: Vec<String>,
    /// The root commits of HEAD, sorted. A shallow or empty repository has none to show.
    pub roots: Vec<String>,
    pub shallow: bool,
}

/// How much of a checkout is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Everything but the root commits, which cost a walk through the whole history.
    Place,
    Whole,
}

/// The same directory with all links resolved, so that one place has one name.
pub(super) fn canonical(dir: &Path) -> Result<HostPath, RepoError> {
    let real = std::fs::canonicalize(dir).map_err(BaseError::io("look at", dir))?;
    Ok(HostPath::new(real)?)
}
