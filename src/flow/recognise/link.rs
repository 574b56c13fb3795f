//! Saying which project of the vault a checkout is, whatever its remotes say.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use crate::base::HostPath;
use crate::project::Registry;

use super::super::another::stands;
use super::super::enrolment::{ProjectLine, join};
use super::super::local_checkout::LocalCheckout;
use super::super::wake::wake;
use super::super::{FlowError, Session};
use super::KnownVault;

#[derive(Clone, Debug)]
pub struct ProjectLinkOptions {
    pub path: PathBuf,
    /// The id of a project of the vault, or its name there.
    pub wanted: String,
}

#[derive(Debug, Serialize)]
pub struct ProjectLinkReport {
    pub project: ProjectLine,
    /// It was linked to that project before; nothing was changed.
    pub already: bool,
    /// The directory that had the project before, which is gone.
    pub moved_from: Option<HostPath>,
    /// The path lay in a linked worktree of this project.
    pub linked_from: Option<HostPath>,
    /// The remote was asked; else this machine's own copy of the vault was.
    pub asked: bool,
}

/// Enters the checkout as that project. Its remotes become remotes of the project with the next push.
pub fn link(
    session: &Session<'_>,
    options: &ProjectLinkOptions,
) -> Result<ProjectLinkReport, FlowError> {
    let found = LocalCheckout::at(session, options.path.clone())?;
    let known = KnownVault::now(session)?;
    let meant = known.meant(&options.wanted)?;
    let identity = (meant.record.id.clone(), meant.name.clone());
    let fresh = found.as_project(session, identity, &BTreeSet::new());
    let entered = Registry::edit(&session.places.registry(), &session.holder(), |registry| {
        join(registry, fresh, &|id| known.has(id), &|it| {
            stands(session, it)
        })
    })?;
    wake(session);
    Ok(ProjectLinkReport {
        project: ProjectLine::of(&entered.project),
        already: entered.already,
        moved_from: entered.moved_from,
        linked_from: found.linked_from,
        asked: known.asked,
    })
}
