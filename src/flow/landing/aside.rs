//! A landing in a new place, where nothing of the project or tool is yet.

use std::collections::BTreeMap;

use crate::base::{HostPath, Leaf, PathFault, VaultPath};
use crate::flow::agreed::Notes;
use crate::flow::noted::is_closed;
use crate::flow::real_names::real_names;
use crate::flow::report::PulledUnit;
use crate::restore::{Step, StepKind};

use super::Landing;

impl Landing {
    /// Writes all of these below a directory that is nobody's yet.
    #[must_use]
    pub fn aside(
        (name, root): (String, HostPath),
        is_settings: bool,
        leaves: &BTreeMap<VaultPath, Leaf>,
        (notes, faults): (&Notes, &[PathFault]),
    ) -> Self {
        let report = PulledUnit::at(name, root, is_settings);
        let mut landing = Self::new(report, String::new(), Vec::new());
        landing.hostile(faults);
        for (path, leaf) in leaves {
            if landing.refuses_name(path) {
                continue;
            }
            let Some(names) = real_names(path, notes) else {
                landing.report.keep(path, "name_of_git");
                continue;
            };
            let kind = StepKind::Write {
                leaf: *leaf,
                private: is_settings || is_closed(path, notes),
                expected: None,
            };
            let path = path.clone();
            landing.writes.push(Step { path, names, kind });
        }
        for (path, _) in notes.iter().filter(|(_, note)| note.dir) {
            landing.extra(path.clone(), notes, StepKind::MakeDir);
        }
        landing
    }
}
