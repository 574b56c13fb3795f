//! The history of the vault, and what changed between two moments of it.

use serde::Serialize;

use crate::base::{Blobs, Leaf, ObjectId, Timestamp, VaultPath};
use crate::layout::names;
use crate::merge::{differences, edit, find};
use crate::runs::Runs;
use crate::vault::{Objects, RefName, Store, text_patch};

use super::compare::compare;
use super::report::ChangeKind;
use super::upstream::projects;
use super::{FlowError, Session};

#[derive(Clone, Debug, Default)]
pub struct LogOptions {
    pub project: Option<String>,
    /// Below the project, or in the vault where no project is named.
    pub path: Option<String>,
    pub limit: usize,
}

#[derive(Debug, Serialize)]
pub struct LogEntry {
    pub commit: ObjectId,
    pub at: Timestamp,
    pub machine: String,
    pub summary: String,
    pub message: String,
}

#[derive(Debug, Serialize)]
pub struct LogReport {
    pub entries: Vec<LogEntry>,
    /// There is more than was asked for.
    pub more: bool,
    pub remote: Option<String>,
    /// When this machine's copy last was in step with the remote.
    pub in_step: Option<Timestamp>,
}

#[derive(Clone, Debug, Default)]
pub struct DiffOptions {
    pub from: Option<String>,
    pub to: Option<String>,
    pub project: Option<String>,
    pub patch: bool,
}

#[derive(Debug, Serialize)]
pub struct DiffEntry {
    pub path: VaultPath,
    pub change: ChangeKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct DiffReport {
    pub from: Option<ObjectId>,
    /// Nothing: this disk.
    pub to: Option<ObjectId>,
    pub entries: Vec<DiffEntry>,
}

fn place(project: Option<&str>, path: Option<&str>) -> Result<Option<VaultPath>, FlowError> {
    let tail = path
        .map(|path| VaultPath::parse(path.trim_end_matches('/')))
        .transpose()?;
    Ok(match (project, tail) {
        (Some(name), tail) => Some(names::project_dir(name)?.join(&tail.unwrap_or_default())),
        (None, tail) => tail,
    })
}

/// The vault's commits, the newest first, as this machine's copy has them.
pub fn log(session: &Session<'_>, options: &LogOptions) -> Result<LogReport, FlowError> {
    let mut report = LogReport {
        entries: Vec::new(),
        more: false,
        remote: session.config.remote_url.clone(),
        in_step: in_step(session)?,
    };
    let place = place(options.project.as_deref(), options.path.as_deref())?;
    let Some(store) = session.store()? else {
        return Ok(report);
    };
    let Some(tip) = store.read_ref(RefName::Branch)? else {
        return Ok(report);
    };
    for id in store.commits(tip, None)? {
        let info = store.commit_info(id)?;
        if let Some(place) = &place {
            let before = info
                .parents
                .first()
                .map(|parent| store.tree_of(*parent))
                .transpose()?;
            if find(&store, before, place)? == find(&store, Some(info.tree), place)? {
                continue;
            }
        }
        if report.entries.len() == options.limit {
            report.more = true;
            break;
        }
        report.entries.push(LogEntry {
            commit: id,
            at: info.time,
            machine: info.author,
            summary: info.summary,
            message: info.message,
        });
    }
    // What was there at any time was put there by some commit.
    if place.is_some() && report.entries.is_empty() && !report.more {
        return Err(never(&store, tip, options)?);
    }
    Ok(report)
}

/// A push and a pull that went well both leave this machine's copy as the remote was then.
pub(super) fn in_step(session: &Session<'_>) -> Result<Option<Timestamp>, FlowError> {
    if session.config.remote_url.is_none() {
        return Ok(None);
    }
    let runs = Runs::load(&session.places.runs())?;
    let good = ["push", "pull"].map(|command| runs.of(command).last_ok.map(|run| run.began));
    Ok(good.into_iter().flatten().max())
}

fn never(store: &Store, tip: ObjectId, options: &LogOptions) -> Result<FlowError, FlowError> {
    let known = projects(store, store.tree_of(tip)?)?;
    let what = match (&options.project, &options.path) {
        (Some(name), None) => format!("a project `{name}`"),
        (Some(name), Some(path)) => format!("a path `{path}` in a project `{name}`"),
        (None, path) => format!("a path `{}`", path.as_deref().unwrap_or_default()),
    };
    Ok(FlowError::NeverInVault {
        what,
        known: known.into_iter().map(|project| project.name).collect(),
    })
}

/// What changed: between two commits, from one to the tip, or from the vault to this disk.
pub fn diff(session: &Session<'_>, options: &DiffOptions) -> Result<DiffReport, FlowError> {
    let place = place(options.project.as_deref(), None)?.unwrap_or_default();
    let Some(store) = session.store()? else {
        return Err(session.nothing_to_pull());
    };
    let tip = store
        .read_ref(RefName::Branch)?
        .ok_or_else(|| session.nothing_to_pull())?;
    let mut objects = Objects::new(&store);
    let now = session.edges.clock.now();
    let (from, to) = match (&options.from, &options.to) {
        (None, _) => (tip, None),
        (Some(from), None) => (store.resolve(from, now)?, Some(tip)),
        (Some(from), Some(to)) => (store.resolve(from, now)?, Some(store.resolve(to, now)?)),
    };
    let before = store.tree_of(from)?;
    let after = match to {
        Some(to) => Some(store.tree_of(to)?),
        None => disk_tree(session, &mut objects, before)?,
    };
    let found = differences(&objects, Some(before), after, after)?;
    let mut entries = Vec::new();
    for trio in found.trios {
        if trio.path.below(&place).is_none() {
            continue;
        }
        let patch = if options.patch {
            patch(&objects, &trio.path, (trio.base, trio.local))?
        } else {
            None
        };
        entries.push(DiffEntry {
            change: ChangeKind::between(trio.base, trio.local),
            path: trio.path,
            patch,
        });
    }
    Ok(DiffReport {
        from: Some(from),
        to,
        entries,
    })
}

/// The vault's tree as the next push would make it.
fn disk_tree(
    session: &Session<'_>,
    objects: &mut Objects<'_>,
    before: ObjectId,
) -> Result<Option<ObjectId>, FlowError> {
    let plan = compare(session, objects, None)?.plan;
    Ok(edit(objects, Some(before), &plan.edits)?)
}

fn patch(
    objects: &Objects<'_>,
    path: &VaultPath,
    (before, after): (Option<Leaf>, Option<Leaf>),
) -> Result<Option<String>, FlowError> {
    let content = |leaf: Option<Leaf>| leaf.map_or(Ok(Vec::new()), |leaf| objects.blob(leaf.id));
    Ok(text_patch(path, &content(before)?, &content(after)?)?)
}
