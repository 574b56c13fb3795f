//! The disk's side of a pull: what is written, deleted and kept in one project or tool.
//!
//! *In*: the verdict on every path of it. *Out*: steps for this disk, what became of them, and what is
//! agreed from then on. *Never*: decide a verdict.

mod all;
mod aside;
mod carry;
mod journaled;
mod logs;
mod notes;
mod own_keys;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Leaf, PathFault, Stat, Timestamp, VaultPath, is_temp_name};
use crate::merge::{InVault, OnDisk, Remark, Trio, Verdict};
use crate::restore::{Step, StepKind};
use crate::vault::Objects;

use super::FlowError;
use super::agreed::{AgreedEdits, Notes};
use super::journal::{NoteSides, Touched, UnitPlace};
use super::meeting::Meeting;
use super::noted::{at_or_below, is_closed};
use super::real_names::real_names;
use super::report::PulledUnit;
use super::scan::Scanned;
use super::unit::Unit;
pub use all::{begin_all, carry_all, carry_and_learn, close, preview_all};
use told::{HALF_LINE, IN_THE_WAY};

/// Contents that are not in the vault as they will be on the disk.
type Contents = BTreeMap<VaultPath, Vec<u8>>;

/// What is to land in one project or tool, and what came of it.
pub struct Landing {
    pub report: PulledUnit,
    pub conflicts: Vec<VaultPath>,
    key: String,
    /// What is carried: these stay, also when they become empty.
    roots: Vec<VaultPath>,
    contents: Contents,
    deletes: Vec<Step>,
    writes: Vec<Step>,
    pub(super) extras: Vec<Step>,
    /// What is agreed whatever happens, by path.
    settled: Vec<(VaultPath, Option<Leaf>)>,
    /// What is agreed once a step is done, by path.
    then: BTreeMap<VaultPath, Option<Leaf>>,
    /// What gets the changes of both sides.
    merged: BTreeSet<VaultPath>,
    notes: Option<Notes>,
    /// The files that are new here, as they stand.
    pub(super) landed: Vec<(Step, Stat)>,
    /// What the steps touch, for the journal.
    touched: Touched,
    /// The texts of settings that are replaced, as they stand.
    replaced: Vec<Vec<u8>>,
}

impl Landing {
    /// Decides what is to be done; changes nothing.
    pub fn plan(
        objects: &Objects<'_>,
        scanned: &Scanned,
        (met, vault_notes): (&Meeting, &Notes),
        now: Timestamp,
    ) -> Result<Self, FlowError> {
        let unit = &scanned.unit;
        let report = PulledUnit::of(unit);
        let mut landing = Self::new(report, unit.key.clone(), unit.roots.clone());
        landing
            .touched
            .place
            .registered
            .clone_from(&unit.registered);
        landing.settled = settled(&met.decided);
        landing.merged = merged(&met.decided);
        landing.hostile(&met.faults);
        landing.linked(objects, scanned, met)?;
        for (trio, verdict) in &met.decided {
            if trio.vault.is_some() && landing.refuses_name(&trio.path) {
                continue;
            }
            landing.wait_behind(scanned, trio);
            landing.take(objects, scanned, vault_notes, (trio, verdict))?;
        }
        landing.keep_blocked();
        landing.notes = landing.noted(objects, scanned, (met, vault_notes))?;
        landing.touch(scanned, (met, vault_notes));
        landing.spare_logs(objects, unit, now)?;
        Ok(landing)
    }

    fn new(report: PulledUnit, key: String, roots: Vec<VaultPath>) -> Self {
        let place = UnitPlace {
            name: report.name.clone(),
            root: report.path.clone(),
            roots: roots.clone(),
            registered: None,
        };
        Self {
            report,
            conflicts: Vec::new(),
            key,
            roots,
            contents: Contents::new(),
            deletes: Vec::new(),
            writes: Vec::new(),
            extras: Vec::new(),
            settled: Vec::new(),
            then: BTreeMap::new(),
            merged: BTreeSet::new(),
            notes: None,
            landed: Vec::new(),
            touched: Touched {
                place,
                paths: BTreeMap::new(),
                notes: NoteSides::default(),
            },
            replaced: Vec::new(),
        }
    }

    /// Whether this is what becomes of that project or tool.
    #[must_use]
    pub fn is_of(&self, unit: &Unit) -> bool {
        self.key == unit.key && self.report.path == unit.root
    }

    /// Whether there is anything for the journal.
    #[must_use]
    pub fn touches(&self) -> bool {
        !self.touched.paths.is_empty() || !self.touched.notes.differing().is_empty()
    }

    /// Whether there is anything to do, or to say.
    #[must_use]
    pub fn has_steps(&self) -> bool {
        let said = self.report.kept_paths.len() + self.report.refused_names.len();
        said + self.steps() > 0
    }

    /// How many files would be written.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.writes.len() as u64
    }

    pub fn steps(&self) -> usize {
        self.writes.len() + self.deletes.len() + self.extras.len()
    }

    /// What is agreed whatever becomes of the steps.
    pub fn settle(
        &self,
        objects: &mut Objects<'_>,
        edits: &mut AgreedEdits,
    ) -> Result<(), FlowError> {
        for (path, leaf) in &self.settled {
            edits.leaf(&self.key, path, *leaf);
        }
        match &self.notes {
            Some(notes) => edits.notes(objects, &self.key, notes),
            None => Ok(()),
        }
    }

    /// What stays as it is may be a file where the vault has a directory by now, or the reverse: then
    /// what the vault has there stays out, and is not agreed.
    fn keep_blocked(&mut self) {
        let kept = self.report.kept_paths.iter();
        let kept: BTreeMap<_, _> = kept.map(|line| (line.path.clone(), line.why)).collect();
        let is_blocked = |path: &VaultPath| {
            let below = at_or_below(&kept, path).any(|(at, _)| at != path);
            below || path.ancestors().any(|above| kept.contains_key(&above))
        };
        let blocked = self.writes.extract_if(.., |step| is_blocked(&step.path));
        for step in blocked.collect::<Vec<_>>() {
            self.then.remove(&step.path);
            self.report.keep(&step.path, IN_THE_WAY);
        }
        // What is gone on both sides stands in nobody's way.
        self.settled
            .retain(|(path, leaf)| leaf.is_none() || !is_blocked(path));
    }

    /// Names that no disk of ours takes: said, and nothing more.
    fn hostile(&mut self, faults: &[PathFault]) {
        self.report.refused_names = faults.iter().map(PathFault::to_string).collect();
    }

    /// What has the name of a file in the making would be swept away as one.
    fn refuses_name(&mut self, path: &VaultPath) -> bool {
        let is_refused = path.names().any(|name| is_temp_name(name.as_bytes()));
        if is_refused {
            let line = format!("`{path}` has a name of unfinished files");
            self.report.refused_names.push(line);
        }
        is_refused
    }

    fn take(
        &mut self,
        objects: &Objects<'_>,
        scanned: &Scanned,
        vault_notes: &Notes,
        (trio, verdict): (&Trio, &Verdict),
    ) -> Result<(), FlowError> {
        let path = &trio.path;
        let kind = match verdict.disk {
            OnDisk::Leave => return Ok(()),
            OnDisk::Kept if verdict.vault == InVault::File => {
                self.conflicts.push(path.clone());
                self.report.keep(path, "changed_here_and_there");
                return Ok(());
            }
            OnDisk::Kept => {
                // Unchanged here, it is not for its own sake that it stays as it is.
                let is_blocked = trio.local == trio.base;
                let why = if is_blocked {
                    IN_THE_WAY
                } else {
                    "changed_here"
                };
                self.report.keep(path, why);
                return Ok(());
            }
            _ if scanned.half_lines.contains(path) => {
                self.report.keep(path, HALF_LINE);
                return Ok(());
            }
            OnDisk::Delete => {
                let Some(expected) = trio.local else {
                    return Ok(());
                };
                StepKind::Delete { expected }
            }
            OnDisk::Write(leaf) => StepKind::Write {
                leaf,
                private: is_private(scanned, vault_notes, trio),
                expected: trio.local,
            },
        };
        // The vault forgets the real name of a path with the path; this disk still knows it.
        let notes = match kind {
            StepKind::Delete { .. } => &scanned.notes,
            _ => vault_notes,
        };
        let Some(names) = real_names(path, notes) else {
            self.report.keep(path, "name_of_git");
            return Ok(());
        };
        let mut step = Step {
            path: path.clone(),
            names,
            kind,
        };
        if let Some(sanitizer) = scanned.unit.sanitizer(path)
            && !self.with_own_keys(objects, (scanned, &sanitizer), &mut step)?
        {
            return Ok(());
        }
        self.then.insert(path.clone(), verdict.base_after_pull);
        match step.kind {
            StepKind::Delete { .. } => self.deletes.push(step),
            _ => self.writes.push(step),
        }
        Ok(())
    }
}

/// Closed on either side it stays closed; that it was opened over there is a step of its own,
/// afterwards. Of settings git carries no mode, so what is new is closed.
fn is_private(scanned: &Scanned, vault_notes: &Notes, trio: &Trio) -> bool {
    let noted = |notes: &Notes| is_closed(&trio.path, notes);
    let is_new_setting = scanned.unit.is_settings() && trio.local.is_none();
    noted(vault_notes) || noted(&scanned.notes) || is_new_setting
}

fn merged(decided: &[(Trio, Verdict)]) -> BTreeSet<VaultPath> {
    let merged = decided
        .iter()
        .filter(|(_, verdict)| verdict.remark == Some(Remark::Merged));
    merged.map(|(trio, _)| trio.path.clone()).collect()
}

/// Paths that need no step: what is agreed about them changes all the same.
fn settled(decided: &[(Trio, Verdict)]) -> Vec<(VaultPath, Option<Leaf>)> {
    let settled = decided
        .iter()
        .filter(|(_, verdict)| verdict.disk == OnDisk::Leave);
    let settled = settled.filter(|(trio, verdict)| verdict.base_after_pull != trio.base);
    settled
        .map(|(trio, verdict)| (trio.path.clone(), verdict.base_after_pull))
        .collect()
}
