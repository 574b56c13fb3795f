//! D: what this machine's disk was seen to hold when the vault knew it, and the tip it was seen with.
//!
//! It lives in this machine's store as one private commit, so that base and tip move in one step:
//! the commit's tree holds the contents, its parent is the tip. Nothing of it is ever sent.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::{Blobs, Kind, Leaf, ObjectId, Sink, VaultPath};
use crate::layout::{Owner, PathNote};
use crate::merge::{Edits, Graft, edit, find};
use crate::vault::{Author, NewCommit, Objects, RefName, Store};

use super::FlowError;

pub type Notes = BTreeMap<VaultPath, PathNote>;

/// This disk's notes as the vault would write them: fields that another version of holdall added
/// stay with a note that means the same.
#[must_use]
pub fn as_in_vault(local: &Notes, vault: &Notes) -> Notes {
    let note = |(path, note): (&VaultPath, &PathNote)| {
        let same = |known: &&PathNote| {
            (known.dir, known.private, &known.name) == (note.dir, note.private, &note.name)
        };
        let note = vault.get(path).filter(same).unwrap_or(note);
        (path.clone(), note.clone())
    };
    local.iter().map(note).collect()
}

/// A version of a file that this machine has filed as a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filed {
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
}

/// The name of a project or tool in the base tree.
#[must_use]
pub fn unit_key(owner: &Owner) -> String {
    match owner {
        Owner::Project(id) => format!("project-{id}"),
        Owner::Settings(tool) => format!("settings-{tool}"),
    }
}

fn path(text: &str) -> VaultPath {
    VaultPath::parse(text).expect("the names of the base tree are ours")
}

fn content_path(key: &str) -> VaultPath {
    path(&format!("{key}/content"))
}

fn notes_path(key: &str) -> VaultPath {
    path(&format!("{key}/notes"))
}

impl Agreed {
    pub fn load(store: &Store, name: RefName) -> Result<Self, FlowError> {
        let Some(commit) = store.read_ref(name)? else {
            return Ok(Self::default());
        };
        let info = store.commit_info(commit)?;
        Ok(Self {
            tree: Some(info.tree),
            seen: info.parents.first().copied(),
        })
    }

    /// The content tree of a project or tool, as agreed.
    pub fn content(&self, store: &Store, key: &str) -> Result<Option<ObjectId>, FlowError> {
        let found = find(store, self.tree, &content_path(key))?;
        Ok(found
            .filter(|leaf| leaf.kind == Kind::Tree)
            .map(|leaf| leaf.id))
    }

    pub fn notes(&self, store: &Store, key: &str) -> Result<Notes, FlowError> {
        self.record(store, &notes_path(key))
    }

    /// What this machine has filed, by the conflict's id.
    pub fn filed(&self, store: &Store) -> Result<BTreeMap<String, Filed>, FlowError> {
        self.record(store, &path("filed"))
    }

    /// The machine record that this machine wrote last.
    pub fn own_record(&self, store: &Store) -> Result<Option<ObjectId>, FlowError> {
        Ok(find(store, self.tree, &path("own-record"))?.map(|leaf| leaf.id))
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
    /// Projects and tools about which nothing is agreed any more.
    forgotten: BTreeSet<String>,
}

impl AgreedEdits {
    pub fn leaf(&mut self, key: &str, tail: &VaultPath, leaf: Option<Leaf>) {
        self.edits.insert(
            content_path(key).join(tail),
            leaf.map_or(Graft::Remove, Graft::Leaf),
        );
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
            path("own-record"),
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

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty() && self.forgotten.is_empty()
    }

    /// The new base tree.
    pub fn apply(&self, objects: &mut Objects<'_>, agreed: &Agreed) -> Result<ObjectId, FlowError> {
        let mut edits = Edits::new();
        for key in &self.forgotten {
            let tree = find(objects, agreed.tree, &path(key))?;
            for tail in crate::merge::leaves(objects, tree.map(|leaf| leaf.id))?.keys() {
                edits.insert(path(key).join(tail), Graft::Remove);
            }
        }
        edits.extend(self.edits.clone());
        match edit(objects, agreed.tree, &edits)? {
            Some(tree) => Ok(tree),
            None => Ok(objects.put_tree(&[])?),
        }
    }
}

fn blob<T: Serialize>(objects: &mut Objects<'_>, value: &T) -> Result<Leaf, FlowError> {
    let bytes = serde_json::to_vec(value).expect("plain data");
    Ok(Leaf {
        kind: Kind::File,
        id: objects.put_blob(&bytes)?,
    })
}

/// The commit that says: with this tip, this was on the disk.
pub fn agreed_commit(
    objects: &mut Objects<'_>,
    tree: ObjectId,
    tip: ObjectId,
    author: &Author,
    at: crate::base::Timestamp,
) -> Result<ObjectId, FlowError> {
    let new = NewCommit {
        tree,
        parent: Some(tip),
        author,
        at,
        message: "what this disk was seen to hold\n",
    };
    Ok(objects.private_commit(&new)?)
}
