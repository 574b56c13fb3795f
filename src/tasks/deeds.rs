//! What was done at one time, and how it is undone: by ops that say the contrary, so that it can be
//! undone after others have seen it.

use std::collections::BTreeSet;

use rusqlite::params;

use crate::base::Timestamp;
use crate::layout::{Entity, OpId};
use crate::oplog::{Act, Content, Op, Thing};

use super::pen::Pen;
use super::undone::{UNDO, is_undo, place};
use super::{Reading, TasksError, content, dispute, log};

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
                self.put_back(op, field, &thing)?;
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
                let deletions = self.deletions(op)?;
                match (&op.act, deletions.is_empty()) {
                    (Act::Delete, true) => self.undelete(&op.on)?,
                    (_, true) => self.delete(&op.on, &thing)?,
                    _ => self.delete_again(op, (&deletions, &thing))?,
                };
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
        let place = place(self.db(), id)?;
        if self.first_place().is_some_and(|first| place >= first) {
            return Ok(true);
        }
        is_undo(self.db(), place)
    }

    /// Gives a field again what it had before an op. Where that was several values, they stand beside
    /// each other again, over what all of them came from.
    fn put_back(&mut self, op: &Op, field: &str, thing: &Thing) -> Result<(), TasksError> {
        let (mut values, base) = dispute::before(self.db(), op, field)?;
        let nothing = Content::Plain(serde_json::Value::Null);
        if values.len() < 2 {
            let value = values.pop().unwrap_or(nothing);
            self.set_content(&op.on, (field, value), thing)?;
            return Ok(());
        }
        self.set_content(&op.on, (field, base.unwrap_or(nothing)), thing)?;
        let seen = self.look(&op.on)?.clone();
        for value in values {
            self.set_content(&op.on, (field, value), &seen)?;
        }
        Ok(())
    }

    /// The deletions that an op decided about.
    fn deletions(&self, op: &Op) -> Result<Vec<Op>, TasksError> {
        let mut deletions = Vec::new();
        for id in &op.saw {
            let named = log::op_by_id(self.db(), *id)?;
            deletions.extend(named.filter(|it| it.act == Act::Delete));
        }
        Ok(deletions)
    }

    /// Deletes a thing as it was deleted before an op decided about that: what a deletion had not seen
    /// then it has not seen now. What came after something was restored goes with it.
    fn delete_again(
        &mut self,
        op: &Op,
        (deletions, thing): (&[Op], &Thing),
    ) -> Result<OpId, TasksError> {
        let seen: BTreeSet<OpId> = deletions.iter().flat_map(|it| &it.saw).copied().collect();
        let decided = place(self.db(), op.id)?;
        let mut saw = Vec::new();
        for (field, write) in thing.all() {
            let came_after = op.act == Act::Undelete && place(self.db(), write.id)? > decided;
            if field.is_empty() || seen.contains(&write.id) || came_after {
                saw.push(write.id);
            }
        }
        self.delete_over(&op.on, saw)
    }
}
