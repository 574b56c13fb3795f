//! How much there is of each project, and who wrote it last.

use std::collections::{BTreeMap, HashMap};

use crate::base::{Blobs, Kind, ObjectId, Trees};
use crate::layout::names;
use crate::merge::list_dir;
use crate::vault::{CommitInfo, Store};

use super::super::FlowError;
use super::super::status::LastWriter;

/// No path that a disk takes has more names.
const DEEPEST: usize = 2_000;
/// So many commits are looked at for who wrote what: who wrote before that is told no more.
const MOST_COMMITS: usize = 1_000;

/// Files, links among them, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    pub files: u64,
    pub bytes: u64,
}

impl Weight {
    const fn plus(self, other: Self) -> Self {
        Self {
            files: self.files.saturating_add(other.files),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

/// Weighs trees without reading a content. A tree that stands in many places is weighed once.
pub struct Scales<'s> {
    store: &'s Store,
    known: HashMap<ObjectId, Weight>,
}

impl<'s> Scales<'s> {
    #[must_use]
    pub fn new(store: &'s Store) -> Self {
        Self {
            store,
            known: HashMap::new(),
        }
    }

    /// A project's directory weighs what is in it beside the record.
    pub fn project(&mut self, tree: ObjectId) -> Result<Weight, FlowError> {
        let all = self.tree(tree, 0)?;
        let mut entries = self.store.tree(tree)?.into_iter();
        let record = entries.find(|entry| entry.name == names::PROJECT_RECORD.as_bytes());
        let own = record.map_or(Ok(0), |entry| self.store.size(entry.id))?;
        Ok(Weight {
            files: all.files.saturating_sub(1),
            bytes: all.bytes.saturating_sub(own),
        })
    }

    pub fn tree(&mut self, id: ObjectId, depth: usize) -> Result<Weight, FlowError> {
        if let Some(weight) = self.known.get(&id) {
            return Ok(*weight);
        }
        let mut weight = Weight::default();
        for entry in self.store.tree(id)? {
            let more = match entry.kind {
                Kind::Tree if depth < DEEPEST => self.tree(entry.id, depth + 1)?,
                Kind::Tree | Kind::Foreign => Weight::default(),
                Kind::File | Kind::Exec | Kind::Link => Weight {
                    files: 1,
                    bytes: self.store.size(entry.id)?,
                },
            };
            weight = weight.plus(more);
        }
        self.known.insert(id, weight);
        Ok(weight)
    }
}

/// Who wrote each project last, by its name in the vault.
pub fn last_writers(
    store: &Store,
    tip: ObjectId,
) -> Result<BTreeMap<String, LastWriter>, FlowError> {
    let mut open = projects_of(store, store.tree_of(tip)?)?;
    let mut writers = BTreeMap::new();
    let mut at = Some(tip);
    for _ in 0..MOST_COMMITS {
        let Some(info) = at.map(|id| store.commit_info(id)).transpose()? else {
            break;
        };
        at = info.parents.first().copied();
        let before = at.map(|parent| store.tree_of(parent)).transpose()?;
        let before = before.map_or_else(|| Ok(BTreeMap::new()), |tree| projects_of(store, tree))?;
        // Only the tip's version is asked about: whoever has it before did not write it.
        open.retain(|name, tree| {
            let is_older = before.get(name) == Some(tree);
            if !is_older {
                writers.insert(name.clone(), writer(&info));
            }
            is_older
        });
        if open.is_empty() {
            break;
        }
    }
    Ok(writers)
}

fn writer(info: &CommitInfo) -> LastWriter {
    LastWriter {
        machine: info.author.clone(),
        at: info.time,
        commit: info.id,
    }
}

fn projects_of(store: &Store, tree: ObjectId) -> Result<BTreeMap<String, ObjectId>, FlowError> {
    let entries = list_dir(store, Some(tree), &names::projects_dir())?;
    let named = entries
        .into_iter()
        .filter_map(|entry| Some((String::from_utf8(entry.name).ok()?, entry.id)));
    Ok(named.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{HostPath, Sink, TreeEntry};
    use crate::vault::Objects;

    fn entry(name: &str, kind: Kind, id: ObjectId) -> TreeEntry {
        TreeEntry {
            name: name.as_bytes().to_vec(),
            kind,
            id,
        }
    }

    fn weighed(make: impl FnOnce(&mut Objects<'_>) -> ObjectId) -> Weight {
        let dir = tempfile::tempdir().expect("a temp dir");
        let place = HostPath::new(dir.path().join("v.git")).expect("absolute");
        let store = Store::open(&place).expect("made");
        let mut objects = Objects::new(&store);
        let tree = make(&mut objects);
        objects.flush().expect("written");
        Scales::new(&store).project(tree).expect("weighed")
    }

    #[test]
    fn a_project_weighs_its_files_without_the_record() {
        let weight = weighed(|objects| {
            let [long, short] =
                ["0123456789", "x"].map(|it| objects.put_blob(it.as_bytes()).expect("put"));
            let inner = [entry("a", Kind::File, long), entry("b", Kind::Link, short)];
            let inner = objects.put_tree(&inner).expect("put");
            objects
                .put_tree(&[
                    entry(".aigon", Kind::Tree, inner),
                    entry(names::PROJECT_RECORD, Kind::File, long),
                ])
                .expect("put")
        });
        let expected = Weight {
            files: 2,
            bytes: 11,
        };
        assert_eq!(weight, expected);
    }

    /// A few hundred bytes of trees that claim more files than there are atoms.
    #[test]
    fn a_tree_that_stands_everywhere_is_weighed_once() {
        let weight = weighed(|objects| {
            let blob = objects.put_blob(b"x").expect("put");
            let mut tree = objects
                .put_tree(&[entry("x", Kind::File, blob)])
                .expect("put");
            for _ in 0..300 {
                let both = [entry("a", Kind::Tree, tree), entry("b", Kind::Tree, tree)];
                tree = objects.put_tree(&both).expect("put");
            }
            tree
        });
        assert_eq!(weight.bytes, u64::MAX);
    }
}
