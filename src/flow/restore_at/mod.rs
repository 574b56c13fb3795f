//! An older state of the vault, back on this disk: in its place, or in a directory of its own.
//!
//! *In*: a commit or a moment, and which part of it. *Out*: files as they were then, and a journal by
//! which that is undone. *Never*: ask the remote, or touch what is agreed: in its place it is an edit
//! like one by hand, and travels with the next push.

mod aside;
mod in_place;

use std::path::PathBuf;

use serde::Serialize;

use crate::base::{HostPath, ObjectId, Timestamp, VaultPath};
use crate::layout::names;
use crate::merge::find;
use crate::vault::Objects;

use super::landing::Landing;
use super::report::{KeptLine, PulledUnit, SkippedProject, WithheldLine};
use super::undo::{self, Finished};
use super::upstream::{VaultProject, projects, vault_record};
use super::{FlowError, Writer, bookkeeping};

#[derive(Clone, Debug, Default)]
pub struct RestoreOptions {
    /// A commit of the vault, or a moment.
    pub at: String,
    /// Names of projects; none means all, and the settings.
    pub projects: Vec<String>,
    /// Below the projects, or in the vault where no project is named.
    pub paths: Vec<String>,
    /// Another place than the projects' own.
    pub to: Option<PathBuf>,
    /// What was not there then goes.
    pub delete: bool,
    pub dry_run: bool,
}

#[derive(Debug, Serialize)]
pub struct RestoreReport {
    /// Something was written to this disk.
    pub applied: bool,
    pub dry_run: bool,
    pub commit: ObjectId,
    /// When that was made.
    pub at: Timestamp,
    pub to: Option<HostPath>,
    pub projects: Vec<PulledUnit>,
    pub settings: Vec<PulledUnit>,
    /// Projects that the vault had then and that are not on this machine.
    pub missing: Vec<String>,
    pub skipped: Vec<SkippedProject>,
    pub withheld: Vec<WithheldLine>,
    /// What was finished of a run that was killed before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Finished>,
    /// By which this can be undone; what is written to a place of its own cannot.
    pub undo: Option<String>,
    pub ms: i64,
}

impl RestoreReport {
    /// Whether something could not come back until a person does something about it.
    #[must_use]
    pub fn needs_decision(&self) -> bool {
        let units = self.projects.iter().chain(&self.settings);
        let waits = units.flat_map(|unit| &unit.kept_paths).any(KeptLine::waits);
        waits || !self.withheld.is_empty()
    }
}

/// What is restored, as it was then.
struct Past {
    commit: ObjectId,
    tree: ObjectId,
    projects: Vec<VaultProject>,
}

/// Which part of it.
struct Part {
    projects: Vec<String>,
    paths: Vec<VaultPath>,
}

impl Part {
    fn of(options: &RestoreOptions) -> Result<Self, FlowError> {
        let path = |path: &String| VaultPath::parse(path.trim_end_matches('/'));
        let paths = options.paths.iter().map(path);
        Ok(Self {
            projects: options.projects.clone(),
            paths: paths.collect::<Result<_, _>>()?,
        })
    }

    /// Whether a path of what lies in this directory of the vault is meant.
    fn takes(&self, dir: &VaultPath, path: &VaultPath) -> bool {
        let place = dir.join(path);
        let is_meant =
            |wanted: &VaultPath| place.below(wanted).is_some() || path.below(wanted).is_some();
        self.paths.is_empty() || self.paths.iter().any(is_meant)
    }

    /// Refuses a path at which there was nothing, or nothing that is anybody's state: it would be called
    /// restored.
    fn check(&self, objects: &Objects<'_>, past: &Past) -> Result<(), FlowError> {
        let states = [names::projects_dir(), names::settings_dir()];
        let mut dirs = vec![VaultPath::root()];
        for project in &past.projects {
            dirs.push(names::project_dir(&project.name)?);
        }
        for path in &self.paths {
            let (mut was_there, mut is_nobodys) = (false, true);
            for dir in &dirs {
                let place = dir.join(path);
                if find(objects, Some(past.tree), &place)?.is_some() {
                    was_there = true;
                    is_nobodys &= !states.iter().any(|state| place.below(state).is_some());
                }
            }
            if !was_there {
                return Err(FlowError::NotThen {
                    path: path.clone(),
                    commit: past.commit,
                });
            }
            if is_nobodys {
                return Err(FlowError::Refused {
                    what: format!("{path} is no state of a project, and no settings"),
                    hint: format!(
                        "to see it: `git show {}:{path}` in a clone of the vault",
                        past.commit
                    ),
                });
            }
        }
        Ok(())
    }
}

/// What came of it.
#[derive(Default)]
struct Done {
    to: Option<HostPath>,
    landings: Vec<Landing>,
    missing: Vec<String>,
    skipped: Vec<SkippedProject>,
    withheld: Vec<WithheldLine>,
    undo: Option<u64>,
}

/// Restores, and remembers how it went.
pub fn restore(writer: &Writer<'_>, options: &RestoreOptions) -> Result<RestoreReport, FlowError> {
    bookkeeping::remembered(writer, ("restore", options.dry_run), |began| {
        attempt(writer, options, began)
    })
}

fn attempt(
    writer: &Writer<'_>,
    options: &RestoreOptions,
    began: Timestamp,
) -> Result<RestoreReport, FlowError> {
    let mut objects = Objects::new(&writer.store);
    let past = past(writer, options, began)?;
    let wanted = Part::of(options)?;
    if !options.delete {
        wanted.check(&objects, &past)?;
    }
    let leaves_all = options.dry_run || options.to.is_some();
    let finished = undo::finish(writer, &mut objects, leaves_all)?;
    let done = match &options.to {
        Some(to) => aside::write(writer, &objects, (&past, &wanted), (to, options.dry_run))?,
        None => in_place::write(writer, &mut objects, (&past, &wanted), options)?,
    };
    let units = done.landings.into_iter().map(|landing| landing.report);
    let (settings, projects): (Vec<_>, Vec<_>) = units.partition(|unit| unit.is_settings);
    let changed = |units: &[PulledUnit]| units.iter().any(|unit| !unit.changes.is_empty());
    let wrote = !options.dry_run && (changed(&projects) || changed(&settings));
    let now = writer.session.edges.clock.now();
    Ok(RestoreReport {
        applied: wrote || finished.as_ref().is_some_and(Finished::wrote),
        dry_run: options.dry_run,
        at: writer.store.commit_info(past.commit)?.time,
        commit: past.commit,
        to: done.to,
        projects,
        settings,
        missing: done.missing,
        skipped: done.skipped,
        withheld: done.withheld,
        finished,
        undo: done.undo.map(|number| number.to_string()),
        ms: now.millis() - began.millis(),
    })
}

fn past(writer: &Writer<'_>, options: &RestoreOptions, now: Timestamp) -> Result<Past, FlowError> {
    let store = &writer.store;
    let commit = store.resolve(&options.at, now)?;
    let tree = store.tree_of(commit)?;
    let place = format!("commit {}", commit.short());
    let of_vault = |fault: FlowError| fault.of_vault("the vault", Some(commit));
    vault_record(store, tree, &place).map_err(of_vault)?;
    Ok(Past {
        commit,
        tree,
        projects: projects(store, tree).map_err(of_vault)?,
    })
}
