//! Looking things up: what is there, as rows that a report can show.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params_from_iter};

use crate::base::{Id, MachineId, Timestamp};
use crate::layout::{Entity, OpId, TextName};

use super::model;
use super::query::{Filter, PROJECTS, THING, WAITS};
use super::refs::REF;
use super::{TasksError, refs, tokens};

/// The store, to be looked at.
pub struct Reading<'d> {
    pub(super) db: &'d Connection,
    /// What is read together is of one moment.
    _moment: Option<Transaction<'d>>,
}

/// A task, as a list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    pub thing: i64,
    pub id: String,
    pub reference: String,
    pub title: String,
    pub description: String,
    pub status: String,
    pub priority: String,
    /// The project's id and name.
    pub project: Option<(String, String)>,
    pub workspace: Option<String>,
    pub epic: Option<String>,
    pub is_epic: bool,
    pub due: Option<String>,
    pub available: Option<String>,
    pub meta: Option<String>,
    pub labels: Vec<String>,
    pub waits: bool,
    /// Fields with several values that nobody chose between.
    pub disputes: Vec<String>,
    pub since: Timestamp,
    pub updated: Timestamp,
    pub deleted: bool,
}

/// The tasks of a list.
#[derive(Debug)]
pub struct Listed {
    pub rows: Vec<TaskRow>,
    /// With those beyond the limit.
    pub total: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub token: String,
    pub at: Timestamp,
    pub replica: String,
    pub who: Option<String>,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRow {
    pub id: String,
    pub name: String,
    pub prefix: String,
    pub workspace: Option<String>,
    pub open: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceRow {
    pub id: String,
    pub name: String,
    pub deleted: bool,
}

const TASK: &str = "task.thing, task.id, task.title, task.description, task.status, \
    task.priority, shown.id, shown.name, coalesce(shown.workspace, task.workspace), \
    task.epic, task.is_epic, task.due, task.available, task.meta, task.since, thing.updated, task.deleted, \
    (SELECT group_concat(name, char(31)) FROM label WHERE label.task = task.thing), \
    (SELECT group_concat(field, char(31)) FROM dispute WHERE dispute.thing = task.thing)";

impl<'d> Reading<'d> {
    pub(super) fn of(db: &'d Connection) -> Self {
        let is_within = !db.is_autocommit();
        let moment = (!is_within).then(|| db.unchecked_transaction().ok());
        Self {
            db,
            _moment: moment.flatten(),
        }
    }

    /// The task that a ref names.
    pub fn resolve(&self, reference: &str) -> Result<TaskRow, TasksError> {
        let thing = refs::resolve(self.db, reference)?;
        self.row(thing)
    }

    pub fn task(&self, id: &str) -> Result<Option<TaskRow>, TasksError> {
        let mut find = self
            .db
            .prepare_cached("SELECT thing FROM task WHERE id = ?1")?;
        let thing = find.query_row([id], |row| row.get(0)).optional()?;
        thing.map(|thing| self.row(thing)).transpose()
    }

    fn row(&self, thing: i64) -> Result<TaskRow, TasksError> {
        let mut find = self.db.prepare_cached(&format!(
            "SELECT {TASK}, {WAITS}, {REF} FROM task{THING}{PROJECTS} WHERE task.thing = ?1"
        ))?;
        Ok(find.query_row([thing], raw)?)
    }

    /// The tasks that a filter lets through as far as its limit, and how many there are in all. What is
    /// to be shown of a task is looked up for those alone that are shown.
    pub fn list(&self, filter: &Filter, now: Timestamp) -> Result<Listed, TasksError> {
        let question = filter.question(now);
        let most = filter.limit.unwrap_or(usize::MAX);
        // What words are found in has to be sorted as a whole: to count it would be to search again.
        let counts = filter.words.is_none() && most != usize::MAX;
        let limit = if counts {
            most.try_into().unwrap_or(i64::MAX)
        } else {
            -1
        };
        let sql = format!(
            "SELECT task.thing FROM {} WHERE {} ORDER BY {} LIMIT {limit}",
            question.tables, question.conditions, question.order
        );
        let mut find = self.db.prepare_cached(&sql)?;
        let things = find.query_map(params_from_iter(question.values), |row| row.get(0))?;
        let things: Vec<i64> = things.collect::<Result<_, _>>()?;
        let shown = things.iter().take(most);
        Ok(Listed {
            rows: shown
                .map(|thing| self.row(*thing))
                .collect::<Result<_, _>>()?,
            total: if counts && things.len() == most {
                self.count(filter, now)?
            } else {
                things.len()
            },
        })
    }

    /// How many tasks a list would have.
    pub fn count(&self, filter: &Filter, now: Timestamp) -> Result<usize, TasksError> {
        let question = filter.question(now);
        let sql = format!(
            "SELECT count(*) FROM {} WHERE {}",
            question.tables, question.conditions
        );
        let mut find = self.db.prepare_cached(&sql)?;
        let count: i64 = find.query_row(params_from_iter(question.values), |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// The ref of a task that another one names; its id where it is not here.
    pub fn reference(&self, id: &str) -> Result<String, TasksError> {
        let mut find = self.db.prepare_cached(&format!(
            "SELECT {REF} FROM task{PROJECTS} WHERE task.id = ?1"
        ))?;
        let found = find.query_row([id], |row| refs::shown(row, 0)).optional()?;
        Ok(found.unwrap_or_else(|| id.to_owned()))
    }

    /// The same of all of them at once.
    pub fn references(&self) -> Result<HashMap<String, String>, TasksError> {
        refs::all(self.db)
    }

    /// The tasks that have to be done first, by their ids; whether each closes a circle.
    pub fn needs(&self, thing: i64) -> Result<Vec<(String, bool)>, TasksError> {
        let mut find = self
            .db
            .prepare_cached("SELECT needs, circle FROM depend WHERE task = ?1 ORDER BY rank")?;
        let rows = find.query_map([thing], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The dependencies that close a circle and are not waited for, by the ids of both tasks.
    pub fn circles(&self) -> Result<Vec<(String, String)>, TasksError> {
        let mut find = self.db.prepare_cached(
            "SELECT task.id, depend.needs FROM depend JOIN task ON task.thing = depend.task \
             WHERE depend.circle ORDER BY depend.rank",
        )?;
        let rows = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The epics that a task's epic belongs to, one after the other back to the task itself, by their
    /// ids; none where that leads nowhere or into a circle of others.
    pub fn epic_circle(&self, id: &str) -> Result<Vec<String>, TasksError> {
        let mut find = self
            .db
            .prepare_cached("SELECT epic FROM task WHERE id = ?1 AND NOT deleted")?;
        let (mut way, mut at) = (Vec::new(), id.to_owned());
        while let Some(epic) = find
            .query_row([&at], |row| row.get::<_, Option<String>>(0))
            .optional()?
            .flatten()
        {
            if epic == id {
                return Ok(way);
            }
            if way.contains(&epic) {
                break;
            }
            way.push(epic.clone());
            at = epic;
        }
        Ok(Vec::new())
    }

    /// The tasks that wait for this one, by their ids.
    pub fn needed_by(&self, id: &str) -> Result<Vec<String>, TasksError> {
        let mut find = self.db.prepare_cached(
            "SELECT task.id FROM depend JOIN task ON task.thing = depend.task \
             WHERE depend.needs = ?1 AND NOT depend.circle AND NOT task.deleted ORDER BY task.rank",
        )?;
        let rows = find.query_map([id], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn notes(&self, thing: i64) -> Result<Vec<Note>, TasksError> {
        let mut find = self.db.prepare_cached(
            "SELECT op, at, replica, who, text FROM note WHERE task = ?1 ORDER BY at, op",
        )?;
        let rows = find.query_map([thing], |row| {
            Ok(Note {
                token: tokens::token(OpId::from_bytes(row.get(0)?)),
                at: Timestamp::from_millis(row.get(1)?),
                replica: row.get(2)?,
                who: row.get(3)?,
                text: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What a person may hand back to say what they saw.
    pub fn token(&self, thing: i64) -> Result<String, TasksError> {
        tokens::of_thing(self.db, thing)
    }

    pub fn projects(&self) -> Result<Vec<ProjectRow>, TasksError> {
        let mut find = self.db.prepare_cached(
            "SELECT id, name, prefix, workspace, (SELECT count(*) FROM task \
             JOIN project AS own ON own.id = task.project \
             WHERE own.shown = project.id AND NOT task.closed AND NOT task.deleted) \
             FROM project WHERE shown = id AND NOT deleted ORDER BY name, id",
        )?;
        let rows = find.query_map([], |row| {
            Ok(ProjectRow {
                id: row.get(0)?,
                name: row.get(1)?,
                prefix: row.get(2)?,
                workspace: row.get(3)?,
                open: usize::try_from(row.get::<_, i64>(4)?).unwrap_or(0),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The project that this one comes to, by its id.
    pub fn shown_project(&self, id: &str) -> Result<Option<String>, TasksError> {
        let mut find = self
            .db
            .prepare_cached("SELECT shown FROM project WHERE id = ?1")?;
        Ok(find.query_row([id], |row| row.get(0)).optional()?)
    }

    /// Those that somebody made: the default one is none of them, whatever is written about it.
    pub fn workspaces(&self) -> Result<Vec<WorkspaceRow>, TasksError> {
        let mut find = self.db.prepare_cached(
            "SELECT id, name, deleted FROM workspace WHERE id <> ?1 ORDER BY name, id",
        )?;
        let rows = find.query_map([model::default_workspace().as_str()], |row| {
            Ok(WorkspaceRow {
                id: row.get(0)?,
                name: row.get(1)?,
                deleted: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every label that an open task has, with how many have it.
    pub fn labels(&self) -> Result<Vec<(String, usize)>, TasksError> {
        let mut find = self.db.prepare_cached(
            "SELECT label.name, count(*) FROM label JOIN task ON task.thing = label.task \
             WHERE NOT task.closed AND NOT task.deleted GROUP BY label.name ORDER BY label.name",
        )?;
        let rows = find.query_map([], |row| {
            let count: i64 = row.get(1)?;
            Ok((row.get(0)?, usize::try_from(count).unwrap_or(0)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The machine that writes under a replica's name.
    pub fn machine_of(&self, replica: &MachineId) -> Result<String, TasksError> {
        let mut find = self
            .db
            .prepare_cached("SELECT machine FROM chain WHERE replica = ?1 ORDER BY name LIMIT 1")?;
        let machine = find.query_row([replica.as_str()], |row| row.get(0));
        Ok(machine.optional()?.unwrap_or_default())
    }

    /// Long values that something shows and that are not here.
    pub fn wanted(&self) -> Result<Vec<TextName>, TasksError> {
        let mut find = self.db.prepare_cached("SELECT DISTINCT name FROM wanted")?;
        let rows = find.query_map([], |row| row.get::<_, String>(0))?;
        rows.map(|row| text_name(&row?)).collect()
    }

    /// The long values that are here.
    pub fn texts(&self) -> Result<Vec<TextName>, TasksError> {
        let mut find = self.db.prepare_cached("SELECT name FROM text")?;
        let rows = find.query_map([], |row| row.get::<_, String>(0))?;
        rows.map(|row| text_name(&row?)).collect()
    }

    pub fn text(&self, name: &TextName) -> Result<Option<Vec<u8>>, TasksError> {
        let mut find = self
            .db
            .prepare_cached("SELECT bytes FROM text WHERE name = ?1")?;
        Ok(find
            .query_row([name.as_str()], |row| row.get(0))
            .optional()?)
    }
}

fn text_name(text: &str) -> Result<TextName, TasksError> {
    TextName::parse(text).ok_or(TasksError::Damaged {
        what: "the name of a text",
    })
}

fn raw(row: &Row<'_>) -> rusqlite::Result<TaskRow> {
    let many = |at| {
        let joined: Option<String> = row.get(at)?;
        let parts = joined.as_deref().map(|it| it.split('\u{1f}'));
        Ok::<_, rusqlite::Error>(parts.into_iter().flatten().map(str::to_owned).collect())
    };
    let project: (Option<String>, Option<String>) = (row.get(6)?, row.get(7)?);
    Ok(TaskRow {
        thing: row.get(0)?,
        id: row.get(1)?,
        title: row.get(2)?,
        description: row.get(3)?,
        status: row.get(4)?,
        priority: row.get(5)?,
        project: project.0.zip(project.1),
        workspace: row.get(8)?,
        epic: row.get(9)?,
        is_epic: row.get(10)?,
        due: row.get(11)?,
        available: row.get(12)?,
        meta: row.get(13)?,
        since: Timestamp::from_millis(row.get(14)?),
        updated: Timestamp::from_millis(row.get(15)?),
        deleted: row.get(16)?,
        labels: many(17)?,
        disputes: many(18)?,
        waits: row.get(19)?,
        reference: refs::shown(row, 20)?,
    })
}

/// The task's entity.
impl TaskRow {
    #[must_use]
    pub fn entity(&self) -> Entity {
        model::task(Id::parse(&self.id).expect("ids in the store were checked"))
    }
}
