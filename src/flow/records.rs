//! The records that a push writes beside the content.

use crate::base::{Edges, Id, Kind, Leaf, Sink, Timestamp, VaultPath};
use crate::layout::{ATTRIBUTES_TEXT, MachineRecord, Record, VaultRecord, names, readme_text};
use crate::merge::{Edits, Graft, find};
use crate::vault::Objects;

use super::report::{ChangeKind, UnitChanges};
use super::round::RoundPlan;
use super::{FlowError, Writer};

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
        ops: None,
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

/// The first line says which machine and how much; one line follows for each project.
pub fn summary(machine: &str, plan: &RoundPlan) -> String {
    let changed: Vec<&UnitChanges> = plan
        .units
        .iter()
        .filter(|unit| !unit.changes.is_empty())
        .collect();
    let files: usize = changed.iter().map(|unit| unit.files).sum();
    let counted =
        |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let what = match changed.as_slice() {
        [] if !plan.conflicts.is_empty() => counted(plan.conflicts.len(), "conflict"),
        [] if plan.settled > 0 => format!("{} settled", counted(plan.settled, "conflict")),
        [] => "records".to_owned(),
        [one] => format!("{} in {}", counted(files, "file"), one.name),
        many => format!(
            "{} in {}",
            counted(files, "file"),
            counted(many.len(), "place")
        ),
    };
    let mut text = format!("{machine}: {what}\n");
    for unit in changed {
        let count = |kind: ChangeKind| {
            unit.changes
                .iter()
                .filter(|change| change.change == kind)
                .count()
        };
        let line = format!(
            "\n{}: {} added, {} changed, {} removed",
            unit.name,
            count(ChangeKind::Added),
            count(ChangeKind::Changed),
            count(ChangeKind::Removed)
        );
        text.push_str(&line);
    }
    text.push('\n');
    text
}

/// The machine record that the vault has under an id.
pub fn machine_leaf(
    objects: &Objects<'_>,
    tree: Option<crate::base::ObjectId>,
    writer: &Writer<'_>,
) -> Result<Option<Leaf>, FlowError> {
    Ok(find(
        objects,
        tree,
        &names::machine_record(&writer.machine()),
    )?)
}
