//! A value that somebody typed for a field in conflict: checked as the command checks it that edits the
//! field.

use serde_json::{Map, Value, json};

use crate::flow::FlowError;
use crate::flow::task::edit::refuse_own_epic;
use crate::flow::task::projects::NONE;
use crate::flow::task::values;
use crate::flow::task::wishes::{Lookup, Wishes, is_default_workspace, workspace_named};
use crate::flow::task::workspace::{new_name, refuse_taken};
use crate::layout::Entity;
use crate::tasks::Pen;
use crate::tasks::model::{PROJECT, TASK, WORKSPACE, field};

/// What is written for a text.
pub fn checked(
    pen: &mut Pen<'_, '_, '_>,
    lookup: &mut Lookup<'_>,
    (on, of): (&Entity, &str),
    text: &str,
) -> Result<Value, FlowError> {
    let line = text.trim_end_matches(['\n', '\r']);
    match (on.kind.as_str(), of) {
        (TASK, _) => of_task(pen, lookup, (on, of), text),
        (PROJECT, field::NAME) => Ok(json!(values::name(line)?)),
        (PROJECT, field::PREFIX) => Ok(json!(values::prefix(line)?)),
        (PROJECT, field::WORKSPACE) if is_none(line) || is_default_workspace(line) => {
            Ok(Value::Null)
        }
        (PROJECT, field::WORKSPACE) => Ok(json!(workspace_named(&pen.reading(), line)?)),
        (WORKSPACE, field::NAME) => {
            let name = new_name(line)?;
            refuse_taken(&pen.reading(), &name, Some(&on.id))?;
            Ok(json!(name))
        }
        _ => Err(unknown(of)),
    }
}

/// Says that there is no value, where there may be none.
fn is_none(line: &str) -> bool {
    matches!(line, "" | NONE | "null")
}

fn unknown(of: &str) -> FlowError {
    FlowError::BadValue {
        what: format!("nobody here knows what may stand in `{of}`"),
        hint: "take a value that is there: `--use TOKEN`".to_owned(),
    }
}

fn of_task(
    pen: &mut Pen<'_, '_, '_>,
    lookup: &mut Lookup<'_>,
    (on, of): (&Entity, &str),
    text: &str,
) -> Result<Value, FlowError> {
    let line = text.trim_end_matches(['\n', '\r']);
    let wish = match of {
        field::TITLE | field::STATUS | field::PRIORITY => json!(line),
        field::DESCRIPTION => json!(text),
        field::IS_EPIC => return is_epic(line),
        field::PROJECT | field::WORKSPACE | field::EPIC | field::DUE | field::AVAILABLE => {
            json!(if is_none(line) { NONE } else { line })
        }
        _ if of.starts_with(field::META) => json!(text),
        _ => return Err(unknown(of)),
    };
    let named = match of.strip_prefix(field::META) {
        Some(name) => ("meta".to_owned(), json!({ name: wish })),
        None => (of.to_owned(), wish),
    };
    let wishes = Wishes::of_json(Map::from_iter([named]))?;
    let mut fields = wishes.plain(lookup.session.edges.clock.now())?;
    fields.extend(wishes.linked(pen, lookup)?);
    let found = fields.into_iter().find(|(name, _)| name == of);
    let (_, value) = found.ok_or_else(|| unknown(of))?;
    refuse_own_epic(on, of, &value)?;
    Ok(value)
}

fn is_epic(line: &str) -> Result<Value, FlowError> {
    match line {
        "true" => Ok(Value::Bool(true)),
        "false" | NONE | "null" => Ok(Value::Null),
        _ => Err(FlowError::BadValue {
            what: format!("`{line}` does not say whether it is an epic"),
            hint: "true or false".to_owned(),
        }),
    }
}
