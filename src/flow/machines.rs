//! The machines that have pushed, in their own words.

use serde::Serialize;

use crate::base::{Leaf, MachineId, Timestamp, Trees, VaultPath};
use crate::layout::{MachineRecord, names};
use crate::vault::Objects;

use super::upstream::Upstream;
use super::{FlowError, stored};

#[derive(Debug, Serialize)]
pub struct MachineStatus {
    pub id: MachineId,
    pub name: String,
    pub last_push: Timestamp,
    pub this: bool,
}

/// What the vault says of its machines.
#[derive(Debug, Default, Serialize)]
pub struct Machines {
    /// The last that pushed first.
    #[serde(rename = "machines")]
    pub known: Vec<MachineStatus>,
    /// Records that nobody can read: nothing but these lines depends on them.
    #[serde(rename = "unreadable_machines")]
    pub unreadable: Vec<VaultPath>,
}

impl Machines {
    pub fn of(
        objects: &Objects<'_>,
        upstream: &Upstream,
        own: &MachineId,
    ) -> Result<Self, FlowError> {
        let mut machines = Self::default();
        let Some(dir) = upstream.dir(objects, &names::machines_dir())? else {
            return Ok(machines);
        };
        for entry in objects.tree(dir)? {
            let Ok(path) = names::machines_dir().child(&entry.name) else {
                continue;
            };
            let leaf = Leaf {
                kind: entry.kind,
                id: entry.id,
            };
            match stored::record(objects, &path, Some(leaf))? {
                Some(Ok(record)) => machines.known.push(status(record, own)),
                Some(Err(_)) => machines.unreadable.push(path),
                None => {}
            }
        }
        let known = &mut machines.known;
        known.sort_by_key(|machine| std::cmp::Reverse(machine.last_push));
        Ok(machines)
    }
}

fn status(record: MachineRecord, own: &MachineId) -> MachineStatus {
    MachineStatus {
        this: record.machine == *own,
        id: record.machine,
        name: record.name,
        last_push: record.last_push,
    }
}
