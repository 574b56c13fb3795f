//! What was done at one time, and how it is undone: by ops that say the contrary, so that it can be
//! undone after others have seen it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use crate::base::Timestamp;
use crate::layout::{Entity, OpId};
use crate::oplog::{Act, Content, Op, Past, Thing, Write};

use super::pen::Pen;
use super::undone::{Heirs, UNDO, place};
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
        self.last_deeds("NOT (what = ?1 OR what LIKE ?1 || ': %')", most)
    }

    /// The same of those that undid others.
    pub fn undos(&self, most: usize) -> Result<Vec<Deed>, TasksError> {
        self.last_deeds("(what = ?1 OR what LIKE ?1 || ': %')", most)
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
    /// Undoes a deed, the last op first. What somebody else wrote stays.
    pub fn reverse(&mut self, deed: &Deed) -> Result<Reversed, TasksError> {
        let mut reversed = Reversed::default();
        for place in (deed.first..=deed.last).rev() {
            let op = log::op_at(self.db(), place)?;
            let on = op.on.clone();
            if let Some(field) = self.reverse_op(&op)? {
                reversed.kept.push((on, field));
            } else if !reversed.things.contains(&on) {
                reversed.things.push(on);
            }
        }
        self.db()
            .execute("UPDATE deed SET undone = n WHERE n = ?1", params![deed.n])?;
        Ok(reversed)
    }

    /// The field that keeps it from being undone, where somebody wrote that since.
    fn reverse_op(&mut self, op: &Op) -> Result<Option<String>, TasksError> {
        let thing = self.look(&op.on)?.clone();
        match &op.act {
            Act::New { .. } => {
                for (field, write) in thing.all() {
                    let nothing = Content::Plain(serde_json::Value::Null);
                    // Undoing left nothing in it, or took back that it was deleted.
                    let is_bare = field.is_empty() || write.value() == Some(&nothing);
                    let is_bare = is_bare && self.is_put_back(write.id)?;
                    if !is_bare && !self.heirs(field).stands_for(write.id, op.id)? {
                        return Ok(Some(field.to_owned()));
                    }
                }
                self.delete(&op.on, &thing)?;
            }
            Act::Set { field, .. } => {
                let own = self.own(&thing, field, op)?;
                if own.is_empty() {
                    return Ok(Some(field.clone()));
                }
                self.put_back(op, field, (&thing, &own))?;
            }
            Act::Add { field, content } => {
                let mut meant = Vec::new();
                for (write, other) in thing.items(field) {
                    if write.id == op.id || other == content && self.is_put_back(write.id)? {
                        meant.push(write.id);
                    }
                }
                let is_meant = |write: &Write, _: &Content| meant.contains(&write.id);
                if !self.remove(&op.on, field, &is_meant)? {
                    return Ok(Some(field.clone()));
                }
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
                // Somebody else deleted it, too, or wants it back.
                let own = self.own(&thing, "", op)?;
                if own.is_empty() || own.len() < thing.field("").count() {
                    return Ok(Some(String::new()));
                }
                let deletions = self.deletions(op)?;
                match (&op.act, deletions.is_empty()) {
                    (Act::Delete, true) => self.undelete(&op.on)?,
                    (_, true) => self.delete(&op.on, &thing)?,
                    _ => self.delete_again(op, (&deletions, &thing))?,
                };
            }
        }
        Ok(None)
    }

    /// The live writes to a field that an op left there: its own, or one that undoing brought back in
    /// its place.
    fn own(&self, thing: &Thing, field: &str, op: &Op) -> Result<BTreeSet<OpId>, TasksError> {
        let mut heirs = self.heirs(field);
        let mut own = BTreeSet::new();
        for write in thing.field(field) {
            if heirs.stands_for(write.id, op.id)? {
                own.insert(write.id);
            }
        }
        Ok(own)
    }

    fn heirs<'h>(&'h self, field: &'h str) -> Heirs<'h> {
        Heirs {
            db: self.db(),
            field,
            since: self.first_place(),
            known: BTreeMap::new(),
        }
    }

    fn is_put_back(&self, id: OpId) -> Result<bool, TasksError> {
        self.heirs("").is_put_back(id)
    }

    /// Gives a field again what it had before an op, in the place of what that left there. Where that
    /// was several values, they stand beside each other again, over what all of them came from. What
    /// others wrote meanwhile stays; where they had replaced the same, nothing else is left.
    fn put_back(
        &mut self,
        op: &Op,
        field: &str,
        (thing, own): (&Thing, &BTreeSet<OpId>),
    ) -> Result<(), TasksError> {
        let n = self.number(&op.on)?;
        let others = thing.field(field).filter(|it| !own.contains(&it.id));
        let others: Vec<&Write> = others.collect();
        let replaced = replaced(self.db(), (n, field), &others)?;
        let lost = op.saw.iter().filter(|id| !replaced.contains(id));
        let lost: Vec<OpId> = lost.copied().collect();
        let (mut values, base) = dispute::before(self.db(), (n, field), &lost)?;
        let mut saw: Vec<OpId> = own.iter().copied().collect();
        let nothing = Content::Plain(serde_json::Value::Null);
        if values.len() < 2 {
            let latest = others.iter().max_by_key(|it| (it.at, &it.replica, it.id));
            let value = match (values.pop(), latest) {
                (Some(value), _) => value,
                (None, None) => nothing,
                (None, Some(other)) => {
                    saw.push(other.id);
                    other.value().cloned().unwrap_or(nothing)
                }
            };
            self.set_over(&op.on, (field, value), saw)?;
            return Ok(());
        }
        let base = self.set_over(&op.on, (field, base.unwrap_or(nothing)), saw)?;
        for value in values {
            self.set_over(&op.on, (field, value), vec![base])?;
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

/// What writes come from, in a field.
fn replaced(
    db: &Connection,
    (n, field): (i64, &str),
    writes: &[&Write],
) -> Result<BTreeSet<OpId>, TasksError> {
    if writes.is_empty() {
        return Ok(BTreeSet::new());
    }
    let ops = dispute::ops_on(db, n)?;
    let past = Past::of(&ops, field);
    let behind = writes.iter().flat_map(|it| past.earlier(it.id));
    Ok(behind.map(|op| op.id).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kit::{NOW, Place, meet};
    use super::super::model::field;
    use super::super::{REDO, UNDO};
    use super::*;

    fn undo(place: &mut Place) -> Reversed {
        let deed = place.store.reading().deeds(1).expect("read").remove(0);
        place.write(UNDO, |pen| pen.reverse(&deed))
    }

    fn redo(place: &mut Place) -> Reversed {
        let deed = place.store.reading().undos(1).expect("read").remove(0);
        place.write(REDO, |pen| pen.reverse(&deed))
    }

    /// The title, and whether there are others.
    fn title(place: &Place, on: &Entity) -> (String, bool) {
        let task = place.task(on);
        (task.title, !task.disputes.is_empty())
    }

    fn one(text: &str) -> (String, bool) {
        (text.to_owned(), false)
    }

    /// Two machines with a task that both have.
    fn two(base: &str) -> (Place, Place, Entity) {
        let (mut a, mut b) = (Place::new(NOW), Place::new(NOW + 5_000));
        let on = a.add(base);
        meet(&mut a, &mut b);
        (a, b, on)
    }

    #[test]
    fn what_another_one_wrote_at_the_same_time_stays_when_mine_is_undone() {
        let (mut a, mut b, on) = two("Base");
        a.set(&on, field::TITLE, "Mine");
        b.set(&on, field::TITLE, "Theirs");
        meet(&mut a, &mut b);
        assert!(undo(&mut a).kept.is_empty());
        meet(&mut a, &mut b);
        for place in [&a, &b] {
            assert_eq!(title(place, &on), one("Theirs"));
        }
        redo(&mut a);
        assert!(title(&a, &on).1, "both stand there, as before");
    }

    #[test]
    fn what_another_one_wrote_between_two_of_mine_is_not_undone_with_them() {
        let (mut a, mut b, on) = two("Base");
        a.set(&on, field::TITLE, "First");
        meet(&mut a, &mut b);
        b.set(&on, field::TITLE, "Theirs");
        meet(&mut a, &mut b);
        a.set(&on, field::TITLE, "Second");
        assert!(undo(&mut a).kept.is_empty());
        assert_eq!(title(&a, &on), one("Theirs"));
        assert_eq!(undo(&mut a).kept, [(on.clone(), "title".to_owned())]);
        assert_eq!(title(&a, &on), one("Theirs"));
        assert_eq!(
            undo(&mut a).kept,
            [(on.clone(), "title".to_owned())],
            "nor is its beginning"
        );
    }

    #[test]
    fn of_two_who_say_what_they_saw_each_undoes_their_own() {
        let mut place = Place::new(NOW);
        let on = place.add("Base");
        let token = place
            .store
            .reading()
            .token(place.task(&on).thing)
            .expect("read");
        for text in ["Anna", "Bob"] {
            place.write("edit", |pen| {
                let seen = pen.seen(&on, Some(&token))?;
                pen.set(&on, (field::TITLE, json!(text)), &seen)
            });
        }
        assert!(title(&place, &on).1);
        undo(&mut place);
        assert_eq!(title(&place, &on), one("Anna"));
        undo(&mut place);
        assert_eq!(title(&place, &on), one("Base"));
        redo(&mut place);
        assert_eq!(title(&place, &on), one("Anna"));
    }

    #[test]
    fn several_steps_are_undone_and_done_again_one_by_one() {
        let mut place = Place::new(NOW);
        let on = place.add("0");
        for text in ["1", "2", "3"] {
            place.set(&on, field::TITLE, text);
        }
        for text in ["2", "1", "0"] {
            undo(&mut place);
            assert_eq!(title(&place, &on), one(text));
        }
        for text in ["1", "2", "3"] {
            assert!(redo(&mut place).kept.is_empty());
            assert_eq!(title(&place, &on), one(text));
        }
        for text in ["2", "1"] {
            undo(&mut place);
            assert_eq!(title(&place, &on), one(text));
        }
    }
}
