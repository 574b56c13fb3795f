//! What was done at one time, and how it is undone: by ops that say the contrary, so that it can be
//! undone after others have seen it.

use rusqlite::params;

use crate::base::Timestamp;
use crate::layout::{Entity, OpId};
use crate::oplog::{Act, Content, Op, Thing};

use super::pen::Pen;
use super::{Reading, TasksError, content, log};

/// What a deed is called that undoes others: it is taken back only where that is meant.
pub const UNDO: &str = "undo";

/// What a person did with one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    pub n: i64,
    pub at: Timestamp,
    pub what: String,
    first: i64,
    last: i64,
}

/// What became of undoing a deed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reversed {
    /// The things that are as they were before.
    pub things: Vec<Entity>,
    /// Fields that somebody wrote since: they stay.
    pub kept: Vec<(Entity, String)>,
}

impl Reading<'_> {
    /// The last deeds that are not undone, the latest first.
    pub fn deeds(&self, most: usize) -> Result<Vec<Deed>, TasksError> {
        self.last_deeds("what <> ?1", most)
    }

    /// The same of those that undid others.
    pub fn undos(&self, most: usize) -> Result<Vec<Deed>, TasksError> {
        self.last_deeds("what = ?1", most)
    }

    fn last_deeds(&self, which: &str, most: usize) -> Result<Vec<Deed>, TasksError> {
        let mut find = self.db.prepare_cached(&format!(
            "SELECT n, at, what, first, last FROM deed WHERE undone IS NULL AND {which} \
             ORDER BY n DESC LIMIT ?2"
        ))?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = find.query_map(params![UNDO, most], |row| {
            Ok(Deed {
                n: row.get(0)?,
                at: Timestamp::from_millis(row.get(1)?),
                what: row.get(2)?,
                first: row.get(3)?,
                last: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Pen<'_, '_, '_> {
    /// Undoes a deed, the last op first. What somebody wrote over it since stays.
    pub fn reverse(&mut self, deed: &Deed) -> Result<Reversed, TasksError> {
        let mut reversed = Reversed::default();
        for place in (deed.first..=deed.last).rev() {
            let op = log::op_at(self.db(), place)?;
            let (on, is_reversed) = (op.on.clone(), self.reverse_op(&op)?);
            if !is_reversed {
                let field = content::said(&op).1.unwrap_or_default();
                reversed.kept.push((on, field.to_owned()));
            } else if !reversed.things.contains(&on) {
                reversed.things.push(on);
            }
        }
        self.db()
            .execute("UPDATE deed SET undone = n WHERE n = ?1", params![deed.n])?;
        Ok(reversed)
    }

    fn reverse_op(&mut self, op: &Op) -> Result<bool, TasksError> {
        let thing = self.look(&op.on)?.clone();
        match &op.act {
            Act::New { .. } => {
                for (_, write) in thing.all() {
                    if write.id != op.id && !self.is_put_back(write.id)? {
                        return Ok(false);
                    }
                }
                self.delete(&op.on, &thing)?;
            }
            Act::Set { field, .. } => {
                if !self.stands(&thing, field, op)? {
                    return Ok(false);
                }
                let before = self.before(op, field)?;
                self.put_back(op, field, (before, &thing))?;
            }
            Act::Add { field, content } => {
                let mut meant = Vec::new();
                for (write, other) in thing.items(field) {
                    if write.id == op.id || other == content && self.is_put_back(write.id)? {
                        meant.push(write.id);
                    }
                }
                return self.remove(&op.on, field, &|write, _| meant.contains(&write.id));
            }
            Act::Remove { field } => {
                for id in &op.saw {
                    let removed = log::op_by_id(self.db(), *id)?;
                    let content = removed.and_then(|it| content::content_of(&it, field));
                    if let Some(content) = content {
                        self.add_content(&op.on, field, content)?;
                    }
                }
            }
            Act::Delete | Act::Undelete => {
                if !self.stands(&thing, "", op)? {
                    return Ok(false);
                }
                if op.act == Act::Delete {
                    self.undelete(&op.on)?;
                } else {
                    self.delete(&op.on, &thing)?;
                }
            }
        }
        Ok(true)
    }

    /// A field is as an op left it, but for what was undone since.
    fn stands(&self, thing: &Thing, field: &str, op: &Op) -> Result<bool, TasksError> {
        if thing.field(field).any(|write| write.id == op.id) {
            return Ok(true);
        }
        for write in thing.field(field) {
            if !self.is_put_back(write.id)? {
                return Ok(false);
            }
        }
        Ok(thing.field(field).next().is_some())
    }

    /// Whether something was written to undo something else.
    fn is_put_back(&self, id: OpId) -> Result<bool, TasksError> {
        let mut find = self.db().prepare_cached("SELECT n FROM op WHERE id = ?1")?;
        let place: i64 = find.query_row([id.as_bytes()], |row| row.get(0))?;
        if self.first_place().is_some_and(|first| place >= first) {
            return Ok(true);
        }
        let mut find = self
            .db()
            .prepare_cached("SELECT 1 FROM deed WHERE ?1 BETWEEN first AND last AND what = ?2")?;
        Ok(find.exists(params![place, UNDO])?)
    }

    /// What a field was before an op: the latest of what that one was written over.
    fn before(&self, op: &Op, field: &str) -> Result<Option<Content>, TasksError> {
        let mut before: Option<Op> = None;
        for id in &op.saw {
            let seen = log::op_by_id(self.db(), *id)?;
            let rank = |it: &Op| (it.at, it.replica.clone(), it.id);
            if seen.as_ref().map(rank) > before.as_ref().map(rank) {
                before = seen;
            }
        }
        Ok(before.and_then(|it| content::content_of(&it, field)))
    }

    fn put_back(
        &mut self,
        op: &Op,
        field: &str,
        (before, thing): (Option<Content>, &Thing),
    ) -> Result<OpId, TasksError> {
        let content = before.unwrap_or(Content::Plain(serde_json::Value::Null));
        self.set_content(&op.on, (field, content), thing)
    }
}
