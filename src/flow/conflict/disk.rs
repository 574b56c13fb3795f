//! A choice on its way to this disk, by the restore engine: only over what stood there when it was made.

use crate::base::{Leaf, Tally, VaultPath};
use crate::flow::agreed::{AgreedEdits, Notes};
use crate::flow::landing::Landing;
use crate::flow::meeting::Meeting;
use crate::flow::scan::Scanned;
use crate::flow::{FlowError, Stage, Writer};
use crate::merge::{InVault, OnDisk, Trio, Verdict};
use crate::vault::Objects;

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
        let mut landing = self.landing(objects)?;
        landing.preview(writer, objects)?;
        Ok(kept(&landing))
    }

    /// Writes it. This is the one place where a decision about a conflict changes this disk.
    pub fn carry_out(
        &self,
        writer: &Writer<'_>,
        objects: &Objects<'_>,
    ) -> Result<Option<&'static str>, FlowError> {
        let mut landing = self.landing(objects)?;
        let tell = writer.session.tells(Stage::Writing);
        let tally = Tally::new(Some(landing.writes()), &tell);
        // What is agreed the push says that carries the decision.
        landing.carry_out(writer, objects, &mut AgreedEdits::default(), &tally)?;
        Ok(kept(&landing))
    }

    fn landing(&self, objects: &Objects<'_>) -> Result<Landing, FlowError> {
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
        let notes = self.notes();
        let met = Meeting {
            vault: None,
            base_notes: notes.clone(),
            decided: vec![(trio, verdict)],
            faults: Vec::new(),
        };
        Landing::plan(objects, self.scanned, &met, &notes)
    }

    /// This disk's own notes, so that nothing else changes here; of a name that this disk does not
    /// have, what the vault knows.
    fn notes(&self) -> Notes {
        let mut notes = self.scanned.notes.clone();
        for at in self.path.ancestors().chain([self.path.clone()]) {
            let known = self.notes.get(&at).filter(|note| note.name.is_some());
            if let Some(note) = known {
                notes.entry(at).or_insert_with(|| note.clone());
            }
        }
        notes
    }
}

fn kept(landing: &Landing) -> Option<&'static str> {
    landing.report.kept_paths.first().map(|line| line.why)
}
