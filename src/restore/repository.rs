//! Directories that steps would make into repositories: whoever calls git in one of them does what its
//! `config` says.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use crate::base::{GIT_DIR_NAMES, is_git_dir};

use super::seen::{Disk, Reached, Spot, Standing};
use super::step::{Step, StepKind};

/// By their names from the root.
pub struct Repositories(Vec<Vec<OsString>>);

impl Repositories {
    /// Looks at all steps at once, so that it does not matter which of them comes last.
    pub fn made<D: Disk>(disk: &D, steps: &[Step]) -> Self {
        let mut parts: BTreeMap<&[OsString], BTreeSet<&str>> = BTreeMap::new();
        for step in steps.iter().filter(|step| makes(step)) {
            for (depth, name) in step.names.iter().enumerate() {
                // A disk may not tell case apart.
                let is = |known: &&&str| name.eq_ignore_ascii_case(known);
                if let Some(part) = GIT_DIR_NAMES.iter().find(is) {
                    parts.entry(&step.names[..depth]).or_default().insert(part);
                }
            }
        }
        let made = parts.into_iter().filter(|(dir, coming)| {
            is_git_dir(|part| coming.contains(part) || stands(disk, dir, part))
        });
        Self(made.map(|(dir, _)| dir.to_vec()).collect())
    }

    /// Whether a step puts something into one of them.
    pub fn take(&self, step: &Step) -> bool {
        makes(step) && self.0.iter().any(|dir| step.names.starts_with(dir))
    }
}

const fn makes(step: &Step) -> bool {
    use StepKind::{Append, MakeDir, Write};
    matches!(step.kind, Write { .. } | Append { .. } | MakeDir)
}

/// Where nobody can look, no step is done either.
fn stands<D: Disk>(disk: &D, dir: &[OsString], name: &str) -> bool {
    let mut names = dir.to_vec();
    names.push(name.into());
    let Ok(Reached::Place(spot)) = disk.way_to(&names) else {
        return false;
    };
    let standing = spot.standing_at(spot.name());
    standing.is_ok_and(|it| it != Standing::Nothing)
}
