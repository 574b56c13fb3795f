//! The journal as a commit of this machine's store. Its tree:
//!
//! ```text
//! before/KEY/…   the disk's bytes at each path that is touched, as they stand
//! after/KEY/…    the same as they will be
//! agreed/KEY/…   D of these paths
//! then/KEY/…     D of these paths once it is done
//! record         what run it is, which directories it is about, what git cannot carry
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::{Blobs, HostPath, Kind, Leaf, ObjectId, Sink, Timestamp, Trees, VaultPath};
use crate::flow::FlowError;
use crate::flow::agreed::Notes;
use crate::layout::PathNote;
use crate::merge::{Edits, Graft, edit, find, leaves};
use crate::vault::Objects;

/// One path that is touched. Settings are here as they stand on the disk, this machine's own keys
/// included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touch {
    pub before: Option<Leaf>,
    pub after: Option<Leaf>,
    pub agreed: Option<Leaf>,
    pub then: Option<Leaf>,
}

/// The same for what is noted: of each side only what the others have otherwise, and real names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteSides {
    pub before: Notes,
    pub after: Notes,
    pub agreed: Notes,
    pub then: Notes,
}

impl NoteSides {
    /// The empty directories that come or go, and the files whose mode changes, with what is noted
    /// before and after.
    pub fn differing(&self) -> Vec<(&VaultPath, PathNote, PathNote)> {
        let paths: BTreeSet<&VaultPath> = self.before.keys().chain(self.after.keys()).collect();
        let sides = paths.into_iter().map(|path| {
            let [was, is] = [&self.before, &self.after].map(|notes| notes.get(path).cloned());
            (path, was.unwrap_or_default(), is.unwrap_or_default())
        });
        sides
            .filter(|(_, was, is)| was.dir != is.dir || was.private != is.private)
            .collect()
    }

    /// What is noted as agreed, once that of `then` is.
    #[must_use]
    pub fn agree(&self, current: &Notes) -> Notes {
        let mut notes = current.clone();
        for path in self.agreed.keys() {
            notes.remove(path);
        }
        let then = self.then.iter();
        notes.extend(then.map(|(path, note)| (path.clone(), note.clone())));
        notes
    }

    fn reversed(self) -> Self {
        Self {
            before: self.after,
            after: self.before,
            agreed: self.then,
            then: self.agreed,
        }
    }
}

/// Where a project or tool lies on this disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitPlace {
    pub name: String,
    pub root: HostPath,
    /// What is carried below it: these directories stay, also with nothing left in them.
    pub roots: Vec<VaultPath>,
    /// The key under which this machine had registered it then, where that was another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<String>,
}

/// What is touched of one project or tool.
#[derive(Clone, Debug)]
pub struct Touched {
    pub place: UnitPlace,
    pub paths: BTreeMap<VaultPath, Touch>,
    pub notes: NoteSides,
}

impl Touched {
    /// The way back.
    #[must_use]
    pub fn reversed(self) -> Self {
        let swap = |(path, touch): (VaultPath, Touch)| {
            let back = Touch {
                before: touch.after,
                after: touch.before,
                agreed: touch.then,
                then: touch.agreed,
            };
            (path, back)
        };
        Self {
            place: self.place,
            paths: self.paths.into_iter().map(swap).collect(),
            notes: self.notes.reversed(),
        }
    }
}

/// Which run a journal is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// By which it is named when it is to be undone.
    pub number: u64,
    pub command: String,
    pub at: Timestamp,
    /// The run that this one reversed.
    pub undoes: Option<u64>,
    /// It is an edit of this disk, like one by hand: what is agreed stays as it is, so it travels.
    pub is_edit: bool,
    /// How many files it writes or deletes.
    pub files: usize,
    pub projects: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Journal {
    pub head: Head,
    /// By the key of the project or tool.
    pub units: BTreeMap<String, Touched>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    head: Head,
    units: BTreeMap<String, UnitRecord>,
}

#[derive(Serialize, Deserialize)]
struct UnitRecord {
    #[serde(flatten)]
    place: UnitPlace,
    notes: NoteSides,
}

type Pick = fn(&mut Touch) -> &mut Option<Leaf>;

const SIDES: [(&str, Pick); 4] = [
    ("before", |touch| &mut touch.before),
    ("after", |touch| &mut touch.after),
    ("agreed", |touch| &mut touch.agreed),
    ("then", |touch| &mut touch.then),
];

fn path(text: &str) -> VaultPath {
    VaultPath::parse(text).expect("the names of a journal are ours")
}

impl Journal {
    /// One that touches nothing yet.
    #[must_use]
    pub const fn new(head: Head) -> Self {
        let units = BTreeMap::new();
        Self { head, units }
    }

    pub fn add(&mut self, key: String, touched: Touched) {
        self.head.files += touched.paths.len();
        self.head.projects.push(touched.place.name.clone());
        self.units.insert(key, touched);
    }

    /// The way back.
    #[must_use]
    pub fn reversed(self) -> Self {
        let units = self.units.into_iter();
        Self {
            head: self.head,
            units: units.map(|(key, unit)| (key, unit.reversed())).collect(),
        }
    }

    /// The tree of it.
    pub fn put(&self, objects: &mut Objects<'_>) -> Result<ObjectId, FlowError> {
        let mut edits = Edits::new();
        for (key, touched) in &self.units {
            let mut trees: Vec<(Edits, Option<ObjectId>)> = Vec::new();
            for (side, pick) in SIDES {
                let leaf = |(path, touch): (&VaultPath, &Touch)| {
                    let mut touch = *touch;
                    Some((path.clone(), Graft::Leaf((*pick(&mut touch))?)))
                };
                let leaves: Edits = touched.paths.iter().filter_map(leaf).collect();
                // What is agreed often is what the disk holds.
                let known = trees.iter().find(|(known, _)| *known == leaves);
                let tree = match known {
                    Some((_, tree)) => *tree,
                    None => edit(objects, None, &leaves)?,
                };
                if let Some(tree) = tree {
                    edits.insert(path(&format!("{side}/{key}")), Graft::Tree(tree));
                }
                trees.push((leaves, tree));
            }
        }
        let record = Graft::Leaf(Leaf {
            kind: Kind::File,
            id: objects.put_blob(&self.record())?,
        });
        edits.insert(path("record"), record);
        Ok(edit(objects, None, &edits)?.expect("it has a record"))
    }

    fn record(&self) -> Vec<u8> {
        let units = self.units.iter().map(|(key, touched)| {
            let unit = UnitRecord {
                place: touched.place.clone(),
                notes: touched.notes.clone(),
            };
            (key.clone(), unit)
        });
        let record = Record {
            head: self.head.clone(),
            units: units.collect(),
        };
        serde_json::to_vec(&record).expect("plain data")
    }

    pub fn read<S: Trees + Blobs>(store: &S, tree: ObjectId) -> Result<Self, FlowError> {
        let record = read_record(store, tree)?;
        let mut units = BTreeMap::new();
        for (key, unit) in record.units {
            let touched = Touched {
                paths: touches(store, tree, &key)?,
                place: unit.place,
                notes: unit.notes,
            };
            units.insert(key, touched);
        }
        Ok(Self {
            head: record.head,
            units,
        })
    }
}

impl Head {
    pub fn read<S: Trees + Blobs>(store: &S, tree: ObjectId) -> Result<Self, FlowError> {
        Ok(read_record(store, tree)?.head)
    }
}

fn read_record<S: Trees + Blobs>(store: &S, tree: ObjectId) -> Result<Record, FlowError> {
    let leaf = find(store, Some(tree), &path("record"))?;
    let bytes = leaf.map_or(Ok(Vec::new()), |leaf| store.blob(leaf.id))?;
    serde_json::from_slice(&bytes).map_err(|source| FlowError::BadFile {
        path: format!("journal {tree}").into(),
        source,
    })
}

/// What a journal touches of one project or tool.
pub fn touches(
    trees: &dyn Trees,
    tree: ObjectId,
    key: &str,
) -> Result<BTreeMap<VaultPath, Touch>, FlowError> {
    let mut all: BTreeMap<VaultPath, Touch> = BTreeMap::new();
    for (side, pick) in SIDES {
        let found = find(trees, Some(tree), &path(&format!("{side}/{key}")))?;
        for (path, leaf) in leaves(trees, found.map(|leaf| leaf.id))? {
            *pick(all.entry(path).or_default()) = Some(leaf);
        }
    }
    Ok(all)
}
