//! The steps of a landing are carried out, or only foreseen, and what becomes of them is booked.

use std::cell::RefCell;
use std::io::{self, Cursor, Read};

use crate::base::seams::{Rule, is_broken};
use crate::base::{HostPath, ObjectId, Tally, VaultPath, create_private_dir};
use crate::flow::agreed::AgreedEdits;
use crate::flow::noted::at_or_below;
use crate::flow::{FlowError, Writer};
use crate::restore::{Content, Durable, Foresight, RestoreError, Step, StepOutcome, Target, apply};
use crate::vault::{Ahead, Objects, stream_id};

use super::told::{change_of, word};
use super::{Contents, Landing};

/// No file system counts in more than two seconds.
const COARSEST_NS: i64 = 2_000_000_000;

/// What all landings of a run have in common: their contents, read ahead; how far it is; and how what
/// they write comes to stay.
pub struct Supply<'t> {
    pub ahead: Ahead,
    pub tally: Tally<'t>,
    pub durable: Durable,
}

impl Landing {
    /// Says what would become of the steps; changes nothing.
    pub fn preview(&mut self, writer: &Writer<'_>, objects: &Objects<'_>) -> Result<(), FlowError> {
        let (lists, contents) = self.take_steps();
        let content = |step: &Step| open(objects, &contents, step);
        let (root, keep) = (self.report.path.clone(), self.roots.clone());
        let target = target((&root, &keep), &content, writer);
        let foresight = Foresight::new(&target)?;
        for steps in lists.iter().filter(|steps| !steps.is_empty()) {
            let outcomes = foresight.foresee(steps)?;
            self.book(steps, outcomes, &mut AgreedEdits::default());
        }
        Ok(())
    }

    /// What was done before a fault the next run finds by what was foreseen.
    pub fn carry_out(
        &mut self,
        writer: &Writer<'_>,
        objects: &Objects<'_>,
        edits: &mut AgreedEdits,
        supply: &Supply<'_>,
    ) -> Result<(), FlowError> {
        let Supply {
            ahead,
            tally,
            durable,
        } = supply;
        let root = self.report.path.clone();
        if self.report.is_settings && !self.writes.is_empty() {
            // The first settings of a tool may come before the tool.
            create_private_dir(root.as_path())?;
        }
        let (lists, contents) = self.take_steps();
        let content = |step: &Step| -> Result<Box<dyn Read>, RestoreError> {
            let content = match stored_of(step, &contents) {
                Some(id) => ahead.take(id)?,
                None => None,
            };
            let content: Box<dyn Read> = match content {
                Some(bytes) => Box::new(Cursor::new(bytes)),
                None => open(objects, &contents, step)?,
            };
            tally.one(0);
            Ok(Box::new(Counted { content, tally }))
        };
        let keep = self.roots.clone();
        let target = target((&root, &keep), &content, writer);
        let landed = RefCell::new(Vec::new());
        let target = Target {
            landed: &|step, stat| landed.borrow_mut().push((step.clone(), stat)),
            ..target
        };
        let mut result = Ok(());
        for steps in lists.iter().filter(|steps| !steps.is_empty()) {
            result =
                apply(&target, steps, durable).map(|outcomes| self.book(steps, outcomes, edits));
            if result.is_err() {
                break;
            }
        }
        self.landed = landed.into_inner();
        Ok(result?)
    }

    /// The contents that are written as the vault has them, in their order.
    pub fn stored(&self) -> impl Iterator<Item = ObjectId> {
        let stored = |step| stored_of(step, &self.contents);
        self.writes.iter().filter_map(stored)
    }

    /// Deletions first, so that a file can take the place of a directory; then files, then the rest.
    fn take_steps(&mut self) -> ([Vec<Step>; 3], Contents) {
        let lists = [&mut self.deletes, &mut self.writes, &mut self.extras];
        (
            lists.map(std::mem::take),
            std::mem::take(&mut self.contents),
        )
    }

    fn book(&mut self, steps: &[Step], outcomes: Vec<StepOutcome>, edits: &mut AgreedEdits) {
        for (step, outcome) in steps.iter().zip(outcomes) {
            self.book_one(step, outcome, edits);
        }
        self.report.recount();
    }

    /// Whether what becomes of files there says it already.
    fn is_told(&self, beside: &Step) -> bool {
        at_or_below(&self.then, &beside.path).next().is_some()
    }

    fn book_one(&mut self, step: &Step, outcome: StepOutcome, edits: &mut AgreedEdits) {
        match outcome {
            StepOutcome::Kept(_) if is_broken(Rule::UnwrittenIsNotAgreed) => {}
            StepOutcome::Kept(why) => {
                self.then.remove(&step.path);
                return self.report.keep(&step.path, word(why));
            }
            StepOutcome::Already => return,
            StepOutcome::Done => {}
        }
        // A mode or an empty directory says nothing about the content.
        let content = step.kind.expected().or(step.kind.leaf()).is_some();
        if let Some(leaf) = self.then.get(&step.path).filter(|_| content) {
            edits.leaf(&self.key, &step.path, *leaf);
        }
        if content && self.merged.contains(&step.path) {
            self.report.merged.push(step.path.clone());
        }
        if content || !self.is_told(step) {
            self.report.changes.push(change_of(step));
        }
    }
}

fn target<'a>(
    (root, keep): (&'a HostPath, &'a [VaultPath]),
    content: Content<'a>,
    writer: &'a Writer<'_>,
) -> Target<'a> {
    Target {
        root,
        keep,
        content,
        hash: &stream_id,
        random: writer.session.edges.random.as_ref(),
        mtime_ns: writer.began_ns.saturating_sub(COARSEST_NS),
        landed: &|_, _| (),
    }
}

fn open<'a>(
    objects: &'a Objects<'_>,
    contents: &'a Contents,
    step: &Step,
) -> Result<Box<dyn Read + 'a>, RestoreError> {
    Ok(match (step.kind.leaf(), contents.get(&step.path)) {
        (_, Some(bytes)) => Box::new(bytes.as_slice()),
        (Some(leaf), None) => objects.open(leaf.id)?,
        _ => Box::new(io::empty()),
    })
}

fn stored_of(step: &Step, contents: &Contents) -> Option<ObjectId> {
    let is_other = contents.contains_key(&step.path);
    step.kind.leaf().filter(|_| !is_other).map(|leaf| leaf.id)
}

/// A content that counts what is read of it.
struct Counted<'a> {
    content: Box<dyn Read + 'a>,
    tally: &'a Tally<'a>,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(into)?;
        self.tally.piece(read as u64);
        Ok(read)
    }
}
