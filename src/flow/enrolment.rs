//! Entering a project into the list of this machine: new, known already, or moved.

use std::collections::BTreeSet;

use crate::base::{HostPath, VaultPath};
use crate::project::{Match, ProjectError, Registered, Registry, find_match, unique_name};

use super::here::identity_of;

/// What a person asked for by name.
pub struct Wishes<'a> {
    pub name: Option<&'a str>,
    pub dirs: &'a BTreeSet<VaultPath>,
}

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
) -> Result<Entered, ProjectError> {
    let same_place = registry
        .projects
        .iter()
        .position(|known| known.path == fresh.path);
    let identities: Vec<_> = registry.projects.iter().map(identity_of).collect();
    let same_project = match find_match(&identity_of(&fresh), &identities) {
        Match::Same(index) => Some(index),
        Match::Ambiguous(indexes) => indexes.first().copied(),
        Match::None => None,
    };
    let place = same_place.or(same_project);
    let known = place.map(|index| registry.projects[index].dirs.as_slice());
    refuse_nested(wishes.dirs, known.unwrap_or_default(), &fresh.dirs)?;
    let Some(index) = place else {
        fresh.name = free_name(registry, &fresh.name, None);
        registry.projects.push(fresh.clone());
        return Ok(Entered {
            added: fresh.dirs.clone(),
            project: fresh,
            already: false,
            moved_from: None,
        });
    };
    let free = free_name(registry, &fresh.name, Some(index));
    let known = &mut registry.projects[index];
    let moved_from = (known.path != fresh.path).then(|| known.path.clone());
    if let Some(before) = moved_from
        .as_ref()
        .filter(|before| before.as_path().is_dir())
    {
        return Err(ProjectError::Taken {
            path: before.as_path().to_owned(),
            name: known.name.clone(),
        });
    }
    if wishes
        .name
        .is_some_and(|name| known.published && name != known.name)
    {
        return Err(ProjectError::Named {
            path: fresh.path.as_path().to_owned(),
            name: known.name.clone(),
        });
    }
    known.path = fresh.path;
    known.remotes = fresh.remotes;
    known.roots = fresh.roots;
    known.separate |= fresh.separate;
    let is_new = |dir: &VaultPath| !known.dirs.contains(dir);
    let added: Vec<VaultPath> = fresh.dirs.into_iter().filter(is_new).collect();
    known.dirs.extend(added.iter().cloned());
    known.dirs.sort();
    if wishes.name.is_some() {
        known.name = free;
    }
    // Added again after somebody took it out of the vault: then it goes back in.
    known.published = false;
    Ok(Entered {
        project: known.clone(),
        already: true,
        added,
        moved_from,
    })
}

/// A directory inside another state directory travels with that one, and has no rules and no guard of
/// its own.
fn refuse_nested(
    named: &BTreeSet<VaultPath>,
    known: &[VaultPath],
    fresh: &[VaultPath],
) -> Result<(), ProjectError> {
    let all = || known.iter().chain(fresh);
    for dir in named {
        let holds = |other: &&VaultPath| *other != dir && dir.below(other).is_some();
        if let Some(other) = all().find(holds) {
            return Err(ProjectError::Nested {
                dir: dir.to_string(),
                within: other.to_string(),
            });
        }
    }
    Ok(())
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
