//! Trees in memory, for the tests of this room.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::base::{Kind, Leaf, ObjectId, Sink, StoreError, TreeEntry, Trees, VaultPath};

use super::{Edits, Graft, edit};

/// A store in memory that counts how many trees were read.
#[derive(Default)]
pub struct Memory {
    trees: BTreeMap<ObjectId, Vec<TreeEntry>>,
    pub reads: Cell<usize>,
}

impl Trees for Memory {
    fn tree(&self, id: ObjectId) -> Result<Vec<TreeEntry>, StoreError> {
        self.reads.set(self.reads.get() + 1);
        self.trees
            .get(&id)
            .cloned()
            .ok_or(StoreError::Missing { id })
    }
}

impl Sink for Memory {
    fn put_blob(&mut self, bytes: &[u8]) -> Result<ObjectId, StoreError> {
        Ok(id_of(bytes))
    }

    fn put_tree(&mut self, entries: &[TreeEntry]) -> Result<ObjectId, StoreError> {
        let id = id_of(format!("{entries:?}").as_bytes());
        self.trees.insert(id, entries.to_vec());
        Ok(id)
    }
}

pub fn id_of(bytes: &[u8]) -> ObjectId {
    let mut id = [0; 20];
    id.copy_from_slice(&blake3::hash(bytes).as_bytes()[..20]);
    ObjectId::from_bytes(id)
}

pub fn path(text: &str) -> VaultPath {
    VaultPath::parse(text).expect("valid")
}

pub fn tree(store: &mut Memory, files: &[(&str, &str)]) -> Option<ObjectId> {
    let leaf = |text: &str| {
        Graft::Leaf(Leaf {
            kind: Kind::File,
            id: id_of(text.as_bytes()),
        })
    };
    let edits: Edits = files
        .iter()
        .map(|(name, text)| (path(name), leaf(text)))
        .collect();
    edit(store, None, &edits).expect("edited")
}
