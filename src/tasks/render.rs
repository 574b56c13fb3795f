//! What is shown of a thing, as rows that can be asked for.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use crate::layout::Entity;
use crate::oplog::{Content, Existence, Op, TextMerge, Thing, Write};

use super::content::{ThreeWay, at_hand, text_of};
use super::model::{self, PROJECT, Priority, Status, TASK, WORKSPACE, field};
use super::{TasksError, circles, log, names};

/// What is written once all things are.
#[derive(Default)]
pub struct Renderer {
    projects: bool,
    depends: bool,
    /// SQLite would write the index of words at each statement in between.
    words: Vec<Words>,
}

/// What a search finds a task by.
struct Words {
    n: i64,
    is_new: bool,
    title: String,
    description: String,
    notes: String,
}

impl Renderer {
    /// Writes what is shown of one thing.
    pub fn show(&mut self, it: &Shown<'_>, on: &Entity) -> Result<(), TasksError> {
        match on.kind.as_str() {
            TASK => {
                self.words.extend(it.task(on)?);
                self.depends |= it.depends()?;
            }
            PROJECT => {
                it.project(on)?;
                self.projects = true;
            }
            WORKSPACE => it.workspace(on)?,
            _ => {}
        }
        it.disputes()
    }

    pub fn finish(mut self, db: &Connection) -> Result<(), TasksError> {
        if self.projects {
            names::settle(db)?;
        }
        if self.depends {
            circles::settle(db)?;
        }
        // At each step back the whole index of words would be written. The last of a task is what counts.
        self.words.sort_by_key(|words| words.n);
        self.words.iter().try_for_each(|words| words.write(db))
    }
}

impl Words {
    fn write(&self, db: &Connection) -> Result<(), TasksError> {
        if !self.is_new {
            db.prepare_cached("DELETE FROM words WHERE rowid = ?1")?
                .execute([self.n])?;
        }
        db.prepare_cached(
            "INSERT INTO words (rowid, title, description, notes) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![self.n, self.title, self.description, self.notes])?;
        Ok(())
    }
}

/// A thing on its way into the rows.
pub struct Shown<'a> {
    pub db: &'a Connection,
    pub n: i64,
    pub thing: &'a Thing,
    /// It has no rows yet.
    pub is_new: bool,
    pub three_way: ThreeWay,
}

impl Shown<'_> {
    fn write(&self, field: &str) -> Option<&Write> {
        self.thing.view(field).map(|view| view.shown)
    }

    /// The value of a field as text; nothing where it has none.
    fn text(&self, field: &str) -> Result<Option<String>, TasksError> {
        let Some(content) = self.write(field).and_then(Write::value) else {
            return Ok(None);
        };
        text_of(self.db, (self.n, field), content)
    }

    fn word(&self, field: &str, otherwise: &str) -> Result<String, TasksError> {
        Ok(self.text(field)?.unwrap_or_else(|| otherwise.to_owned()))
    }

    /// A long text that several changed at once, and apart from each other.
    fn merged(&self, field: &str) -> Result<Option<String>, TasksError> {
        if self.thing.field(field).nth(1).is_none() {
            return Ok(None);
        }
        let ops = log::ops_on(self.db, self.n, i64::MAX)?.into_iter();
        let ops: Vec<Op> = ops.map(|(_, op)| op).collect();
        let read = |content: &Content| at_hand(self.db, content).ok()?;
        let merge = TextMerge {
            read: &read,
            three_way: &self.three_way,
        };
        Ok(merge.shown(self.thing, field, &ops))
    }

    fn is_deleted(&self) -> bool {
        self.thing.existence() == Existence::Deleted
    }

    fn task(&self, on: &Entity) -> Result<Option<Words>, TasksError> {
        let title = self.word(field::TITLE, "")?;
        let description = match self.merged(field::DESCRIPTION)? {
            Some(text) => text,
            None => self.word(field::DESCRIPTION, "")?,
        };
        let status = self.word(field::STATUS, Status::Inbox.as_str())?;
        let priority = self.word(field::PRIORITY, Priority::None.as_str())?;
        let due = self.text(field::DUE)?;
        let since = self.write(field::STATUS).map_or(0, |it| it.at.at.millis());
        let closed = Status::parse(&status).is_some_and(Status::is_closed);
        let is_epic = self.text(field::IS_EPIC)?.is_some_and(|it| it == "true");
        let words = self.words(&title, &description, self.notes()?)?;
        self.clear("DELETE FROM task WHERE thing = ?1")?;
        self.db
            .prepare_cached(
                "INSERT INTO task VALUES \
                 (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
            )?
            .execute(params![
                self.n,
                on.id.as_str(),
                model::key(&on.id),
                title,
                description,
                status,
                priority,
                self.text(field::PROJECT)?,
                self.text(field::WORKSPACE)?,
                self.text(field::EPIC)?,
                is_epic,
                due,
                self.text(field::AVAILABLE)?,
                self.meta()?,
                since,
                closed,
                self.is_deleted(),
                rank(on, (&status, &priority), due.as_deref(), since),
            ])?;
        self.labels()?;
        Ok(words)
    }

    /// The words that a search finds it by, where they are other ones than before.
    fn words(
        &self,
        title: &str,
        description: &str,
        notes: String,
    ) -> Result<Option<Words>, TasksError> {
        if !self.is_new && notes.is_empty() {
            let mut find = self.db.prepare_cached(
                "SELECT title = ?2 AND description = ?3 FROM task WHERE thing = ?1",
            )?;
            let same = find.query_row(params![self.n, title, description], |row| row.get(0));
            if same.optional()? == Some(true) {
                return Ok(None);
            }
        }
        Ok(Some(Words {
            n: self.n,
            is_new: self.is_new,
            title: title.to_owned(),
            description: description.to_owned(),
            notes,
        }))
    }

    /// Rows that say what was before. Most things that are written are new.
    fn clear(&self, sql: &str) -> Result<(), TasksError> {
        if !self.is_new {
            self.db.prepare_cached(sql)?.execute([self.n])?;
        }
        Ok(())
    }

    fn labels(&self) -> Result<(), TasksError> {
        self.clear("DELETE FROM label WHERE task = ?1")?;
        for (_, content) in self.thing.items(field::LABELS) {
            if let Some(name) = text_of(self.db, (self.n, field::LABELS), content)? {
                self.db
                    .prepare_cached("INSERT OR IGNORE INTO label VALUES (?1, ?2)")?
                    .execute(params![self.n, name])?;
            }
        }
        Ok(())
    }

    /// The notes, oldest first; all of them as one text.
    fn notes(&self) -> Result<String, TasksError> {
        self.clear("DELETE FROM note WHERE task = ?1")?;
        let mut all = String::new();
        for (write, content) in self.thing.items(field::NOTES) {
            let Some(text) = text_of(self.db, (self.n, field::NOTES), content)? else {
                continue;
            };
            self.db
                .prepare_cached("INSERT INTO note VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
                .execute(params![
                    self.n,
                    write.id.as_bytes(),
                    write.at.at.millis(),
                    write.replica.as_str(),
                    write.by,
                    text
                ])?;
            all.push_str(&text);
            all.push('\n');
        }
        Ok(all)
    }

    /// What has to be done first. True where that is other than it was.
    fn depends(&self) -> Result<bool, TasksError> {
        let mut now = BTreeMap::new();
        for (write, content) in self.thing.items(field::DEPENDS) {
            if let Some(needs) = text_of(self.db, (self.n, field::DEPENDS), content)? {
                let rank = format!("{} {} {}", write.at, write.replica, write.id);
                now.entry(needs).or_insert(rank);
            }
        }
        if now.is_empty() && self.is_new {
            return Ok(false);
        }
        let mut find = self
            .db
            .prepare_cached("SELECT needs, rank FROM depend WHERE task = ?1")?;
        let rows = find.query_map([self.n], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let before: BTreeMap<String, String> = rows.collect::<Result<_, _>>()?;
        if before == now {
            return Ok(false);
        }
        self.db
            .execute("DELETE FROM depend WHERE task = ?1", [self.n])?;
        for (needs, rank) in now {
            self.db
                .prepare_cached("INSERT INTO depend VALUES (?1, ?2, ?3, 0)")?
                .execute(params![self.n, needs, rank])?;
        }
        Ok(true)
    }

    fn meta(&self) -> Result<Option<String>, TasksError> {
        let mut meta = BTreeMap::new();
        for field in self.thing.fields() {
            if let Some(name) = field.strip_prefix(field::META)
                && let Some(value) = self.text(field)?
            {
                meta.insert(name, value);
            }
        }
        let text = (!meta.is_empty()).then(|| serde_json::to_string(&meta).expect("plain data"));
        Ok(text)
    }

    fn project(&self, on: &Entity) -> Result<(), TasksError> {
        let id = on.id.as_str();
        let name = self.word(field::NAME, id)?;
        self.db.execute(
            "INSERT OR REPLACE INTO project VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?2)",
            params![
                self.n,
                id,
                name,
                self.word(field::PREFIX, "")?,
                self.text(field::WORKSPACE)?,
                self.is_deleted(),
                self.text(field::SAME)?,
            ],
        )?;
        Ok(())
    }

    fn workspace(&self, on: &Entity) -> Result<(), TasksError> {
        let id = on.id.as_str();
        let name = self.word(field::NAME, id)?;
        self.db.execute(
            "INSERT OR REPLACE INTO workspace VALUES (?1, ?2, ?3, ?4)",
            params![self.n, id, name, self.is_deleted()],
        )?;
        Ok(())
    }

    fn disputes(&self) -> Result<(), TasksError> {
        let fields = self.thing.fields();
        let has_others = |field: &&str| {
            // Most fields have one write.
            if self.thing.field(field).nth(1).is_none() {
                return false;
            }
            let view = self.thing.view(field);
            view.is_some_and(|view| !view.others.is_empty())
        };
        let mut disputed: BTreeSet<&str> = fields.filter(has_others).collect();
        if disputed.contains(field::DESCRIPTION) && self.merged(field::DESCRIPTION)?.is_some() {
            disputed.remove(field::DESCRIPTION);
        }
        if self.thing.existence() == Existence::Disputed {
            disputed.insert("");
        }
        self.clear("DELETE FROM dispute WHERE thing = ?1")?;
        for field in disputed {
            self.db
                .prepare_cached("INSERT INTO dispute VALUES (?1, ?2)")?
                .execute(params![self.n, field])?;
        }
        Ok(())
    }
}

/// What comes first in a list: what is being done, then what matters, then what is due; of what is
/// closed, what was closed last.
fn rank(on: &Entity, (status, priority): (&str, &str), due: Option<&str>, since: i64) -> String {
    let status = Status::parse(status).unwrap_or(Status::Inbox);
    let place = Status::ALL.iter().position(|it| *it == status).unwrap_or(0);
    if status.is_closed() {
        return format!("9{:020}{}", i64::MAX - since, on.id);
    }
    let priority = Priority::parse(priority).unwrap_or(Priority::None);
    let weight = Priority::ALL.iter().rev().position(|it| *it == priority);
    let due = due.unwrap_or("9999");
    format!("{place}{}{due} {}", weight.unwrap_or(0), on.id)
}
