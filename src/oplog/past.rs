//! Where the writes to a field come from.

use std::collections::{BTreeMap, BTreeSet};

use crate::layout::OpId;

use super::op::{Content, Op};
use super::thing::{WriteKind, names_in, writes};

/// The ops that ever wrote to a field, and which others there are on the thing.
pub struct Past<'o> {
    ops: BTreeSet<OpId>,
    edits: BTreeMap<OpId, Edit<'o>>,
}

struct Edit<'o> {
    op: &'o Op,
    kind: WriteKind,
}

impl<'o> Past<'o> {
    #[must_use]
    pub fn of(ops: &'o [Op], field: &str) -> Self {
        let mut past = Self {
            ops: ops.iter().map(|op| op.id).collect(),
            edits: BTreeMap::new(),
        };
        for op in ops {
            let written = writes(op).into_iter().find(|(name, _)| *name == field);
            if let Some((_, kind)) = written {
                past.edits.insert(op.id, Edit { op, kind });
            }
        }
        past
    }

    /// What an edit was made from.
    fn before(&self, id: OpId) -> impl Iterator<Item = OpId> {
        let op = self.edits.get(&id).map(|edit| edit.op);
        let names = op.filter(|op| names_in(&op.act).is_some());
        let names = names.into_iter().flat_map(|op| &op.saw);
        names.filter_map(|name| {
            // An op that never wrote to this field is named in vain.
            let is_told = !self.ops.contains(name) || self.edits.contains_key(name);
            is_told.then_some(*name)
        })
    }

    /// An edit and all that it comes from, also what is not there.
    pub(super) fn behind(&self, id: OpId) -> BTreeSet<OpId> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![id]);
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(self.before(id));
            }
        }
        seen
    }

    /// What two sides both come from, if it can be told.
    pub(super) fn base(&self, one: &BTreeSet<OpId>, other: &BTreeSet<OpId>) -> Option<&Content> {
        let common = one & other;
        let older: BTreeSet<OpId> = common.iter().flat_map(|id| self.before(*id)).collect();
        let mut latest = common.difference(&older);
        let base = *latest.next()?;
        if latest.next().is_some() {
            return None;
        }
        let behind = self.behind(base);
        let mut all = one.union(other);
        let is_told = all.all(|id| behind.contains(id) || self.edits.contains_key(id));
        match &self.edits.get(&base)?.kind {
            WriteKind::Set(content) if is_told => Some(content),
            _ => None,
        }
    }

    /// The writes that one comes from, without those that are not there.
    pub fn earlier(&self, id: OpId) -> impl Iterator<Item = &'o Op> {
        let behind = self.behind(id).into_iter();
        let known = behind.filter(move |it| *it != id);
        known.filter_map(|it| self.edits.get(&it).map(|edit| edit.op))
    }

    /// The latest write that all of these come from, through however many edits; what is not there tells
    /// nothing.
    #[must_use]
    pub fn common(&self, ids: &[OpId]) -> Option<&'o Op> {
        let mut all = ids.iter().map(|id| self.behind(*id));
        let first = all.next()?;
        let common = all.fold(first, |common, behind| &common & &behind);
        let known = common.iter().filter(|id| !ids.contains(id));
        let known = known.filter_map(|id| Some(self.edits.get(id)?.op));
        known.max_by_key(|op| (op.at, &op.replica, op.id))
    }
}

#[cfg(test)]
mod tests {
    use super::super::kit::{id, set};
    use super::*;

    #[test]
    fn what_all_come_from_is_found_behind_any_number_of_edits() {
        let ops = [
            set(1, 0, &[]),
            set(2, 1, &[1]),
            set(3, 2, &[2]),
            set(4, 3, &[1]),
            set(5, 4, &[2]),
            set(6, 5, &[]),
        ];
        let past = Past::of(&ops, "status");
        let common = |numbers: &[u8]| {
            let ids: Vec<OpId> = numbers.iter().copied().map(id).collect();
            past.common(&ids).map(|op| op.id)
        };
        assert_eq!(common(&[3, 4]), Some(id(1)));
        assert_eq!(common(&[3, 5]), Some(id(2)));
        assert_eq!(common(&[3, 4, 5]), Some(id(1)));
        assert_eq!(common(&[3, 6]), None, "they began apart");
        assert_eq!(common(&[3, 9]), None, "nobody knows what 9 came from");
    }
}
