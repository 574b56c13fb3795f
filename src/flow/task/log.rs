//! `task log`: who wrote what, when, and on which machine.

use serde::Serialize;

use crate::base::Timestamp;
use crate::tasks::model::TASK;
use crate::tasks::{LogLine, Reading};

use super::super::machines::MachineNames;
use super::super::{FlowError, Session};
use super::spoken::{thing_name, value_words};

#[derive(Debug, Serialize)]
pub struct TaskLogEntry {
    pub token: String,
    pub at: Timestamp,
    /// By name, where this machine's copy of the vault knows it.
    pub machine: String,
    pub machine_id: String,
    pub this_machine: bool,
    pub by: Option<String>,
    pub verb: String,
    pub field: Option<String>,
    pub value: Option<String>,
    /// What it was written to: a task by its ref, a project as `project/NAME`, a workspace likewise.
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
    let limit = if limit == 0 { usize::MAX } else { limit };
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
    let machines = MachineNames::new(session)?;
    let entries = lines
        .into_iter()
        .map(|line| entry(&reading, line, &machines));
    Ok(TaskLogReport {
        reference: row.map(|row| row.reference),
        entries: entries.collect::<Result<_, _>>()?,
        more,
    })
}

fn entry(
    reading: &Reading<'_>,
    line: LogLine,
    machines: &MachineNames<'_>,
) -> Result<TaskLogEntry, FlowError> {
    let task = if line.on.kind == TASK {
        reading.task(line.on.id.as_str())?
    } else {
        None
    };
    let value = match line.field.as_deref() {
        Some(field) => value_words(reading, field, line.value)?,
        None => line.value,
    };
    Ok(TaskLogEntry {
        token: line.token,
        at: line.at,
        this_machine: machines.is_own(&line.machine),
        machine: machines.name(&line.machine),
        machine_id: line.machine,
        by: line.who,
        verb: line.verb,
        field: line.field,
        value,
        on: thing_name(reading, &line.on)?,
        title: task.map(|row| row.title),
    })
}
