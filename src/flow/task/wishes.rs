//! What somebody wants the fields of a task to be: as it was typed, then as it is written.

use serde_json::{Map, Value, json};

use crate::base::{Id, Timestamp};
use crate::tasks::model::{DEFAULT_WORKSPACE_NAME, default_workspace, field};
use crate::tasks::{Pen, Reading, WorkspaceRow};

use super::super::{FlowError, Session};
use super::censor::refuse_secret;
use super::projects::{self, NONE, Project, Projects};
use super::values;

/// Fields as text. `none` takes away what may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    pub title: Option<String>,
    pub description: Option<String>,
    pub status: Option<String>,
    pub priority: Option<String>,
    pub project: Option<String>,
    pub workspace: Option<String>,
    pub epic: Option<String>,
    pub due: Option<String>,
    pub available: Option<String>,
    /// Labels that it gets, and those that are taken from it.
    pub labels: Vec<String>,
    pub unlabels: Vec<String>,
    pub depends: Vec<String>,
    /// Free fields; an empty one is taken away.
    pub meta: Vec<(String, String)>,
    pub is_epic: bool,
}

const KEYS: &str = "title, description, status, priority, project, workspace, epic, due, available, labels, unlabels, depends, meta, is_epic";

/// Where names are looked up, and what this command has begun.
pub struct Lookup<'l> {
    pub session: &'l Session<'l>,
    pub projects: Projects,
}

impl Wishes {
    /// Reads the fields of one JSON object; what it is not about was taken out before.
    pub fn of_json(map: Map<String, Value>) -> Result<Self, FlowError> {
        let mut wishes = Self::default();
        for (key, value) in map {
            wishes.take(&key, value)?;
        }
        Ok(wishes)
    }

    fn take(&mut self, key: &str, value: Value) -> Result<(), FlowError> {
        let place = match key {
            "title" => &mut self.title,
            "description" => &mut self.description,
            "status" => &mut self.status,
            "priority" => &mut self.priority,
            "project" => &mut self.project,
            "workspace" => &mut self.workspace,
            "epic" => &mut self.epic,
            "due" => &mut self.due,
            "available" => &mut self.available,
            "labels" => return put(&mut self.labels, key, value),
            "unlabels" => return put(&mut self.unlabels, key, value),
            "depends" => return put(&mut self.depends, key, value),
            "is_epic" => {
                self.is_epic = value.as_bool().ok_or_else(|| wrong(key, "true or false"))?;
                return Ok(());
            }
            "meta" => {
                let Value::Object(map) = value else {
                    return Err(wrong(key, "an object"));
                };
                let read = |(key, value): (String, Value)| {
                    let value = free_text(&key, value)?;
                    Ok((key, value))
                };
                self.meta = map
                    .into_iter()
                    .map(read)
                    .collect::<Result<_, FlowError>>()?;
                return Ok(());
            }
            _ => {
                return Err(FlowError::BadValue {
                    what: format!("`{key}` is no field that can be written"),
                    hint: format!("fields are: {KEYS}"),
                });
            }
        };
        *place = Some(match value {
            Value::Null if ["title", "status"].contains(&key) => {
                return Err(wrong(key, "a text: every task has one"));
            }
            Value::Null if key == "description" => String::new(),
            Value::Null => NONE.to_owned(),
            value => text(key, value)?,
        });
        Ok(())
    }

    /// The fields that need nobody else, checked.
    pub fn plain(&self, now: Timestamp) -> Result<Vec<(String, Value)>, FlowError> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        let mut put = |field: &str, value: Value| fields.push((field.to_owned(), value));
        if let Some(text) = &self.title {
            put(field::TITLE, json!(values::title(text)?));
        }
        if let Some(text) = &self.description {
            let text = values::text(field::DESCRIPTION, text)?;
            let is_empty = text.trim().is_empty();
            put(
                field::DESCRIPTION,
                if is_empty { Value::Null } else { json!(text) },
            );
        }
        if let Some(text) = &self.status {
            put(field::STATUS, json!(values::status(text)?));
        }
        if let Some(text) = &self.priority {
            put(field::PRIORITY, json!(values::priority(text)?));
        }
        for (name, text) in [(field::DUE, &self.due), (field::AVAILABLE, &self.available)] {
            match text.as_deref() {
                None => {}
                Some(NONE | "") => put(name, Value::Null),
                Some(text) => put(name, json!(values::moment(name, text, now)?)),
            }
        }
        if self.is_epic {
            put(field::IS_EPIC, Value::Bool(true));
        }
        for (key, value) in &self.meta {
            let name = format!("{}{}", field::META, values::key(key)?);
            refuse_secret("the name of a field", &name, "")?;
            let value = values::text(&name, value)?;
            let is_gone = value.is_empty();
            put(&name, if is_gone { Value::Null } else { json!(value) });
        }
        Ok(fields)
    }

    /// The labels, checked.
    pub fn checked_labels(&self) -> Result<Vec<String>, FlowError> {
        self.labels.iter().map(|it| values::label(it)).collect()
    }

    /// The fields that name other things.
    pub fn linked(
        &self,
        pen: &mut Pen<'_, '_, '_>,
        lookup: &mut Lookup<'_>,
    ) -> Result<Vec<(String, Value)>, FlowError> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        let mut put = |field: &str, value: Value| fields.push((field.to_owned(), value));
        match self.project.as_deref() {
            None => {}
            Some(NONE | "") => put(field::PROJECT, Value::Null),
            Some(name) => {
                let project = projects::named(lookup.session, &pen.reading(), name)?;
                put(field::PROJECT, in_project(pen, lookup, &project)?);
            }
        }
        match self.workspace.as_deref() {
            None => {}
            Some(NONE | "") => put(field::WORKSPACE, Value::Null),
            Some(name) if is_default_workspace(name) => put(field::WORKSPACE, Value::Null),
            Some(name) => put(
                field::WORKSPACE,
                json!(workspace_named(&pen.reading(), name)?),
            ),
        }
        match self.epic.as_deref() {
            None => {}
            Some(NONE | "") => put(field::EPIC, Value::Null),
            Some(reference) => put(field::EPIC, json!(open_epic(&pen.reading(), reference)?)),
        }
        Ok(fields)
    }
}

/// The value of a task's project.
pub fn in_project(
    pen: &mut Pen<'_, '_, '_>,
    lookup: &mut Lookup<'_>,
    project: &Project,
) -> Result<Value, FlowError> {
    lookup.projects.ready(pen, project)?;
    Ok(json!(project.id))
}

/// The workspace of whatever is in no other one.
#[must_use]
pub fn is_default_workspace(name: &str) -> bool {
    name.eq_ignore_ascii_case(DEFAULT_WORKSPACE_NAME) || name == default_workspace().as_str()
}

/// The id of a workspace that somebody names, and made.
pub fn workspace_named(reading: &Reading<'_>, wanted: &str) -> Result<Id, FlowError> {
    let rows = reading.workspaces()?;
    let there = || rows.iter().filter(|row| !row.deleted);
    let is_meant = |row: &&WorkspaceRow| {
        row.name.eq_ignore_ascii_case(wanted) || row.id.eq_ignore_ascii_case(wanted)
    };
    let meant: Vec<&WorkspaceRow> = there().filter(is_meant).collect();
    match meant.as_slice() {
        [one] => Ok(Id::parse(&one.id)?),
        [] => {
            let own = DEFAULT_WORKSPACE_NAME.to_owned();
            let names = there().map(|row| row.name.clone());
            Err(FlowError::NoSuch {
                what: "workspace",
                wanted: wanted.to_owned(),
                known: std::iter::once(own).chain(names).collect(),
            })
        }
        // Two machines made one each before they met.
        several => {
            let ids: Vec<&str> = several.iter().map(|row| row.id.as_str()).collect();
            Err(FlowError::BadValue {
                what: format!("`{wanted}` could be more than one workspace"),
                hint: format!(
                    "name it by its id ({}), or give one another name: `holdall workspace rename {} NAME`",
                    ids.join(" or "),
                    ids[0]
                ),
            })
        }
    }
}

/// The id of an epic that somebody names.
pub fn epic_named(reading: &Reading<'_>, wanted: &str) -> Result<String, FlowError> {
    let row = reading.resolve(wanted)?;
    if row.is_epic {
        return Ok(row.id);
    }
    Err(FlowError::BadValue {
        what: format!("{} is no epic: {}", row.reference, row.title),
        hint: "see the epics: `holdall epic list`; make one: `holdall epic add TITLE`".to_owned(),
    })
}

/// The same of one that something may be put into.
fn open_epic(reading: &Reading<'_>, wanted: &str) -> Result<String, FlowError> {
    let row = reading.resolve(wanted)?;
    if row.deleted {
        let name = row.reference;
        return Err(FlowError::Refused {
            what: format!("the epic {name} is deleted: {}", row.title),
            hint: format!("bring it back first: `holdall task restore {name}`"),
        });
    }
    epic_named(reading, wanted)
}

fn put(place: &mut Vec<String>, key: &str, value: Value) -> Result<(), FlowError> {
    let Value::Array(items) = value else {
        return Err(wrong(key, "a list of texts"));
    };
    for item in items {
        place.push(text(key, item)?);
    }
    Ok(())
}

fn text(key: &str, value: Value) -> Result<String, FlowError> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(wrong(key, "a text")),
    }
}

/// What stands in a field of somebody's own, who may count in it.
fn free_text(key: &str, value: Value) -> Result<String, FlowError> {
    match value {
        Value::Null => Ok(String::new()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        value => text(key, value),
    }
}

fn wrong(key: &str, expected: &str) -> FlowError {
    FlowError::BadValue {
        what: format!("`{key}` is not {expected}"),
        hint: "each line is one JSON object: {\"title\":\"Fix the login\",\"labels\":[\"web\"]}"
            .to_owned(),
    }
}
