//! Choices on their way to this disk, by the restore engine: only over what stood there when they were made.

use std::collections::BTreeMap;

use crate::base::{Leaf, VaultPath};
use crate::flow::agreed::{Agreed, AgreedEdits, Notes};
use crate::flow::journal::Head;
use crate::flow::landing::{Landing, begin_all, carry_all, close};
use crate::flow::meeting::Meeting;
use crate::flow::scan::Scanned;
use crate::flow::{FlowError, Writer};
use crate::merge::{InVault, OnDisk, Trio, Verdict};
use crate::vault::Objects;

use super::queue::RESOLVE;

/// What is to stand at a path of this disk.
pub struct Wish<'a> {
    pub scanned: &'a Scanned,
    pub path: &'a VaultPath,
    pub local: Option<Leaf>,
    pub target: Option<Leaf>,
    /// What the vault notes about the project: the real names are among it.
    pub notes: &'a Notes,
}

impl Wish<'_> {
    #[must_use]
    pub fn is_fulfilled(&self) -> bool {
        self.local == self.target
    }

    /// What would become of it: nothing, or why the file stays as it is.
    pub fn preview(
        &self,
        writer: &Writer<'_>,
        objects: &Objects<'_>,
    ) -> Result<Option<&'static str>, FlowError> {
        let mut landing = landing(writer, objects, &[self])?;
        landing.preview(writer, objects)?;
        Ok(landing.report.kept_paths.first().map(|line| line.why))
    }

    fn verdict(&self) -> (Trio, Verdict) {
        let trio = Trio {
            path: self.path.clone(),
            base: self.local,
            local: self.local,
            vault: self.target,
            barred: false,
        };
        let verdict = Verdict {
            vault: InVault::Keep,
            disk: self.target.map_or(OnDisk::Delete, OnDisk::Write),
            base_after_push: self.local,
            base_after_pull: self.target,
            remark: None,
        };
        (trio, verdict)
    }
    /// Of a name that this disk does not have, what the vault knows; all else stays as it is noted here.
    fn note(&self, notes: &mut Notes) {
        for at in self.path.ancestors().chain([self.path.clone()]) {
            let known = self.notes.get(&at).filter(|note| note.name.is_some());
            if let Some(note) = known {
                notes.entry(at).or_insert_with(|| note.clone());
            }
        }
    }
}

/// Those of one project or tool.
fn landing(
    writer: &Writer<'_>,
    objects: &Objects<'_>,
    wishes: &[&Wish<'_>],
) -> Result<Landing, FlowError> {
    let scanned = wishes.first().expect("somebody wishes something").scanned;
    let mut notes = scanned.notes.clone();
    for wish in wishes {
        wish.note(&mut notes);
    }
    let met = Meeting {
        vault: None,
        base_notes: notes.clone(),
        decided: wishes.iter().map(|wish| wish.verdict()).collect(),
        faults: Vec::new(),
    };
    let now = writer.session.edges.clock.now();
    let mut landing = Landing::plan(objects, scanned, (&met, &notes), now)?;
    // What is agreed the push says that carries the decisions.
    landing.leave_agreed();
    Ok(landing)
}

/// What came of wishes.
pub struct Fulfilled {
    /// The paths that stay as they are, by project or tool, and why.
    pub kept: BTreeMap<(String, VaultPath), &'static str>,
    /// By which it can be undone.
    pub undo: Option<u64>,
}

/// Writes them all, under one journal. This is the one place where decisions about conflicts change this
/// disk.
pub fn fulfil(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    wishes: &[&Wish<'_>],
) -> Result<Fulfilled, FlowError> {
    let mut units: BTreeMap<&str, Vec<&Wish<'_>>> = BTreeMap::new();
    for wish in wishes {
        units.entry(&wish.scanned.unit.key).or_default().push(wish);
    }
    let landings = units
        .values()
        .map(|wishes| landing(writer, objects, wishes));
    let mut landings: Vec<Landing> = landings.collect::<Result<_, _>>()?;
    let mut head = Head::new(writer, RESOLVE)?;
    head.is_edit = true;
    let tip = Agreed::load(&writer.store)?.seen;
    let journal = begin_all(writer, objects, &landings, (head, tip))?;
    let mut none = AgreedEdits::default();
    carry_all(writer, objects, &mut landings, &mut none)?;
    let mut kept = BTreeMap::new();
    for (key, landing) in units.keys().zip(&landings) {
        for line in &landing.report.kept_paths {
            kept.insert(((*key).to_owned(), line.path.clone()), line.why);
        }
    }
    let undo = close(&writer.store, journal, &landings)?;
    Ok(Fulfilled { kept, undo })
}
