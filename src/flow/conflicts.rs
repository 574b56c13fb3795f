//! What is filed under `conflicts/`, as the other flows need to know it.

use crate::base::{Blobs, Kind, MachineId, ObjectId, Trees, VaultPath};
use crate::layout::{ConflictRecord, Owner, Record, names};
use crate::merge::{Edits, Graft, edit, find};
use crate::vault::Objects;

use super::FlowError;
use super::agreed::Agreed;
use super::report::ConflictLine;
use super::scan::Scanned;
use super::upstream::Upstream;

/// The id under which a conflict at this path is filed.
#[must_use]
pub fn id(owner: &Owner, path: &VaultPath) -> String {
    ConflictRecord {
        owner: owner.clone(),
        path: path.clone(),
        extra: serde_json::Map::new(),
    }
    .id()
}

/// What was agreed about a unit. A conflict of ours that is gone from the vault was decided by
/// somebody: then the version that was filed counts as agreed, and the decision as the newer one.
pub fn base_tree(
    objects: &mut Objects<'_>,
    (agreed, upstream): (&Agreed, &Upstream),
    scanned: &Scanned,
    machine: &MachineId,
) -> Result<Option<ObjectId>, FlowError> {
    let key = &scanned.unit.key;
    let base = agreed.content(objects.store(), key)?;
    let mut decided = Edits::new();
    for (id, filed) in agreed.filed(objects.store())? {
        let ours = names::variant_record(&id, machine)?;
        if filed.unit == *key && find(objects, upstream.tree, &ours)?.is_none() {
            decided.insert(
                filed.path.clone(),
                filed.local.map_or(Graft::Remove, Graft::Leaf),
            );
        }
    }
    Ok(edit(objects, base, &decided)?)
}

/// Adds every conflict that the vault has on file and the list has not.
pub fn add_filed(
    objects: &Objects<'_>,
    upstream: &Upstream,
    lines: &mut Vec<ConflictLine>,
) -> Result<(), FlowError> {
    let Some(dir) = upstream.dir(objects, &names::conflicts_dir())? else {
        return Ok(());
    };
    for entry in objects.tree(dir)? {
        let Ok(id) = String::from_utf8(entry.name) else {
            continue;
        };
        if entry.kind != Kind::Tree || lines.iter().any(|line| line.id == id) {
            continue;
        }
        let path = names::conflict_record(&id)?;
        let Some(leaf) = find(objects, upstream.tree, &path)? else {
            continue;
        };
        let record = ConflictRecord::read(&path, &objects.blob(leaf.id)?)?;
        let project = match &record.owner {
            Owner::Settings(tool) => tool.clone(),
            Owner::Project(id) => upstream
                .project(id)
                .map_or_else(|| id.to_string(), |project| project.name.clone()),
        };
        lines.push(ConflictLine::file(id, &project, record.path));
    }
    Ok(())
}
