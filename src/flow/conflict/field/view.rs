//! The fields in conflict as this machine sees them, and the one that a person means.

use crate::flow::machines::MachineNames;
use crate::flow::{Event, FlowError, Session};
use crate::tasks::model::TASK;
use crate::tasks::{Dispute, Reading, Store, TasksError, Variant};

use super::super::view::is_meant;
use super::open::{FieldLine, open};

/// The task list with its conflicts, looked at and not written to.
pub struct Fields<'s> {
    store: Store,
    pub machines: MachineNames<'s>,
}

/// One conflict with what there is to choose from.
pub struct FieldConflict {
    pub line: FieldLine,
    pub dispute: Dispute,
    /// What `--if-seen` takes.
    pub seen: String,
}

impl<'s> Fields<'s> {
    /// Nothing where there is no task list. One that cannot be used is told, and hides no files.
    pub fn of(session: &'s Session<'s>) -> Result<Option<Self>, FlowError> {
        let store = match session.task_store_there() {
            Ok(store) => store,
            Err(fault) => {
                let text = format!("conflicts of tasks cannot be seen: {}", fault.message());
                session.tell(&Event::Warning { text: &text });
                None
            }
        };
        let Some(store) = store else {
            return Ok(None);
        };
        Ok(Some(Self {
            store,
            machines: MachineNames::new(session)?,
        }))
    }

    pub fn reading(&self) -> Reading<'_> {
        self.store.reading()
    }

    /// All of them, with what there is to choose from.
    pub fn all(&self) -> Result<Vec<FieldConflict>, FlowError> {
        let reading = self.reading();
        let lines = open(&reading)?.into_iter();
        lines
            .map(|line| FieldConflict::of(&reading, line))
            .collect()
    }

    pub fn whole(&self, line: FieldLine) -> Result<FieldConflict, FlowError> {
        FieldConflict::of(&self.reading(), line)
    }

    /// Those that a person may mean: by an id or its beginning, by the ref of a task, by the name or the
    /// id of a project or workspace.
    pub fn meant(&self, wanted: &str) -> Result<Vec<FieldLine>, FlowError> {
        let lines = open(&self.reading())?;
        self.fitting(lines, wanted)
    }

    /// Those of these.
    pub fn fitting(
        &self,
        mut lines: Vec<FieldLine>,
        wanted: &str,
    ) -> Result<Vec<FieldLine>, FlowError> {
        let reading = self.reading();
        if lines.is_empty() {
            return Ok(lines);
        }
        // What names no task, or several, may still name something else.
        let task = match reading.resolve(wanted) {
            Ok(row) => Some(row.id),
            Err(
                TasksError::NoSuchTask { .. }
                | TasksError::NoRef { .. }
                | TasksError::Ambiguous { .. },
            ) => None,
            Err(fault) => return Err(fault.into()),
        };
        let typed = wanted.to_ascii_lowercase();
        lines.retain(|line| {
            let on = &line.place.on;
            let is_named = if on.kind == TASK {
                task.as_deref() == Some(on.id.as_str())
            } else {
                let name = line.reference.split_once('/').map_or("", |(_, name)| name);
                let names = [line.reference.as_str(), name, on.id.as_str()];
                names.iter().any(|it| it.eq_ignore_ascii_case(wanted))
            };
            is_named || is_meant(&line.id, &typed)
        });
        Ok(lines)
    }
}

/// What may be the beginning of an id.
#[must_use]
pub fn is_hex(wanted: &str) -> bool {
    !wanted.is_empty() && wanted.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl FieldConflict {
    pub fn of(reading: &Reading<'_>, line: FieldLine) -> Result<Self, FlowError> {
        let place = &line.place;
        Ok(Self {
            dispute: reading.dispute((&place.on, place.n), &place.field)?,
            seen: reading.token(place.n)?,
            line,
        })
    }

    /// It is about whether the thing is there.
    #[must_use]
    pub fn is_existence(&self) -> bool {
        self.dispute.field.is_empty()
    }

    /// As it is typed.
    #[must_use]
    pub fn name(&self) -> String {
        self.line.name()
    }

    /// Each variant as a person tells it from the others.
    pub fn choices(&self, machines: &MachineNames<'_>) -> String {
        let choice = |it: &Variant| {
            let machine = machines.name(&it.writes[0].machine);
            format!("{} ({machine})", it.token)
        };
        let all: Vec<String> = self.dispute.variants.iter().map(choice).collect();
        all.join(", ")
    }
}
