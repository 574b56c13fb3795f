//! `epic`: a task that others belong to.

use serde::Serialize;

use crate::tasks::{Filter, Reading, TaskState};

use super::super::{FlowError, Session};
use super::list::{ShowReport, show as show_task};
use super::shape::{Shaping, TaskEntry};
use super::wishes::epic_named;

#[derive(Debug, Serialize)]
pub struct EpicLine {
    #[serde(flatten)]
    pub task: TaskEntry,
    /// How many tasks belong to it, and how many of them are closed.
    pub parts: usize,
    pub closed: usize,
}

#[derive(Debug, Serialize)]
pub struct EpicListReport {
    pub epics: Vec<EpicLine>,
}

#[derive(Debug, Serialize)]
pub struct EpicShowReport {
    #[serde(flatten)]
    pub shown: ShowReport,
    pub closed: usize,
}

/// The epics, closed ones only where they are asked for.
pub fn list(session: &Session<'_>, all: bool) -> Result<EpicListReport, FlowError> {
    let Some(store) = session.task_store_there()? else {
        return Ok(EpicListReport { epics: Vec::new() });
    };
    let reading = store.reading();
    let filter = Filter {
        state: if all { TaskState::All } else { TaskState::Open },
        epics_only: true,
        ..Filter::default()
    };
    let mut shaping = Shaping::new(&reading)?;
    let mut epics = Vec::new();
    for row in reading.list(&filter, session.edges.clock.now())?.rows {
        let parts = many(session, &reading, (&row.id, TaskState::All))?;
        let open = many(session, &reading, (&row.id, TaskState::Open))?;
        epics.push(EpicLine {
            task: shaping.entry(row)?,
            closed: parts.saturating_sub(open),
            parts,
        });
    }
    Ok(EpicListReport { epics })
}

fn many(
    session: &Session<'_>,
    reading: &Reading<'_>,
    (epic, state): (&str, TaskState),
) -> Result<usize, FlowError> {
    let filter = Filter {
        state,
        epic: Some(epic.to_owned()),
        ..Filter::default()
    };
    Ok(reading.count(&filter, session.edges.clock.now())?)
}

/// An epic with what belongs to it.
pub fn show(session: &Session<'_>, reference: &str) -> Result<EpicShowReport, FlowError> {
    let store = session.task_store_with(reference)?;
    epic_named(&store.reading(), reference)?;
    let shown = show_task(session, reference)?;
    let is_closed = |task: &&TaskEntry| matches!(task.status.as_str(), "done" | "canceled");
    let closed = shown.parts.iter().filter(is_closed).count();
    Ok(EpicShowReport { shown, closed })
}
