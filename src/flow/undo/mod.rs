//! Going back: what a pull or a restore wrote is taken back, and edits made since stay.
//!
//! *In*: the journal of a run, and the disk as it is now. *Out*: the disk and what is agreed as they
//! were before, and a journal of that. *Never*: ask the remote, or change the vault.

mod finish;
mod list;
mod ways;

use serde::Serialize;

use crate::base::Timestamp;
use crate::vault::Objects;

use super::agreed::Agreed;
use super::conflict::take_back;
use super::journal::{Head, Journal, UnitPlace, drop_landing, interrupted, journal, landed};
use super::landing::{Landing, begin_all, carry_and_learn, preview_all};
use super::report::{KeptLine, PulledUnit, SkippedProject};
use super::{FlowError, Writer, bookkeeping, pause};

pub use finish::{Finished, finish};
use list::Known;
pub use list::{UndoEntry, UndoList, list};
use ways::{Ways, ways};

#[derive(Clone, Debug, Default)]
pub struct UndoOptions {
    /// The run to reverse; the last one that was not reversed, where none is named.
    pub id: Option<String>,
    pub dry_run: bool,
}

#[derive(Debug, Serialize)]
pub struct UndoReport {
    /// Something was written to this disk.
    pub applied: bool,
    pub dry_run: bool,
    /// The run that is reversed.
    pub undone: String,
    pub command: String,
    pub at: Timestamp,
    /// It was killed while it wrote.
    pub interrupted: bool,
    pub projects: Vec<PulledUnit>,
    pub settings: Vec<PulledUnit>,
    /// What is not where it was.
    pub skipped: Vec<SkippedProject>,
    /// What was finished of another run that was killed before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Finished>,
    /// By which this is reversed in its turn.
    pub undo: Option<String>,
    /// The run before it that is not reversed yet.
    pub earlier: Option<String>,
    pub ms: i64,
}

impl UndoReport {
    /// Whether something could not go back until a person does something about it.
    #[must_use]
    pub fn needs_decision(&self) -> bool {
        let units = self.projects.iter().chain(&self.settings);
        units.flat_map(|unit| &unit.kept_paths).any(KeptLine::waits)
    }
}

/// Reverses one run, and remembers how it went.
pub fn undo(writer: &Writer<'_>, options: &UndoOptions) -> Result<UndoReport, FlowError> {
    bookkeeping::remembered(writer, ("undo", options.dry_run), |began| {
        attempt(writer, options, began)
    })
}

fn attempt(
    writer: &Writer<'_>,
    options: &UndoOptions,
    began: Timestamp,
) -> Result<UndoReport, FlowError> {
    let mut objects = Objects::new(&writer.store);
    let id = options.id.as_deref();
    let is_meant = !is_another(writer, id);
    let finished = finish(writer, &mut objects, options.dry_run || is_meant)?;
    let (journal, interrupted) = find(writer, id)?;
    let head = journal.head.clone();
    let agreed = Agreed::load(&writer.store)?;
    let Ways { mut landings, gone } = ways(
        writer.session,
        &mut objects,
        &agreed,
        journal.clone().reversed(),
    )?;
    let mut undo = None;
    if options.dry_run {
        preview_all(writer, &objects, &mut landings)?;
    } else {
        undo = carry_out(writer, &mut objects, (&agreed, &journal), &mut landings)?;
    }
    let units = landings.into_iter().map(|landing| landing.report);
    let (settings, projects): (Vec<_>, Vec<_>) = units.partition(|unit| unit.is_settings);
    let changed = |units: &[PulledUnit]| units.iter().any(|unit| !unit.changes.is_empty());
    let earlier = Known::of(&writer.store)?.earlier(head.number);
    let wrote = !options.dry_run && (changed(&projects) || changed(&settings));
    let now = writer.session.edges.clock.now();
    Ok(UndoReport {
        applied: wrote || finished.as_ref().is_some_and(Finished::wrote),
        dry_run: options.dry_run,
        undone: head.number.to_string(),
        command: head.command,
        at: head.at,
        interrupted,
        projects,
        settings,
        skipped: gone.into_iter().map(skipped).collect(),
        finished,
        undo: undo.map(|number| number.to_string()),
        earlier: earlier.map(|number| number.to_string()),
        ms: now.millis() - began.millis(),
    })
}

/// Whether a run was killed while it wrote and is not the one that is meant: it is finished first, or
/// what it has left half done would be forgotten. One that cannot be read is meant by nobody.
fn is_another(writer: &Writer<'_>, id: Option<&str>) -> bool {
    let Ok(open) = interrupted(&writer.store) else {
        return true;
    };
    let number = open.map(|(head, _)| head.number.to_string());
    number.is_some_and(|number| id.is_some_and(|id| *id != number))
}

/// The journal of the run that is meant; whether that was killed. One that was killed is meant by a
/// plain undo, be it an undo itself.
fn find(writer: &Writer<'_>, id: Option<&str>) -> Result<(Journal, bool), FlowError> {
    let store = &writer.store;
    if id.is_none()
        && let Some((head, _)) = interrupted(store)?
    {
        return journal(store, head.number);
    }
    let known = Known::of(store)?;
    let Some(id) = id else {
        return journal(store, known.last().ok_or(FlowError::NothingToUndo)?);
    };
    let unknown = || FlowError::NoSuchUndo { id: id.to_owned() };
    let number: u64 = id.parse().map_err(|_| unknown())?;
    if !known.has(number) {
        return Err(unknown());
    }
    if let Some(by) = known.undone().get(&number) {
        return Err(FlowError::Refused {
            what: format!("{id} was undone already, by {by}"),
            hint: format!("to have it again: `holdall backup undo {by}`"),
        });
    }
    journal(store, number)
}

/// Writes, under a journal of its own: where this is killed, the next run goes on with the way back.
fn carry_out(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    (agreed, undone): (&Agreed, &Journal),
    landings: &mut [Landing],
) -> Result<Option<u64>, FlowError> {
    take_back(writer, undone)?;
    let mut head = Head::new(writer, "undo")?;
    head.undoes = Some(undone.head.number);
    head.is_edit = undone.head.is_edit;
    let paused = pause::since(writer.session)?;
    if !head.is_edit && landings.iter().any(Landing::touches) {
        // Before anything is written: where this is killed, no pull comes by itself either.
        pause::begin(writer.session, head.at)?;
    }
    let journal = begin_all(writer, objects, landings, (head, agreed.seen))?;
    carry_and_learn(writer, objects, landings, agreed)?;
    if journal.is_some() && waits(landings) {
        drop_landing(&writer.store)?;
        if paused.is_none() {
            pause::end(writer.session);
        }
        return Ok(None);
    }
    // Also where all was as before already: the run is reversed then.
    landed(&writer.store)?;
    Ok(journal.map(|journal| journal.head.number))
}

/// Whether nothing was written, for reasons that pass: then the run is not reversed, and the same
/// undo is still to be had.
fn waits(landings: &[Landing]) -> bool {
    let reports = || landings.iter().map(|landing| &landing.report);
    let mut kept = reports().flat_map(|report| &report.kept_paths);
    reports().all(|report| report.changes.is_empty()) && kept.any(KeptLine::passes)
}

fn skipped(place: UnitPlace) -> SkippedProject {
    SkippedProject {
        name: place.name,
        path: place.root,
        reason: "not_here",
        candidates: Vec::new(),
    }
}
