//! Mending what is damaged on this machine, so that nothing is lost that still reads.
//!
//! *In*: this machine's copy of the vault, its task list, and the remote where they do not suffice. *Out*:
//! each whole again in its place, the damaged one beside it under another name, and what could not be
//! read by its name. *Never*: delete what is damaged, write to the remote, or begin anew where something
//! would be lost that a backup may have.

mod found;
mod projects;
mod store;
mod tasks;
mod whose;

use serde::Serialize;

use crate::base::{FileLock, HostPath, MachineId, ObjectId, sweep_temp_files};
use crate::vault::MadeAgain;

use super::aside::{clear, work_dir};
use super::{FlowError, Session, lacking, own_machine};
pub use found::FoundState;
pub use projects::{FoundProject, ProjectsRepair};
pub use tasks::{LostValue, TasksRepair, look};

/// What was done.
#[derive(Debug, Default, Serialize)]
#[must_use]
pub struct RepairReport {
    /// Nothing where this machine's copy of the vault was well.
    pub store: Option<StoreRepair>,
    /// Nothing where the task list was well.
    pub tasks: Option<TasksRepair>,
    /// The settings were gone, and are again what was kept of them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub settings: bool,
    /// What this machine calls itself, where it did not know that any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine: Option<MachineId>,
    /// That name is a new one: nothing says any more what it was.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub machine_is_new: bool,
    /// Where the file is that did not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine_damaged: Option<HostPath>,
    /// Where the list of projects is that could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projects_damaged: Option<HostPath>,
    /// Nothing where the list of projects was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projects: Option<ProjectsRepair>,
}

/// What became of this machine's copy of the vault.
#[derive(Debug, Default, Serialize)]
pub struct StoreRepair {
    /// It had no HEAD.
    pub head: bool,
    /// So many packs got a new index.
    pub indexes: usize,
    /// Where the damaged one is, if another one took its place.
    pub damaged: Option<HostPath>,
    /// The remote gave what could not be read here any more.
    pub fetched: bool,
    /// What could not be read, and nobody else has.
    pub lost: Vec<Lost>,
    /// What reads and no ref led to any more: it has one now.
    pub found: Vec<FoundState>,
}

/// Something that only the damaged store had.
#[derive(Debug, Serialize)]
pub struct Lost {
    #[serde(rename = "ref")]
    pub name: String,
    pub what: String,
    /// The commit that it led to, where that could be read: a backup copy may have it.
    pub commit: Option<ObjectId>,
}

impl StoreRepair {
    const fn of(made: MadeAgain) -> Self {
        Self {
            head: made.head,
            indexes: made.indexes,
            damaged: None,
            fetched: false,
            lost: Vec::new(),
            found: Vec::new(),
        }
    }
}

impl RepairReport {
    /// Nothing is other than it was.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        let is_store_well = self.store.is_none() && self.tasks.is_none();
        let is_named = self.machine.is_none() && self.machine_damaged.is_none();
        let is_listed = self.projects.is_none() && self.projects_damaged.is_none();
        is_store_well && is_named && is_listed && !self.settings
    }
}

/// Mends what is damaged. No other run is at work meanwhile. What is mended is in the report, whatever ends
/// the rest: what was lost nobody finds out once more.
pub fn repair(session: &Session<'_>, report: &mut RepairReport) -> Result<(), FlowError> {
    let _lock = lock(session)?;
    clear(&session.places.store())?;
    clear(&session.places.tasks())?;
    report.machine_damaged = own_machine::set_damaged_aside(session)?;
    report.projects_damaged = projects::set_damaged_aside(session)?;
    store::mend(session, &mut report.store)?;
    let store = session.store()?;
    if let Some(store) = &store {
        report.machine = projects::name_again(session, store)?;
    }
    if report.machine.is_none() && is_nameless(session)? {
        report.machine = Some(own_machine::renamed(session)?);
        report.machine_is_new = true;
    }
    report.tasks = tasks::mend(session, report.machine_is_new)?;
    if let Some(store) = &store {
        report.projects = projects::mend(session, store)?;
    }
    Ok(())
}

/// Whether this machine had a name, and nothing says it.
fn is_nameless(session: &Session<'_>) -> Result<bool, FlowError> {
    Ok(session.machine()?.is_none() && lacking::was_known(session)?)
}

/// What a killed run left in the store is cleared away by the next run that can open it; what a killed
/// repair left beside it, by this one.
fn lock(session: &Session<'_>) -> Result<FileLock, FlowError> {
    let lock = session.run_lock()?;
    if lock.abandoned.is_some() {
        sweep_temp_files(session.places.data.as_path())?;
    }
    lock.pass_on(true);
    Ok(lock)
}
