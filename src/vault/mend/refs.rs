//! The refs of a damaged store, file by file: git stops at the first that it cannot read.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use crate::base::ObjectId;

use super::super::store::{object_id, oid};
use super::super::{Store, VaultError};
use super::Wreck;

/// Refs by name, each with the commit that it led to, where that is known.
pub type LostRefs = BTreeMap<String, Option<ObjectId>>;

/// What the refs of a damaged store say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundRefs {
    pub named: BTreeMap<String, ObjectId>,
    /// Those that name nothing.
    pub unread: BTreeSet<String>,
}

impl FoundRefs {
    /// There is none at all: with them went all that only they tell.
    #[must_use]
    pub fn are_gone(&self) -> bool {
        self.named.is_empty() && self.unread.is_empty()
    }

    /// Those that a store cannot have: what they lead to is not there.
    #[must_use]
    pub fn lost(&self, store: &Store) -> LostRefs {
        let gone = self.named.iter().filter(|(_, id)| !store.has(**id));
        let gone = gone.map(|(name, id)| (name.clone(), Some(*id)));
        let unread = self.unread.iter().map(|name| (name.clone(), None));
        gone.chain(unread).collect()
    }
}

impl Wreck {
    #[must_use]
    pub fn refs(&self) -> FoundRefs {
        let mut found = FoundRefs::default();
        let packed = fs::read(self.place.join("packed-refs")).unwrap_or_default();
        for line in String::from_utf8_lossy(&packed).lines() {
            if let Some((id, name)) = line.split_once(' ')
                && let Ok(id) = ObjectId::parse(id)
            {
                found.named.insert(name.to_owned(), id);
            }
        }
        read_below(&self.place.join("refs"), "refs", &mut found);
        found
    }
}

/// What stands in a file counts more than what was packed.
fn read_below(dir: &Path, name: &str, found: &mut FoundRefs) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(last) = entry.file_name().into_string() else {
            continue;
        };
        let name = format!("{name}/{last}");
        if path.is_dir() {
            read_below(&path, &name, found);
        } else if path.extension().is_none_or(|ending| ending != "lock") {
            let text = fs::read_to_string(&path).ok();
            let id = text.and_then(|text| ObjectId::parse(text.trim()).ok());
            if let Some(id) = id {
                found.named.insert(name, id);
            } else {
                // What was packed of it is older.
                found.named.remove(&name);
                found.unread.insert(name);
            }
        }
    }
}

impl Store {
    /// The commits that some ref leads to.
    pub fn led_to(&self) -> Result<HashSet<ObjectId>, VaultError> {
        let fault = self.fault("read the history of");
        let mut walk = self.repo.revwalk().map_err(&fault)?;
        walk.push_glob("refs/*").map_err(&fault)?;
        walk.map(|id| id.map(object_id))
            .collect::<Result<_, _>>()
            .map_err(fault)
    }

    /// Points the same refs at the same, as far as the store has it.
    pub fn take_refs(&self, refs: &FoundRefs) -> Result<(), VaultError> {
        for (name, id) in refs.named.iter().filter(|(_, id)| self.has(**id)) {
            let put = self.repo.reference(name, oid(*id), true, "holdall");
            put.map_err(self.fault("write a ref of"))?;
        }
        Ok(())
    }
}
