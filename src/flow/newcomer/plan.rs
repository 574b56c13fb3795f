//! What a vault would bring to this machine, before anything is changed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::base::{HostPath, Id, Kind};
use crate::config::{Config, ConfigFile};
use crate::layout::names;
use crate::merge::list_dir;
use crate::project::directory_name;
use crate::vault::wire::Aim;
use crate::vault::{Objects, Store, WireError};

use super::super::compare::whatever_is_there;
use super::super::configure::absolute;
use super::super::conflicts::add_filed;
use super::super::hints::quoted;
use super::super::local_checkout::{LocalCheckout, directory, refuse_places};
use super::super::machines::Machines;
use super::super::recognise::{
    KnownVault, Sightings, Undecided, Unreadable, absent_project, look_around, own_id, seen,
};
use super::super::status::LastWriter;
use super::super::upstream::{Source, Upstream, VaultProject};
use super::super::{Event, FlowError, Session, Stage};
use super::clone::{CloneWith, Tried};
use super::weigh::{Scales, last_writers};

/// Where people keep their checkouts, below the home directory.
const USUAL: [&str; 6] = ["code", "src", "work", "projects", "dev", "Developer"];

#[derive(Clone, Debug, Default)]
pub struct RestoreOptions {
    /// Where to look for checkouts; where nothing is said, in the usual places that are there.
    pub into: Vec<PathBuf>,
    /// Clone what is missing, into the first of these.
    pub clone: bool,
    pub clone_with: Option<CloneWith>,
    /// Take a vault that everybody may read.
    pub allow_public: bool,
}

#[derive(Debug, Serialize)]
pub struct RestorePlan {
    pub remote: String,
    pub vault: Option<Id>,
    /// Where checkouts were looked for.
    pub searched: Vec<HostPath>,
    #[serde(flatten)]
    pub machines: Machines,
    pub projects: Vec<RestoreProject>,
    pub settings: Vec<RestoreTool>,
    /// How many conflicts the vault has on file.
    pub conflicts: usize,
    pub undecided: Vec<Undecided>,
    pub unreadable: Vec<Unreadable>,
    #[serde(skip)]
    pub(super) known: KnownVault,
    /// Checkouts to be registered, by the project that each is.
    #[serde(skip)]
    pub(super) recognised: BTreeMap<usize, LocalCheckout>,
}

#[derive(Debug, Serialize)]
pub struct RestoreProject {
    pub id: Id,
    pub name: String,
    pub remotes: Vec<String>,
    pub files: u64,
    pub bytes: u64,
    /// Nothing where that was too long ago.
    pub last_writer: Option<LastWriter>,
    #[serde(flatten)]
    pub place: Place,
}

/// Where a project goes.
#[derive(Debug, Serialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum Place {
    /// It is registered here already.
    Registered {
        path: HostPath,
    },
    /// A checkout of it was found.
    Found {
        path: HostPath,
    },
    /// More than one checkout could be it, or the one could be more.
    Undecided,
    ToClone {
        path: HostPath,
    },
    Cloned {
        path: HostPath,
        from: String,
    },
    NotCloned {
        path: HostPath,
        tried: Vec<Tried>,
        next: String,
    },
    /// Something else has the name that it would be cloned to.
    InTheWay {
        path: HostPath,
        next: String,
    },
    Missing {
        next: String,
    },
}

/// The settings of a tool.
#[derive(Debug, Serialize)]
pub struct RestoreTool {
    pub name: String,
    pub files: u64,
    pub bytes: u64,
}

/// A session as if the address were configured. A machine that has another one keeps it.
pub fn toward<'a>(session: Session<'a>, url: &str) -> Result<Session<'a>, FlowError> {
    let url = absolute(&session, url)?;
    // Refuses what may not be kept in a file, before anything is asked.
    ConfigFile::open(&session.places.config_file)?.set("remote.url", &url)?;
    let now = session.config.remote_url.as_ref();
    if let Some(now) = now.filter(|now| **now != url) {
        return Err(FlowError::Refused {
            what: format!("this machine is connected to {now}, and not to {url}"),
            hint: format!(
                "if the vault moved, or this is the one you want now: `holdall backup configure {}` says whether it is another one",
                quoted(&url)
            ),
        });
    }
    let config = Config {
        remote_url: Some(url),
        ..session.config
    };
    Ok(Session { config, ..session })
}

/// The plan of a dry run: what is fetched goes where it is gone afterwards, unless there is a store.
pub fn foresee(session: &Session<'_>, options: &RestoreOptions) -> Result<RestorePlan, FlowError> {
    let (store, _stand_in) = whatever_is_there(session)?;
    plan(session, &store, options)
}

/// Looks at the vault and around on this disk.
pub fn plan(
    session: &Session<'_>,
    store: &Store,
    options: &RestoreOptions,
) -> Result<RestorePlan, FlowError> {
    let (searched, into) = places(session, options)?;
    let (upstream, url) = ask(session, store)?;
    let tip = upstream.parent.ok_or(FlowError::NothingToPull {
        url: Some(url.clone()),
    })?;
    let objects = Objects::new(store);
    let machines = Machines::of(&objects, &upstream, &own_id(session)?)?;
    let settings = tools(store, &upstream)?;
    let mut conflicts = Vec::new();
    add_filed(&objects, &upstream, &mut conflicts)?;
    let mut writers = last_writers(store, tip)?;
    let known = KnownVault {
        projects: upstream.projects,
        asked: true,
    };
    let sightings = look_around(session, &known, &searched)?;
    let mut scales = Scales::new(store);
    let mut projects = Vec::with_capacity(known.projects.len());
    for (index, project) in known.projects.iter().enumerate() {
        let weight = scales.project(project.tree)?;
        let place = match place(index, &known, &sightings) {
            Some(place) => place,
            None => away(session, project, into.as_ref(), &projects)?,
        };
        projects.push(RestoreProject {
            id: project.record.id.clone(),
            name: project.name.clone(),
            remotes: project.record.remotes.clone(),
            files: weight.files,
            bytes: weight.bytes,
            last_writer: writers.remove(&project.name),
            place,
        });
    }
    Ok(RestorePlan {
        remote: url,
        vault: upstream.record.map(|record| record.vault),
        searched,
        machines,
        conflicts: conflicts.len(),
        projects,
        settings,
        undecided: sightings.undecided,
        unreadable: sightings.unreadable,
        known,
        recognised: sightings.recognised,
    })
}

fn ask(session: &Session<'_>, store: &Store) -> Result<(Upstream, String), FlowError> {
    let machine = own_id(session)?;
    let remote = session
        .remote(&machine, Aim::Fetch)?
        .ok_or(FlowError::NoAddress { now: None })?;
    let url = remote.url().to_owned();
    session.tell(&Event::Contacting { url: &url });
    let tell = session.tells(Stage::Fetching);
    let source = Source::Remote(remote.as_ref(), &tell);
    let upstream = seen(session, store, (&source, &machine)).map_err(|fault| match fault {
        FlowError::Wire(
            source @ (WireError::Unreachable { .. } | WireError::NotAllowed { .. }),
        ) => FlowError::Restoring {
            url: url.clone(),
            source,
        },
        other => other,
    })?;
    Ok((upstream, url))
}

/// Where checkouts are looked for, and where missing ones are cloned to.
fn places(
    session: &Session<'_>,
    options: &RestoreOptions,
) -> Result<(Vec<HostPath>, Option<HostPath>), FlowError> {
    let home = &session.places.home;
    let mut into = None;
    let mut searched = Vec::new();
    for (at, given) in options.into.iter().enumerate() {
        match directory(session, given.clone()) {
            Ok(dir) => searched.push(dir),
            // What is cloned makes its own place.
            Err(FlowError::NoSuchPath { path }) if at == 0 && options.clone && !path.exists() => {
                into = Some(HostPath::new(path)?);
            }
            Err(fault) => return Err(fault),
        }
    }
    if options.into.is_empty() {
        let usual = USUAL.iter().map(|name| home.join(name));
        searched.extend(usual.filter(|dir| dir.as_path().is_dir()));
    }
    let first = into.or_else(|| searched.first().cloned());
    let into = first.unwrap_or_else(|| home.join(USUAL[0]));
    Ok((searched, options.clone.then_some(into)))
}

/// The place of a project that is on this disk, or could be.
fn place(index: usize, known: &KnownVault, sightings: &Sightings) -> Option<Place> {
    if let Some(path) = sightings.registered.get(&index) {
        return Some(Place::Registered { path: path.clone() });
    }
    if let Some(found) = sightings.recognised.get(&index) {
        let path = found.root.clone();
        return Some(Place::Found { path });
    }
    sightings.has(index, known).then_some(Place::Undecided)
}

/// What becomes of a project that is not on this disk; those before it may have its place already.
fn away(
    session: &Session<'_>,
    project: &VaultProject,
    into: Option<&HostPath>,
    before: &[RestoreProject],
) -> Result<Place, FlowError> {
    let next = absent_project(project).next;
    let into = into.filter(|_| !project.record.remotes.is_empty());
    let Some(path) = into.map(|dir| dir.join(directory_name(&project.name))) else {
        return Ok(Place::Missing { next });
    };
    refuse_places(session, &path)?;
    let has_it =
        |it: &RestoreProject| matches!(&it.place, Place::ToClone { path: its } if *its == path);
    if before.iter().any(has_it) || path.as_path().symlink_metadata().is_ok() {
        let next = format!(
            "holdall project link {} {}",
            quoted(&path.to_string()),
            project.record.id
        );
        return Ok(Place::InTheWay { path, next });
    }
    Ok(Place::ToClone { path })
}

fn tools(store: &Store, upstream: &Upstream) -> Result<Vec<RestoreTool>, FlowError> {
    let mut scales = Scales::new(store);
    let mut tools = Vec::new();
    for entry in list_dir(store, upstream.tree, &names::settings_dir())? {
        if entry.kind != Kind::Tree {
            continue;
        }
        let weight = scales.tree(entry.id, 0)?;
        tools.push(RestoreTool {
            name: String::from_utf8_lossy(&entry.name).into_owned(),
            files: weight.files,
            bytes: weight.bytes,
        });
    }
    Ok(tools)
}
