//! What is filed under `conflicts/`, as the other flows need to know it.

use std::collections::BTreeSet;

use crate::base::{Blobs, Kind, Trees};
use crate::layout::{ConflictRecord, Owner, Record, names};
use crate::merge::find;
use crate::vault::Objects;

use super::FlowError;
use super::report::ConflictLine;
use super::upstream::Upstream;

/// Adds every conflict that the vault has on file and the list has not.
pub fn add_filed(
    objects: &Objects<'_>,
    upstream: &Upstream,
    lines: &mut Vec<ConflictLine>,
) -> Result<(), FlowError> {
    let Some(dir) = upstream.dir(objects, &names::conflicts_dir())? else {
        return Ok(());
    };
    let listed: BTreeSet<String> = lines.iter().map(|line| line.id.clone()).collect();
    for entry in objects.tree(dir)? {
        let Ok(id) = String::from_utf8(entry.name) else {
            continue;
        };
        if entry.kind != Kind::Tree || listed.contains(&id) {
            continue;
        }
        let path = names::conflict_record(&id)?;
        let own = path.below(&names::conflict_dir(&id)?);
        let own = own.expect("the record of a conflict lies in its directory");
        let Some(leaf) = find(objects, Some(entry.id), &own)? else {
            continue;
        };
        // One that cannot be read is somebody's all the same: it is listed, and stops nobody.
        let record = ConflictRecord::read(&path, &objects.blob(leaf.id)?).ok();
        let honest = |record: &ConflictRecord| record.id() == id;
        let Some(record) = record.filter(honest) else {
            lines.push(ConflictLine::damaged(id, path));
            continue;
        };
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
