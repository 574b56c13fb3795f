//! A project's id goes into the vault once. What was taken out and is added again gets a new one, so
//! that no disk takes what the vault does not have then for deleted.

use std::collections::BTreeSet;

use crate::base::seams::{Rule, is_broken};
use crate::base::{Id, ObjectId};
use crate::layout::names;
use crate::merge::find;
use crate::project::Registry;
use crate::vault::Store;

use super::here::{Here, LocalProject, Placement};
use super::upstream::{Upstream, projects};
use super::{FlowError, Writer};

/// Gives the projects that are about to go back into the vault new ids. They are written down at
/// once: the answer to the push may be lost. A dry run only shows what comes of it.
pub fn renew(
    writer: &Writer<'_>,
    here: &mut Here,
    upstream: &Upstream,
    dry_run: bool,
) -> Result<(), FlowError> {
    let is_new = |project: &&mut LocalProject| matches!(project.placement, Placement::New { .. });
    for project in here.projects.iter_mut().filter(is_new) {
        let was_there = was_in_vault(&writer.store, upstream.parent, &project.registered.id)?;
        if !was_there || is_broken(Rule::ComesBackAsNew) {
            continue;
        }
        let before = project.registered.id.clone();
        project.known_by(Id::new(writer.session.edges)?);
        if dry_run {
            continue;
        }
        let file = writer.session.places.registry();
        Registry::edit(&file, &writer.session.holder(), |registry| {
            let mut known = registry.projects.iter_mut();
            if let Some(known) = known.find(|known| known.id == before) {
                known.id = project.registered.id.clone();
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Whether any commit of the vault has a project with this id.
pub fn was_in_vault(store: &Store, tip: Option<ObjectId>, id: &Id) -> Result<bool, FlowError> {
    let mut seen = BTreeSet::new();
    for commit in tip.map_or(Ok(Vec::new()), |tip| store.commits(tip, None))? {
        let tree = store.tree_of(commit)?;
        let dir = find(store, Some(tree), &names::projects_dir())?;
        // Most commits change something else.
        if !dir.is_some_and(|dir| seen.insert(dir.id)) {
            continue;
        }
        let known = projects(store, tree)?;
        if known.iter().any(|project| project.record.id == *id) {
            return Ok(true);
        }
    }
    Ok(false)
}
