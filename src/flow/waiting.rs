//! What waits for a person: the conflicts of both kinds as one list, and what else ends a run with 3.

use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use super::conflict::FieldLine;
use super::report::{ConflictLine, SkippedProject, WithheldLine};

/// Conflicts of files, then of fields.
#[derive(Clone, Debug, Default)]
pub struct Conflicts {
    pub files: Vec<ConflictLine>,
    pub fields: Vec<FieldLine>,
}

impl Conflicts {
    #[must_use]
    pub const fn count(&self) -> usize {
        self.files.len() + self.fields.len()
    }

    /// Some of them nobody decided yet.
    #[must_use]
    pub fn are_open(&self) -> bool {
        !self.fields.is_empty() || self.files.iter().any(|line| !line.decided)
    }
}

impl Serialize for Conflicts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.count()))?;
        self.files
            .iter()
            .try_for_each(|line| list.serialize_element(line))?;
        self.fields
            .iter()
            .try_for_each(|line| list.serialize_element(line))?;
        list.end()
    }
}

/// Whether something waits for a person.
#[must_use]
pub fn needs_decision(
    skipped: &[SkippedProject],
    withheld: &[WithheldLine],
    conflicts: &Conflicts,
) -> bool {
    let waits = |project: &SkippedProject| project.reason != "removed_from_vault";
    skipped.iter().any(waits) || !withheld.is_empty() || conflicts.are_open()
}
