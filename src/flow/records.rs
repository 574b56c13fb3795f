//! The records that a push writes beside the content.

use std::collections::BTreeSet;

use crate::base::{Edges, Id, Kind, Leaf, ObjectId, Sink, Timestamp, VaultPath};
use crate::layout::{ATTRIBUTES_TEXT, MachineRecord, Record, VaultRecord, names, readme_text};
use crate::merge::{Edits, Graft, find};
use crate::vault::Objects;

use super::report::{Counts, Part, UnitChanges};
use super::round::RoundPlan;
use super::{FlowError, Writer, stored};

fn put(
    objects: &mut Objects<'_>,
    edits: &mut Edits,
    path: VaultPath,
    bytes: &[u8],
) -> Result<Leaf, FlowError> {
    let leaf = Leaf {
        kind: Kind::File,
        id: objects.put_blob(bytes)?,
    };
    edits.insert(path, Graft::Leaf(leaf));
    Ok(leaf)
}

/// What a new vault begins with.
pub fn skeleton(
    objects: &mut Objects<'_>,
    edges: &Edges,
    now: Timestamp,
    edits: &mut Edits,
) -> Result<(), FlowError> {
    let record = VaultRecord::new(Id::new(edges)?, now);
    put(objects, edits, names::vault_record(), &record.write())?;
    put(objects, edits, names::readme(), readme_text().as_bytes())?;
    put(
        objects,
        edits,
        names::attributes(),
        ATTRIBUTES_TEXT.as_bytes(),
    )?;
    Ok(())
}

/// This machine's own record: written only beside real content, so that nothing churns.
pub fn own_record(
    objects: &mut Objects<'_>,
    writer: &Writer<'_>,
    now: Timestamp,
    plan: &mut RoundPlan,
) -> Result<(), FlowError> {
    let machine = writer.machine();
    let record = MachineRecord {
        name: writer.session.machine_name(),
        os: std::env::consts::OS.to_owned(),
        holdall: env!("CARGO_PKG_VERSION").to_owned(),
        last_push: now,
        projects: plan.projects.clone(),
        ops: plan.frontier.clone(),
        extra: serde_json::Map::new(),
        machine: machine.clone(),
    };
    let leaf = put(
        objects,
        &mut plan.edits,
        names::machine_record(&machine),
        &record.write(),
    )?;
    plan.agreed.own_record(leaf.id);
    Ok(())
}

/// A clock that is as much ahead is told of: less is the time that a push takes.
pub const AHEAD: i64 = 5 * 60 * 1000;

/// Whether this machine's record is from the future: its clock was ahead then, and the next push says so.
pub fn is_ahead(
    objects: &Objects<'_>,
    (writer, now): (&Writer<'_>, Timestamp),
    tree: Option<ObjectId>,
) -> Result<bool, FlowError> {
    let path = names::machine_record(&writer.machine());
    let leaf = machine_leaf(objects, tree, writer)?;
    let record = stored::record::<MachineRecord>(objects, &path, leaf)?;
    let record = record.and_then(Result::ok);
    Ok(record.is_some_and(|it| it.last_push.millis().saturating_sub(now.millis()) > AHEAD))
}

/// Longer first lines are cut off by the hosts that show them.
const SUBJECT: usize = 72;
/// So much of it may be the machine's name.
const NAME: usize = 24;

/// The first line says which machine and how much; one line follows for each project and conflict.
pub fn summary(machine: &str, plan: &RoundPlan) -> String {
    let changed: Vec<&UnitChanges> = plan
        .units
        .iter()
        .filter(|unit| !unit.changes.is_empty())
        .collect();
    let (filed, settled) = conflicts_of(plan);
    let mut text = subject(machine, &changed, [filed.len(), settled.len(), plan.ops]);
    text.push('\n');
    for unit in changed {
        let counts = unit.counts();
        let mut line = format!(
            "\n{}: {} added, {} changed, {} removed",
            unit.name, counts.added, counts.changed, counts.removed
        );
        for part in counts.beside_files() {
            line.push_str(", ");
            line.push_str(&counted_part(&part));
        }
        text.push_str(&line);
    }
    for dir in filed {
        let line = plan
            .conflicts
            .iter()
            .find(|line| Some(line.id.as_str()) == dir.name());
        let place = line.map_or_else(String::new, |line| {
            format!("{}/{}, ", line.project, line.path)
        });
        let line = format!("\nconflict: {place}{dir}");
        text.push_str(&line);
    }
    for dir in settled {
        let line = format!("\nsettled: {dir}");
        text.push_str(&line);
    }
    text.push('\n');
    text
}

fn subject(machine: &str, changed: &[&UnitChanges], [filed, gone, ops]: [usize; 3]) -> String {
    let sum = Counts::of(changed.iter().flat_map(|unit| &unit.changes));
    let sum = counted_all(&sum);
    let conflicts = (filed > 0).then(|| counted(filed, "conflict"));
    let ops = (ops > 0).then(|| counted(ops, "task change"));
    let settled = (gone > 0).then(|| format!("{} settled", counted(gone, "conflict")));
    let tail = ops.into_iter().chain(conflicts).chain(settled);
    let tail: Vec<String> = tail.collect();
    let head = format!("{}: ", cut(machine, NAME));
    let what = match changed {
        [] if tail.is_empty() => "records".to_owned(),
        [] => String::new(),
        [one] => {
            let begin = format!("{sum} in ");
            let rest: usize = tail.iter().map(|text| text.len() + 2).sum();
            let room = SUBJECT.saturating_sub(head.chars().count() + begin.len() + rest);
            format!("{begin}{}", cut(&one.name, room))
        }
        many => format!("{sum} in {}", counted(many.len(), "place")),
    };
    let parts: Vec<String> = [what]
        .into_iter()
        .filter(|what| !what.is_empty())
        .chain(tail)
        .collect();
    format!("{head}{}", parts.join(", "))
}

/// The conflicts that a commit files, and those that it takes away, by their directories.
fn conflicts_of(plan: &RoundPlan) -> (BTreeSet<VaultPath>, BTreeSet<VaultPath>) {
    let (mut filed, mut settled) = (BTreeSet::new(), BTreeSet::new());
    for (path, graft) in &plan.edits {
        // Each machine's version has one record; the other files come and go with it.
        let machine = path.parent().filter(|_| names::is_variant_record(path));
        let Some(dir) = machine.and_then(|machine| machine.parent()) else {
            continue;
        };
        match graft {
            Graft::Remove => settled.insert(dir),
            _ => filed.insert(dir),
        };
    }
    settled.extend(plan.resolved.iter().cloned());
    settled.retain(|dir| !filed.contains(dir));
    (filed, settled)
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn counted_all(counts: &Counts) -> String {
    let parts: Vec<String> = counts.parts().iter().map(counted_part).collect();
    parts.join(", ")
}

fn counted_part((count, one, many): &Part) -> String {
    format!("{count} {}", if *count == 1 { one } else { many })
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// The machine record that the vault has under an id.
pub fn machine_leaf(
    objects: &Objects<'_>,
    tree: Option<ObjectId>,
    writer: &Writer<'_>,
) -> Result<Option<Leaf>, FlowError> {
    Ok(find(
        objects,
        tree,
        &names::machine_record(&writer.machine()),
    )?)
}

#[cfg(test)]
mod tests {
    use super::super::report::{Change, ChangeKind};
    use super::*;
    use crate::base::HostPath;

    fn unit(name: &str, files: usize) -> UnitChanges {
        let change = Change {
            path: VaultPath::parse(".aigon/x").expect("valid"),
            change: ChangeKind::Changed,
        };
        UnitChanges {
            name: name.to_owned(),
            path: HostPath::new("/x").expect("absolute"),
            is_settings: false,
            first: false,
            local_keys: std::collections::BTreeMap::new(),
            files,
            changes: vec![change; files],
            remarks: Vec::new(),
            merged: Vec::new(),
        }
    }

    #[test]
    fn a_subject_says_how_much_and_fits_a_line() {
        let (api, long) = (unit("api", 3), unit(&"n".repeat(100), 12_345));
        assert_eq!(
            subject("laptop", &[&api], [1, 0, 0]),
            "laptop: 3 files in api, 1 conflict"
        );
        assert_eq!(
            subject("laptop", &[&api, &api], [0, 2, 0]),
            "laptop: 6 files in 2 places, 2 conflicts settled"
        );
        assert_eq!(
            subject("laptop", &[], [2, 1, 0]),
            "laptop: 2 conflicts, 1 conflict settled"
        );
        assert_eq!(subject("laptop", &[], [0, 0, 0]), "laptop: records");
        let line = subject(&"m".repeat(80), &[&long], [1, 0, 0]);
        assert!(line.chars().count() <= SUBJECT, "{line}");
        assert!(line.ends_with("…, 1 conflict"), "{line}");
    }

    #[test]
    fn only_a_version_that_is_written_or_taken_away_counts() {
        let machine = crate::base::MachineId::parse("k7f3q2hm9x").expect("valid");
        let leaf = Graft::Leaf(Leaf {
            kind: Kind::File,
            id: ObjectId::from_bytes([1; 20]),
        });
        let mut plan = RoundPlan::default();
        let variant = |id: &str| names::variant_record(id, &machine).expect("valid");
        plan.edits.insert(variant("00ff"), leaf);
        plan.edits
            .insert(names::conflict_record("00ff").expect("valid"), leaf);
        plan.edits.insert(variant("11ff"), Graft::Remove);
        let (filed, settled) = conflicts_of(&plan);
        let dir = |id: &str| BTreeSet::from([names::conflict_dir(id).expect("valid")]);
        assert_eq!((filed, settled), (dir("00ff"), dir("11ff")));
    }
}
