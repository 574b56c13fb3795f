//! The vault as this machine saw it last, against every rule that its files can show.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::base::{Blobs, Kind, ObjectId, StoreError, Trees, VaultPath};
use crate::layout::{LayoutError, MachineRecord, Record, VaultFiles, VaultRecord, check, names};
use crate::vault::{RefName, Store};

use super::super::FlowError;

/// What the branch of this machine's store is at.
pub struct Tip {
    pub tree: ObjectId,
    /// What it is; none where that record cannot be read, which is among the faults.
    pub record: Option<VaultRecord>,
    pub machines: Vec<MachineRecord>,
    /// What breaks the contract, the chains of ops aside.
    pub records: Vec<LayoutError>,
    pub chains: Vec<LayoutError>,
    /// Lines of chains that are no ops. Whoever reads them sets them aside, and goes on behind them.
    pub no_ops: usize,
    /// The files that chains are in.
    pub segments: Vec<VaultPath>,
}

/// The rules that hold a chain together, whatever its lines say.
const OF_CHAINS: [&str; 4] = ["V62", "V63", "V66", "V70"];

impl Tip {
    /// Reads it; none where the store has no branch yet.
    pub fn read(store: &Store) -> Result<Option<Self>, FlowError> {
        let Some(commit) = store.read_ref(RefName::Branch)? else {
            return Ok(None);
        };
        let info = store.commit_info(commit)?;
        let files = Files::of(store, info.tree)?;
        let faults = check(&files);
        let (machines_dir, ops_dir) = (names::machines_dir(), names::ops_dir());
        let machines = files.below(&machines_dir);
        let machines = machines.filter_map(|path| files.record(path)).collect();
        let record = files.record(&names::vault_record());
        let segments = files.below(&ops_dir).cloned().collect();
        // What could not be read was passed by, and is a fault of the store.
        files.unread()?;
        let is_of_ops = |fault: &LayoutError| is_below(fault, &ops_dir);
        let (of_ops, records): (Vec<_>, _) = faults.into_iter().partition(is_of_ops);
        let is_of_chain = |fault: &LayoutError| OF_CHAINS.contains(&fault.rule());
        let (chains, lines): (_, Vec<_>) = of_ops.into_iter().partition(is_of_chain);
        Ok(Some(Self {
            no_ops: lines.len(),
            tree: info.tree,
            record,
            machines,
            records,
            chains,
            segments,
        }))
    }
}

impl Tip {
    /// Whether a fault is at the end of its chain: that is written again by whoever has more of it.
    pub fn is_at_end(&self, fault: &LayoutError) -> bool {
        let dir = |path: &VaultPath| path.parent();
        let Some(at) = fault.path() else {
            return false;
        };
        let beside = self.segments.iter().filter(|path| dir(path) == dir(at));
        beside.max() == Some(at)
    }
}

/// Whether a fault is of a file in this directory.
fn is_below(fault: &LayoutError, dir: &VaultPath) -> bool {
    fault.path().is_some_and(|path| path.below(dir).is_some())
}

/// All files of a tree.
struct Files<'s> {
    store: &'s Store,
    raw: Vec<(Vec<u8>, Kind)>,
    known: BTreeMap<VaultPath, ObjectId>,
    fault: RefCell<Option<StoreError>>,
}

impl<'s> Files<'s> {
    fn of(store: &'s Store, tree: ObjectId) -> Result<Self, StoreError> {
        let mut files = Self {
            store,
            raw: Vec::new(),
            known: BTreeMap::new(),
            fault: RefCell::new(None),
        };
        let mut open = vec![(Vec::new(), tree)];
        while let Some((dir, tree)) = open.pop() {
            for entry in store.tree(tree)? {
                let mut path: Vec<u8> = dir.clone();
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(&entry.name);
                if entry.kind == Kind::Tree {
                    open.push((path, entry.id));
                    continue;
                }
                let text = std::str::from_utf8(&path).ok();
                let known = text.and_then(|text| VaultPath::parse(text).ok());
                files.known.extend(known.map(|path| (path, entry.id)));
                files.raw.push((path, entry.kind));
            }
        }
        Ok(files)
    }

    fn below<'f>(&'f self, dir: &'f VaultPath) -> impl Iterator<Item = &'f VaultPath> {
        let all = self.known.keys();
        all.filter(move |path| path.below(dir).is_some())
    }

    fn record<R: Record>(&self, path: &VaultPath) -> Option<R> {
        R::read(path, &self.read(path)?).ok()
    }

    /// Why a content could not be read, if any could not.
    fn unread(&self) -> Result<(), StoreError> {
        self.fault.take().map_or(Ok(()), Err)
    }
}

impl VaultFiles for Files<'_> {
    fn paths(&self) -> Vec<(Vec<u8>, Kind)> {
        self.raw.clone()
    }

    fn read(&self, path: &VaultPath) -> Option<Vec<u8>> {
        let read = self.store.blob(*self.known.get(path)?);
        read.map_err(|fault| self.fault.replace(Some(fault))).ok()
    }
}
