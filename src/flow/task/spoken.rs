//! Things and values as people call them.

use crate::layout::Entity;
use crate::tasks::Reading;
use crate::tasks::model::{
    DEFAULT_WORKSPACE_NAME, PROJECT, TASK, WORKSPACE, default_workspace, field,
};

use super::super::FlowError;

/// The field of a conflict that is about the thing itself.
pub const EXISTENCE: &str = "deleted";

/// A field as it is typed and shown.
#[must_use]
pub fn field_name(field: &str) -> &str {
    if field.is_empty() { EXISTENCE } else { field }
}

/// A task by its ref, a project or workspace by its name, with what it is.
pub fn thing_name(reading: &Reading<'_>, on: &Entity) -> Result<String, FlowError> {
    let id = on.id.as_str();
    Ok(match on.kind.as_str() {
        TASK => reading.reference(id)?,
        PROJECT => format!("{PROJECT}/{}", project_name(reading, id)?),
        WORKSPACE => format!("{WORKSPACE}/{}", workspace_name(reading, id)?),
        _ => on.to_string(),
    })
}

/// A value as people know it: what names another thing, by that one's name.
pub fn value_words(
    reading: &Reading<'_>,
    field: &str,
    value: Option<String>,
) -> Result<Option<String>, FlowError> {
    let Some(value) = value else {
        return Ok(None);
    };
    Ok(Some(match field {
        field::DEPENDS | field::EPIC => reading.reference(&value)?,
        field::PROJECT | field::SAME => project_name(reading, &value)?,
        field::WORKSPACE => workspace_name(reading, &value)?,
        _ => value,
    }))
}

fn project_name(reading: &Reading<'_>, id: &str) -> Result<String, FlowError> {
    let rows = reading.projects()?;
    let found = rows.into_iter().find(|row| row.id == id);
    Ok(found.map_or_else(|| id.to_owned(), |row| row.name))
}

fn workspace_name(reading: &Reading<'_>, id: &str) -> Result<String, FlowError> {
    if id == default_workspace().as_str() {
        return Ok(DEFAULT_WORKSPACE_NAME.to_owned());
    }
    let rows = reading.workspaces()?;
    let found = rows.into_iter().find(|row| row.id == id);
    Ok(found.map_or_else(|| id.to_owned(), |row| row.name))
}
