//! Which object is a later version of which: what is best told as a change of what.

use std::collections::{HashMap, HashSet};

use crate::base::{Kind, ObjectId, Timestamp, TreeEntry, Trees};
use crate::vault::Store;
use crate::vault::pack::Type;

/// An object, and the one that stood at its place before it.
pub struct Version {
    pub id: ObjectId,
    pub before: Option<ObjectId>,
}

/// All that is fresh, in the order in which the commits among it brought it: so each object comes
/// behind those that it is told by. What cannot be read has no earlier version.
pub fn versions(store: &Store, fresh: &[ObjectId]) -> Vec<Version> {
    let mut finder = Finder {
        store,
        waiting: fresh.iter().copied().collect(),
        found: Vec::with_capacity(fresh.len()),
    };
    let mut shapes: Vec<ObjectId> = Vec::new();
    for commit in commits(store, fresh) {
        let before = commit.parent.and_then(|id| store.tree_of(id).ok());
        let before = before.filter(|before| finder.are_alike(*before, commit.tree));
        // A commit of another shape than its parent is a base or a journal: it follows the one of
        // its shape before it.
        let before = before.or_else(|| finder.follow(&mut shapes, commit.tree));
        finder.compare(before, commit.tree);
    }
    let Finder {
        waiting, mut found, ..
    } = finder;
    let rest = fresh.iter().filter(|id| waiting.contains(*id));
    found.extend(rest.map(|id| Version {
        id: *id,
        before: None,
    }));
    found
}

struct Commit {
    tree: ObjectId,
    parent: Option<ObjectId>,
    at: Timestamp,
}

/// The commits among these, the oldest first, and none before its parent: clocks are not exact.
fn commits(store: &Store, fresh: &[ObjectId]) -> Vec<Commit> {
    let is_commit = |id: &&ObjectId| {
        let header = store.header(**id);
        header.is_ok_and(|(kind, _)| kind == Type::Commit)
    };
    let read = |id: &ObjectId| {
        let info = store.commit_info(*id).ok()?;
        let commit = Commit {
            tree: info.tree,
            parent: info.parents.first().copied(),
            at: info.time,
        };
        Some((*id, commit))
    };
    let commits = fresh.iter().filter(is_commit).filter_map(read);
    let mut waiting: HashMap<_, _> = commits.collect();
    let mut by_time: Vec<_> = waiting
        .iter()
        .map(|(id, commit)| (commit.at, *id))
        .collect();
    by_time.sort_unstable();
    let mut ordered = Vec::with_capacity(by_time.len());
    for (_, id) in by_time {
        let mut line = Vec::new();
        let mut next = Some(id);
        while let Some(commit) = next.and_then(|id| waiting.remove(&id)) {
            next = commit.parent;
            line.push(commit);
        }
        ordered.extend(line.into_iter().rev());
    }
    ordered
}

struct Finder<'a> {
    store: &'a Store,
    waiting: HashSet<ObjectId>,
    found: Vec<Version>,
}

impl Finder<'_> {
    fn compare(&mut self, before: Option<ObjectId>, after: ObjectId) {
        let mut open = vec![(before, after)];
        while let Some((before, after)) = open.pop() {
            // What an old tree leads to is old.
            if !self.waiting.contains(&after) {
                continue;
            }
            self.add(after, before);
            let old = before.map_or_else(Vec::new, |before| self.entries(before));
            let old: HashMap<_, _> = old.iter().map(|entry| (&entry.name, entry)).collect();
            for entry in self.entries(after) {
                let was = old.get(&entry.name);
                let is_tree = |kind| kind == Kind::Tree;
                let was = was.filter(|was| is_tree(was.kind) == is_tree(entry.kind));
                let was = was.map(|was| was.id);
                match entry.kind {
                    Kind::Tree => open.push((was, entry.id)),
                    Kind::Foreign => {}
                    _ => self.add(entry.id, was),
                }
            }
        }
    }

    /// At its first appearance, or not at all: one that came back would be told by itself.
    fn add(&mut self, id: ObjectId, before: Option<ObjectId>) {
        if self.waiting.remove(&id) {
            self.found.push(Version { id, before });
        }
    }

    /// The last of the trees that looks like this one, whose place this one takes.
    fn follow(&self, shapes: &mut Vec<ObjectId>, tree: ObjectId) -> Option<ObjectId> {
        let alike = shapes.iter().position(|last| self.are_alike(*last, tree));
        if let Some(place) = alike {
            return Some(std::mem::replace(&mut shapes[place], tree));
        }
        shapes.push(tree);
        None
    }

    fn are_alike(&self, before: ObjectId, after: ObjectId) -> bool {
        let old = self.entries(before);
        let old: HashSet<_> = old.iter().map(|entry| &entry.name).collect();
        let entries = self.entries(after);
        entries.iter().any(|entry| old.contains(&entry.name))
    }

    fn entries(&self, tree: ObjectId) -> Vec<TreeEntry> {
        self.store.tree(tree).unwrap_or_default()
    }
}
