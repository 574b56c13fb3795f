//! What one thing's ops come to: the writes that no other op names.

use std::collections::{BTreeMap, BTreeSet};

use std::sync::Arc;

use serde_json::Value;

use crate::base::MachineId;
use crate::layout::{OpId, OpTime};

use super::op::{Act, Content, Op};

/// The field that says whether the thing itself is deleted. No op can name it.
pub const EXISTENCE: &str = "";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteKind {
    /// The one value of a field.
    Set(Content),
    /// One of many.
    Add(Content),
    /// And the writes to the thing that its writer had seen.
    Delete(BTreeSet<OpId>),
    Undelete,
}

/// A live write, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    pub id: OpId,
    pub replica: MachineId,
    /// Its op's chain among those of the replica, and its place there.
    pub fork: Option<Arc<str>>,
    pub seq: u64,
    pub at: OpTime,
    pub by: Option<Arc<str>>,
    pub kind: WriteKind,
}

/// The live writes to a thing, by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thing {
    /// Ordered by their ids. Nearly all fields have one.
    live: BTreeMap<String, Vec<Write>>,
}

/// What an op does to others: the field in which it names writes.
#[must_use]
pub fn names_in(act: &Act) -> Option<&str> {
    match act {
        Act::New { .. } => None,
        Act::Set { field, .. } | Act::Add { field, .. } | Act::Remove { field } => Some(field),
        Act::Delete | Act::Undelete => Some(EXISTENCE),
    }
}

/// What an op writes itself.
pub fn writes(op: &Op) -> Vec<(&str, WriteKind)> {
    let plain = |value: &Value| WriteKind::Set(Content::Plain(value.clone()));
    match &op.act {
        Act::New { fields } => fields
            .iter()
            .map(|(field, value)| (field.as_str(), plain(value)))
            .collect(),
        Act::Set { field, content } => vec![(field, WriteKind::Set(content.clone()))],
        Act::Add { field, content } => vec![(field, WriteKind::Add(content.clone()))],
        Act::Remove { .. } => Vec::new(),
        Act::Delete => vec![(
            EXISTENCE,
            WriteKind::Delete(op.saw.iter().copied().collect()),
        )],
        Act::Undelete => vec![(EXISTENCE, WriteKind::Undelete)],
    }
}

impl Thing {
    /// The definition: of these ops, in any order, what no other one names. Also the names of ops that
    /// are not there yet, with the field that they are named in.
    #[must_use]
    pub fn of<'o>(
        ops: impl Iterator<Item = &'o Op> + Clone,
        knows: &dyn Fn(OpId) -> bool,
    ) -> (Self, BTreeSet<(OpId, String)>) {
        let (mut named, mut early) = (BTreeSet::new(), BTreeSet::new());
        for op in ops.clone() {
            let Some(field) = names_in(&op.act) else {
                continue;
            };
            for id in op.saw.iter().filter(|id| **id != op.id) {
                named.insert((*id, field));
                if !knows(*id) {
                    early.insert((*id, field.to_owned()));
                }
            }
        }
        let mut thing = Self::default();
        for op in ops {
            for (field, kind) in writes(op) {
                if !named.contains(&(op.id, field)) {
                    thing.put(field, op, kind);
                }
            }
        }
        (thing, early)
    }

    pub fn put(&mut self, field: &str, op: &Op, kind: WriteKind) {
        let write = Write {
            id: op.id,
            replica: op.replica.clone(),
            fork: op.fork.clone(),
            seq: op.seq,
            at: op.at,
            by: op.by.clone(),
            kind,
        };
        let writes = self.live.entry(field.to_owned()).or_default();
        match writes.binary_search_by_key(&op.id, |it| it.id) {
            Ok(place) => writes[place] = write,
            Err(place) => writes.insert(place, write),
        }
    }

    /// False where it was not live.
    pub fn remove(&mut self, id: OpId, field: &str) -> bool {
        let Some(writes) = self.live.get_mut(field) else {
            return false;
        };
        let Ok(place) = writes.binary_search_by_key(&id, |it| it.id) else {
            return false;
        };
        writes.remove(place);
        if writes.is_empty() {
            self.live.remove(field);
        }
        true
    }

    /// What a simulation does whose clocks settle everything: of several values the latest is kept.
    pub(super) fn forget_earlier(&mut self) -> Vec<(OpId, String)> {
        let mut forgotten = Vec::new();
        for (field, writes) in &mut self.live {
            let sets = writes.iter().filter(|it| it.value().is_some());
            let latest = sets.max_by_key(|it| (it.at, it.id)).map(|it| it.id);
            writes.retain(|write| {
                let stays = write.value().is_none() || Some(write.id) == latest;
                if !stays {
                    forgotten.push((write.id, field.clone()));
                }
                stays
            });
        }
        forgotten
    }

    /// The live writes to a field.
    pub fn field(&self, field: &str) -> impl Iterator<Item = &Write> {
        self.live.get(field).into_iter().flatten()
    }

    /// Every field that has live writes, but for the one that no op can name.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let fields = self.live.keys().map(String::as_str);
        fields.filter(|field| *field != EXISTENCE)
    }

    /// Every live write, with its field.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Write)> {
        let fields = self.live.iter();
        fields.flat_map(|(field, writes)| writes.iter().map(move |write| (field.as_str(), write)))
    }
}
