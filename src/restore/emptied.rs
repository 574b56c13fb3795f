//! The directories that go with the last of what was in them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use super::kept::StepOutcome;
use super::step::{Step, StepKind, Target};

/// A directory whose last entry was deleted goes too, but never a state directory itself, and none
/// that is wanted as an empty one. `remove` says whether it was empty and went.
pub fn remove_emptied(
    target: &Target<'_>,
    steps: &[Step],
    outcomes: &[StepOutcome],
    remove: impl Fn(&[OsString]) -> bool,
) {
    let mut deleted = BTreeMap::new();
    for (step, outcome) in steps.iter().zip(outcomes) {
        let takes = matches!(step.kind, StepKind::Delete { .. } | StepKind::RemoveDir);
        if takes && *outcome == StepOutcome::Done {
            deleted.insert(&step.names, &step.path);
        }
    }
    let made = steps
        .iter()
        .filter(|step| matches!(step.kind, StepKind::MakeDir));
    let wanted: BTreeSet<_> = made.map(|step| &step.path).collect();
    let mut asked = BTreeSet::new();
    for (names, path) in deleted.iter().rev() {
        // What keeps it now can only be a directory that goes later, and that one asks again.
        if !asked.insert(names.split_last().map(|(_, above)| above)) {
            continue;
        }
        for (depth, above) in (1..names.len()).rev().zip(path.ancestors()) {
            let is_inside = target.keep.iter().any(|root| {
                let tail = above.below(root);
                tail.is_some_and(|tail| !tail.is_root())
            });
            if !is_inside || wanted.contains(&above) || !remove(&names[..depth]) {
                break;
            }
        }
    }
}
