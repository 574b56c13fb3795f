//! Tasks as reports have them: refs instead of ids, and times to the millisecond.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::base::Timestamp;
use crate::tasks::model::{DEFAULT_WORKSPACE_NAME, default_workspace};
use crate::tasks::{Note, Reading, TaskRow};

use super::super::FlowError;
use super::spoken::field_name;

#[derive(Clone, Debug, Serialize)]
pub struct TaskEntry {
    pub id: String,
    #[serde(rename = "ref")]
    pub reference: String,
    pub title: String,
    pub description: String,
    pub status: String,
    pub priority: String,
    pub project: Option<String>,
    pub labels: Vec<String>,
    pub due: Option<String>,
    pub available: Option<String>,
    /// The epic that it belongs to, by its ref.
    pub epic: Option<String>,
    pub is_epic: bool,
    pub workspace: String,
    /// What has to be done first, by refs.
    pub depends: Vec<String>,
    /// Some of that is not done yet.
    pub blocked: bool,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub deleted: bool,
    /// Fields that two machines wrote at once, and nobody chose between.
    pub conflicts: Vec<String>,
    pub meta: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<Vec<NoteEntry>>,
    /// What `--if-seen` takes.
    pub seen: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct NoteEntry {
    pub token: String,
    pub at: Timestamp,
    pub by: Option<String>,
    pub text: String,
}

impl From<Note> for NoteEntry {
    fn from(note: Note) -> Self {
        Self {
            token: note.token,
            at: note.at,
            by: note.who,
            text: note.text,
        }
    }
}

/// Makes reports of rows.
pub struct Shaping<'r, 'd> {
    reading: &'r Reading<'d>,
    workspaces: BTreeMap<String, String>,
    epics: BTreeMap<String, String>,
}

impl<'r, 'd> Shaping<'r, 'd> {
    pub fn new(reading: &'r Reading<'d>) -> Result<Self, FlowError> {
        let mut workspaces: BTreeMap<String, String> = BTreeMap::new();
        for row in reading.workspaces()? {
            workspaces.insert(row.id, row.name);
        }
        let own = default_workspace().as_str().to_owned();
        let name = DEFAULT_WORKSPACE_NAME.to_owned();
        workspaces.insert(own, name);
        Ok(Self {
            reading,
            workspaces,
            epics: BTreeMap::new(),
        })
    }

    pub fn entry(&mut self, row: TaskRow) -> Result<TaskEntry, FlowError> {
        let needs = self.reading.needs(row.thing)?;
        let depends = needs.iter().map(|(id, _)| self.reading.reference(id));
        let depends = depends.collect::<Result<_, _>>()?;
        let on = row.entity();
        let meta = row.meta.as_deref().map(serde_json::from_str);
        let named = |field: &String| field_name(field).to_owned();
        Ok(TaskEntry {
            created: on.id.made(),
            seen: self.reading.token(row.thing)?,
            epic: row.epic.map(|id| self.epic(id)).transpose()?,
            workspace: self.workspace(row.workspace),
            conflicts: row.disputes.iter().map(named).collect(),
            meta: meta.and_then(Result::ok).unwrap_or_default(),
            project: row.project.map(|(_, name)| name),
            notes: None,
            depends,
            id: row.id,
            reference: row.reference,
            title: row.title,
            description: row.description,
            status: row.status,
            priority: row.priority,
            labels: row.labels,
            due: row.due,
            available: row.available,
            is_epic: row.is_epic,
            blocked: row.waits,
            updated: row.updated,
            deleted: row.deleted,
        })
    }

    /// A task with its notes.
    pub fn whole(&mut self, row: TaskRow) -> Result<TaskEntry, FlowError> {
        let notes = self.reading.notes(row.thing)?;
        let entry = self.entry(row)?;
        Ok(TaskEntry {
            notes: Some(notes.into_iter().map(NoteEntry::from).collect()),
            ..entry
        })
    }

    /// The name of a workspace; one that is not known goes by its id.
    pub fn workspace(&self, id: Option<String>) -> String {
        let id = id.unwrap_or_else(|| default_workspace().as_str().to_owned());
        self.workspaces.get(&id).cloned().unwrap_or(id)
    }

    /// Many tasks belong to few epics.
    fn epic(&mut self, id: String) -> Result<String, FlowError> {
        if let Some(known) = self.epics.get(&id) {
            return Ok(known.clone());
        }
        let reference = self.reading.reference(&id)?;
        self.epics.insert(id, reference.clone());
        Ok(reference)
    }
}
