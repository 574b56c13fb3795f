//! What would become of steps: the same questions as when they are done, to a disk that nothing
//! changes.

use std::io;

use super::RestoreError;
use super::beside::{dir_to_make, done, mode_of};
use super::coming::{Change, Coming, ComingSpot};
use super::emptied::remove_emptied;
use super::judge::Judge;
use super::kept::{Fault, StepOutcome, WhyKept};
use super::place::Root;
use super::repository::Repositories;
use super::seen::Disk;
use super::step::{Step, StepKind, Target};

/// One list of steps after the other, each on the disk that those before it would leave.
pub struct Foresight<'s> {
    target: &'s Target<'s>,
    disk: Coming<'s>,
}

impl<'s> Foresight<'s> {
    pub fn new(target: &'s Target<'s>) -> Result<Self, RestoreError> {
        let root = match Root::open(target.root.as_path()) {
            Ok(root) => Some(root),
            // It is made before anything is written.
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => None,
            Err(fault) => return Err(target.fault("open", None, fault)),
        };
        Ok(Self {
            target,
            disk: Coming::new(root, target.content),
        })
    }

    /// The outcomes that [`super::apply()`] would give.
    pub fn foresee(&self, steps: &'s [Step]) -> Result<Vec<StepOutcome>, RestoreError> {
        let mut outcomes = Vec::with_capacity(steps.len());
        let repositories = Repositories::made(&&self.disk, steps);
        for step in steps {
            if repositories.take(step) {
                outcomes.push(StepOutcome::Kept(WhyKept::Repository));
                continue;
            }
            let outcome = self.attempt(step).or_else(|fault| {
                let of_disk = |fault| self.target.fault("read", Some(step), fault);
                fault.why_kept(of_disk).map(StepOutcome::Kept)
            })?;
            outcomes.push(outcome);
        }
        remove_emptied(self.target, steps, &outcomes, |names| {
            self.disk.remove_dir(names).unwrap_or(false)
        });
        Ok(outcomes)
    }

    fn attempt(&self, step: &'s Step) -> Result<StepOutcome, Fault> {
        if matches!(step.kind, StepKind::Write { .. } | StepKind::MakeDir) {
            self.disk.make_way(&step.names)?;
        }
        let disk = &self.disk;
        let judge = self.judge(&disk);
        let spot = match step.at(disk.way_to(&step.names)?) {
            Ok(spot) => spot,
            Err(outcome) => return Ok(outcome),
        };
        match &step.kind {
            StepKind::Write { .. } => self.write(step, &spot),
            StepKind::Append { expected, .. } => {
                let why = judge.of_known(&spot, &step.names, *expected)?;
                Ok(why.map_or(StepOutcome::Done, StepOutcome::Kept))
            }
            StepKind::Delete { expected } => {
                let why = judge.of_known(&spot, &step.names, *expected)?;
                if why.is_none() {
                    spot.takes()?;
                    self.disk.change(&step.names, Change::Gone);
                }
                Ok(why.map_or(StepOutcome::Done, StepOutcome::Kept))
            }
            StepKind::MakeDir => {
                let outcome = dir_to_make(judge.disk, &step.names, &spot)?;
                if outcome == StepOutcome::Done {
                    spot.takes()?;
                    self.disk.change(&step.names, Change::Dir);
                }
                Ok(outcome)
            }
            StepKind::RemoveDir => Ok(done(self.disk.remove_dir(&step.names)?)),
            StepKind::Private(private) => {
                let mode = mode_of(&spot, *private)?;
                if let Some(mode) = mode {
                    self.disk.set_mode(&step.names, mode);
                }
                Ok(done(mode.is_some()))
            }
        }
    }

    fn judge<'d>(&self, disk: &'d &'d Coming<'s>) -> Judge<'d, &'d Coming<'s>>
    where
        's: 'd,
    {
        Judge {
            disk,
            hash: self.target.hash,
        }
    }

    fn write(&self, step: &'s Step, spot: &ComingSpot<'_, 's>) -> Result<StepOutcome, Fault> {
        spot.takes()?;
        let disk = &self.disk;
        let judge = self.judge(&disk);
        let head = || self.disk.head_of(step).map_err(Fault::Restore);
        let mut why = judge.of_content(step, spot, head)?;
        if why.is_none() {
            why = match step.kind.expected() {
                None => judge.of_new(spot, &step.names)?,
                Some(expected) => judge.of_known(spot, &step.names, expected)?,
            };
        }
        if why.is_none() {
            self.disk.change(&step.names, Change::Written(step));
        }
        Ok(why.map_or(StepOutcome::Done, StepOutcome::Kept))
    }
}
