//! `task undo`: what was done last is done back, also after others have seen it.

use serde::Serialize;

use crate::base::Timestamp;
use crate::layout::Entity;
use crate::tasks::{Deed, REDO, Reading, Reversed, UNDO, meant_by, name_over};

use super::super::{FlowError, Session};
use super::desk::Desk;
use super::shape::TaskEntry;

#[derive(Debug, Serialize)]
pub struct DeedEntry {
    pub at: Timestamp,
    pub what: String,
}

impl From<&Deed> for DeedEntry {
    fn from(deed: &Deed) -> Self {
        Self {
            at: deed.at,
            what: deed.what.clone(),
        }
    }
}

/// A field that somebody wrote since: it stays as it is.
#[derive(Debug, Serialize)]
pub struct KeptField {
    pub on: String,
    pub field: String,
}

#[derive(Debug, Default, Serialize)]
pub struct UndoReport {
    /// What was undone, or could be; the latest first.
    pub deeds: Vec<DeedEntry>,
    /// The tasks that it was about, as they are now.
    pub tasks: Vec<TaskEntry>,
    pub kept: Vec<KeptField>,
}

/// What can be undone.
pub fn deeds(session: &Session<'_>, most: usize) -> Result<UndoReport, FlowError> {
    let Some(store) = session.task_store_there()? else {
        return Ok(UndoReport::default());
    };
    let deeds = store.reading().deeds(most)?;
    Ok(UndoReport {
        deeds: deeds.iter().map(DeedEntry::from).collect(),
        ..UndoReport::default()
    })
}

/// Undoes the last deeds of this machine.
pub fn undo(session: &Session<'_>, many: usize, by: Option<&str>) -> Result<UndoReport, FlowError> {
    reverse(session, (UNDO, by), |reading| reading.deeds(many))
}

/// Does again what was undone last.
pub fn redo(session: &Session<'_>, by: Option<&str>) -> Result<UndoReport, FlowError> {
    reverse(session, (REDO, by), |reading| reading.undos(1))
}

fn reverse(
    session: &Session<'_>,
    (what, by): (&str, Option<&str>),
    which: impl Fn(&Reading<'_>) -> Result<Vec<Deed>, crate::tasks::TasksError>,
) -> Result<UndoReport, FlowError> {
    let nothing = || FlowError::Refused {
        what: format!("there is nothing to {what}"),
        hint: "see what can be undone: `holdall task undo --list`".to_owned(),
    };
    if session.task_store_there()?.is_none() {
        return Err(nothing());
    }
    let mut desk = Desk::open(session, by)?;
    let named = which(&desk.reading())?;
    let name = name_over(what, named.iter().map(|deed| deed.what.as_str()));
    let written = desk.write(&name, |pen| {
        let deeds = which(&pen.reading())?;
        let mut all = Reversed::default();
        for deed in &deeds {
            let reversed = pen.reverse(deed)?;
            all.things.extend(reversed.things);
            all.kept.extend(reversed.kept);
        }
        Ok((deeds, all))
    })?;
    let (deeds, reversed) = written.answer;
    if deeds.is_empty() {
        return Err(nothing());
    }
    let mut ids: Vec<String> = Vec::new();
    for on in &reversed.things {
        let id = on.id.as_str().to_owned();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let reading = desk.reading();
    let kept = reversed.kept.iter();
    let kept = kept.map(|(on, field)| kept_field(&reading, on, field));
    let mut deeds: Vec<DeedEntry> = deeds.iter().map(DeedEntry::from).collect();
    if what == REDO {
        // What is done again is not that it was undone.
        for deed in &mut deeds {
            deed.what = meant_by(&deed.what).to_owned();
        }
    }
    Ok(UndoReport {
        deeds,
        tasks: desk.entries(&ids)?,
        kept: kept.collect::<Result<_, _>>()?,
    })
}

fn kept_field(reading: &Reading<'_>, on: &Entity, field: &str) -> Result<KeptField, FlowError> {
    Ok(KeptField {
        on: reading.reference(on.id.as_str())?,
        field: field.to_owned(),
    })
}
