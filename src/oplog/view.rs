//! What is shown of a thing, and where people have to decide.

use std::collections::BTreeSet;

use crate::layout::OpId;

use super::op::Content;
use super::thing::{EXISTENCE, Thing, Write, WriteKind};

/// A field that has one value.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldView<'t> {
    /// What is shown: the latest.
    pub shown: &'t Write,
    /// The latest write of each other value; more than none are a conflict.
    pub others: Vec<&'t Write>,
}

/// Whether a thing is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existence {
    There,
    Deleted,
    /// Somebody deleted it and did not see what somebody else wrote: it is there, and in conflict.
    Disputed,
}

impl Write {
    /// Its one value.
    #[must_use]
    pub const fn value(&self) -> Option<&Content> {
        match &self.kind {
            WriteKind::Set(content) => Some(content),
            _ => None,
        }
    }

    /// The later of two is shown. Clocks may be wrong; it decides nothing else.
    pub(super) fn rank(&self) -> impl Ord + '_ {
        (self.at, &self.replica, self.id)
    }
}

impl Thing {
    /// A field as one value; nothing where nobody gave it one.
    #[must_use]
    pub fn view(&self, field: &str) -> Option<FieldView<'_>> {
        let mut writes: Vec<&Write> = self
            .field(field)
            .filter(|it| it.value().is_some())
            .collect();
        writes.sort_by(|a, b| b.rank().cmp(&a.rank()));
        let mut variants: Vec<&Write> = Vec::new();
        for write in writes {
            if !variants.iter().any(|it| it.value() == write.value()) {
                variants.push(write);
            }
        }
        let mut variants = variants.into_iter();
        Some(FieldView {
            shown: variants.next()?,
            others: variants.collect(),
        })
    }

    /// The items of a field that has many, the oldest first.
    #[must_use]
    pub fn items(&self, field: &str) -> Vec<(&Write, &Content)> {
        let mut items: Vec<_> = self
            .field(field)
            .filter_map(|write| match &write.kind {
                WriteKind::Add(content) => Some((write, content)),
                _ => None,
            })
            .collect();
        items.sort_by(|a, b| a.0.rank().cmp(&b.0.rank()));
        items
    }

    #[must_use]
    pub fn existence(&self) -> Existence {
        let mut seen: BTreeSet<OpId> = BTreeSet::new();
        let (mut deletes, mut others) = (0, 0);
        for write in self.field(EXISTENCE) {
            match &write.kind {
                WriteKind::Delete(saw) => {
                    deletes += 1;
                    seen.extend(saw);
                }
                _ => others += 1,
            }
        }
        let is_seen = |write: &Write| seen.contains(&write.id);
        let mut edits = self.all().filter(|(field, _)| *field != EXISTENCE);
        match (deletes, others) {
            (0, _) => Existence::There,
            (_, 0) if edits.all(|(_, write)| is_seen(write)) => Existence::Deleted,
            _ => Existence::Disputed,
        }
    }
}
