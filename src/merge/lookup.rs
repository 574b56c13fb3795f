//! Finding what stands at a path.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::base::{Kind, Leaf, ObjectId, TreeEntry, Trees, VaultPath};

use super::MergeError;

/// What stands at a path of a tree: a leaf, a directory, or nothing.
pub fn find(
    trees: &dyn Trees,
    tree: Option<ObjectId>,
    path: &VaultPath,
) -> Result<Option<Leaf>, MergeError> {
    descend(tree, path, |id, name| {
        let mut entries = trees.tree(id)?.into_iter();
        Ok(entries.find(|entry| entry.name == name).as_ref().map(leaf))
    })
}

/// The tree of the directory at a path.
pub fn find_dir(
    trees: &dyn Trees,
    tree: Option<ObjectId>,
    path: &VaultPath,
) -> Result<Option<ObjectId>, MergeError> {
    Ok(find(trees, tree, path)?.and_then(Leaf::dir))
}

/// What is in the directory at a path; nothing where none is there.
pub fn list_dir(
    trees: &dyn Trees,
    tree: Option<ObjectId>,
    path: &VaultPath,
) -> Result<Vec<TreeEntry>, MergeError> {
    let dir = find_dir(trees, tree, path)?;
    Ok(dir.map_or(Ok(Vec::new()), |dir| trees.tree(dir))?)
}

/// Finds many paths and reads each tree on the way once: in a directory of thousands of names each
/// of thousands of looks would read all of them.
#[derive(Debug, Default)]
pub struct Lookup {
    read: RefCell<HashMap<ObjectId, HashMap<Vec<u8>, Leaf>>>,
}

impl Lookup {
    /// As [`find_dir`] finds it.
    pub fn find_dir(
        &self,
        trees: &dyn Trees,
        tree: Option<ObjectId>,
        path: &VaultPath,
    ) -> Result<Option<ObjectId>, MergeError> {
        Ok(self.find(trees, tree, path)?.and_then(Leaf::dir))
    }

    /// As [`find`] finds it.
    pub fn find(
        &self,
        trees: &dyn Trees,
        tree: Option<ObjectId>,
        path: &VaultPath,
    ) -> Result<Option<Leaf>, MergeError> {
        descend(tree, path, |id, name| {
            if let Some(known) = self.read.borrow().get(&id) {
                return Ok(known.get(name).copied());
            }
            let entries = trees.tree(id)?.into_iter();
            let all: HashMap<_, _> = entries
                .map(|entry| {
                    let leaf = leaf(&entry);
                    (entry.name, leaf)
                })
                .collect();
            let found = all.get(name).copied();
            self.read.borrow_mut().insert(id, all);
            Ok(found)
        })
    }
}

fn leaf(entry: &TreeEntry) -> Leaf {
    Leaf {
        kind: entry.kind,
        id: entry.id,
    }
}

fn descend(
    tree: Option<ObjectId>,
    path: &VaultPath,
    entry: impl Fn(ObjectId, &[u8]) -> Result<Option<Leaf>, MergeError>,
) -> Result<Option<Leaf>, MergeError> {
    let mut at = tree.map(|id| Leaf {
        kind: Kind::Tree,
        id,
    });
    for name in path.names() {
        let Some(Leaf {
            kind: Kind::Tree,
            id,
        }) = at
        else {
            return Ok(None);
        };
        at = entry(id, name.as_bytes())?;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::super::kit::{Memory, path, tree};
    use super::*;

    #[test]
    fn many_looks_read_each_tree_once_and_find_what_one_look_finds() {
        let mut store = Memory::default();
        let names: Vec<_> = (0..200).map(|number| format!("dir/{number}/x")).collect();
        let files: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), name.as_str()))
            .collect();
        let root = tree(&mut store, &files);
        let asked = [
            "dir",
            "dir/7",
            "dir/7/x",
            "dir/7/x/y",
            "dir/201",
            "no",
            "dir/8/x",
        ];
        let alone: Vec<_> = asked
            .iter()
            .map(|name| find(&store, root, &path(name)).expect("read"))
            .collect();
        assert!(alone[2].is_some() && alone[3].is_none());
        store.reads.set(0);
        let lookup = Lookup::default();
        for _ in 0..2 {
            let found = asked
                .iter()
                .map(|name| lookup.find(&store, root, &path(name)).expect("read"));
            assert!(found.eq(alone.iter().copied()));
        }
        assert_eq!(store.reads.get(), 4, "the root, `dir`, and two below it");
    }
}
