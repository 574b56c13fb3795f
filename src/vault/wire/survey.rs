//! What a tip of another repository leads to, as far as this machine lacks it. All of it is looked at,
//! and nothing is believed.

use std::collections::HashSet;

use git2::Repository;

use crate::base::{Kind, ObjectId, StoreError};
use crate::vault::pack::Type;
use crate::vault::store::{expect_type, object_id, oid, read_foreign};
use crate::vault::{Store, WireError, tree};

/// Deeper than any path that a vault may have.
const MAX_DEPTH: usize = 2_100;

/// An object in a store means that everything below it is there too, so the look ends at what we have.
#[derive(Default)]
pub struct Survey {
    /// The commits, the newest first, each with its tree.
    pub commits: Vec<(ObjectId, ObjectId)>,
    /// The trees, the innermost first.
    pub trees: Vec<Vec<u8>>,
    /// What the trees name. Nobody looked into them yet.
    pub contents: Vec<ObjectId>,
}

/// Looks at a tip of `from`.
pub fn survey(
    (from, url): (&Repository, &str),
    store: &Store,
    tip: ObjectId,
) -> Result<Survey, WireError> {
    let mut looking = Looking {
        from,
        url,
        store,
        seen: HashSet::new(),
        found: Survey::default(),
    };
    looking.commits(tip)?;
    let commits = looking.found.commits.clone();
    for (_, tree) in commits.into_iter().rev() {
        looking.tree(tree, 0)?;
    }
    Ok(looking.found)
}

/// An object of a remote, of the kind that it has to be.
pub fn read(
    (from, url): (&Repository, &str),
    id: ObjectId,
    wanted: Type,
) -> Result<Vec<u8>, WireError> {
    let found = read_foreign(from, id).and_then(|found| expect_type(id, found, wanted));
    found.map_err(|fault: StoreError| damaged(url, fault.to_string()))
}

pub fn damaged(url: &str, reason: String) -> WireError {
    WireError::Damaged {
        url: url.to_owned(),
        reason,
    }
}

struct Looking<'a> {
    from: &'a Repository,
    url: &'a str,
    store: &'a Store,
    seen: HashSet<ObjectId>,
    found: Survey,
}

impl Looking<'_> {
    fn commits(&mut self, tip: ObjectId) -> Result<(), WireError> {
        let mut open = vec![tip];
        while let Some(id) = open.pop() {
            if self.store.has(id) || !self.seen.insert(id) {
                continue;
            }
            let commit = self.from.find_commit(oid(id));
            let commit = commit
                .map_err(|fault| damaged(self.url, format!("commit {id}: {}", fault.message())))?;
            open.extend(commit.parent_ids().map(object_id));
            let tree = object_id(commit.tree_id());
            self.found.commits.push((id, tree));
        }
        Ok(())
    }

    /// Notes a tree and what is below it.
    fn tree(&mut self, id: ObjectId, depth: usize) -> Result<(), WireError> {
        if self.store.has(id) || !self.seen.insert(id) {
            return Ok(());
        }
        if depth > MAX_DEPTH {
            return Err(damaged(self.url, format!("tree {id} lies too deep")));
        }
        let bytes = read((self.from, self.url), id, Type::Tree)?;
        let entries = tree::decode(id, &bytes);
        for entry in entries.map_err(|fault| damaged(self.url, fault.to_string()))? {
            match entry.kind {
                Kind::Tree => self.tree(entry.id, depth + 1)?,
                Kind::Foreign => {}
                _ => {
                    if !self.store.has(entry.id) && self.seen.insert(entry.id) {
                        self.found.contents.push(entry.id);
                    }
                }
            }
        }
        self.found.trees.push(bytes);
        Ok(())
    }
}
