//! A project's id goes into the vault once. What was taken out and is added again gets a new one, so
//! that no disk takes what the vault does not have then for deleted.

use std::collections::{BTreeSet, HashSet};

use crate::base::seams::{Rule, is_broken};
use crate::base::{Id, Kind, ObjectId, Trees, VaultPath};
use crate::layout::{ProjectRecord, names};
use crate::merge::find;
use crate::project::Registry;
use crate::vault::Store;

use super::here::{Here, LocalProject, Placement};
use super::upstream::Upstream;
use super::{FlowError, Writer, stored};

/// The ids that no commit of the vault up to a tip has, as a run has found out.
#[derive(Default)]
pub struct Fresh {
    tip: Option<ObjectId>,
    ids: BTreeSet<Id>,
}

impl Fresh {
    /// Those that some commit has. A run plans more than once, and asks the history only once.
    fn known_of(
        &mut self,
        store: &Store,
        tip: Option<ObjectId>,
        mut ids: BTreeSet<Id>,
    ) -> Result<BTreeSet<Id>, FlowError> {
        if self.tip != tip {
            *self = Self {
                tip,
                ids: BTreeSet::new(),
            };
        }
        ids.retain(|id| !self.ids.contains(id));
        let known = were_in_vault(store, tip, &ids)?;
        self.ids.extend(ids.difference(&known).cloned());
        Ok(known)
    }
}

/// Gives the projects that are about to go back into the vault new ids. They are written down at
/// once: the answer to the push may be lost. A dry run only shows what comes of it.
pub fn renew(
    writer: &Writer<'_>,
    (here, fresh): (&mut Here, &mut Fresh),
    upstream: &Upstream,
    dry_run: bool,
) -> Result<(), FlowError> {
    let is_new = |project: &LocalProject| matches!(project.placement, Placement::New { .. });
    let new = here.projects.iter().filter(|project| is_new(project));
    let ids = new.map(|project| project.registered.id.clone()).collect();
    let known = fresh.known_of(&writer.store, upstream.parent, ids)?;
    for project in here.projects.iter_mut().filter(|project| is_new(project)) {
        let before = project.registered.id.clone();
        if !known.contains(&before) || is_broken(Rule::ComesBackAsNew) {
            continue;
        }
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

/// Those of some ids that a project has in any commit of the vault. One walk for all of them, on which
/// each tree and each record is read once, however many commits have it.
pub fn were_in_vault(
    store: &Store,
    tip: Option<ObjectId>,
    ids: &BTreeSet<Id>,
) -> Result<BTreeSet<Id>, FlowError> {
    let mut found = BTreeSet::new();
    let Some(tip) = tip.filter(|_| !ids.is_empty()) else {
        return Ok(found);
    };
    let own = VaultPath::parse(names::PROJECT_RECORD)?;
    let mut seen = HashSet::new();
    for commit in store.commits(tip, None)? {
        let dir = find(store, Some(store.tree_of(commit)?), &names::projects_dir())?;
        // Most commits change something else.
        let dir = dir.filter(|dir| dir.kind == Kind::Tree && seen.insert(dir.id));
        for project in dir.map_or(Ok(Vec::new()), |dir| store.tree(dir.id))? {
            if project.kind != Kind::Tree || !seen.insert(project.id) {
                continue;
            }
            let leaf = find(store, Some(project.id), &own)?;
            let leaf = leaf.filter(|leaf| seen.insert(leaf.id));
            // One that could not be read then is nobody's.
            let record = stored::record::<ProjectRecord>(store, &own, leaf)?;
            let id = record.and_then(Result::ok).map(|record| record.id);
            found.extend(id.filter(|id| ids.contains(id)));
        }
        if found.len() == ids.len() {
            break;
        }
    }
    Ok(found)
}
