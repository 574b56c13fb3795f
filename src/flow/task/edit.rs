//! `task edit` and the commands that change where a task stands.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::layout::Entity;
use crate::oplog::{Content, Existence, Thing, Write};
use crate::tasks::Pen;
use crate::tasks::model::{Status, field};

use super::super::{FlowError, Session};
use super::desk::{Desk, TasksReport};
use super::projects::Projects;
use super::read_lines::{Numbered, at_line, objects, tasks_counted};
use super::values;
use super::wishes::{Lookup, Wishes};

/// What becomes of tasks.
#[derive(Clone, Debug)]
pub enum Change {
    Fields(Box<Wishes>),
    Status(Status),
    Delete,
    Restore,
}

/// Which tasks, and what becomes of them.
#[derive(Clone, Debug)]
pub struct EditOptions {
    pub references: Vec<String>,
    pub change: Change,
    /// The state that whoever writes has seen: what was written since stands beside it.
    pub if_seen: Option<String>,
    pub by: Option<String>,
}

/// Changes tasks, all of them or none.
pub fn edit(session: &Session<'_>, options: &EditOptions) -> Result<TasksReport, FlowError> {
    let references = &options.references;
    let first = references.first().map_or("", String::as_str);
    if options.if_seen.is_some() && references.len() != 1 {
        return Err(FlowError::Unsaid {
            what: "a token is of one task, and there is more than one",
            hint: "name one task with `--if-seen`, or give each its own with `task edit --stdin`"
                .to_owned(),
        });
    }
    if let Change::Fields(wishes) = &options.change {
        if **wishes == Wishes::default() {
            return Err(FlowError::Unsaid {
                what: "nothing says what is to be changed",
                hint: "`holdall task edit --help` lists the values that a task has".to_owned(),
            });
        }
        wishes.plain(session.edges.clock.now())?;
    }
    let mut desk = Desk::about(session, first, options.by.as_deref())?;
    let what = format!("{}: {}", options.change.name(), references.join(" "));
    let mut lookup = Lookup {
        session,
        projects: Projects::default(),
    };
    let written = desk.write(&what, |pen| {
        let mut changed: Vec<(String, bool)> = Vec::new();
        for reference in references {
            let one = One::found(pen, reference, options.if_seen.as_deref())?;
            let is_changed = one.change(pen, &options.change, &mut lookup)?;
            note(&mut changed, (one.id(), is_changed));
        }
        Ok(changed)
    })?;
    desk.report(written, references.len() == 1)
}

/// Changes many tasks, one on each line: `{"ref": …}` and the fields.
pub fn edit_lines(
    session: &Session<'_>,
    text: &str,
    by: Option<&str>,
) -> Result<TasksReport, FlowError> {
    let lines = objects(text)?;
    let first = lines.first().and_then(|(_, map)| map.get("ref"));
    let first = first.and_then(Value::as_str).unwrap_or_default();
    let mut desk = Desk::about(session, first, by)?;
    let mut lookup = Lookup {
        session,
        projects: Projects::default(),
    };
    let what = format!("edit: {}", named_in(&desk, &lines));
    let before = desk.reading().circles()?;
    let written = desk.write(&what, |pen| {
        let mut changed: Vec<(String, bool)> = Vec::new();
        for (number, mut map) in lines {
            let (reference, token) = (map.remove("ref"), map.remove("if_seen"));
            let line = || {
                let (reference, token) = named(reference.as_ref(), token.as_ref())?;
                let wishes = Wishes::of_json(map)?;
                let one = One::find(pen, reference, token)?;
                let change = Change::Fields(Box::new(wishes));
                Ok((one.id(), one.change(pen, &change, &mut lookup)?))
            };
            note(
                &mut changed,
                line().map_err(|fault: FlowError| at_line(number, fault))?,
            );
        }
        Ok(changed)
    })?;
    Ok(TasksReport {
        circles: desk.new_circles(&before)?,
        ..desk.report(written, false)?
    })
}

/// Notes whether a task was changed, once for each.
fn note(changed: &mut Vec<(String, bool)>, (id, is_changed): (String, bool)) {
    match changed.iter_mut().find(|(known, _)| *known == id) {
        Some((_, was)) => *was |= is_changed,
        None => changed.push((id, is_changed)),
    }
}

/// How many tasks lines name: one may be named twice, and in two ways.
fn named_in(desk: &Desk<'_>, lines: &[Numbered]) -> String {
    let reading = desk.reading();
    let refs = lines.iter().filter_map(|(_, map)| map.get("ref")?.as_str());
    let ids = refs.map(|it| {
        reading
            .resolve(it)
            .map_or_else(|_| it.to_owned(), |row| row.id)
    });
    tasks_counted(ids.collect::<BTreeSet<String>>().len())
}

fn named<'v>(
    reference: Option<&'v Value>,
    token: Option<&'v Value>,
) -> Result<(&'v str, Option<&'v str>), FlowError> {
    let missing = || FlowError::BadValue {
        what: "it has no `ref`".to_owned(),
        hint: "each line names its task: {\"ref\":\"API-7KQ9\",\"status\":\"done\"}".to_owned(),
    };
    let reference = reference.and_then(Value::as_str).ok_or_else(missing)?;
    let token = match token {
        None | Some(Value::Null) => None,
        Some(Value::String(token)) => Some(token.as_str()),
        Some(_) => {
            return Err(FlowError::BadValue {
                what: "`if_seen` is no token".to_owned(),
                hint: "it is the `seen` of the task, a text".to_owned(),
            });
        }
    };
    Ok((reference, token))
}

impl Change {
    const fn name(&self) -> &'static str {
        match self {
            Self::Fields(_) => "edit",
            Self::Status(Status::Active) => "start",
            Self::Status(Status::Canceled) => "cancel",
            Self::Status(status) => status.as_str(),
            Self::Delete => "delete",
            Self::Restore => "restore",
        }
    }
}

/// One task that is changed, as it was seen.
pub struct One {
    pub on: Entity,
    seen: Thing,
    is_held_against: bool,
}

impl One {
    /// One that is there. To write to a deleted task would bring it back, in conflict with itself.
    pub fn find(
        pen: &mut Pen<'_, '_, '_>,
        reference: &str,
        token: Option<&str>,
    ) -> Result<Self, FlowError> {
        let one = Self::found(pen, reference, token)?;
        one.refuse_deleted(pen)?;
        Ok(one)
    }

    /// Whoever says what they saw writes beside a deletion that came since.
    fn refuse_deleted(&self, pen: &mut Pen<'_, '_, '_>) -> Result<(), FlowError> {
        let is_gone = |thing: &Thing| thing.existence() == Existence::Deleted;
        if !is_gone(&self.seen) {
            return Ok(());
        }
        let name = pen.reading().reference(&self.id())?;
        Err(FlowError::Refused {
            what: format!("{name} is deleted"),
            hint: format!("bring it back first: `holdall task restore {name}`"),
        })
    }

    fn found(
        pen: &mut Pen<'_, '_, '_>,
        reference: &str,
        token: Option<&str>,
    ) -> Result<Self, FlowError> {
        let on = pen.reading().resolve(reference)?.entity();
        let seen = pen.seen(&on, token)?;
        Ok(Self {
            on,
            seen,
            is_held_against: token.is_some(),
        })
    }

    pub fn id(&self) -> String {
        self.on.id.as_str().to_owned()
    }

    /// False where it was so already.
    fn change(
        &self,
        pen: &mut Pen<'_, '_, '_>,
        change: &Change,
        lookup: &mut Lookup<'_>,
    ) -> Result<bool, FlowError> {
        let existence = pen.look(&self.on)?.existence();
        if matches!(change, Change::Fields(_) | Change::Status(_)) {
            self.refuse_deleted(pen)?;
        }
        match change {
            Change::Fields(wishes) => self.fields(pen, wishes, lookup),
            Change::Status(status) => self.set(pen, field::STATUS, json!(status.as_str())),
            Change::Delete if existence == Existence::Deleted => Ok(false),
            Change::Delete => {
                pen.delete(&self.on, &self.seen)?;
                Ok(true)
            }
            Change::Restore if existence == Existence::There => Ok(false),
            Change::Restore => {
                pen.undelete(&self.on)?;
                Ok(true)
            }
        }
    }

    fn fields(
        &self,
        pen: &mut Pen<'_, '_, '_>,
        wishes: &Wishes,
        lookup: &mut Lookup<'_>,
    ) -> Result<bool, FlowError> {
        let mut fields = wishes.plain(lookup.session.edges.clock.now())?;
        fields.extend(wishes.linked(pen, lookup)?);
        let mut changed = false;
        for (field, value) in fields {
            refuse_own_epic(&self.on, &field, &value)?;
            changed |= self.set(pen, &field, value)?;
        }
        for label in wishes.checked_labels()? {
            changed |= self.add(pen, field::LABELS, &label)?;
        }
        for label in &wishes.unlabels {
            changed |= self.remove(pen, field::LABELS, &values::label(label)?)?;
        }
        for reference in &wishes.depends {
            let needs = pen.reading().resolve(reference)?;
            if needs.id == self.on.id.as_str() {
                return Err(waits_for_itself());
            }
            changed |= self.add(pen, field::DEPENDS, &needs.id)?;
        }
        Ok(changed)
    }

    /// Gives a field a value that it does not have.
    fn set(&self, pen: &mut Pen<'_, '_, '_>, field: &str, value: Value) -> Result<bool, FlowError> {
        let now = pen.look(&self.on)?.view(field);
        let is_so = match now {
            None => value.is_null(),
            Some(view) => {
                let shown = view.shown.value();
                view.others.is_empty() && shown == Some(&Content::Plain(value.clone()))
            }
        };
        if is_so && !self.is_held_against {
            return Ok(false);
        }
        pen.set(&self.on, (field, value), &self.seen)?;
        Ok(true)
    }

    /// Adds one of many where it is not there.
    pub fn add(
        &self,
        pen: &mut Pen<'_, '_, '_>,
        field: &str,
        text: &str,
    ) -> Result<bool, FlowError> {
        let wanted = Content::Plain(json!(text));
        let items = pen.look(&self.on)?.items(field);
        if items.iter().any(|(_, content)| **content == wanted) {
            return Ok(false);
        }
        pen.add(&self.on, field, json!(text))?;
        Ok(true)
    }

    /// Takes one of many away.
    pub fn remove(
        &self,
        pen: &mut Pen<'_, '_, '_>,
        field: &str,
        text: &str,
    ) -> Result<bool, FlowError> {
        let wanted = Content::Plain(json!(text));
        let is_meant = |_: &Write, content: &Content| *content == wanted;
        Ok(pen.remove(&self.on, field, &is_meant)?)
    }
}

pub fn refuse_own_epic(on: &Entity, field: &str, value: &Value) -> Result<(), FlowError> {
    if field != field::EPIC || value.as_str() != Some(on.id.as_str()) {
        return Ok(());
    }
    Err(FlowError::BadValue {
        what: "an epic cannot belong to itself".to_owned(),
        hint: "name another epic: `holdall epic list`".to_owned(),
    })
}

pub fn waits_for_itself() -> FlowError {
    FlowError::BadValue {
        what: "a task cannot wait for itself".to_owned(),
        hint: "name the task that has to be done first".to_owned(),
    }
}
