//! Settings on their way to the disk: they keep this machine's own keys.

use crate::base::{Blobs, Kind, Leaf};
use crate::flow::FlowError;
use crate::flow::scan::Scanned;
use crate::flow::settings_text;
use crate::restore::{Step, StepKind};
use crate::snapshot::Sanitizer;
use crate::vault::{Objects, content_id};

use super::Landing;

impl Landing {
    /// What is written is the vault's text with this machine's keys in it, and what is expected is the
    /// file as it stands here. A link has no keys. False: this file stays as it is.
    pub(super) fn with_own_keys(
        &mut self,
        objects: &Objects<'_>,
        (scanned, sanitizer): (&Scanned, &Sanitizer),
        step: &mut Step,
    ) -> Result<bool, FlowError> {
        let expected = step.kind.expected();
        let seen = expected.filter(|seen| seen.kind != Kind::Link);
        let local = seen.and_then(|seen| settings_text::read(&scanned.unit, &step.path, seen));
        if seen.is_some() && local.is_none() {
            self.report.keep(&step.path, "changed");
            return Ok(false);
        }
        let local = local.as_deref();
        let written = step.kind.leaf().filter(|leaf| leaf.kind != Kind::Link);
        if let Some(leaf) = written {
            let merged = sanitizer.lay_over(&objects.blob(leaf.id)?, local);
            // It fitted a moment ago.
            let Ok(merged) = merged else {
                self.report.keep(&step.path, "changed");
                return Ok(false);
            };
            self.contents.insert(step.path.clone(), merged);
        } else if local.is_some_and(|text| sanitizer.keeps(text)) {
            self.report.keep(&step.path, "has_local_keys");
            return Ok(false);
        }
        if let (Some(local), Some(seen)) = (local, seen) {
            self.replaced.push(local.to_vec());
            let standing = Leaf {
                id: content_id(local),
                ..seen
            };
            match &mut step.kind {
                StepKind::Write { expected, .. } => *expected = Some(standing),
                StepKind::Delete { expected } => *expected = standing,
                _ => {}
            }
        }
        Ok(true)
    }
}
