//! Making a commit: the one door through which contents leave for the vault.

use std::collections::{HashMap, HashSet};

use git2::Signature;

use crate::base::{
    Blobs, Finding, Gate, Kind, ObjectId, StoreError, Timestamp, TreeEntry, Trees, VaultPath,
};

use super::store::{object_id, oid};
use super::{Objects, VaultError};

/// Who a commit is by: the machine.
#[derive(Clone, Debug)]
pub struct Author {
    pub name: String,
    pub email: String,
}

/// A commit to be made.
pub struct NewCommit<'a> {
    pub tree: ObjectId,
    pub parent: Option<ObjectId>,
    pub author: &'a Author,
    pub at: Timestamp,
    pub message: &'a str,
}

/// What came of it.
#[derive(Debug)]
#[must_use]
pub enum CommitOutcome {
    Made(ObjectId),
    /// The gate does not let these contents out: nothing was made.
    Held(Vec<Finding>),
}

/// A content that a commit brings to a path.
struct Added {
    path: VaultPath,
    id: ObjectId,
    /// What stood there before.
    was: Option<ObjectId>,
}

impl Objects<'_> {
    /// Makes a commit for everybody to see. Every content that the parent does not have passes the
    /// gate here, and nowhere else. What the tree `published` has left this machine before: to hold
    /// it now would keep no secret, and lose what is only there.
    pub fn commit(
        &mut self,
        new: &NewCommit<'_>,
        published: Option<ObjectId>,
        gate: &dyn Gate,
    ) -> Result<CommitOutcome, VaultError> {
        let before = match new.parent {
            Some(parent) => Some(self.store().tree_of(parent)?),
            None => None,
        };
        let held = self.held_back((before, new.tree), published, gate)?;
        if held.is_empty() {
            self.record(new, None).map(CommitOutcome::Made)
        } else {
            Ok(CommitOutcome::Held(held))
        }
    }

    /// What the gate finds in the names and contents of `after` that `before` has not, the same, at
    /// the same path. A value that stands in that path's content before is in everybody's hands
    /// already, and so is every content of `published`.
    pub fn held_back(
        &self,
        (before, after): (Option<ObjectId>, ObjectId),
        published: Option<ObjectId>,
        gate: &dyn Gate,
    ) -> Result<Vec<Finding>, VaultError> {
        let findings = |path: &VaultPath, id: ObjectId, is_new: bool| {
            let content = self.blob(id)?;
            let damaged = |fault: std::io::Error| StoreError::Damaged {
                id,
                reason: fault.to_string(),
            };
            let name = if is_new { path.as_str() } else { "" };
            // A name is a line of its own, before the first one of the content.
            let mut found = Vec::new();
            for text in [name.as_bytes(), content.as_slice()] {
                found.extend(gate.inspect(path, &mut &*text).map_err(damaged)?);
            }
            Ok::<_, VaultError>(found)
        };
        let known = match published {
            Some(tree) => self.added(None, tree)?,
            None => Vec::new(),
        };
        let known: HashSet<ObjectId> = known.into_iter().map(|added| added.id).collect();
        let mut held = Vec::new();
        for Added { path, id, was } in self.added(before, after)? {
            if known.contains(&id) {
                continue;
            }
            let mut new = findings(&path, id, was.is_none())?;
            if let Some(was) = was.filter(|_| !new.is_empty()) {
                let known = findings(&path, was, false)?;
                let known: HashSet<_> = known.into_iter().map(|old| old.fingerprint).collect();
                new.retain(|finding| !known.contains(&finding.fingerprint));
            }
            held.extend(new);
        }
        Ok(held)
    }

    /// Makes a commit that never leaves this machine, so it needs no gate. It may have a second
    /// parent, to keep that one alive.
    pub fn private_commit(
        &mut self,
        new: &NewCommit<'_>,
        second: Option<ObjectId>,
    ) -> Result<ObjectId, VaultError> {
        self.record(new, second)
    }

    fn record(
        &mut self,
        new: &NewCommit<'_>,
        second: Option<ObjectId>,
    ) -> Result<ObjectId, VaultError> {
        self.flush()?;
        let store = self.store();
        let fault = store.fault("write a commit to");
        let time = git2::Time::new(new.at.seconds(), 0);
        let author = Signature::new(&new.author.name, &new.author.email, &time).map_err(&fault)?;
        let tree = store.repo.find_tree(oid(new.tree)).map_err(&fault)?;
        let parents = new.parent.into_iter().chain(second);
        let parents = parents.map(|id| store.repo.find_commit(oid(id)));
        let parents = parents.collect::<Result<Vec<_>, _>>().map_err(&fault)?;
        let parents: Vec<_> = parents.iter().collect();
        let buffer = store
            .repo
            .commit_create_buffer(&author, &author, new.message, &tree, &parents)
            .map_err(&fault)?;
        let odb = store.repo.odb().map_err(&fault)?;
        let id = odb
            .write(git2::ObjectType::Commit, &buffer)
            .map_err(&fault)?;
        store.grew.set(true);
        Ok(object_id(id))
    }

    /// Every file and link that stands in `after` and not, the same, at the same path in `before`.
    fn added(&self, before: Option<ObjectId>, after: ObjectId) -> Result<Vec<Added>, StoreError> {
        let mut found = Vec::new();
        let mut open = vec![(VaultPath::root(), before, after)];
        while let Some((path, before, after)) = open.pop() {
            if before == Some(after) {
                continue;
            }
            let old = match before {
                Some(id) => by_name(self.tree(id)?),
                None => HashMap::new(),
            };
            for entry in self.tree(after)? {
                let was = old.get(&entry.name);
                if was.is_some_and(|was| was.id == entry.id && was.kind == entry.kind) {
                    continue;
                }
                let below = path
                    .child(&entry.name)
                    .map_err(|fault| StoreError::Damaged {
                        id: after,
                        reason: fault.to_string(),
                    })?;
                match entry.kind {
                    Kind::Tree => open.push((below, was_tree(was), entry.id)),
                    Kind::Foreign => {}
                    _ => found.push(Added {
                        path: below,
                        id: entry.id,
                        was: was
                            .filter(|was| !matches!(was.kind, Kind::Tree | Kind::Foreign))
                            .map(|was| was.id),
                    }),
                }
            }
        }
        Ok(found)
    }
}

/// A directory's entries, to be looked up: a wide one has thousands.
pub(super) fn by_name(entries: Vec<TreeEntry>) -> HashMap<Vec<u8>, TreeEntry> {
    let pair = |entry: TreeEntry| (entry.name.clone(), entry);
    entries.into_iter().map(pair).collect()
}

fn was_tree(entry: Option<&TreeEntry>) -> Option<ObjectId> {
    entry
        .filter(|entry| entry.kind == Kind::Tree)
        .map(|entry| entry.id)
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use super::*;
    use crate::base::{HostPath, Sink};
    use crate::vault::Store;

    struct NoSecrets;

    impl Gate for NoSecrets {
        fn inspect(&self, path: &VaultPath, content: &mut dyn Read) -> io::Result<Vec<Finding>> {
            let mut text = String::new();
            content.read_to_string(&mut text)?;
            let words = text.split(' ').filter(|word| word.starts_with("secret"));
            let finding = |word: &str| Finding {
                path: path.clone(),
                rule: "test".to_owned(),
                line: 1,
                fingerprint: word.len().to_string(),
            };
            Ok(words.map(finding).collect())
        }
    }

    fn one_file(objects: &mut Objects<'_>, text: &str) -> ObjectId {
        let id = objects.put_blob(text.as_bytes()).expect("stored");
        let entry = TreeEntry {
            name: b"file".to_vec(),
            kind: Kind::File,
            id,
        };
        objects.put_tree(&[entry]).expect("stored")
    }

    #[test]
    fn what_the_gate_holds_never_becomes_a_commit() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let place = HostPath::new(dir.path().join("vault.git")).expect("absolute");
        let store = Store::open(&place).expect("created");
        let mut objects = Objects::new(&store);
        let author = Author {
            name: "laptop".to_owned(),
            email: "m@x".to_owned(),
        };
        let at = Timestamp::from_millis(0);
        let tree = one_file(&mut objects, "secret one");
        let new = NewCommit {
            tree,
            parent: None,
            author: &author,
            at,
            message: "m",
        };
        let outcome = objects.commit(&new, None, &NoSecrets).expect("no fault");
        assert!(matches!(outcome, CommitOutcome::Held(found) if found[0].path.as_str() == "file"));
        // What was published once is no news.
        let outcome = objects.commit(&new, Some(tree), &NoSecrets);
        assert!(matches!(outcome, Ok(CommitOutcome::Made(_))));
        let tree = one_file(&mut objects, "plain");
        let new = NewCommit {
            tree,
            parent: None,
            author: &author,
            at,
            message: "m",
        };
        let outcome = objects.commit(&new, None, &NoSecrets).expect("no fault");
        let CommitOutcome::Made(id) = outcome else {
            panic!("nothing to hold")
        };
        assert_eq!(store.tree_of(id).expect("there"), tree);
    }

    #[test]
    fn what_stands_in_the_vault_at_that_path_already_is_not_found_anew() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let place = HostPath::new(dir.path().join("vault.git")).expect("absolute");
        let store = Store::open(&place).expect("created");
        let mut objects = Objects::new(&store);
        let before = one_file(&mut objects, "secret1 there");
        let held = |objects: &mut Objects<'_>, text: &str| {
            let after = one_file(objects, text);
            let held = objects.held_back((Some(before), after), None, &NoSecrets);
            held.expect("no fault").len()
        };
        assert_eq!(held(&mut objects, "more beside secret1"), 0);
        assert_eq!(held(&mut objects, "secret1 and secret22"), 1);
    }
}
