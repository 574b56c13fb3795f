//! `task add`: one task, or many in one transaction.

use serde::Serialize;
use serde_json::{Value, json};

use crate::base::Id;
use crate::tasks::Pen;
use crate::tasks::model::{self, field};

use super::super::{FlowError, Session};
use super::censor::WithheldText;
use super::desk::{Desk, TasksReport, Written};
use super::projects::{self, Project, Projects};
use super::read_lines::{at_line, objects, tasks_counted};
use super::wishes::{Lookup, Wishes, in_project};

/// More tasks than these are many.
const MANY: usize = 500;

/// Of many tasks that were added.
#[derive(Debug, Serialize)]
pub struct BriefTask {
    pub id: String,
    #[serde(rename = "ref")]
    pub reference: String,
    pub title: String,
}

#[derive(Debug, Serialize)]
pub struct AddReport {
    pub tasks: Vec<BriefTask>,
    pub withheld: Vec<WithheldText>,
}

/// Adds one task. In the directory of a project it belongs to that, if nothing else was said.
pub fn add(
    session: &Session<'_>,
    wishes: &Wishes,
    by: Option<&str>,
) -> Result<TasksReport, FlowError> {
    let (title, here) = (
        wishes.title.clone().unwrap_or_default(),
        projects::here(session)?,
    );
    // What is wrong is said before anything is made.
    Wishes {
        title: Some(title.clone()),
        ..wishes.clone()
    }
    .plain(session.edges.clock.now())?;
    let mut desk = Desk::open(session, by)?;
    let mut adding = Adding::new(session, here);
    let written = desk.write(&format!("add: {title}"), |pen| {
        Ok(vec![(adding.one(pen, wishes.clone())?.0, true)])
    })?;
    desk.report(written, true)
}

/// Adds many tasks, one on each line.
pub fn add_lines(
    session: &Session<'_>,
    text: &str,
    by: Option<&str>,
) -> Result<AddReport, FlowError> {
    let lines = objects(text)?;
    let here = projects::here(session)?;
    let mut desk = Desk::open(session, by)?;
    let mut adding = Adding::new(session, here);
    let Written { answer, withheld } =
        desk.write(&format!("add: {}", tasks_counted(lines.len())), |pen| {
            let mut added = Vec::new();
            for (number, map) in lines {
                let one = Wishes::of_json(map).and_then(|wishes| adding.one(pen, wishes));
                added.push(one.map_err(|fault| at_line(number, fault))?);
            }
            Ok(added)
        })?;
    let reading = desk.reading();
    // To read all refs costs as much as to look up a few.
    let all = (answer.len() > MANY).then(|| reading.references());
    let all = all.transpose()?.unwrap_or_default();
    let mut tasks = Vec::new();
    for (id, title) in answer {
        let known = all.get(&id).cloned();
        tasks.push(BriefTask {
            reference: known.map_or_else(|| reading.reference(&id), Ok)?,
            id,
            title,
        });
    }
    Ok(AddReport { tasks, withheld })
}

struct Adding<'a> {
    lookup: Lookup<'a>,
    here: Option<Project>,
}

impl<'a> Adding<'a> {
    fn new(session: &'a Session<'a>, here: Option<Project>) -> Self {
        let lookup = Lookup {
            session,
            projects: Projects::default(),
        };
        Self { lookup, here }
    }

    /// The id of the new task, and its title.
    fn one(
        &mut self,
        pen: &mut Pen<'_, '_, '_>,
        mut wishes: Wishes,
    ) -> Result<(String, String), FlowError> {
        let edges = self.lookup.session.edges;
        let now = edges.clock.now();
        // Without a title it is refused as one without words.
        wishes.title.get_or_insert_default();
        let mut fields = wishes.plain(now)?;
        fields.extend(wishes.linked(pen, &mut self.lookup)?);
        if let (None, Some(project)) = (&wishes.project, &self.here) {
            let value = in_project(pen, &mut self.lookup, project)?;
            fields.push((field::PROJECT.to_owned(), value));
        }
        let labels = wishes.checked_labels()?;
        let mut needs = Vec::new();
        for reference in &wishes.depends {
            needs.push(pen.reading().resolve(reference)?.id);
        }
        let on = model::task(Id::new(edges)?);
        fields.retain(|(_, value)| *value != Value::Null);
        pen.begin(&on, fields)?;
        for label in labels {
            pen.add(&on, field::LABELS, json!(label))?;
        }
        for id in needs {
            pen.add(&on, field::DEPENDS, json!(id))?;
        }
        let title = wishes.title.unwrap_or_default().trim().to_owned();
        Ok((on.id.as_str().to_owned(), title))
    }
}
