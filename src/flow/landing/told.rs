//! What becomes of a step, as reports tell it.

use super::Landing;
use crate::base::VaultPath;
use crate::flow::FlowError;
use crate::flow::meeting::Meeting;
use crate::flow::report::{
    CASE_CLASH, Change, ChangeKind, Counts, DATABASE_IN_USE, KeptLine, LINKED, NOT_ALLOWED,
    PulledUnit, READ_ONLY, Reason,
};
use crate::flow::scan::Scanned;
use crate::merge::{Trio, find};
use crate::restore::{Step, StepKind, WhyKept};
use crate::vault::Objects;

/// A directory stands where a file should go, or a file on the way to it.
pub(super) const IN_THE_WAY: &str = "in_the_way";

/// It is neither as it was before nor as it was left.
pub(super) const EDITED_SINCE: &str = "edited_since";

/// Somebody is writing the last line of a log.
pub(super) const HALF_LINE: &str = "half_line";

impl Landing {
    /// What the vault has for places that are links here: nothing is written there.
    pub(super) fn linked(
        &mut self,
        objects: &Objects<'_>,
        scanned: &Scanned,
        met: &Meeting,
    ) -> Result<(), FlowError> {
        let linked = scanned.left.values();
        for left in linked.filter(|left| left.reason == Reason::LinkedRoot) {
            if find(objects, met.vault, &left.path)?.is_some() {
                self.report.keep(&left.path, LINKED);
            }
        }
        Ok(())
    }
}

impl Landing {
    /// What is not looked at here gets nothing either: a log without a full line, and a socket or a
    /// fifo in the place of a file or on the way to it. What comes for it waits.
    pub(super) fn wait_behind(&mut self, scanned: &Scanned, trio: &Trio) {
        let above = trio.path.ancestors();
        let mut left = above.filter_map(|dir| scanned.left.get(&dir));
        let left = scanned.left.get(&trio.path).or_else(|| left.next());
        let why = match left.map(|left| left.reason) {
            Some(Reason::HalfLine) => HALF_LINE,
            Some(Reason::NotAFile) => IN_THE_WAY,
            _ => return,
        };
        if trio.vault.is_some() && trio.vault != trio.base {
            self.report.keep(&trio.path, why);
        }
    }
}

pub(super) fn change_of(step: &Step) -> Change {
    let change = match &step.kind {
        StepKind::Write { expected: None, .. } => ChangeKind::Added,
        StepKind::Write { .. } | StepKind::Append { .. } => ChangeKind::Changed,
        StepKind::Delete { .. } => ChangeKind::Removed,
        StepKind::MakeDir => ChangeKind::DirMade,
        StepKind::RemoveDir => ChangeKind::DirRemoved,
        StepKind::Private(_) => ChangeKind::Mode,
    };
    Change {
        path: step.path.clone(),
        change,
    }
}

pub(super) const fn word(why: WhyKept) -> &'static str {
    match why {
        WhyKept::Changed => "changed",
        WhyKept::InTheWay => IN_THE_WAY,
        WhyKept::NotADirectory => "not_a_directory",
        WhyKept::LinkLeaves => "link_leaves",
        WhyKept::Repository => "repository",
        WhyKept::NameRefused => "name_refused",
        WhyKept::CaseClash => CASE_CLASH,
        WhyKept::NotAllowed => NOT_ALLOWED,
        WhyKept::ReadOnly => READ_ONLY,
        WhyKept::DatabaseInUse => DATABASE_IN_USE,
        WhyKept::BesideDatabase => "beside_database",
    }
}

impl PulledUnit {
    pub fn keep(&mut self, path: &VaultPath, why: &'static str) {
        self.kept_paths.push(KeptLine {
            path: path.clone(),
            why,
        });
        self.kept = self.kept_paths.len();
    }

    pub(super) fn recount(&mut self) {
        self.counts = Counts::of(&self.changes);
    }
}
