//! What the refs lead to: every commit and tree is read, and every content is looked up.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use crate::base::{Kind, ObjectId, StoreError, Tally, Tell};

use super::super::pack::Type;
use super::super::store::{object_id, oid};
use super::super::{Store, tree};
use super::{StoreFault, Verified};

/// Follows all refs.
pub fn look(store: &Store, tell: Tell<'_>) -> Verified {
    let (open, fault) = tips(store);
    let mut walk = Walk {
        store,
        seen: HashSet::new(),
        open,
        faults: fault.into_iter().collect(),
    };
    let tally = Tally::new(None, tell);
    while let Some(id) = walk.open.pop() {
        if walk.seen.insert(id) {
            if let Err(fault) = walk.visit(id) {
                walk.faults.push(StoreFault::Object(id, fault));
            }
            tally.one(0);
        }
    }
    Verified {
        objects: walk.seen.len() as u64,
        faults: walk.faults,
    }
}

/// What refs point at, and why some of them could not be read.
pub fn tips(store: &Store) -> (Vec<ObjectId>, Option<StoreFault>) {
    let damaged = |fault: git2::Error| StoreFault::Refs {
        reason: fault.message().to_owned(),
    };
    let refs = match store.repo.references() {
        Ok(refs) => refs,
        Err(fault) => return (Vec::new(), Some(damaged(fault))),
    };
    let mut tips = Vec::new();
    for found in refs {
        match found {
            Ok(found) => tips.extend(found.target().map(object_id)),
            Err(fault) => return (tips, Some(damaged(fault))),
        }
    }
    let empty = ["HEAD", "refs"].map(|name| empty_ref(&store.path.join(name)));
    (tips, empty.into_iter().flatten().next())
}

/// A ref that names nothing, as a power cut may leave it: libgit2 passes it by.
fn empty_ref(path: &Path) -> Option<StoreFault> {
    if let Ok(dir) = fs::read_dir(path) {
        return dir.flatten().find_map(|entry| empty_ref(&entry.path()));
    }
    let is_lock = path.extension().is_some_and(|ending| ending == "lock");
    // One that is gone was moved by a run beside this.
    let text = fs::read_to_string(path).ok().filter(|_| !is_lock)?;
    let is_ref = text.starts_with("ref: ") || ObjectId::parse(text.trim()).is_ok();
    (!is_ref).then(|| StoreFault::Refs {
        reason: format!("{} names nothing", path.display()),
    })
}

struct Walk<'s> {
    store: &'s Store,
    /// Contents, too: each is looked up once.
    seen: HashSet<ObjectId>,
    open: Vec<ObjectId>,
    faults: Vec<StoreFault>,
}

impl Walk<'_> {
    /// Reads a commit or tree, checked against its id, and notes what it names.
    fn visit(&mut self, id: ObjectId) -> Result<(), StoreError> {
        let (kind, bytes) = self.store.read(id)?;
        match kind {
            Type::Commit => {
                let named = named_by_commit(&bytes).ok_or_else(|| StoreError::Damaged {
                    id,
                    reason: "it is no commit".to_owned(),
                })?;
                self.open.extend(named);
            }
            Type::Tree => {
                for entry in tree::decode(id, &bytes)? {
                    match entry.kind {
                        Kind::Tree => self.open.push(entry.id),
                        // A commit of another repository: nobody has it here.
                        Kind::Foreign => {}
                        Kind::File | Kind::Exec | Kind::Link => self.content(entry.id),
                    }
                }
            }
            Type::Blob => {}
        }
        Ok(())
    }

    fn content(&mut self, id: ObjectId) {
        if !self.seen.insert(id) {
            return;
        }
        // Looks again for packs that came since: a store that is in use changes.
        let is_there = self.store.repo.odb().is_ok_and(|odb| odb.exists(oid(id)));
        if !is_there {
            let fault = StoreFault::Object(id, StoreError::Missing { id });
            self.faults.push(fault);
        }
    }
}

/// The tree of a commit and its parents: they stand on its first lines.
pub fn named_by_commit(bytes: &[u8]) -> Option<Vec<ObjectId>> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    let id = |text: &str| ObjectId::parse(text).ok();
    let mut named = vec![lines.next()?.strip_prefix("tree ").and_then(id)?];
    for parent in lines.map_while(|line| line.strip_prefix("parent ")) {
        named.push(id(parent)?);
    }
    Some(named)
}
