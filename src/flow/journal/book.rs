//! Where journals stand: `landing` while a run writes, then by number; and how long they stay.

use crate::base::{ObjectId, Timestamp};
use crate::flow::{FlowError, Writer};
use crate::vault::{NewCommit, Objects, RefName, Store};

use super::record::{Head, Journal};

/// So long a run can be undone.
const KEPT_FOR: i64 = 30 * 24 * 60 * 60 * 1000;
/// So many of the last ones stay, whatever the clock says.
const ALWAYS_KEPT: usize = 3;

impl Head {
    /// Of a run that is about to write.
    pub fn new(writer: &Writer<'_>, command: &str) -> Result<Self, FlowError> {
        Ok(Self {
            number: next_number(&writer.store)?,
            command: command.to_owned(),
            at: writer.session.edges.clock.now(),
            undoes: None,
            is_edit: false,
            files: 0,
            projects: Vec::new(),
        })
    }
}

/// The number of the next run that writes.
fn next_number(store: &Store) -> Result<u64, FlowError> {
    let last = store.undo_states()?.last().map_or(0, |(number, _)| *number);
    let open = interrupted(store)?.map_or(0, |journal| journal.head.number);
    Ok(last.max(open) + 1)
}

/// Stores the journal, durably, with all that waits: from now on a run that is killed can be finished
/// or taken back. One that was there and could not be finished can still be undone.
pub fn begin(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    journal: &Journal,
    tip: Option<ObjectId>,
) -> Result<(), FlowError> {
    remember_open(&writer.store)?;
    let tree = journal.put(objects)?;
    let message = format!("what {} writes onto this disk\n", journal.head.command);
    let new = NewCommit {
        tree,
        parent: tip,
        author: &writer.author(),
        at: journal.head.at,
        message: &message,
    };
    let commit = objects.private_commit(&new, None)?;
    objects.flush()?;
    Ok(writer.store.write_ref(RefName::Landing, commit)?)
}

/// What a run wrote before it was killed, or before the disk failed.
pub fn interrupted(store: &Store) -> Result<Option<Journal>, FlowError> {
    let Some(commit) = store.read_ref(RefName::Landing)? else {
        return Ok(None);
    };
    Journal::read(store, store.tree_of(commit)?).map(Some)
}

/// The run is through: it can be undone by its number.
pub fn landed(store: &Store) -> Result<(), FlowError> {
    if remember_open(store)? {
        drop_landing(store)?;
    }
    Ok(())
}

/// Whether there was one.
fn remember_open(store: &Store) -> Result<bool, FlowError> {
    let Some(commit) = store.read_ref(RefName::Landing)? else {
        return Ok(false);
    };
    // What cannot be read is of no use to anybody.
    if let Ok(head) = Head::read(store, store.tree_of(commit)?) {
        store.remember_undo(head.number, commit)?;
    }
    Ok(true)
}

/// Nothing was written: there is nothing to finish, and nothing to undo.
pub fn drop_landing(store: &Store) -> Result<(), FlowError> {
    Ok(store.delete_ref(RefName::Landing)?)
}

/// All that can be undone, the newest first, each with its tree.
pub fn journals(store: &Store) -> Result<Vec<(Head, ObjectId)>, FlowError> {
    let mut all = Vec::new();
    for (_, commit) in store.undo_states()?.into_iter().rev() {
        let tree = store.tree_of(commit)?;
        all.push((Head::read(store, tree)?, tree));
    }
    Ok(all)
}

/// Forgets what is older than thirty days. The last few stay: a clock may be years off.
pub fn prune(store: &Store, now: Timestamp) -> Result<(), FlowError> {
    let states = store.undo_states()?;
    let old = states.len().saturating_sub(ALWAYS_KEPT);
    for (number, commit) in &states[..old] {
        let at = store.commit_info(*commit)?.time;
        if now.millis().saturating_sub(at.millis()) < KEPT_FOR {
            break;
        }
        store.forget_undo(*number)?;
    }
    Ok(())
}
