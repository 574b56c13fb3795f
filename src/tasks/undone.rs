//! What was written to undo something else.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use crate::layout::OpId;
use crate::oplog::{Act, Content, Op};

use super::{TasksError, content, log};

/// What the name of a deed begins with that undoes others: it is taken back only where that is meant.
pub const UNDO: &str = "undo";
/// And what that of one begins with that does again what was undone.
pub const REDO: &str = "redo";

/// The name of a deed that undoes these, or does again what these undid.
#[must_use]
pub fn name_over<'n>(what: &str, deeds: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = deeds.map(meant_by).collect();
    format!("{what}: {}", names.join(", "))
}

/// What a deed did at first that is named in one like this.
#[must_use]
pub fn meant_by(what: &str) -> &str {
    let behind = |word| what.strip_prefix(word)?.strip_prefix(": ");
    behind(UNDO).or_else(|| behind(REDO)).unwrap_or(what)
}

/// Whether a deed has such a name. Without anything behind it, it is of an earlier version.
fn is_called(what: &str, word: &str) -> bool {
    let behind = what.strip_prefix(word);
    behind.is_some_and(|rest| rest.is_empty() || rest.starts_with(": "))
}

/// Where an op stands in the log.
pub fn place(db: &Connection, id: OpId) -> Result<i64, TasksError> {
    let mut find = db.prepare_cached("SELECT n FROM op WHERE id = ?1")?;
    Ok(find.query_row([id.as_bytes()], |row| row.get(0))?)
}

/// Whether this machine wrote an op to undo something, or to do it again: it brings nothing new.
fn is_put_back(db: &Connection, id: OpId) -> Result<bool, TasksError> {
    is_of(db, place(db, id)?, &[UNDO, REDO])
}

fn is_of(db: &Connection, place: i64, names: &[&str]) -> Result<bool, TasksError> {
    let mut find = db.prepare_cached("SELECT what FROM deed WHERE ?1 BETWEEN first AND last")?;
    let what: Option<String> = find
        .query_row(params![place], |row| row.get(0))
        .optional()?;
    Ok(what.is_some_and(|what| names.iter().any(|word| is_called(&what, word))))
}

/// Which earlier writes to a field those stand for that undoing brought back.
pub struct Heirs<'h> {
    pub db: &'h Connection,
    pub field: &'h str,
    /// From here on all is written to undo something, in the deed that is being done.
    pub since: Option<i64>,
    pub known: BTreeMap<OpId, BTreeSet<OpId>>,
}

impl Heirs<'_> {
    /// Whether a write is this op, or says again what it said because something else was undone.
    pub fn stands_for(&mut self, write: OpId, op: OpId) -> Result<bool, TasksError> {
        Ok(write == op || self.all(write)?.contains(&op))
    }

    pub fn is_put_back(&self, id: OpId) -> Result<bool, TasksError> {
        let is_new = match self.since {
            Some(first) => place(self.db, id)? >= first,
            None => false,
        };
        Ok(is_new || is_put_back(self.db, id)?)
    }

    /// All that a write stands for. What undoes an op says what that op had replaced.
    fn all(&mut self, id: OpId) -> Result<BTreeSet<OpId>, TasksError> {
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let mut all = BTreeSet::from([id]);
        if let Some(op) = log::op_by_id(self.db, id)?
            && self.is_put_back(id)?
        {
            let said = self.said(&op);
            for before in self.undone_by(&op)? {
                if self.said(&before) == said {
                    all.extend(self.all(before.id)?);
                }
            }
        }
        self.known.insert(id, all.clone());
        Ok(all)
    }

    /// What an op took back, and what that had replaced.
    fn undone_by(&mut self, op: &Op) -> Result<Vec<Op>, TasksError> {
        let mut undone = BTreeSet::new();
        for id in &op.saw {
            undone.extend(self.all(*id)?);
        }
        let mut ids = undone.clone();
        for id in undone {
            ids.extend(
                log::op_by_id(self.db, id)?
                    .into_iter()
                    .flat_map(|it| it.saw),
            );
        }
        let mut ops = Vec::new();
        for id in ids {
            ops.extend(log::op_by_id(self.db, id)?);
        }
        Ok(ops)
    }

    /// What an op says of the field; the empty one is whether the thing is there.
    fn said(&self, op: &Op) -> (bool, Option<Content>) {
        (op.act == Act::Delete, content::content_of(op, self.field))
    }
}
