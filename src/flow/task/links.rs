//! What tasks have many of: labels, notes, other tasks that come first.

use serde::Serialize;
use serde_json::json;

use crate::tasks::Pen;
use crate::tasks::model::field;

use super::super::{FlowError, Session};
use super::censor::WithheldText;
use super::desk::{Desk, TasksReport};
use super::edit::{One, waits_for_itself};
use super::shape::NoteEntry;
use super::values;

/// Fewer digits of a note's token are not looked for.
const SHORTEST_TOKEN: usize = 4;

/// Whether something is added or taken away, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Link<'o> {
    pub reference: &'o str,
    pub adds: bool,
    pub by: Option<&'o str>,
}

#[derive(Debug, Serialize)]
pub struct LabelEntry {
    pub name: String,
    /// How many open tasks have it.
    pub open: usize,
}

#[derive(Debug, Serialize)]
pub struct LabelListReport {
    pub labels: Vec<LabelEntry>,
}

#[derive(Debug, Serialize)]
pub struct NoteListReport {
    #[serde(rename = "ref")]
    pub reference: String,
    pub title: String,
    pub notes: Vec<NoteEntry>,
    pub withheld: Vec<WithheldText>,
}

/// Adds labels to a task, or takes them away.
pub fn label(
    session: &Session<'_>,
    link: Link<'_>,
    names: &[String],
) -> Result<TasksReport, FlowError> {
    let names: Vec<String> = names
        .iter()
        .map(|name| values::label(name))
        .collect::<Result<_, _>>()?;
    let what = if link.adds { "label" } else { "unlabel" };
    linked(session, link, (what, field::LABELS), |_, _| Ok(names))
}

/// Has a task wait for others, or wait no longer.
pub fn depend(
    session: &Session<'_>,
    link: Link<'_>,
    references: &[String],
) -> Result<TasksReport, FlowError> {
    let what = if link.adds {
        "depend"
    } else {
        "depend no more"
    };
    linked(session, link, (what, field::DEPENDS), |pen, one| {
        let mut ids = Vec::new();
        for reference in references {
            let id = pen.reading().resolve(reference)?.id;
            if id == one.id() {
                return Err(waits_for_itself());
            }
            ids.push(id);
        }
        Ok(ids)
    })
}

fn linked(
    session: &Session<'_>,
    link: Link<'_>,
    (what, field): (&str, &str),
    named: impl FnOnce(&Pen<'_, '_, '_>, &One) -> Result<Vec<String>, FlowError>,
) -> Result<TasksReport, FlowError> {
    let mut desk = Desk::about(session, link.reference, link.by)?;
    let before = desk.reading().circles()?;
    let written = desk.write(&format!("{what}: {}", link.reference), |pen| {
        let one = One::find(pen, link.reference, None)?;
        let mut changed = false;
        for text in named(pen, &one)? {
            changed |= if link.adds {
                one.add(pen, field, &text)?
            } else {
                one.remove(pen, field, &text)?
            };
        }
        Ok(vec![(one.id(), changed)])
    })?;
    Ok(TasksReport {
        circles: desk.new_circles(&before)?,
        ..desk.report(written, true)?
    })
}

/// Every label that an open task has.
pub fn labels(session: &Session<'_>) -> Result<LabelListReport, FlowError> {
    let Some(store) = session.task_store_there()? else {
        return Ok(LabelListReport { labels: Vec::new() });
    };
    let labels = store.reading().labels()?.into_iter();
    let labels = labels.map(|(name, open)| LabelEntry { name, open });
    Ok(LabelListReport {
        labels: labels.collect(),
    })
}

/// Writes a note at a task.
pub fn add_note(
    session: &Session<'_>,
    link: Link<'_>,
    text: &str,
) -> Result<NoteListReport, FlowError> {
    let text = values::text("note", text)?;
    if text.trim().is_empty() {
        return Err(FlowError::BadValue {
            what: "the note is empty".to_owned(),
            hint: "`holdall task note add REF TEXT`, or `--file F`, or `--stdin`".to_owned(),
        });
    }
    let mut desk = Desk::about(session, link.reference, link.by)?;
    let written = desk.write(&format!("note: {}", link.reference), |pen| {
        let one = One::find(pen, link.reference, None)?;
        Ok(pen.add(&one.on, field::NOTES, json!(text))?)
    })?;
    let report = notes_of(&desk.reading(), link.reference)?;
    Ok(NoteListReport {
        withheld: written.withheld,
        ..report
    })
}

/// Takes the note with this token away.
pub fn remove_note(
    session: &Session<'_>,
    link: Link<'_>,
    token: &str,
) -> Result<NoteListReport, FlowError> {
    let wanted = token.trim().to_ascii_lowercase();
    let mut desk = Desk::about(session, link.reference, link.by)?;
    desk.write(&format!("remove a note: {}", link.reference), |pen| {
        let one = One::find(pen, link.reference, None)?;
        let notes = pen.look(&one.on)?.items(field::NOTES);
        let ids: Vec<_> = notes.iter().map(|(write, _)| write.id).collect();
        let is_meant = |id: &String| wanted.len() >= SHORTEST_TOKEN && id.starts_with(&wanted);
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        if names.iter().filter(|id| is_meant(id)).count() != 1 {
            let shorten = |id: &crate::layout::OpId| crate::tasks::token(*id);
            return Err(FlowError::NoSuch {
                what: "note",
                wanted: token.to_owned(),
                known: ids.iter().map(shorten).collect(),
            });
        }
        let removed = pen.remove(&one.on, field::NOTES, &|write, _| {
            is_meant(&write.id.to_string())
        })?;
        Ok(removed)
    })?;
    notes_of(&desk.reading(), link.reference)
}

/// The notes at a task, the oldest first.
pub fn notes(session: &Session<'_>, reference: &str) -> Result<NoteListReport, FlowError> {
    let store = session.task_store_with(reference)?;
    notes_of(&store.reading(), reference)
}

fn notes_of(
    reading: &crate::tasks::Reading<'_>,
    reference: &str,
) -> Result<NoteListReport, FlowError> {
    let row = reading.resolve(reference)?;
    let notes = reading.notes(row.thing)?;
    Ok(NoteListReport {
        reference: row.reference,
        title: row.title,
        notes: notes.into_iter().map(NoteEntry::from).collect(),
        withheld: Vec::new(),
    })
}
