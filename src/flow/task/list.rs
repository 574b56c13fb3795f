//! `task list`, `task search`, `task show`.

use serde::Serialize;

use crate::tasks::{Filter, Reading, Sort, TaskState};

use super::super::{FlowError, Session};
use super::projects::{self, NONE};
use super::shape::{Shaping, TaskEntry};
use super::values;
use super::wishes::{epic_named, is_default_workspace, workspace_named};

/// Where the tasks of a list stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Open,
    Ready,
    Blocked,
    Overdue,
    All,
    Deleted,
    Status(Vec<String>),
}

#[derive(Clone, Debug)]
pub struct ListOptions {
    pub state: Asked,
    pub labels: Vec<String>,
    pub priorities: Vec<String>,
    pub project: Option<String>,
    pub workspace: Option<String>,
    pub epic: Option<String>,
    /// Of all projects, also in the directory of one.
    pub everywhere: bool,
    pub sort: Sort,
    pub limit: Option<usize>,
}

#[derive(Debug, Default, Serialize)]
pub struct ListReport {
    pub tasks: Vec<TaskEntry>,
    /// How many there are, with those beyond the limit.
    pub total: usize,
    /// The project that the list is of.
    pub project: Option<String>,
    /// Nobody named it: it is that of the directory.
    pub project_is_here: bool,
    /// There is no task list on this machine yet, and a vault that may have one.
    pub not_pulled: bool,
}

#[derive(Debug, Serialize)]
pub struct ShowReport {
    pub task: TaskEntry,
    /// The tasks that wait for it.
    pub needed_by: Vec<TaskEntry>,
    /// What has to be done first.
    pub needs: Vec<TaskEntry>,
    /// Those of them that close a circle, by refs: they are kept, and nobody waits for them.
    pub not_waited_for: Vec<String>,
    /// The epics by which the task belongs to itself in the end, by refs.
    pub epic_circle: Vec<String>,
    /// What belongs to it, where it is an epic.
    pub parts: Vec<TaskEntry>,
}

/// The tasks that a filter lets through.
pub fn list(session: &Session<'_>, options: &ListOptions) -> Result<ListReport, FlowError> {
    found(session, options, None)
}

/// The tasks in which words stand, the best match first.
pub fn search(
    session: &Session<'_>,
    words: &str,
    options: &ListOptions,
) -> Result<ListReport, FlowError> {
    if !words.contains(char::is_alphanumeric) {
        return Err(FlowError::BadValue {
            what: "there is no word to look for".to_owned(),
            hint: "`holdall task search WORDS`: all of the words have to be there, the last one may be a beginning".to_owned(),
        });
    }
    found(session, options, Some(words.to_owned()))
}

fn found(
    session: &Session<'_>,
    options: &ListOptions,
    words: Option<String>,
) -> Result<ListReport, FlowError> {
    let state = state(&options.state)?;
    let (now, store) = (session.edges.clock.now(), session.task_store_there()?);
    let Some(store) = store else {
        return Ok(ListReport {
            not_pulled: session.config.remote_url.is_some(),
            ..ListReport::default()
        });
    };
    let reading = store.reading();
    let labels = options.labels.iter().map(|it| values::label(it));
    let priorities = options.priorities.iter();
    let priorities = priorities.map(|it| values::priority(it).map(str::to_owned));
    let mut filter = Filter {
        state,
        labels: labels.collect::<Result<_, _>>()?,
        priorities: priorities.collect::<Result<_, _>>()?,
        workspace: options
            .workspace
            .as_deref()
            .map(|name| in_workspace(&reading, name))
            .transpose()?,
        epic: options
            .epic
            .as_deref()
            .map(|name| in_epic(&reading, name))
            .transpose()?,
        words,
        sort: options.sort,
        limit: options.limit,
        ..Filter::default()
    };
    let mut report = ListReport::default();
    let named = options.project.as_deref();
    let project = match named {
        None if options.everywhere => None,
        Some(NONE) => {
            filter.project = Some(String::new());
            None
        }
        Some(name) => Some(projects::named(session, &reading, name)?),
        None => projects::here(session)?,
    };
    if let Some(project) = project {
        report.project_is_here = named.is_none();
        let id = project.id.as_str();
        filter.project = Some(reading.shown_project(id)?.unwrap_or_else(|| id.to_owned()));
        report.project = Some(project.name);
    }
    let listed = reading.list(&filter, now)?;
    report.total = listed.total;
    let mut shaping = Shaping::new(&reading)?;
    for row in listed.rows {
        report.tasks.push(shaping.entry(row)?);
    }
    Ok(report)
}

fn state(asked: &Asked) -> Result<TaskState, FlowError> {
    Ok(match asked {
        Asked::Open => TaskState::Open,
        Asked::Ready => TaskState::Ready,
        Asked::Blocked => TaskState::Blocked,
        Asked::Overdue => TaskState::Overdue,
        Asked::All => TaskState::All,
        Asked::Deleted => TaskState::Deleted,
        Asked::Status(words) => {
            let words = words.iter();
            let words = words.map(|word| values::status(word).map(str::to_owned));
            TaskState::Of(words.collect::<Result<_, _>>()?)
        }
    })
}

/// What the store calls an epic.
fn in_epic(reading: &Reading<'_>, name: &str) -> Result<String, FlowError> {
    if name == NONE {
        return Ok(String::new());
    }
    epic_named(reading, name)
}

/// What the store calls a workspace. What is in no other one is in the default one.
fn in_workspace(reading: &Reading<'_>, name: &str) -> Result<String, FlowError> {
    if name == NONE || is_default_workspace(name) {
        return Ok(String::new());
    }
    Ok(workspace_named(reading, name)?.as_str().to_owned())
}

/// Everything about one task.
pub fn show(session: &Session<'_>, reference: &str) -> Result<ShowReport, FlowError> {
    let store = session.task_store_with(reference)?;
    let reading = store.reading();
    let row = reading.resolve(reference)?;
    let mut shaping = Shaping::new(&reading)?;
    let all = reading.needs(row.thing)?;
    let closing = all.iter().filter(|(_, closes)| *closes);
    let closing = closing.map(|(id, _)| reading.reference(id));
    let not_waited_for = closing.collect::<Result<_, _>>()?;
    let needs = all.into_iter().map(|(id, _)| id);
    let needs = tasks(&reading, &mut shaping, needs)?;
    let epics = reading.epic_circle(&row.id)?;
    let epics = epics.iter().map(|id| reading.reference(id));
    let epic_circle = epics.collect::<Result<_, _>>()?;
    let needed_by = reading.needed_by(&row.id)?.into_iter();
    let needed_by = tasks(&reading, &mut shaping, needed_by)?;
    let mut parts = Vec::new();
    if row.is_epic {
        let filter = Filter {
            state: TaskState::All,
            epic: Some(row.id.clone()),
            ..Filter::default()
        };
        for part in reading.list(&filter, session.edges.clock.now())?.rows {
            parts.push(shaping.entry(part)?);
        }
    }
    Ok(ShowReport {
        task: shaping.whole(row)?,
        needed_by,
        needs,
        not_waited_for,
        epic_circle,
        parts,
    })
}

/// Those that are here.
fn tasks(
    reading: &Reading<'_>,
    shaping: &mut Shaping<'_, '_>,
    ids: impl Iterator<Item = String>,
) -> Result<Vec<TaskEntry>, FlowError> {
    let mut entries = Vec::new();
    for id in ids {
        if let Some(row) = reading.task(&id)? {
            entries.push(shaping.entry(row)?);
        }
    }
    Ok(entries)
}
