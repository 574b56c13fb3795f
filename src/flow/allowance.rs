//! Which values may pass the gate: those that the vault's `allowed.json` names, and what a person
//! decided here since. A decision waits in a file of this machine until a push carries it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::base::{
    FileLock, Kind, Leaf, LockOutcome, MachineId, ObjectId, Sink, Timestamp, read_if_there,
    write_atomic,
};
use crate::layout::{AllowedEntry, AllowedRecord, Record, names};
use crate::merge::{Edits, Graft, find};
use crate::snapshot::SecretGate;
use crate::vault::{Objects, RefName};

use super::{FlowError, Session, stored};

/// A longer file was not written by us.
const MAX_SIZE: u64 = 16 * 1024 * 1024;
/// How long a change waits for another one to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a person decided about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Allow,
    Revoke,
}

/// A decision that the vault does not know yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    pub decision: Decision,
    pub at: Timestamp,
}

/// The decisions that wait, by fingerprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    pub decisions: BTreeMap<String, Queued>,
}

impl Queue {
    pub fn load(session: &Session<'_>) -> Result<Self, FlowError> {
        let file = session.places.secret_decisions();
        let Some(bytes) = read_if_there(file.as_path(), MAX_SIZE)? else {
            return Ok(Self::default());
        };
        serde_json::from_slice(&bytes).map_err(|source| FlowError::BadFile {
            path: file.as_path().to_owned(),
            source,
        })
    }

    /// Changes the list under its lock.
    pub fn edit(session: &Session<'_>, change: impl FnOnce(&mut Self)) -> Result<(), FlowError> {
        let _lock = take_lock(session)?;
        let before = Self::load(session)?;
        let mut after = before.clone();
        change(&mut after);
        if after != before {
            let mut text = serde_json::to_vec_pretty(&after).expect("plain data");
            text.push(b'\n');
            write_atomic(session.places.secret_decisions().as_path(), &text)?;
        }
        Ok(())
    }

    /// Forgets decisions that the vault has now; one that was changed meanwhile still waits.
    pub fn settle(&self, session: &Session<'_>) -> Result<(), FlowError> {
        if self.decisions.is_empty() {
            return Ok(());
        }
        Self::edit(session, |queue| {
            queue
                .decisions
                .retain(|fingerprint, queued| self.decisions.get(fingerprint) != Some(queued));
        })
    }

    /// What is allowed once these decisions arrive.
    #[must_use]
    pub fn over(&self, record: &AllowedRecord) -> BTreeSet<String> {
        let mut allowed: BTreeSet<String> = record.allowed.keys().cloned().collect();
        for (fingerprint, queued) in &self.decisions {
            match queued.decision {
                Decision::Allow => allowed.insert(fingerprint.clone()),
                Decision::Revoke => allowed.remove(fingerprint),
            };
        }
        allowed
    }

    /// Brings the decisions into the vault's record.
    pub fn travel(
        &self,
        objects: &mut Objects<'_>,
        (tree, machine): (Option<ObjectId>, &MachineId),
        edits: &mut Edits,
    ) -> Result<(), FlowError> {
        if self.decisions.is_empty() {
            return Ok(());
        }
        let before = record(objects, tree)?;
        let mut after = before.clone();
        for (fingerprint, queued) in &self.decisions {
            match queued.decision {
                Decision::Allow => {
                    let entry = AllowedEntry {
                        at: queued.at,
                        machine: machine.clone(),
                        note: None,
                        extra: Map::new(),
                    };
                    after.allowed.entry(fingerprint.clone()).or_insert(entry);
                }
                Decision::Revoke => {
                    after.allowed.remove(fingerprint);
                }
            }
        }
        if after != before {
            let id = objects.put_blob(&after.write())?;
            let kind = Kind::File;
            edits.insert(names::allowed_record(), Graft::Leaf(Leaf { kind, id }));
        }
        Ok(())
    }
}

/// What the vault allows. Without a record, nothing.
pub fn record(objects: &Objects<'_>, tree: Option<ObjectId>) -> Result<AllowedRecord, FlowError> {
    let path = names::allowed_record();
    let Some(read) = stored::record(objects, &path, find(objects, tree, &path)?)? else {
        return Ok(AllowedRecord::default());
    };
    read.map_err(|fault| FlowError::from(fault).of_vault("the vault", None))
}

/// The values that may travel, as a tree of the vault and the decisions that wait here have it.
pub fn allowed(
    session: &Session<'_>,
    objects: &Objects<'_>,
    tree: Option<ObjectId>,
) -> Result<Arc<BTreeSet<String>>, FlowError> {
    let allowed = Queue::load(session)?.over(&record(objects, tree)?);
    Ok(Arc::new(allowed))
}

/// The gate as it stands for what is added to a tree of the vault.
pub fn gate(
    session: &Session<'_>,
    objects: &Objects<'_>,
    tree: Option<ObjectId>,
) -> Result<SecretGate, FlowError> {
    let allowed = Queue::load(session)?.over(&record(objects, tree)?);
    Ok(SecretGate::allowing(allowed))
}

/// The gate as this machine's copy of the vault has it.
pub fn at_hand(session: &Session<'_>) -> Result<SecretGate, FlowError> {
    let queue = Queue::load(session)?;
    let Some(store) = session.store()? else {
        return Ok(SecretGate::allowing(queue.over(&AllowedRecord::default())));
    };
    let tip = store.read_ref(RefName::Branch)?;
    let tree = tip.map(|tip| store.tree_of(tip)).transpose()?;
    gate(session, &Objects::new(&store), tree)
}

fn take_lock(session: &Session<'_>) -> Result<FileLock, FlowError> {
    let file = session.places.secret_decisions();
    match FileLock::beside(file.as_path(), &session.holder(), PATIENCE)? {
        LockOutcome::Taken(lock) => Ok(lock),
        LockOutcome::Busy(holder) => Err(FlowError::Busy { holder }),
    }
}
