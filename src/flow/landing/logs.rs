//! Logs on their way to the disk: a program may have one open, and would go on writing into a file
//! that has no name any more, were another one put in its place.

use crate::base::{Blobs, HostPath, Kind, Stat, Timestamp};
use crate::flow::FlowError;
use crate::flow::content::is_log;
use crate::flow::half_line::begins_with;
use crate::flow::report::JUST_WRITTEN;
use crate::flow::unit::Unit;
use crate::restore::{Step, StepKind};
use crate::vault::Objects;

use super::Landing;

/// A log that was written to so long ago, in milliseconds, is not being written to.
const AT_REST: u64 = 2_000;

impl Landing {
    /// A log grows where it stands, where that is all that becomes of it. Else it is replaced, but not
    /// while something is written to it.
    pub fn spare_logs(
        &mut self,
        objects: &Objects<'_>,
        unit: &Unit,
        now: Timestamp,
    ) -> Result<(), FlowError> {
        for mut step in std::mem::take(&mut self.writes) {
            if replaces_log(unit, &step) {
                if let Some(grown) = grown(objects, &step.kind)? {
                    step.kind = grown;
                } else if is_young(&step.file(&unit.root), now) {
                    self.then.remove(&step.path);
                    self.touched.paths.remove(&step.path);
                    self.report.keep(&step.path, JUST_WRITTEN);
                    continue;
                }
            }
            self.writes.push(step);
        }
        Ok(())
    }
}

/// Whether one log gives way to another; what may hold keys of this machine is no log.
fn replaces_log(unit: &Unit, step: &Step) -> bool {
    let is_file = |kind: Kind| matches!(kind, Kind::File | Kind::Exec);
    let both = (step.kind.leaf(), step.kind.expected());
    matches!(both, (Some(new), Some(old)) if is_file(new.kind) && is_file(old.kind))
        && is_log(unit, &step.path)
        && unit.sanitizer(&step.path).is_none()
}

/// The same step as one that adds what is new, where it begins with what is there.
fn grown(objects: &Objects<'_>, kind: &StepKind) -> Result<Option<StepKind>, FlowError> {
    let (Some(leaf), Some(expected)) = (kind.leaf(), kind.expected()) else {
        return Ok(None);
    };
    if leaf.kind != expected.kind || !begins_with(objects, leaf.id, expected.id)? {
        return Ok(None);
    }
    Ok(Some(StepKind::Append {
        leaf,
        expected,
        from: objects.size(expected.id)?,
    }))
}

/// Whether it was written to a moment ago. A time to come was put there by somebody: when it was is
/// told by the time of its last change then, which nobody can set. Where that is to come as well, the
/// clock of this machine was set back, and says nothing: the log would never be at rest.
fn is_young(file: &HostPath, now: Timestamp) -> bool {
    let Ok(seen) = file.as_path().symlink_metadata() else {
        return false;
    };
    let stat = Stat::of(&seen);
    let [written, changed] = [stat.mtime_ns, stat.ctime_ns].map(|at| at / 1_000_000);
    let written = if written > now.millis() {
        changed
    } else {
        written
    };
    now.millis().abs_diff(written) < AT_REST
}
