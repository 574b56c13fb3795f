//! The list of projects, and this machine's own name: both are made again of what the store says.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Map;

use crate::base::{HostPath, Id, MachineId};
use crate::layout::Owner;
use crate::project::{ProjectError, Registered, Registry};
use crate::vault::{RefName, Store};

use super::super::agreed::{Agreed, is_of_tool, unit_key};
use super::super::aside::set_aside;
use super::super::journal::{journal, journals};
use super::super::lacking::{Lack, lost_name, of_registry};
use super::super::upstream::{VaultProject, projects};
use super::super::{FlowError, Session, own_machine};

/// What became of the list of projects.
#[derive(Debug, Serialize)]
pub struct ProjectsRepair {
    /// Those whose place the journals of pulls told.
    pub registered: Vec<FoundProject>,
    /// Those of which nothing here says where they lie.
    pub lost: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct FoundProject {
    pub name: String,
    pub path: HostPath,
}

/// Writes down again what this machine calls itself.
pub fn name_again(session: &Session<'_>, store: &Store) -> Result<Option<MachineId>, FlowError> {
    let lost = lost_name(session, store)?;
    if let Some(machine) = &lost {
        own_machine::remember(session, machine)?;
    }
    Ok(lost)
}

/// Gives a list that cannot be read another name: then it can be made again, as one that is gone.
pub fn set_damaged_aside(session: &Session<'_>) -> Result<Option<HostPath>, FlowError> {
    let file = session.places.registry();
    match Registry::load(&file) {
        Err(ProjectError::Damaged { .. }) => set_aside(&file),
        Err(fault) => Err(fault.into()),
        Ok(_) => Ok(None),
    }
}

/// Makes the list again, if it is gone.
pub fn mend(session: &Session<'_>, store: &Store) -> Result<Option<ProjectsRepair>, FlowError> {
    if of_registry(session, store)?.is_none() {
        return Ok(None);
    }
    let tree = store.read_ref(RefName::Branch)?;
    let tree = tree.map(|tip| store.tree_of(tip)).transpose()?;
    let known = tree.map_or(Ok(Vec::new()), |tree| projects(store, tree))?;
    let units: BTreeSet<String> = Agreed::load(store)?.units(store)?.into_iter().collect();
    let mut places = places(store, &units);
    let (mut found, mut lost) = (Vec::new(), Vec::new());
    for key in units.iter().filter(|key| !is_of_tool(key)) {
        let of_vault = known.iter().find(|it| key_of(&it.record.id) == *key);
        match (of_vault, places.remove(key)) {
            (Some(project), Some(place)) => found.push(registered(project, place)),
            (of_vault, _) => lost.push(of_vault.map_or_else(|| key.clone(), |it| it.name.clone())),
        }
    }
    if found.is_empty() {
        return Err(FlowError::Lacking {
            what: format!(
                "{}, and nothing here says where they lie",
                Lack::Registry.words(session)
            ),
            hints: vec![format!(
                "add each of them again: `holdall project add PATH` ({})",
                lost.join(", ")
            )],
        });
    }
    let told = found.iter().map(|project| FoundProject {
        name: project.name.clone(),
        path: project.path.clone(),
    });
    let registered = told.collect();
    Registry::edit(&session.places.registry(), &session.holder(), |registry| {
        registry.projects = found;
        Ok(())
    })?;
    Ok(Some(ProjectsRepair { registered, lost }))
}

fn key_of(id: &Id) -> String {
    unit_key(&Owner::Project(id.clone()))
}

/// Where a project lay, and what of it travelled.
type Place = (HostPath, Vec<crate::base::VaultPath>);

/// By the journals of pulls, the latest of each. One that cannot be read tells nothing.
fn places(store: &Store, units: &BTreeSet<String>) -> BTreeMap<String, Place> {
    let mut places = BTreeMap::new();
    let heads = journals(store).map_or_else(|_| Vec::new(), |all| all.heads);
    for head in heads {
        let Ok((journal, _)) = journal(store, head.number) else {
            continue;
        };
        for (key, touched) in journal.units {
            let place = touched.place;
            if units.contains(&key) && place.root.as_path().is_dir() {
                places.entry(key).or_insert((place.root, place.roots));
            }
        }
    }
    places
}

fn registered(project: &VaultProject, (path, dirs): Place) -> Registered {
    Registered {
        id: project.record.id.clone(),
        name: project.name.clone(),
        path,
        dirs,
        remotes: project.record.remotes.clone(),
        roots: project.record.roots.clone(),
        published: true,
        separate: false,
        unknown: Map::new(),
    }
}
