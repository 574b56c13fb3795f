//! A task list that is gone, told from one that never was: this machine's commits say whether it had one.

use std::fs;

use crate::base::BaseError;
use crate::layout::{MachineRecord, names};
use crate::merge::find;
use crate::tasks::TasksError;
use crate::vault::{RefName, Store};

use super::super::aside::succeed;
use super::super::there::is_there;
use super::super::{FlowError, Session, lacking, stored};

/// Refuses where the list is gone: a new one in its place would hide that for good.
pub fn refuse_gone(session: &Session<'_>) -> Result<(), FlowError> {
    lacking::refuse_beginning(session)?;
    if is_gone(session)? {
        let file = session.places.tasks();
        let said = format!("{file} is gone or empty: it was this machine's task list");
        return Err(TasksError::Broken { said }.into());
    }
    Ok(())
}

/// Whether there is none, though there was one.
pub fn is_gone(session: &Session<'_>) -> Result<bool, FlowError> {
    let file = session.places.tasks();
    succeed(&file)?;
    if is_there(&file)? {
        let seen = fs::metadata(file.as_path());
        let seen = seen.map_err(BaseError::io("look at", file.as_path()))?;
        if seen.len() > 0 {
            return Ok(false);
        }
    }
    let store = session.store()?;
    store.map_or(Ok(false), |store| had_tasks(session, &store))
}

/// Whether this machine had tasks when it pushed last, or committed for the next push.
pub fn had_tasks(session: &Session<'_>, store: &Store) -> Result<bool, FlowError> {
    let Some(machine) = session.machine()? else {
        return Ok(false);
    };
    let path = names::machine_record(&machine);
    for name in [RefName::Branch, RefName::Offline] {
        let Some(tip) = store.read_ref(name)? else {
            continue;
        };
        let leaf = find(store, Some(store.tree_of(tip)?), &path)?;
        let record: Option<MachineRecord> = stored::record(store, &path, leaf)?.transpose()?;
        let frontier = record.and_then(|record| record.ops);
        if frontier.is_some_and(|it| !it.heads.is_empty()) {
            return Ok(true);
        }
    }
    Ok(false)
}
