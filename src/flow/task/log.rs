//! `task log`: who wrote what, when, and on which machine.

use serde::Serialize;

use crate::base::Timestamp;
use crate::tasks::model::{PROJECT, TASK, field};
use crate::tasks::{LogLine, Reading};

use super::super::{FlowError, Session};

#[derive(Debug, Serialize)]
pub struct TaskLogEntry {
    pub token: String,
    pub at: Timestamp,
    pub machine: String,
    pub this_machine: bool,
    pub by: Option<String>,
    pub verb: String,
    pub field: Option<String>,
    pub value: Option<String>,
    /// What it was written to: a task by its ref, a project or workspace by its kind and id.
    pub on: String,
    pub title: Option<String>,
}

#[derive(Debug, Default, Serialize)]
pub struct TaskLogReport {
    /// The task that was asked about.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The latest first.
    pub entries: Vec<TaskLogEntry>,
    pub more: bool,
}

/// What was written: to one task, or to all of them.
pub fn log(
    session: &Session<'_>,
    reference: Option<&str>,
    limit: usize,
) -> Result<TaskLogReport, FlowError> {
    let store = match reference {
        Some(reference) => Some(session.task_store_with(reference)?),
        None => session.task_store_there()?,
    };
    let Some(store) = store else {
        return Ok(TaskLogReport::default());
    };
    let reading = store.reading();
    let row = reference.map(|it| reading.resolve(it)).transpose()?;
    let mut lines = reading.log(row.as_ref().map(|row| row.thing), limit.saturating_add(1))?;
    let more = lines.len() > limit;
    lines.truncate(limit);
    let own = session.machine()?;
    let own = own.as_ref().map_or("", |machine| machine.as_str());
    let entries = lines.into_iter().map(|line| entry(&reading, line, own));
    Ok(TaskLogReport {
        reference: row.map(|row| row.reference),
        entries: entries.collect::<Result<_, _>>()?,
        more,
    })
}

fn entry(reading: &Reading<'_>, line: LogLine, own: &str) -> Result<TaskLogEntry, FlowError> {
    let (kind, id) = line.on.split_once('/').unwrap_or(("", &line.on));
    let task = if kind == TASK {
        reading.task(id)?
    } else {
        None
    };
    let on = match (&task, kind) {
        (Some(row), _) => row.reference.clone(),
        (None, PROJECT) => format!("{PROJECT} {}", project_name(reading, id)?),
        (None, _) => line.on.clone(),
    };
    let value = match (line.field.as_deref(), line.value) {
        (Some(field::DEPENDS | field::EPIC), Some(id)) => Some(reading.reference(&id)?),
        (Some(field::PROJECT), Some(id)) => Some(project_name(reading, &id)?),
        (_, value) => value,
    };
    Ok(TaskLogEntry {
        token: line.token,
        at: line.at,
        this_machine: line.machine == own,
        machine: line.machine,
        by: line.who,
        verb: line.verb,
        field: line.field,
        value,
        on,
        title: task.map(|row| row.title),
    })
}

fn project_name(reading: &Reading<'_>, id: &str) -> Result<String, FlowError> {
    let rows = reading.projects()?;
    let found = rows.into_iter().find(|row| row.id == id);
    Ok(found.map_or_else(|| id.to_owned(), |row| row.name))
}
