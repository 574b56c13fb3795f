//! `workspace`: the widest grouping of tasks.

use serde::Serialize;
use serde_json::json;

use crate::base::Id;
use crate::tasks::model::{self, DEFAULT_WORKSPACE_NAME, default_workspace, field};
use crate::tasks::{Filter, Reading, TaskState};

use super::super::{FlowError, Session};
use super::censor::refuse_secret;
use super::desk::Desk;
use super::projects::NONE;
use super::values;
use super::wishes::{is_default_workspace, workspace_named};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkspaceLine {
    pub id: String,
    pub name: String,
    /// How many open tasks are in it.
    pub open: usize,
}

#[derive(Debug, Serialize)]
pub struct WorkspaceReport {
    pub workspace: WorkspaceLine,
}

#[derive(Debug, Serialize)]
pub struct WorkspaceListReport {
    pub workspaces: Vec<WorkspaceLine>,
}

/// The workspaces there are. There is always one.
pub fn list(session: &Session<'_>) -> Result<WorkspaceListReport, FlowError> {
    let own = WorkspaceLine {
        id: default_workspace().as_str().to_owned(),
        name: DEFAULT_WORKSPACE_NAME.to_owned(),
        open: 0,
    };
    let Some(store) = session.task_store_there()? else {
        return Ok(WorkspaceListReport {
            workspaces: vec![own],
        });
    };
    let reading = store.reading();
    let mut workspaces = vec![WorkspaceLine {
        open: many(session, &reading, (String::new(), TaskState::Open))?,
        ..own
    }];
    for row in reading.workspaces()?.into_iter().filter(|row| !row.deleted) {
        workspaces.push(WorkspaceLine {
            open: many(session, &reading, (row.id.clone(), TaskState::Open))?,
            id: row.id,
            name: row.name,
        });
    }
    Ok(WorkspaceListReport { workspaces })
}

fn many(
    session: &Session<'_>,
    reading: &Reading<'_>,
    (id, state): (String, TaskState),
) -> Result<usize, FlowError> {
    let filter = Filter {
        state,
        workspace: Some(id),
        ..Filter::default()
    };
    Ok(reading.count(&filter, session.edges.clock.now())?)
}

/// Makes one.
pub fn add(
    session: &Session<'_>,
    name: &str,
    by: Option<&str>,
) -> Result<WorkspaceReport, FlowError> {
    let name = new_name(name)?;
    let id = Id::new(session.edges)?;
    let mut desk = Desk::open(session, by)?;
    desk.write(&format!("workspace add: {name}"), |pen| {
        refuse_taken(&pen.reading(), &name, None)?;
        let on = model::workspace(id.clone());
        Ok(pen.begin(&on, vec![(field::NAME, json!(name))])?)
    })?;
    Ok(told(&id, name))
}

/// A name that a workspace may be given. It travels as it is.
pub fn new_name(name: &str) -> Result<String, FlowError> {
    let name = values::name(name)?;
    refuse_secret("the name of the workspace", field::NAME, &name)?;
    if name.eq_ignore_ascii_case(NONE) {
        return Err(FlowError::BadValue {
            what: format!("`{name}` says that there is no workspace: none can be called so"),
            hint: "choose another name".to_owned(),
        });
    }
    Ok(name)
}

/// Gives one another name.
pub fn rename(
    session: &Session<'_>,
    (name, new): (&str, &str),
    by: Option<&str>,
) -> Result<WorkspaceReport, FlowError> {
    let new = new_name(new)?;
    refuse_default(name, "has another name")?;
    let mut desk = Desk::open(session, by)?;
    let written = desk.write(&format!("workspace rename: {name} to {new}"), |pen| {
        let id = workspace_named(&pen.reading(), name)?;
        if !name.eq_ignore_ascii_case(&new) {
            refuse_taken(&pen.reading(), &new, None)?;
        }
        let on = model::workspace(id.clone());
        let seen = pen.seen(&on, None)?;
        pen.set(&on, (field::NAME, json!(new)), &seen)?;
        Ok(id)
    })?;
    Ok(told(&written.answer, new))
}

/// Deletes one that no task is in.
pub fn delete(
    session: &Session<'_>,
    name: &str,
    by: Option<&str>,
) -> Result<WorkspaceReport, FlowError> {
    refuse_default(name, "goes")?;
    let mut desk = Desk::open(session, by)?;
    let written = desk.write(&format!("workspace delete: {name}"), |pen| {
        let id = workspace_named(&pen.reading(), name)?;
        let in_it = (id.as_str().to_owned(), TaskState::All);
        let tasks = many(session, &pen.reading(), in_it)?;
        if tasks > 0 {
            return Err(FlowError::Refused {
                what: format!("the workspace {name} has tasks in it: {tasks}"),
                hint: format!(
                    "see them: `holdall task list --all --everywhere --workspace {}`; move one: `holdall task edit REF --workspace default`",
                    super::super::quoted(name)
                ),
            });
        }
        let on = model::workspace(id.clone());
        let seen = pen.seen(&on, None)?;
        pen.delete(&on, &seen)?;
        Ok(id)
    })?;
    Ok(told(&written.answer, name.to_owned()))
}

fn told(id: &Id, name: String) -> WorkspaceReport {
    let id = id.as_str().to_owned();
    WorkspaceReport {
        workspace: WorkspaceLine { id, name, open: 0 },
    }
}

/// Nobody made the default one.
fn refuse_default(name: &str, never: &str) -> Result<(), FlowError> {
    if !is_default_workspace(name) {
        return Ok(());
    }
    Err(FlowError::Refused {
        what: format!(
            "the workspace {DEFAULT_WORKSPACE_NAME} has whatever is in no other one, and never {never}"
        ),
        hint: "make one of your own: `holdall workspace add NAME`, and move tasks there: `holdall task edit REF --workspace NAME`".to_owned(),
    })
}

/// Refuses a name that another one has.
pub fn refuse_taken(reading: &Reading<'_>, name: &str, own: Option<&Id>) -> Result<(), FlowError> {
    let rows = reading.workspaces()?;
    let own = own.map(Id::as_str);
    let others = rows.iter().filter(|row| Some(row.id.as_str()) != own);
    let mut there = others.filter(|row| !row.deleted);
    if is_default_workspace(name) || there.any(|row| row.name.eq_ignore_ascii_case(name)) {
        return Err(FlowError::Refused {
            what: format!("there is a workspace {name} already"),
            hint: "see them: `holdall workspace list`".to_owned(),
        });
    }
    Ok(())
}
