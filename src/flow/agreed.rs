//! D: what this machine's disk was seen to hold when the vault knew it, and the tip it was seen with.
//!
//! It lives in this machine's store as one private commit, so that base and tip move in one step:
//! the commit's tree holds the contents, its parent is the tip. Nothing of it is ever sent.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::{Blobs, Kind, Leaf, MachineId, ObjectId, Sink, Trees, VaultPath};
use crate::layout::{Owner, PathNote};
use crate::merge::{Edits, Graft, edit, find, find_dir, leaves, make_room};
use crate::vault::{Objects, RefName, Store};

use super::FlowError;

pub type Notes = BTreeMap<VaultPath, PathNote>;

/// A version of a file that this machine has filed as a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filed {
    /// The machine under whose name it lies in the vault: this one may have another name by now.
    pub machine: MachineId,
    pub unit: String,
    pub path: VaultPath,
    pub local: Option<Leaf>,
}

/// What was agreed, as it was stored last.
#[derive(Clone, Debug, Default)]
pub struct Agreed {
    pub tree: Option<ObjectId>,
    /// The tip it was seen with.
    pub seen: Option<ObjectId>,
    /// The journal of a run that was killed: some of what it meant may be on the disk.
    pub landing: Option<ObjectId>,
}

/// The name of a project or tool in the base tree.
#[must_use]
pub fn unit_key(owner: &Owner) -> String {
    match owner {
        Owner::Project(id) => format!("project-{id}"),
        Owner::Settings(tool) => format!("settings-{tool}"),
    }
}

const OWN_RECORD: &str = "own-record";

fn path(text: &str) -> VaultPath {
    VaultPath::parse(text).expect("the names of the base tree are ours")
}

fn content_path(key: &str) -> VaultPath {
    path(&format!("{key}/content"))
}

fn notes_path(key: &str) -> VaultPath {
    path(&format!("{key}/notes"))
}

fn away_path(key: &str) -> VaultPath {
    path(&format!("{key}/away"))
}

/// Whether a key is that of a tool.
#[must_use]
pub fn is_of_tool(key: &str) -> bool {
    key.starts_with("settings-")
}

impl Agreed {
    pub fn load(store: &Store) -> Result<Self, FlowError> {
        let base = match store.read_ref(RefName::Base)? {
            Some(base) => Self::of(store, base)?,
            None => Self::default(),
        };
        let landing = store.read_ref(RefName::Landing)?;
        Ok(Self {
            landing: landing.map(|commit| store.tree_of(commit)).transpose()?,
            ..base
        })
    }

    /// As one commit has it.
    pub fn of(store: &Store, commit: ObjectId) -> Result<Self, FlowError> {
        let info = store.commit_info(commit)?;
        Ok(Self {
            tree: Some(info.tree),
            seen: info.parents.first().copied(),
            landing: None,
        })
    }

    /// The keys of all projects and tools about which something is agreed.
    pub fn units(&self, trees: &dyn Trees) -> Result<Vec<String>, FlowError> {
        let entries = self.tree.map_or(Ok(Vec::new()), |tree| trees.tree(tree))?;
        let names = entries.into_iter().filter(|entry| entry.kind == Kind::Tree);
        let names = names.filter_map(|entry| String::from_utf8(entry.name).ok());
        Ok(names.collect())
    }

    /// The content tree of a project or tool, as agreed.
    pub fn content(&self, trees: &dyn Trees, key: &str) -> Result<Option<ObjectId>, FlowError> {
        Ok(find_dir(trees, self.tree, &content_path(key))?)
    }

    pub fn notes(&self, store: &Store, key: &str) -> Result<Notes, FlowError> {
        self.record(store, &notes_path(key))
    }

    /// Whether it is a tool that was carried once, and was not when it was looked for last.
    pub fn is_away(&self, trees: &dyn Trees, key: &str) -> Result<bool, FlowError> {
        Ok(find(trees, self.tree, &away_path(key))?.is_some())
    }

    /// What this machine has filed, by the conflict's id.
    pub fn filed(&self, store: &Store) -> Result<BTreeMap<String, Filed>, FlowError> {
        self.record(store, &path("filed"))
    }

    /// The machine record that this machine wrote last.
    pub fn own_record(&self, trees: &dyn Trees) -> Result<Option<ObjectId>, FlowError> {
        Ok(find(trees, self.tree, &path(OWN_RECORD))?.map(|leaf| leaf.id))
    }

    /// What that machine calls itself.
    pub fn own_name(&self, store: &Store) -> Result<Option<MachineId>, FlowError> {
        let Some(id) = self.own_record(store)? else {
            return Ok(None);
        };
        let record: Option<serde_json::Value> = serde_json::from_slice(&store.blob(id)?).ok();
        let name = record.and_then(|record| MachineId::parse(record["machine"].as_str()?).ok());
        Ok(name)
    }

    /// Where a vault is met for the first time nothing but that counts.
    pub fn own_record_alone(&self, objects: &mut Objects<'_>) -> Result<Self, FlowError> {
        let Some(leaf) = find(objects, self.tree, &path(OWN_RECORD))? else {
            return Ok(Self::default());
        };
        let own = Edits::from([(path(OWN_RECORD), Graft::Leaf(leaf))]);
        let tree = edit(objects, None, &own)?;
        // What is agreed is read from the store.
        objects.flush()?;
        Ok(Self {
            tree,
            ..Self::default()
        })
    }

    fn record<T: Default + for<'de> Deserialize<'de>>(
        &self,
        store: &Store,
        at: &VaultPath,
    ) -> Result<T, FlowError> {
        let Some(leaf) = find(store, self.tree, at)? else {
            return Ok(T::default());
        };
        let bytes = store.blob(leaf.id)?;
        serde_json::from_slice(&bytes).map_err(|source| FlowError::BadFile {
            path: at.as_str().into(),
            source,
        })
    }
}

/// Changes to what is agreed.
#[derive(Clone, Debug, Default)]
pub struct AgreedEdits {
    edits: Edits,
    /// By project or tool, changes of its content.
    contents: BTreeMap<String, Edits>,
    /// Projects and tools about which nothing is agreed any more.
    forgotten: BTreeSet<String>,
}

impl AgreedEdits {
    pub fn leaf(&mut self, key: &str, tail: &VaultPath, leaf: Option<Leaf>) {
        let graft = leaf.map_or(Graft::Remove, Graft::Leaf);
        if !self.contents.contains_key(key) {
            self.contents.insert(key.to_owned(), Edits::new());
        }
        if let Some(edits) = self.contents.get_mut(key) {
            edits.insert(tail.clone(), graft);
        }
    }

    pub fn notes(
        &mut self,
        objects: &mut Objects<'_>,
        key: &str,
        notes: &Notes,
    ) -> Result<(), FlowError> {
        let graft = if notes.is_empty() {
            Graft::Remove
        } else {
            Graft::Leaf(blob(objects, notes)?)
        };
        self.edits.insert(notes_path(key), graft);
        Ok(())
    }

    pub fn filed(
        &mut self,
        objects: &mut Objects<'_>,
        filed: &BTreeMap<String, Filed>,
    ) -> Result<(), FlowError> {
        let graft = if filed.is_empty() {
            Graft::Remove
        } else {
            Graft::Leaf(blob(objects, filed)?)
        };
        self.edits.insert(path("filed"), graft);
        Ok(())
    }

    pub fn own_record(&mut self, id: ObjectId) {
        self.edits.insert(
            path(OWN_RECORD),
            Graft::Leaf(Leaf {
                kind: Kind::File,
                id,
            }),
        );
    }

    /// Forgets a project or tool altogether.
    pub fn forget(&mut self, key: &str) {
        self.forgotten.insert(key.to_owned());
    }

    /// Remembers that a tool is gone, or switched off: what it lacks when it is back was not deleted.
    pub fn away(&mut self, objects: &mut Objects<'_>, key: &str) -> Result<(), FlowError> {
        let mark = Graft::Leaf(blob(objects, &())?);
        self.edits.insert(away_path(key), mark);
        Ok(())
    }

    pub fn back(&mut self, key: &str) {
        self.edits.insert(away_path(key), Graft::Remove);
    }

    /// The disk may have a file by now where a directory was agreed, or the reverse: what is agreed
    /// follows the disk.
    pub fn make_room(&mut self, trees: &dyn Trees, agreed: &Agreed) -> Result<(), FlowError> {
        for (key, edits) in &mut self.contents {
            make_room(edits, &leaves(trees, agreed.content(trees, key)?)?);
        }
        Ok(())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty() && self.contents.is_empty() && self.forgotten.is_empty()
    }

    /// The new base tree.
    pub fn apply(&self, objects: &mut Objects<'_>, agreed: &Agreed) -> Result<ObjectId, FlowError> {
        let mut edits = Edits::new();
        for key in &self.forgotten {
            let tree = find(objects, agreed.tree, &path(key))?;
            remove_all(objects, tree.map(|leaf| leaf.id), &path(key), &mut edits)?;
        }
        edits.extend(self.edits.clone());
        for (key, changes) in &self.contents {
            let before = if self.forgotten.contains(key) {
                None
            } else {
                agreed.content(objects, key)?
            };
            match edit(objects, before, changes)? {
                Some(tree) => {
                    edits.insert(content_path(key), Graft::Tree(tree));
                }
                None => remove_all(objects, before, &content_path(key), &mut edits)?,
            }
        }
        match edit(objects, agreed.tree, &edits)? {
            Some(tree) => Ok(tree),
            None => Ok(objects.put_tree(&[])?),
        }
    }
}

fn remove_all(
    objects: &Objects<'_>,
    tree: Option<ObjectId>,
    dir: &VaultPath,
    edits: &mut Edits,
) -> Result<(), FlowError> {
    for tail in leaves(objects, tree)?.keys() {
        edits.insert(dir.join(tail), Graft::Remove);
    }
    Ok(())
}

fn blob<T: Serialize>(objects: &mut Objects<'_>, value: &T) -> Result<Leaf, FlowError> {
    let bytes = serde_json::to_vec(value).expect("plain data");
    Ok(Leaf {
        kind: Kind::File,
        id: objects.put_blob(&bytes)?,
    })
}
