//! Entering the checkouts of some directories that the vault knows.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use crate::base::{HostPath, Id};
use crate::project::{Registry, directory_name, remote_url};

use super::super::another::stands;
use super::super::enrolment::{Entered, join};
use super::super::hints::quoted;
use super::super::local_checkout::{LocalCheckout, directory};
use super::super::upstream::VaultProject;
use super::super::{FlowError, Session};
use super::KnownVault;
use super::sighting::{Undecided, Unreadable, look_around};

#[derive(Clone, Debug, Default)]
pub struct ProjectScanOptions {
    /// Where to look; the working directory where nothing is said.
    pub dirs: Vec<PathBuf>,
    pub dry_run: bool,
}

/// A project of the vault, and its checkout here.
#[derive(Debug, Serialize)]
pub struct PlacedProject {
    pub id: Id,
    pub name: String,
    pub path: HostPath,
}

/// A project of the vault without a checkout here.
#[derive(Debug, Serialize)]
pub struct AbsentProject {
    pub id: Id,
    pub name: String,
    pub remotes: Vec<String>,
    /// The command for it.
    pub next: String,
}

#[derive(Debug, Serialize)]
pub struct ProjectScanReport {
    pub dry_run: bool,
    pub dirs: Vec<HostPath>,
    /// The remote was asked; else this machine's own copy of the vault was.
    pub asked: bool,
    /// How many checkouts were seen.
    pub checkouts: usize,
    /// Those that are registered now; with a dry run, that would be.
    pub registered: Vec<PlacedProject>,
    /// Those that were before, wherever they lie.
    pub already: Vec<PlacedProject>,
    pub undecided: Vec<Undecided>,
    pub unreadable: Vec<Unreadable>,
    /// Projects of the vault that are not here.
    pub missing: Vec<AbsentProject>,
}

/// Registers what the vault knows and this disk has.
pub fn scan(
    session: &Session<'_>,
    options: &ProjectScanOptions,
) -> Result<ProjectScanReport, FlowError> {
    let dirs = named_dirs(session, &options.dirs)?;
    let known = KnownVault::now(session)?;
    let seen = look_around(session, &known, &dirs)?;
    let placed = |index: &usize, path: &HostPath| PlacedProject {
        id: known.projects[*index].record.id.clone(),
        name: known.projects[*index].name.clone(),
        path: path.clone(),
    };
    if !options.dry_run {
        let all = seen.recognised.iter();
        enter_all(session, &known, all.map(|(index, found)| (*index, found)))?;
    }
    let absent = (0..known.projects.len()).filter(|index| !seen.has(*index, &known));
    let missing = absent.map(|index| absent_project(&known.projects[index]));
    let registered = seen.registered.iter();
    let recognised = seen.recognised.iter();
    Ok(ProjectScanReport {
        dry_run: options.dry_run,
        asked: known.asked,
        checkouts: seen.checkouts,
        registered: recognised
            .map(|(index, it)| placed(index, &it.root))
            .collect(),
        already: registered
            .map(|(index, path)| placed(index, path))
            .collect(),
        missing: missing.collect(),
        undecided: seen.undecided,
        unreadable: seen.unreadable,
        dirs,
    })
}

fn named_dirs(session: &Session<'_>, given: &[PathBuf]) -> Result<Vec<HostPath>, FlowError> {
    if given.is_empty() {
        return Ok(vec![directory(session, PathBuf::new())?]);
    }
    let dirs = given.iter().map(|dir| directory(session, dir.clone()));
    dirs.collect()
}

/// Puts recognised checkouts into the list of this machine, all or none.
pub fn enter_all<'f>(
    session: &Session<'_>,
    known: &KnownVault,
    found: impl Iterator<Item = (usize, &'f LocalCheckout)>,
) -> Result<Vec<Entered>, FlowError> {
    let fresh = found.map(|(index, found)| {
        let project = &known.projects[index];
        let identity = (project.record.id.clone(), project.name.clone());
        found.as_project(session, identity, &BTreeSet::new())
    });
    let fresh: Vec<_> = fresh.collect();
    Ok(Registry::edit(
        &session.places.registry(),
        &session.holder(),
        |registry| {
            let entered = fresh.into_iter();
            let entered = entered.map(|project| {
                join(registry, project, &|id| known.has(id), &|it| {
                    stands(session, it)
                })
            });
            entered.collect()
        },
    )?)
}

/// What to do about a project of the vault that is not here.
#[must_use]
pub fn absent_project(project: &VaultProject) -> AbsentProject {
    let (id, name, remotes) = (&project.record.id, &project.name, &project.record.remotes);
    let url = remotes.first().and_then(|it| remote_url("https://", it));
    let next = match url {
        Some(url) => {
            let (url, dir) = (quoted(&url), quoted(&directory_name(name)));
            format!("git clone {url} {dir} && holdall project link {dir} {id}")
        }
        None => format!("holdall project link PATH {id}"),
    };
    AbsentProject {
        id: id.clone(),
        name: name.clone(),
        remotes: remotes.clone(),
        next,
    }
}
