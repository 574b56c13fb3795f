//! What is filed under `conflicts/`, as the other flows need to know it.

use std::collections::BTreeSet;

use crate::base::{Kind, Trees};
use crate::layout::names;
use crate::merge::find;
use crate::vault::Objects;

use super::report::ConflictLine;
use super::upstream::Upstream;
use super::{FlowError, conflict};

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
        // A name that none of ours can have: nobody files a conflict there.
        let Ok(path) = names::conflict_record(&id) else {
            continue;
        };
        let own = path.below(&names::conflict_dir(&id)?);
        let own = own.expect("the record of a conflict lies in its directory");
        if find(objects, Some(entry.id), &own)?.is_none() {
            continue;
        }
        // One that cannot be read is somebody's all the same: it is listed, and stops nobody.
        let Some(record) = conflict::record(objects, (&id, entry.id))? else {
            lines.push(ConflictLine::damaged(id, path));
            continue;
        };
        let project = upstream.name_of(&record.owner);
        lines.push(ConflictLine::file(id, &project, record.path));
    }
    Ok(())
}
