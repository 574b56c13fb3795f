//! The machines that have pushed, in their own words.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::{Leaf, MachineId, ObjectId, Timestamp, TreeEntry, Trees, VaultPath};
use crate::layout::{LayoutError, MachineRecord, names};
use crate::merge::list_dir;
use crate::vault::{Objects, RefName};

use super::upstream::Upstream;
use super::{FlowError, Session, stored};

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
            match read(objects, &entry)? {
                Some((_, Ok(record))) => machines.known.push(status(record, own)),
                Some((path, Err(_))) => machines.unreadable.push(path),
                None => {}
            }
        }
        let known = &mut machines.known;
        known.sort_by_key(|machine| std::cmp::Reverse(machine.last_push));
        Ok(machines)
    }
}

type Read = (VaultPath, Result<MachineRecord, LayoutError>);

fn read(objects: &Objects<'_>, entry: &TreeEntry) -> Result<Option<Read>, FlowError> {
    let Ok(path) = names::machines_dir().child(&entry.name) else {
        return Ok(None);
    };
    let leaf = Leaf {
        kind: entry.kind,
        id: entry.id,
    };
    let record = stored::record(objects, &path, Some(leaf))?;
    Ok(record.map(|record| (path, record)))
}

/// What machines are called. The vault is opened only where somebody asks for the name of another one.
pub struct MachineNames<'s> {
    session: &'s Session<'s>,
    own: Option<MachineId>,
    others: OnceCell<BTreeMap<String, String>>,
}

impl<'s> MachineNames<'s> {
    pub fn new(session: &'s Session<'s>) -> Result<Self, FlowError> {
        Ok(Self {
            session,
            own: session.machine()?,
            others: OnceCell::new(),
        })
    }

    #[must_use]
    pub fn is_own(&self, id: &str) -> bool {
        self.own.as_ref().is_some_and(|own| own.as_str() == id)
    }

    /// The name of a machine as this machine's copy of the vault has it; else its id.
    #[must_use]
    pub fn name(&self, id: &str) -> String {
        if self.is_own(id) {
            return self.session.machine_name();
        }
        // A vault that cannot be read is told of elsewhere.
        let others = self
            .others
            .get_or_init(|| recorded(self.session).unwrap_or_default());
        others.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }
}

fn recorded(session: &Session<'_>) -> Result<BTreeMap<String, String>, FlowError> {
    let mut named = BTreeMap::new();
    let Some(store) = session.store()? else {
        return Ok(named);
    };
    let Some(tip) = store.read_ref(RefName::Branch)? else {
        return Ok(named);
    };
    let (objects, tree): (_, ObjectId) = (Objects::new(&store), store.tree_of(tip)?);
    for entry in list_dir(&objects, Some(tree), &names::machines_dir())? {
        if let Some((_, Ok(record))) = read(&objects, &entry)? {
            named.insert(record.machine.to_string(), record.name);
        }
    }
    Ok(named)
}

fn status(record: MachineRecord, own: &MachineId) -> MachineStatus {
    MachineStatus {
        this: record.machine == *own,
        id: record.machine,
        name: record.name,
        last_push: record.last_push,
    }
}
