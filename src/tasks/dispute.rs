//! Fields with several values that nobody chose between, and what a choice writes.

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::base::{Id, Timestamp};
use crate::layout::{Entity, OpId};
use crate::oplog::{Content, Existence, Memory, Op, Past, Thing, Write, WriteKind};

use super::pen::Pen;
use super::{Reading, TasksError, content, log, tokens};

/// A field that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    pub on: Entity,
    /// Empty where it is about whether the thing is there.
    pub field: String,
    /// The one that is shown comes first.
    pub variants: Vec<Variant>,
    /// The last write that all of them come from.
    pub base: Option<Base>,
}

/// One of the values. Whoever wrote the same wrote one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The latest write of it.
    pub id: OpId,
    pub token: String,
    pub value: Option<String>,
    /// What is wanted is that the thing is gone.
    pub is_deletion: bool,
    /// All writes of it that are live, the latest first.
    pub writes: Vec<Written>,
}

/// A live write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub id: OpId,
    pub machine: String,
    pub who: Option<String>,
    pub at: Timestamp,
    /// Empty for a deletion, and for what takes one back.
    pub field: String,
    pub value: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    pub id: OpId,
    pub value: Option<String>,
}

impl Reading<'_> {
    /// The fields that wait for a decision, with the things and their numbers. Nobody has to decide
    /// about what is deleted.
    pub fn disputes(&self) -> Result<Vec<(Entity, i64, String)>, TasksError> {
        let mut find = self.db.prepare_cached(
            "SELECT thing.kind, thing.id, thing.n, dispute.field FROM dispute \
             CROSS JOIN thing ON thing.n = dispute.thing \
             LEFT JOIN task ON task.thing = thing.n \
             LEFT JOIN project ON project.thing = thing.n \
             LEFT JOIN workspace ON workspace.thing = thing.n \
             WHERE NOT coalesce(task.deleted, project.deleted, workspace.deleted, 0) \
             ORDER BY thing.id, thing.kind, dispute.field",
        )?;
        let rows = find.query_map([], |row| {
            Ok((
                row.get(0)?,
                row.get::<_, String>(1)?,
                row.get(2)?,
                row.get(3)?,
            ))
        })?;
        rows.map(|row| {
            let (kind, id, n, field) = row?;
            let id = Id::parse(&id).map_err(|_| TasksError::Damaged { what: "an id" })?;
            Ok((Entity { kind, id }, n, field))
        })
        .collect()
    }

    /// The fields that waited for a decision when somebody saw this token, with the things and their
    /// numbers.
    pub fn disputes_then(&self, token: &str) -> Result<Vec<(Entity, i64, String)>, TasksError> {
        let mut found = Vec::new();
        for (n, place) in tokens::things(self.db, token)? {
            let mut memory = Memory::default();
            for (_, op) in log::ops_on(self.db, n, place)? {
                memory.take_in(&op);
            }
            for (on, thing) in memory.things() {
                let has_others =
                    |field: &&str| thing.view(field).is_some_and(|it| !it.others.is_empty());
                let mut fields: Vec<&str> = thing.fields().filter(has_others).collect();
                if thing.existence() == Existence::Disputed {
                    fields.push("");
                }
                let fields = fields.into_iter();
                found.extend(fields.map(|field| (on.clone(), n, field.to_owned())));
            }
        }
        Ok(found)
    }

    /// What a field comes to: the last write to it, and to whether a thing is there that is gone.
    pub fn last_write(
        &self,
        (on, n): (&Entity, i64),
        field: &str,
    ) -> Result<Option<Variant>, TasksError> {
        let thing = self.thing(on)?;
        let field = if thing.existence() == Existence::Deleted {
            ""
        } else {
            field
        };
        let mut live: Live<'_> = thing.all().filter(|(name, _)| *name == field).collect();
        latest_first(&mut live);
        live.truncate(1);
        if live.is_empty() {
            return Ok(None);
        }
        self.variant(n, &live).map(Some)
    }

    /// What there is to choose from in a field.
    pub fn dispute(&self, (on, n): (&Entity, i64), field: &str) -> Result<Dispute, TasksError> {
        let thing = self.thing(on)?;
        let values = if field.is_empty() {
            existence(&thing)
        } else {
            values(&thing, field)
        };
        let mut variants = Vec::new();
        for writes in &values {
            variants.push(self.variant(n, writes)?);
        }
        let live: Vec<OpId> = values.iter().flatten().map(|(_, it)| it.id).collect();
        Ok(Dispute {
            on: on.clone(),
            field: field.to_owned(),
            variants,
            base: self.base((n, field), &live)?,
        })
    }

    fn variant(&self, n: i64, live: &[(&str, &Write)]) -> Result<Variant, TasksError> {
        let mut writes = Vec::new();
        for (field, write) in live {
            let content = match &write.kind {
                WriteKind::Set(content) | WriteKind::Add(content) => Some(content),
                WriteKind::Delete(_) | WriteKind::Undelete => None,
            };
            let value = content.map(|it| content::text_of(self.db, (n, field), it));
            writes.push(Written {
                id: write.id,
                machine: self.machine_of(&write.replica)?,
                who: write.by.as_deref().map(str::to_owned),
                at: write.at.at,
                field: (*field).to_owned(),
                value: value.transpose()?.flatten(),
            });
        }
        let (_, latest) = live[0];
        Ok(Variant {
            id: latest.id,
            token: tokens::token(latest.id),
            value: writes[0].value.clone(),
            is_deletion: matches!(latest.kind, WriteKind::Delete(_)),
            writes,
        })
    }

    fn base(&self, (n, field): (i64, &str), live: &[OpId]) -> Result<Option<Base>, TasksError> {
        if field.is_empty() {
            return Ok(None);
        }
        let ops = ops_on(self.db, n)?;
        let Some(op) = Past::of(&ops, field).common(live) else {
            return Ok(None);
        };
        let content = content::content_of(op, field);
        let value = content.map(|it| content::text_of(self.db, (n, field), &it));
        Ok(Some(Base {
            id: op.id,
            value: value.transpose()?.flatten(),
        }))
    }
}

pub fn ops_on(db: &Connection, n: i64) -> Result<Vec<Op>, TasksError> {
    let ops = log::ops_on(db, n, i64::MAX)?.into_iter();
    Ok(ops.map(|(_, op)| op).collect())
}

/// Live writes with the fields that they were made to, the latest first.
type Live<'t> = Vec<(&'t str, &'t Write)>;

fn latest_first(live: &mut Live<'_>) {
    live.sort_by(|(_, a), (_, b)| (b.at, &b.replica, b.id).cmp(&(a.at, &a.replica, a.id)));
}

/// The writes to a field by their values, the one that is shown first.
fn values<'t>(thing: &'t Thing, field: &str) -> Vec<Live<'t>> {
    let all = thing.all().filter(|(name, _)| *name == field);
    let mut live: Live<'t> = all.filter(|(_, write)| write.value().is_some()).collect();
    latest_first(&mut live);
    let mut values: Vec<Live<'t>> = Vec::new();
    for it in live {
        let same = |one: &&mut Live<'t>| one[0].1.value() == it.1.value();
        match values.iter_mut().find(same) {
            Some(one) => one.push(it),
            None => values.push(vec![it]),
        }
    }
    values
}

/// What speaks for a thing that somebody deleted, and the deletions.
fn existence(thing: &Thing) -> Vec<Live<'_>> {
    let mut seen: BTreeSet<OpId> = BTreeSet::new();
    for write in thing.field("") {
        if let WriteKind::Delete(saw) = &write.kind {
            seen.extend(saw);
        }
    }
    let (mut gone, mut there) = (Live::new(), Live::new());
    for (field, write) in thing.all() {
        match write.kind {
            WriteKind::Delete(_) => gone.push((field, write)),
            WriteKind::Undelete => there.push((field, write)),
            _ if !seen.contains(&write.id) => there.push((field, write)),
            _ => {}
        }
    }
    latest_first(&mut gone);
    latest_first(&mut there);
    let both = [there, gone].into_iter();
    both.filter(|live| !live.is_empty()).collect()
}

impl Pen<'_, '_, '_> {
    /// Gives a field the value that some op gave it, in the place of all that it has. A text that was
    /// withheld and is here is judged anew.
    pub fn choose(&mut self, on: &Entity, field: &str, id: OpId) -> Result<OpId, TasksError> {
        let op = log::op_by_id(self.db(), id)?;
        let content = op.and_then(|op| content::content_of(&op, field));
        let content = content.ok_or(TasksError::Damaged {
            what: "a value that no op has",
        })?;
        let seen = self.look(on)?.clone();
        let n = self.number(on)?;
        match content::withheld_here(self.db(), (n, field), &content)? {
            Some(text) => self.set(on, (field, text.into()), &seen),
            None => self.set_content(on, (field, content), &seen),
        }
    }

    /// The live writes to a field; to whether a thing is there, all that are made to it.
    pub fn live(&mut self, on: &Entity, field: &str) -> Result<BTreeSet<OpId>, TasksError> {
        Ok(live(self.look(on)?, field))
    }

    /// The same as whoever has this token saw them.
    pub fn live_then(
        &mut self,
        on: &Entity,
        (field, token): (&str, &str),
    ) -> Result<BTreeSet<OpId>, TasksError> {
        Ok(live(&self.seen(on, Some(token))?, field))
    }
}

fn live(thing: &Thing, field: &str) -> BTreeSet<OpId> {
    let all = thing.all();
    let meant = all.filter(|(name, _)| field.is_empty() || *name == field);
    meant.map(|(_, write)| write.id).collect()
}

/// The values that these writes gave a field, the oldest first, and what all of them came from.
pub fn before(
    db: &Connection,
    (n, field): (i64, &str),
    writes: &[OpId],
) -> Result<(Vec<Content>, Option<Content>), TasksError> {
    let mut named = Vec::new();
    for id in writes {
        named.extend(log::op_by_id(db, *id)?);
    }
    named.sort_by(|a, b| (a.at, &a.replica, a.id).cmp(&(b.at, &b.replica, b.id)));
    let mut contents: Vec<Content> = Vec::new();
    for content in named.iter().filter_map(|it| content::content_of(it, field)) {
        contents.retain(|known| *known != content);
        contents.push(content);
    }
    if contents.len() < 2 {
        return Ok((contents, None));
    }
    let ops = ops_on(db, n)?;
    let past = Past::of(&ops, field);
    let common = past.common(writes);
    Ok((
        contents,
        common.and_then(|it| content::content_of(it, field)),
    ))
}

#[cfg(test)]
mod tests {

    use super::super::kit::{NOW, Place, meet};
    use super::super::model::field;
    use super::super::{REDO, UNDO};

    /// The values of the one field that is in conflict, the one that is shown first; and their base.
    fn disputed(place: &Place) -> (Vec<Option<String>>, Option<String>) {
        let reading = place.store.reading();
        let disputes = reading.disputes().expect("read");
        assert_eq!(disputes.len(), 1, "{disputes:?}");
        let (on, n, name) = &disputes[0];
        let dispute = reading.dispute((on, *n), name).expect("read");
        let values = dispute.variants.into_iter().map(|it| it.value);
        (values.collect(), dispute.base.and_then(|it| it.value))
    }

    fn undo(place: &mut Place) {
        let deed = place.store.reading().deeds(1).expect("read").remove(0);
        place.write(UNDO, |pen| pen.reverse(&deed));
    }

    fn redo(place: &mut Place) {
        let deed = place.store.reading().undos(1).expect("read").remove(0);
        place.write(REDO, |pen| pen.reverse(&deed));
    }

    #[test]
    fn the_base_of_values_is_found_behind_chains_of_edits_and_an_undone_choice_is_open_again() {
        let (mut a, mut b) = (Place::new(NOW), Place::new(NOW + 5_000));
        let on = a.add("Base");
        meet(&mut a, &mut b);
        for title in ["One", "Two", "Three"] {
            a.set(&on, field::TITLE, title);
        }
        b.set(&on, field::TITLE, "Other");
        meet(&mut a, &mut b);
        let some = |text: &str| Some(text.to_owned());
        let open = (vec![some("Other"), some("Three")], some("Base"));
        assert_eq!(disputed(&a), open);
        let other = {
            let reading = a.store.reading();
            let (on, n, name) = reading.disputes().expect("read").remove(0);
            let dispute = reading.dispute((&on, n), &name).expect("read");
            dispute.variants[1].id
        };
        a.write("resolve", |pen| pen.choose(&on, field::TITLE, other));
        assert_eq!(
            (a.task(&on).title, a.task(&on).disputes),
            ("Three".to_owned(), vec![])
        );
        undo(&mut a);
        assert_eq!(disputed(&a), open, "as before the choice");
        meet(&mut a, &mut b);
        assert_eq!(disputed(&b), open);
        redo(&mut a);
        assert_eq!(
            (a.task(&on).title, a.task(&on).disputes),
            ("Three".to_owned(), vec![])
        );
        undo(&mut a);
        assert_eq!(disputed(&a), open);
    }

    #[test]
    fn an_undone_choice_about_a_deletion_deletes_nothing_that_the_deletion_had_not_seen() {
        for keeps in [true, false] {
            let (mut a, mut b) = (Place::new(NOW), Place::new(NOW + 5_000));
            let on = a.add("One");
            meet(&mut a, &mut b);
            a.write("delete", |pen| {
                let seen = pen.seen(&on, None)?;
                pen.delete(&on, &seen)
            });
            b.set(&on, field::TITLE, "Edited");
            meet(&mut a, &mut b);
            for place in [&mut a, &mut b] {
                let before = place.task(&on);
                assert_eq!(before.disputes, [""]);
                place.write("resolve", |pen| {
                    if keeps {
                        return pen.undelete(&on);
                    }
                    let seen = pen.seen(&on, None)?;
                    pen.delete(&on, &seen)
                });
                assert_eq!(
                    (place.task(&on).deleted, place.task(&on).disputes),
                    (!keeps, vec![])
                );
                undo(place);
                assert_eq!(place.task(&on).disputes, [""], "{keeps}");
                assert!(!place.task(&on).deleted);
                redo(place);
                assert_eq!(
                    (place.task(&on).deleted, place.task(&on).disputes),
                    (!keeps, vec![])
                );
                undo(place);
            }
            meet(&mut a, &mut b);
            assert_eq!(a.task(&on), b.task(&on));
        }
    }
}
