//! Changing a tree at some paths: what is not named stays as it is, also what we do not understand.

use std::collections::BTreeMap;

use crate::base::{Kind, Leaf, ObjectId, Sink, TreeEntry, Trees, VaultPath};

use super::MergeError;

/// What to put at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Graft {
    Leaf(Leaf),
    Tree(ObjectId),
    Remove,
}

/// Changes by path. A path may not lie below another one that is put as a leaf or a tree.
pub type Edits = BTreeMap<VaultPath, Graft>;

/// Removes what no tree can hold beside the leaves that are put: a leaf above one, and what lies below
/// it. Of two that are put and cannot both be, the deeper one stays.
pub fn make_room(edits: &mut Edits, known: &BTreeMap<VaultPath, Leaf>) {
    let is_put = |graft: &Graft| matches!(graft, Graft::Leaf(_));
    let put: Vec<VaultPath> = edits
        .iter()
        .filter(|(_, graft)| is_put(graft))
        .map(|(path, _)| path.clone())
        .collect();
    for path in put {
        for above in path.ancestors() {
            let is_known = known.contains_key(&above);
            if is_known || edits.get(&above).is_some_and(is_put) {
                edits.insert(above, Graft::Remove);
            }
        }
        let below = known.range(path.clone()..).map(|(at, _)| at);
        let below = below.take_while(|at| at.as_str().starts_with(path.as_str()));
        for at in below.filter(|at| **at != path && at.below(&path).is_some()) {
            edits.entry(at.clone()).or_insert(Graft::Remove);
        }
    }
}

/// The tree with the edits made; nothing where no entry is left. Directories that become empty go.
pub fn edit<S: Sink + Trees>(
    store: &mut S,
    tree: Option<ObjectId>,
    edits: &Edits,
) -> Result<Option<ObjectId>, MergeError> {
    if edits.is_empty() {
        return Ok(tree);
    }
    let list: Vec<Edit<'_>> = edits
        .iter()
        .map(|(path, graft)| (path.as_str(), *graft))
        .collect();
    edit_level(store, tree, &list, &VaultPath::root())
}

/// A whole path, and what to put there.
type Edit<'e> = (&'e str, Graft);

/// One level of edits: those of entries of this directory, and those further down by name.
struct Level<'l, 'e> {
    here: Vec<(&'e str, Graft)>,
    below: Vec<(&'e str, &'l [Edit<'e>])>,
}

/// The edits come in the order of their paths, so those below one directory follow each other.
fn sort_out<'l, 'e>(mut edits: &'l [Edit<'e>], at: &VaultPath) -> Level<'l, 'e> {
    let mut level = Level {
        here: Vec::new(),
        below: Vec::new(),
    };
    let from = match at.as_str().len() {
        0 => 0,
        above => above + 1,
    };
    while let Some(((path, graft), rest)) = edits.split_first() {
        let Some(slash) = path[from..].find('/') else {
            level.here.push((&path[from..], *graft));
            edits = rest;
            continue;
        };
        let dir = &path[..=from + slash];
        let inside = edits.partition_point(|(other, _)| other.starts_with(dir));
        let (inside, others) = edits.split_at(inside);
        level.below.push((&path[from..from + slash], inside));
        edits = others;
    }
    level
}

type Entries = BTreeMap<Vec<u8>, Leaf>;

fn edit_level<S: Sink + Trees>(
    store: &mut S,
    tree: Option<ObjectId>,
    edits: &[Edit<'_>],
    at: &VaultPath,
) -> Result<Option<ObjectId>, MergeError> {
    let before = match tree {
        Some(id) => store.tree(id)?,
        None => Vec::new(),
    };
    let mut entries: Entries = before
        .into_iter()
        .map(|entry| {
            (
                entry.name,
                Leaf {
                    kind: entry.kind,
                    id: entry.id,
                },
            )
        })
        .collect();
    let Level { here, below } = sort_out(edits, at);
    // A file may take the place of a directory that is emptied in the same go, and the other way
    // round: so what only removes comes first.
    let only_removes = |edits: &[Edit<'_>]| edits.iter().all(|(_, graft)| *graft == Graft::Remove);
    let (removals, additions): (Vec<_>, Vec<_>) = below
        .into_iter()
        .partition(|(_, edits)| only_removes(edits));
    for (name, edits) in removals {
        descend(store, &mut entries, (name, edits), at)?;
    }
    for (name, graft) in here {
        put(&mut entries, name, graft).map_err(|()| in_the_way(at, name))?;
    }
    for (name, edits) in additions {
        descend(store, &mut entries, (name, edits), at)?;
    }
    if entries.is_empty() {
        return Ok(None);
    }
    let list: Vec<TreeEntry> = entries
        .into_iter()
        .map(|(name, leaf)| TreeEntry {
            name,
            kind: leaf.kind,
            id: leaf.id,
        })
        .collect();
    Ok(Some(store.put_tree(&list)?))
}

fn descend<S: Sink + Trees>(
    store: &mut S,
    entries: &mut Entries,
    (name, edits): (&str, &[Edit<'_>]),
    at: &VaultPath,
) -> Result<(), MergeError> {
    let old = entries.get(name.as_bytes()).copied();
    let removing = edits.iter().all(|(_, graft)| *graft == Graft::Remove);
    let subtree = match old {
        Some(leaf) if leaf.kind == Kind::Tree => Some(leaf.id),
        _ if removing => return Ok(()),
        None => None,
        Some(_) => return Err(in_the_way(at, name)),
    };
    let path = at.child(name.as_bytes())?;
    match edit_level(store, subtree, edits, &path)? {
        Some(id) => entries.insert(
            name.as_bytes().to_vec(),
            Leaf {
                kind: Kind::Tree,
                id,
            },
        ),
        None => entries.remove(name.as_bytes()),
    };
    Ok(())
}

fn in_the_way(at: &VaultPath, name: &str) -> MergeError {
    match at.child(name.as_bytes()) {
        Ok(path) => MergeError::FileAndDirectory { path },
        Err(fault) => fault.into(),
    }
}

/// A leaf never replaces a directory that still has something: that would lose it.
fn put(entries: &mut Entries, name: &str, graft: Graft) -> Result<(), ()> {
    let key = name.as_bytes().to_vec();
    let is_dir = entries
        .get(&key)
        .is_some_and(|leaf| leaf.kind == Kind::Tree);
    match graft {
        Graft::Leaf(_) if is_dir => return Err(()),
        Graft::Leaf(leaf) => {
            entries.insert(key, leaf);
        }
        // Nor does a directory replace a leaf that nobody speaks of.
        Graft::Tree(_) if !is_dir && entries.contains_key(&key) => return Err(()),
        Graft::Tree(id) => {
            entries.insert(
                key,
                Leaf {
                    kind: Kind::Tree,
                    id,
                },
            );
        }
        // A removal speaks of a file: a directory of the same name is somebody else's.
        Graft::Remove if is_dir => {}
        Graft::Remove => {
            entries.remove(&key);
        }
    }
    Ok(())
}
