//! Which object is a later version of which: what is best told as a change of what.

use std::collections::{HashMap, HashSet};

use git2::{ObjectType, Odb, Oid};

use crate::base::{Kind, ObjectId, TreeEntry};
use crate::vault::commit::by_name;
use crate::vault::store::{object_id, oid};
use crate::vault::tree;

/// Later version to earlier one.
pub type Lineage = HashMap<ObjectId, ObjectId>;

/// Finds the earlier versions of what is fresh, by the commits among it. An object that cannot be
/// read has no earlier version.
pub fn lineage(odb: &Odb<'_>, fresh: &HashSet<ObjectId>) -> Lineage {
    let is_commit = |id: &&ObjectId| {
        let header = odb.read_header(oid(**id));
        header.is_ok_and(|(_, kind)| kind == ObjectType::Commit)
    };
    let commits = fresh.iter().filter(is_commit);
    let mut known: Vec<_> = commits.filter_map(|id| commit(odb, *id)).collect();
    // By id where the clock did not move, so that the same store gives the same pack.
    known.sort_by_key(|commit| (commit.time, commit.tree));
    let mut finder = Finder {
        odb,
        fresh,
        pairs: Lineage::new(),
    };
    let mut aside: Option<ObjectId> = None;
    for commit in known {
        let parent = commit.parent.and_then(|parent| self::commit(odb, parent));
        match parent.filter(|parent| finder.are_alike(parent.tree, commit.tree)) {
            Some(parent) => finder.compare(parent.tree, commit.tree),
            // A commit of another shape than its parent is a base: it follows the base before it.
            None => {
                if let Some(before) = aside.replace(commit.tree) {
                    finder.compare(before, commit.tree);
                }
            }
        }
    }
    finder.pairs
}

struct Known {
    tree: ObjectId,
    parent: Option<ObjectId>,
    time: i64,
}

fn commit(odb: &Odb<'_>, id: ObjectId) -> Option<Known> {
    let object = odb.read(oid(id)).ok()?;
    if object.kind() != ObjectType::Commit {
        return None;
    }
    let text = std::str::from_utf8(object.data()).ok()?;
    let field = |name: &str| {
        let mut lines = text.lines().take_while(|line| !line.is_empty());
        lines.find_map(|line| line.strip_prefix(name))
    };
    let id = |text: &str| Oid::from_str(text).ok().map(object_id);
    let committer = field("committer ")?;
    let time = committer.rsplit(' ').nth(1)?.parse().ok()?;
    Some(Known {
        tree: id(field("tree ")?)?,
        parent: field("parent ").and_then(id),
        time,
    })
}

struct Finder<'a> {
    odb: &'a Odb<'a>,
    fresh: &'a HashSet<ObjectId>,
    pairs: Lineage,
}

impl Finder<'_> {
    fn compare(&mut self, before: ObjectId, after: ObjectId) {
        let mut open = vec![(before, after)];
        while let Some((before, after)) = open.pop() {
            let is_known = before == after || self.pairs.contains_key(&after);
            // What an old tree leads to is old.
            if is_known || !self.fresh.contains(&after) {
                continue;
            }
            self.pairs.insert(after, before);
            let old = by_name(self.entries(before));
            for entry in self.entries(after) {
                let Some(was) = old.get(&entry.name).filter(|was| was.id != entry.id) else {
                    continue;
                };
                match (was.kind, entry.kind) {
                    (Kind::Tree, Kind::Tree) => open.push((was.id, entry.id)),
                    (Kind::File | Kind::Exec, Kind::File | Kind::Exec)
                        if self.fresh.contains(&entry.id) =>
                    {
                        self.pairs.entry(entry.id).or_insert(was.id);
                    }
                    _ => {}
                }
            }
        }
    }

    fn are_alike(&self, before: ObjectId, after: ObjectId) -> bool {
        let old = by_name(self.entries(before));
        let entries = self.entries(after);
        entries.iter().any(|entry| old.contains_key(&entry.name))
    }

    fn entries(&self, id: ObjectId) -> Vec<TreeEntry> {
        let object = self.odb.read(oid(id)).ok();
        let object = object.filter(|object| object.kind() == ObjectType::Tree);
        let entries = object.and_then(|object| tree::decode(id, object.data()).ok());
        entries.unwrap_or_default()
    }
}
