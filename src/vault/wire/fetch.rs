//! Bringing objects out of a repository on this machine: checked one by one, stored in one go.

use std::collections::HashSet;

use git2::Repository;

use crate::base::{Kind, ObjectId, StoreError, Tally, Tell};
use crate::vault::content::open_large;
use crate::vault::pack::Type;
use crate::vault::store::{object_id, oid, read_foreign};
use crate::vault::{Objects, Store, WireError, tree};

/// An object in a store means that everything below it is there too, so the walk ends at what we
/// have. Contents are taken before the trees and commits that name them, so a crash keeps it true.
pub fn copy(
    (from, url): (&Repository, &str),
    store: &Store,
    tip: ObjectId,
    tell: Tell<'_>,
) -> Result<(), WireError> {
    let damaged = |reason: String| WireError::Damaged {
        url: url.to_owned(),
        reason,
    };
    let mut taken = Taken {
        from,
        url,
        objects: Objects::new(store),
        seen: HashSet::new(),
        tally: Tally::new(None, tell),
    };
    let mut commits = Vec::new();
    let mut open = vec![tip];
    let mut known = HashSet::new();
    while let Some(id) = open.pop() {
        if store.has(id) || !known.insert(id) {
            continue;
        }
        let commit = from
            .find_commit(oid(id))
            .map_err(|fault| damaged(format!("commit {id}: {}", fault.message())))?;
        open.extend(commit.parent_ids().map(object_id));
        commits.push((id, object_id(commit.tree_id())));
    }
    for (id, tree) in commits.into_iter().rev() {
        taken.tree(tree, 0)?;
        taken.object(id, Type::Commit)?;
    }
    taken.objects.flush().map_err(WireError::from)
}

/// Deeper than any path that a vault may have.
const MAX_DEPTH: usize = 2_100;

struct Taken<'a> {
    from: &'a Repository,
    url: &'a str,
    objects: Objects<'a>,
    seen: HashSet<ObjectId>,
    tally: Tally<'a>,
}

impl Taken<'_> {
    fn damaged(&self, reason: String) -> WireError {
        WireError::Damaged {
            url: self.url.to_owned(),
            reason,
        }
    }

    fn tree(&mut self, id: ObjectId, depth: usize) -> Result<(), WireError> {
        if self.objects.store().has(id) || !self.seen.insert(id) {
            return Ok(());
        }
        if depth > MAX_DEPTH {
            return Err(self.damaged(format!("tree {id} lies too deep")));
        }
        let bytes = self.read(id, Type::Tree)?;
        let entries = tree::decode(id, &bytes).map_err(|fault| self.damaged(fault.to_string()))?;
        for entry in entries {
            match entry.kind {
                Kind::Tree => self.tree(entry.id, depth + 1)?,
                Kind::Foreign => {}
                _ => {
                    if !self.objects.store().has(entry.id) && self.seen.insert(entry.id) {
                        self.content(entry.id)?;
                    }
                }
            }
        }
        self.store(id, Type::Tree, &bytes)
    }

    fn content(&mut self, id: ObjectId) -> Result<(), WireError> {
        let large = open_large(self.from, id).map_err(|fault| self.damaged(fault.to_string()))?;
        let Some((size, mut content)) = large else {
            return self.object(id, Type::Blob);
        };
        let taken = self
            .objects
            .add_stream(size, &mut content, &|got| got == id);
        match taken.map_err(|fault| self.damaged(fault.to_string()))? {
            Some(_) => Ok(()),
            None => Err(self.damaged(format!("object {id} has another content"))),
        }
    }

    fn object(&mut self, id: ObjectId, kind: Type) -> Result<(), WireError> {
        let bytes = self.read(id, kind)?;
        self.store(id, kind, &bytes)
    }

    fn read(&self, id: ObjectId, wanted: Type) -> Result<Vec<u8>, WireError> {
        let found = read_foreign(self.from, id)
            .and_then(|found| crate::vault::store::expect_type(id, found, wanted));
        found.map_err(|fault: StoreError| self.damaged(fault.to_string()))
    }

    /// The id is computed again from what came: a remote is not believed.
    fn store(&mut self, id: ObjectId, kind: Type, bytes: &[u8]) -> Result<(), WireError> {
        let got = self.objects.add(kind, bytes)?;
        self.tally.one(bytes.len() as u64);
        if got == id {
            Ok(())
        } else {
            Err(self.damaged(format!("object {id} has the content of {got}")))
        }
    }
}
