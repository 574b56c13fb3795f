//! Making a commit: the one door through which contents leave for the vault.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use git2::{Repository, Signature};

use crate::base::{
    Finding, Gate, Kind, ObjectId, Progress, StoreError, Tell, Timestamp, TreeEntry, Trees,
    VaultPath,
};

use super::content::Contents;
use super::pack::Type;
use super::{Objects, VaultError};

/// Fewer contents are not worth a second thread.
const FEW: usize = 16;
/// So many are looked through at once.
const BATCH: usize = 4_096;

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
        tell: Tell<'_>,
    ) -> Result<CommitOutcome, VaultError> {
        let before = match new.parent {
            Some(parent) => Some(self.store().tree_of(parent)?),
            None => None,
        };
        let held = self.held_back((before, new.tree), published, gate, tell)?;
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
        tell: Tell<'_>,
    ) -> Result<Vec<Finding>, VaultError> {
        let view = View::new(gate);
        let mut known = HashSet::new();
        if let Some(tree) = published {
            self.added(None, tree, &mut |added| {
                known.insert(added.id);
                Ok(())
            })?;
        }
        let (mut held, mut batch) = (Vec::new(), Vec::new());
        self.added(before, after, &mut |added| {
            if !known.contains(&added.id) {
                batch.push(added);
            }
            if batch.len() == BATCH {
                held.extend(self.look_through(&batch, &view, tell)?);
                batch.clear();
            }
            Ok(())
        })?;
        held.extend(self.look_through(&batch, &view, tell)?);
        Ok(held)
    }

    /// What the gate finds in all of them, in their order. Many are divided among threads.
    fn look_through(
        &self,
        added: &[Added],
        view: &View<'_>,
        tell: Tell<'_>,
    ) -> Result<Vec<Finding>, StoreError> {
        let next = AtomicUsize::new(0);
        let look = |contents: Contents<'_>, tell: Tell<'_>| {
            let mut found = Vec::new();
            while let at = next.fetch_add(1, Ordering::Relaxed)
                && let Some(added) = added.get(at)
            {
                let findings = look_at(contents, added, view, tell)?;
                found.extend(findings.into_iter().map(|finding| (at, finding)));
            }
            Ok::<_, StoreError>(found)
        };
        let contents = self.contents();
        let mut found = if added.len() < FEW {
            look(contents, tell)?
        } else {
            let Contents { spool, fresh, .. } = contents;
            let other = Repository::open_bare(&self.store().path);
            let other = other.map_err(|fault| StoreError::Failed(Box::new(fault)))?;
            thread::scope(|scope| {
                let other = scope.spawn(|| {
                    let repo = &{ other };
                    // What is done here is told by the first thread.
                    look(Contents { repo, spool, fresh }, &|_| ())
                });
                let mut found = look(contents, tell)?;
                match other.join() {
                    Ok(more) => found.extend(more?),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
                Ok::<_, StoreError>(found)
            })?
        };
        found.sort_by_key(|(at, _)| *at);
        Ok(found.into_iter().map(|(_, finding)| finding).collect())
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

    /// Like every object it waits for the flush: a ref may name it only then.
    fn record(
        &mut self,
        new: &NewCommit<'_>,
        second: Option<ObjectId>,
    ) -> Result<ObjectId, VaultError> {
        // Git knows no time before 1970.
        let time = git2::Time::new(new.at.seconds().max(0), 0);
        let author = Signature::new(&new.author.name, &new.author.email, &time);
        let author = author.map_err(self.store().fault("sign a commit in"))?;
        Ok(self.add(Type::Commit, &encode(new, second, &author))?)
    }

    /// Tells of every file and link that stands in `after` and not, the same, at the same path in
    /// `before`.
    fn added(
        &self,
        before: Option<ObjectId>,
        after: ObjectId,
        tell: &mut dyn FnMut(Added) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
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
                    _ => tell(Added {
                        path: below,
                        id: entry.id,
                        was: was
                            .filter(|was| !matches!(was.kind, Kind::Tree | Kind::Foreign))
                            .map(|was| was.id),
                    })?,
                }
            }
        }
        Ok(())
    }
}

/// A commit as git writes it.
fn encode(new: &NewCommit<'_>, second: Option<ObjectId>, author: &Signature<'_>) -> Vec<u8> {
    let mut text = format!("tree {}\n", new.tree).into_bytes();
    for parent in new.parent.into_iter().chain(second) {
        text.extend_from_slice(format!("parent {parent}\n").as_bytes());
    }
    for role in ["author", "committer"] {
        text.extend_from_slice(role.as_bytes());
        for (before, part) in [(" ", author.name_bytes()), (" <", author.email_bytes())] {
            text.extend_from_slice(before.as_bytes());
            text.extend_from_slice(part);
        }
        text.extend_from_slice(format!("> {} +0000\n", author.when().seconds()).as_bytes());
    }
    text.push(b'\n');
    text.extend_from_slice(new.message.as_bytes());
    text
}

/// The gate, and how much it was shown by all threads together.
struct View<'a> {
    gate: &'a dyn Gate,
    contents: AtomicU64,
    bytes: AtomicU64,
}

impl<'a> View<'a> {
    const fn new(gate: &'a dyn Gate) -> Self {
        Self {
            gate,
            contents: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }
    }
}

/// A content on its way to the gate.
struct Shown<'a> {
    content: &'a mut dyn Read,
    view: &'a View<'a>,
    tell: Tell<'a>,
}

impl Read for Shown<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(into)?;
        let before = self.view.bytes.fetch_add(read as u64, Ordering::Relaxed);
        (self.tell)(Progress {
            done: self.view.contents.load(Ordering::Relaxed),
            of: None,
            bytes: before + read as u64,
        });
        Ok(read)
    }
}

/// What is new to everybody in one content, and in its name. A name is a line of its own, before the
/// first one of the content.
fn look_at(
    contents: Contents<'_>,
    Added { path, id, was }: &Added,
    view: &View<'_>,
    tell: Tell<'_>,
) -> Result<Vec<Finding>, StoreError> {
    let look = |content: &mut dyn Read, id: ObjectId| {
        let found = view.gate.inspect(
            path,
            &mut Shown {
                content,
                view,
                tell,
            },
        );
        found.map_err(|fault| StoreError::Damaged {
            id,
            reason: fault.to_string(),
        })
    };
    view.contents.fetch_add(1, Ordering::Relaxed);
    let mut found = Vec::new();
    if was.is_none() {
        found.extend(look(&mut path.as_str().as_bytes(), *id)?);
    }
    // One value in both is one secret.
    let in_name: HashSet<String> = found
        .iter()
        .map(|it: &Finding| it.fingerprint.clone())
        .collect();
    let inside = look(&mut contents.open(*id)?, *id)?.into_iter();
    found.extend(inside.filter(|it| !in_name.contains(&it.fingerprint)));
    if let Some(was) = was.filter(|_| !found.is_empty()) {
        let known = look(&mut contents.open(was)?, was)?.into_iter();
        let known: HashSet<String> = known.map(|old| old.fingerprint).collect();
        found.retain(|finding| !known.contains(&finding.fingerprint));
    }
    Ok(found)
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
    use super::*;
    use crate::base::{HostPath, Sink};
    use crate::vault::Store;
    use crate::vault::store::{object_id, oid};

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
        let outcome = objects
            .commit(&new, None, &NoSecrets, &|_| ())
            .expect("no fault");
        assert!(matches!(outcome, CommitOutcome::Held(found) if found[0].path.as_str() == "file"));
        // What was published once is no news.
        let outcome = objects.commit(&new, Some(tree), &NoSecrets, &|_| ());
        assert!(matches!(outcome, Ok(CommitOutcome::Made(_))));
        let tree = one_file(&mut objects, "plain");
        let new = NewCommit {
            tree,
            parent: None,
            author: &author,
            at,
            message: "m",
        };
        let outcome = objects
            .commit(&new, None, &NoSecrets, &|_| ())
            .expect("no fault");
        let CommitOutcome::Made(id) = outcome else {
            panic!("nothing to hold")
        };
        objects.flush().expect("written");
        assert_eq!(store.tree_of(id).expect("there"), tree);
    }

    #[test]
    fn a_commit_is_what_git_makes_of_it() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let place = HostPath::new(dir.path().join("vault.git")).expect("absolute");
        let store = Store::open(&place).expect("created");
        let mut objects = Objects::new(&store);
        let author = Author {
            name: " Zoë's laptop, ".to_owned(),
            email: "m@x".to_owned(),
        };
        let mut new = NewCommit {
            tree: one_file(&mut objects, "plain"),
            parent: None,
            author: &author,
            at: Timestamp::from_millis(1_763_000_000_123),
            message: "two\n\nlines",
        };
        for second in [None, None, Some(1)] {
            let second = second.and(new.parent);
            let id = objects.private_commit(&new, second).expect("made");
            objects.flush().expect("written");
            let time = git2::Time::new(new.at.seconds().max(0), 0);
            let by = Signature::new(&author.name, &author.email, &time).expect("a name");
            let commit = |id: ObjectId| store.repo.find_commit(oid(id)).expect("there");
            let parents: Vec<_> = new.parent.into_iter().chain(second).map(commit).collect();
            let parents: Vec<_> = parents.iter().collect();
            let tree = store.repo.find_tree(oid(new.tree)).expect("there");
            let theirs = store
                .repo
                .commit(None, &by, &by, new.message, &tree, &parents);
            assert_eq!(object_id(theirs.expect("made")), id);
            (new.parent, new.at) = (Some(id), Timestamp::from_millis(-1_000));
        }
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
            let held = objects.held_back((Some(before), after), None, &NoSecrets, &|_| ());
            held.expect("no fault").len()
        };
        assert_eq!(held(&mut objects, "more beside secret1"), 0);
        assert_eq!(held(&mut objects, "secret1 and secret22"), 1);
    }
}
