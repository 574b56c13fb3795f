//! Which fields wait for a decision: as many lines as every push and pull has time for.

use serde::Serialize;

use crate::base::VaultPath;
use crate::flow::FlowError;
use crate::flow::task::spoken::{field_name, thing_name};
use crate::layout::Entity;
use crate::tasks::Reading;
use crate::tasks::model::TASK;

/// So many hexadecimal digits name a conflict, of a file and of a field alike.
const ID: usize = 16;

/// A field that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldLine {
    pub id: String,
    pub kind: &'static str,
    /// The task's ref, or the project or workspace by its kind and name.
    #[serde(rename = "ref")]
    pub reference: String,
    pub field: String,
    /// Fields have none.
    pub path: Option<VaultPath>,
    pub title: Option<String>,
    #[serde(skip)]
    pub place: Place,
}

impl FieldLine {
    /// As it is typed.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.reference, self.field)
    }

    /// It is about whether the thing is there.
    #[must_use]
    pub const fn is_existence(&self) -> bool {
        self.place.field.is_empty()
    }
}

/// Where the task list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub on: Entity,
    pub n: i64,
    /// Empty where it is about whether the thing is there.
    pub field: String,
}

impl Place {
    /// The same on every machine.
    fn id(&self) -> String {
        let mut hash = blake3::Hasher::new();
        hash.update(b"field\0")
            .update(self.on.to_string().as_bytes());
        hash.update(b"\0").update(self.field.as_bytes());
        hash.finalize().to_hex()[..ID].to_owned()
    }
}

/// All of them. Where there is none, this costs a look at an empty table.
pub fn open(reading: &Reading<'_>) -> Result<Vec<FieldLine>, FlowError> {
    let disputes = reading.disputes()?.into_iter();
    disputes
        .map(|(on, n, field)| line(reading, Place { on, n, field }))
        .collect()
}

/// A field as a line of a list.
pub fn line(reading: &Reading<'_>, place: Place) -> Result<FieldLine, FlowError> {
    let task = if place.on.kind == TASK {
        reading.task(place.on.id.as_str())?
    } else {
        None
    };
    Ok(FieldLine {
        id: place.id(),
        kind: "field",
        reference: thing_name(reading, &place.on)?,
        field: field_name(&place.field).to_owned(),
        path: None,
        title: task.map(|row| row.title),
        place,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_of_each_thing_has_its_own_id() {
        let id = |kind: &str, field: &str| {
            let on = Entity::parse(&format!("{kind}/01KAG6T0V2W4X6Y8Z1A3B5C7D9"));
            let place = Place {
                on: on.expect("valid"),
                n: 1,
                field: field.to_owned(),
            };
            place.id()
        };
        assert_eq!(id("task", "title").len(), ID);
        assert_eq!(id("task", "title"), id("task", "title"));
        assert_ne!(id("task", "title"), id("task", ""));
        assert_ne!(id("task", "workspace"), id("project", "workspace"));
    }
}
