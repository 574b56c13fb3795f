//! What changes beside the files themselves, for reports: empty directories and modes.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Kind, Leaf, ObjectId, Trees, VaultPath};
use crate::layout::PathNote;
use crate::merge::{Lookup, Scope, find_dir, leaves};
use crate::vault::Objects;

use super::FlowError;
use super::agreed::Notes;
use super::report::{Change, ChangeKind};
use super::scan::Scanned;

/// This disk's notes as the vault would write them: fields that another version of holdall added
/// stay with a note that means the same, and a directory that holds nothing but what stays here is
/// as empty as the vault has it.
pub fn notes_here(
    objects: &Objects<'_>,
    scanned: &Scanned,
    vault: &Notes,
) -> Result<Notes, FlowError> {
    let note = |(path, note): (&VaultPath, &PathNote)| {
        let same = |known: &&PathNote| {
            PathNote {
                extra: note.extra.clone(),
                ..(**known).clone()
            } == *note
        };
        let note = vault.get(path).filter(same).unwrap_or(note);
        (path.clone(), note.clone())
    };
    let mut notes: Notes = scanned.notes.iter().map(note).collect();
    for (path, note) in vault {
        if note.dir && !notes.contains_key(path) && holds_only_what_stays(objects, scanned, path)? {
            notes.insert(path.clone(), note.clone());
        }
    }
    Ok(notes)
}

/// Whether there is something in a directory of this disk, and nothing of it travels.
fn holds_only_what_stays(
    objects: &Objects<'_>,
    scanned: &Scanned,
    dir: &VaultPath,
) -> Result<bool, FlowError> {
    if at_or_below(&scanned.left, dir).next().is_none() {
        return Ok(false);
    }
    let files = leaves(objects, find_dir(objects, scanned.tree, dir)?)?;
    let travels = |tail: &VaultPath| scanned.scope(&dir.join(tail)) == Scope::Carried;
    Ok(!files.keys().any(travels) && at_or_below(&scanned.notes, dir).next().is_none())
}

/// What a project's directory holds, and what is noted of it.
pub struct Side<'a> {
    pub tree: Option<ObjectId>,
    pub notes: &'a Notes,
}

/// The empty directories that come and go from one side to the other, and the files of both whose
/// mode changes. That a directory loses its last file, or gets a first one, those files tell.
pub fn noted_changes(
    objects: &Objects<'_>,
    before: &Side<'_>,
    after: &Side<'_>,
) -> Result<Vec<Change>, FlowError> {
    let look = Look {
        objects,
        lookup: Lookup::default(),
    };
    let mut changes = Vec::new();
    let paths: BTreeSet<&VaultPath> = before.notes.keys().chain(after.notes.keys()).collect();
    for path in paths {
        let [was, is] = [before, after].map(|side| side.notes.get(path));
        if was == is {
            continue;
        }
        let [was_empty, is_empty] = [was, is].map(|note| note.is_some_and(|note| note.dir));
        if is_empty && !look.has_dir(before, path)? {
            changes.push(change(path, ChangeKind::DirMade));
        } else if was_empty && !look.has_dir(after, path)? {
            changes.push(change(path, ChangeKind::DirRemoved));
        }
        for file in look.files(before, path)? {
            let is_file = look.kind(after, &file)?.is_some_and(is_file);
            if is_file && is_closed(&file, before.notes) != is_closed(&file, after.notes) {
                changes.push(change(&file, ChangeKind::Mode));
            }
        }
    }
    // A file may be spoken of by its own note and by its directory's.
    changes.sort_by(|one, other| one.path.cmp(&other.path));
    changes.dedup_by(|one, other| one.path == other.path && one.change == other.change);
    Ok(changes)
}

/// Whether only its owner reads a file: by a note of its own, or by its directory's.
pub fn is_closed(path: &VaultPath, notes: &Notes) -> bool {
    let own = notes.get(path).is_some_and(|note| note.private);
    let dir = path.parent().and_then(|dir| notes.get(&dir));
    own || dir.is_some_and(|note| note.closed)
}

/// What a map has of a path and of what lies below it.
pub fn at_or_below<'m, T>(
    map: &'m BTreeMap<VaultPath, T>,
    path: &'m VaultPath,
) -> impl Iterator<Item = (&'m VaultPath, &'m T)> {
    map.range(path.clone()..)
        .take_while(|(at, _)| at.as_str().starts_with(path.as_str()))
        .filter(|(at, _)| at.tail(path).is_some())
}

struct Look<'a> {
    objects: &'a Objects<'a>,
    lookup: Lookup,
}

impl Look<'_> {
    fn leaf(&self, side: &Side<'_>, path: &VaultPath) -> Result<Option<Leaf>, FlowError> {
        Ok(self.lookup.find(self.objects, side.tree, path)?)
    }

    fn kind(&self, side: &Side<'_>, path: &VaultPath) -> Result<Option<Kind>, FlowError> {
        Ok(self.leaf(side, path)?.map(|leaf| leaf.kind))
    }

    /// Whether there is such a directory, with files in it or with empty directories alone.
    fn has_dir(&self, side: &Side<'_>, path: &VaultPath) -> Result<bool, FlowError> {
        let is_noted = at_or_below(side.notes, path).any(|(_, note)| note.dir);
        Ok(is_noted || self.kind(side, path)? == Some(Kind::Tree))
    }

    /// The file of this path, or those directly in the directory.
    fn files(&self, side: &Side<'_>, path: &VaultPath) -> Result<Vec<VaultPath>, FlowError> {
        let Some(leaf) = self.leaf(side, path)? else {
            return Ok(Vec::new());
        };
        if leaf.kind != Kind::Tree {
            let file = is_file(leaf.kind).then(|| path.clone());
            return Ok(file.into_iter().collect());
        }
        let entries = self.objects.tree(leaf.id)?.into_iter();
        let files = entries.filter(|entry| is_file(entry.kind));
        Ok(files
            .filter_map(|entry| path.child(&entry.name).ok())
            .collect())
    }
}

const fn is_file(kind: Kind) -> bool {
    matches!(kind, Kind::File | Kind::Exec)
}

fn change(path: &VaultPath, change: ChangeKind) -> Change {
    Change {
        path: path.clone(),
        change,
    }
}
