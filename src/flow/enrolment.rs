//! Entering a project into the list of this machine: new, known already, or moved.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::base::{HostPath, Id, VaultPath};
use crate::project::{Match, ProjectError, Registered, Registry, find_match, unique_name};

use super::here::identity_of;

/// A registered project, as reports tell it.
#[derive(Clone, Debug, Serialize)]
pub struct ProjectLine {
    pub id: Id,
    pub name: String,
    pub path: HostPath,
    pub dirs: Vec<VaultPath>,
    pub remotes: Vec<String>,
    /// The vault knows it.
    pub published: bool,
    /// Its directory is there.
    pub present: bool,
}

impl ProjectLine {
    #[must_use]
    pub fn of(project: &Registered) -> Self {
        Self {
            id: project.id.clone(),
            name: project.name.clone(),
            path: project.path.clone(),
            dirs: project.dirs.clone(),
            remotes: project.remotes.clone(),
            published: project.published,
            present: project.path.as_path().is_dir(),
        }
    }
}

/// What a person asked for by name.
pub struct Wishes<'a> {
    pub name: Option<&'a str>,
    pub dirs: &'a BTreeSet<VaultPath>,
}

/// Whether a registered project still has its directory.
pub type Stands<'a> = &'a dyn Fn(&Registered) -> bool;

/// What came of it.
pub struct Entered {
    pub project: Registered,
    pub already: bool,
    /// State directories that are new.
    pub added: Vec<VaultPath>,
    /// Where it was before.
    pub moved_from: Option<HostPath>,
}

/// Puts a project into the list; one that is there already gets what is new.
pub fn enter(
    registry: &mut Registry,
    mut fresh: Registered,
    wishes: &Wishes<'_>,
    stands: Stands<'_>,
) -> Result<Entered, ProjectError> {
    let place = place_of(registry, &fresh);
    let known = place.map(|index| registry.projects[index].dirs.as_slice());
    refuse_nested(wishes.dirs, known.unwrap_or_default(), &fresh.dirs)?;
    fresh.name = free_name(registry, &fresh.name, place);
    let Some(index) = place else {
        registry.projects.push(fresh.clone());
        return Ok(Entered {
            added: fresh.dirs.clone(),
            project: fresh,
            already: false,
            moved_from: None,
        });
    };
    let known = &mut registry.projects[index];
    let moved_from = (known.path != fresh.path).then(|| known.path.clone());
    match (&moved_from, stands(known)) {
        (Some(_), true) => return Err(taken(known)),
        (None, false) => return Err(another(known)),
        _ => {}
    }
    let is_other = |name: &str| known.published && name != known.name;
    if wishes.name.is_some_and(is_other) {
        return Err(ProjectError::Named {
            path: fresh.path.as_path().to_owned(),
            name: known.name.clone(),
        });
    }
    if wishes.name.is_none() {
        fresh.name.clone_from(&known.name);
    }
    let added = refresh(known, fresh);
    Ok(Entered {
        project: known.clone(),
        already: true,
        added,
        moved_from,
    })
}

/// Puts a checkout into the list as the project of the vault that it was said to be, or that it was
/// recognised as. `is_in_vault` says of an id that is registered whether the vault knows it: what is
/// not known there gives way.
pub fn join(
    registry: &mut Registry,
    fresh: Registered,
    is_in_vault: &dyn Fn(&Id) -> bool,
    stands: Stands<'_>,
) -> Result<Entered, ProjectError> {
    let mut projects = registry.projects.iter();
    let own = projects.position(|known| known.id == fresh.id);
    if let Some(first) = own.map(|index| &mut registry.projects[index]) {
        if first.path == fresh.path {
            // Where its repository has become another one, a person says by this that it is the project.
            (first.remotes, first.roots) = (fresh.remotes, fresh.roots);
            return Ok(Entered {
                project: first.clone(),
                already: true,
                added: Vec::new(),
                moved_from: None,
            });
        }
        if stands(first) {
            return Err(taken(first));
        }
    }
    if let Some(other) = registry.at(&fresh.path).filter(|it| is_in_vault(&it.id)) {
        return Err(taken(other));
    }
    let moved_from = own.map(|index| registry.projects[index].path.clone());
    let is_replaced = |known: &Registered| known.id == fresh.id || known.path == fresh.path;
    let mut dirs: BTreeSet<VaultPath> = fresh.dirs.iter().cloned().collect();
    let replaced = registry.projects.iter().filter(|known| is_replaced(known));
    dirs.extend(replaced.flat_map(|known| known.dirs.iter().cloned()));
    registry.projects.retain(|known| !is_replaced(known));
    let project = Registered {
        name: free_name(registry, &fresh.name, None),
        dirs: dirs.into_iter().collect(),
        published: true,
        ..fresh
    };
    registry.projects.push(project.clone());
    Ok(Entered {
        added: project.dirs.clone(),
        project,
        already: false,
        moved_from,
    })
}

/// A project that has its directory keeps it.
fn taken(known: &Registered) -> ProjectError {
    ProjectError::Taken {
        path: known.path.as_path().to_owned(),
        name: known.name.clone(),
    }
}

/// What came into its place does not become it.
fn another(known: &Registered) -> ProjectError {
    ProjectError::Another {
        path: known.path.as_path().to_owned(),
        name: known.name.clone(),
    }
}

/// The project of the list that this is, by its directory or by what it is.
#[must_use]
pub fn known_as<'r>(registry: &'r Registry, fresh: &Registered) -> Option<&'r Registered> {
    place_of(registry, fresh).map(|index| &registry.projects[index])
}

/// Where a project stands in the list: by its directory, or by what it is.
fn place_of(registry: &Registry, fresh: &Registered) -> Option<usize> {
    let mut projects = registry.projects.iter();
    let same_place = projects.position(|known| known.path == fresh.path);
    same_place.or_else(|| {
        let identities: Vec<_> = registry.projects.iter().map(identity_of).collect();
        match find_match(&identity_of(fresh), &identities) {
            Match::Same(index) => Some(index),
            Match::Ambiguous(indexes) => indexes.first().copied(),
            Match::None => None,
        }
    })
}

/// What was found now takes the place of what was known; the state directories that are new.
fn refresh(known: &mut Registered, fresh: Registered) -> Vec<VaultPath> {
    let is_new = |dir: &VaultPath| !known.dirs.contains(dir);
    let added: Vec<VaultPath> = fresh.dirs.into_iter().filter(is_new).collect();
    known.dirs.extend(added.iter().cloned());
    known.dirs.sort();
    known.path = fresh.path;
    known.name = fresh.name;
    known.remotes = fresh.remotes;
    known.roots = fresh.roots;
    known.separate |= fresh.separate;
    // Added again after somebody took it out of the vault: then it goes back in.
    known.published = false;
    added
}

/// A directory inside another state directory travels with that one, and has no rules and no guard of
/// its own.
fn refuse_nested(
    named: &BTreeSet<VaultPath>,
    known: &[VaultPath],
    fresh: &[VaultPath],
) -> Result<(), ProjectError> {
    let all = || known.iter().chain(fresh);
    let pairs = named
        .iter()
        .flat_map(|dir| all().map(move |other| (dir, other)));
    let both_ways = pairs.flat_map(|(dir, other)| [(dir, other), (other, dir)]);
    let is_nested =
        |(dir, within): &(&VaultPath, &VaultPath)| dir != within && dir.below(within).is_some();
    match both_ways.into_iter().find(is_nested) {
        Some((dir, within)) => Err(ProjectError::Nested {
            dir: dir.to_string(),
            within: within.to_string(),
        }),
        None => Ok(()),
    }
}

/// The wanted name as every machine can use it, and as no other project here has it.
fn free_name(registry: &Registry, wanted: &str, own: Option<usize>) -> String {
    let others = registry.projects.iter().enumerate();
    let others: Vec<_> = others.filter(|(at, _)| Some(*at) != own).collect();
    unique_name(wanted, &|name| {
        let same = |(_, other): &(usize, &Registered)| other.name.eq_ignore_ascii_case(name);
        others.iter().any(same)
    })
}
