//! Who wrote what: the log of a thing, and the values of a field that nobody chose between.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::base::{Id, Timestamp};
use crate::layout::{Entity, OpId};
use crate::oplog::{Op, Thing};

use super::{Reading, TasksError, content, log, tokens};

/// An op, as a log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub token: String,
    pub at: Timestamp,
    pub machine: String,
    pub who: Option<String>,
    pub verb: String,
    pub field: Option<String>,
    pub value: Option<String>,
    /// The thing that it is about.
    pub on: String,
}

/// One of the values of a field that are in conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    pub token: String,
    pub value: Option<String>,
    pub machine: String,
    pub who: Option<String>,
    pub at: Timestamp,
    pub is_deletion: bool,
}

impl Reading<'_> {
    /// What was written, the latest first: to one thing, or at all.
    pub fn log(&self, thing: Option<i64>, limit: usize) -> Result<Vec<LogLine>, TasksError> {
        let mut find = self.db.prepare_cached(
            "SELECT op.n, chain.machine FROM op JOIN chain ON chain.name = op.replica \
             WHERE (?1 IS NULL OR op.thing = ?1) AND op.state = 0 ORDER BY op.n DESC LIMIT ?2",
        )?;
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = find.query_map(params![thing, most], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        rows.map(|row| {
            let (place, machine) = row?;
            log_line(self.db, &log::op_at(self.db, place)?, machine)
        })
        .collect()
    }

    /// The things that wait for a decision, with the fields.
    pub fn disputes(&self) -> Result<Vec<(Entity, i64, String)>, TasksError> {
        let mut find = self.db.prepare_cached(
            "SELECT thing.kind, thing.id, thing.n, dispute.field FROM dispute \
             JOIN thing ON thing.n = dispute.thing ORDER BY thing.id, dispute.field",
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

    /// A thing with everything that is live of it.
    pub fn thing(&self, on: &Entity) -> Result<Thing, TasksError> {
        let mut find = self
            .db
            .prepare_cached("SELECT live FROM thing WHERE id = ?1 AND kind = ?2")?;
        let live: Option<String> = find
            .query_row(params![on.id.as_str(), on.kind], |row| row.get(0))
            .optional()?;
        match live {
            Some(live) => Ok(log::thing_of(self.db, &live)?.0),
            None => Ok(Thing::default()),
        }
    }

    /// The values of a field that is in conflict, the one that is shown first; and the latest one that
    /// all of them were written over.
    pub fn variants(
        &self,
        (on, n): (&Entity, i64),
        field: &str,
    ) -> Result<(Vec<Variant>, Option<String>), TasksError> {
        let thing = self.thing(on)?;
        let mut writes: Vec<_> = thing.view(field).map_or_else(Vec::new, |view| {
            std::iter::once(view.shown).chain(view.others).collect()
        });
        if field.is_empty() {
            writes = thing.all().map(|(_, write)| write).collect();
            writes.sort_by_key(|write| std::cmp::Reverse(write.at));
        }
        let mut variants = Vec::new();
        for write in &writes {
            let value = write
                .value()
                .map(|it| content::text_of(self.db, (n, field), it));
            variants.push(Variant {
                token: tokens::token(write.id),
                value: value.transpose()?.flatten(),
                machine: self.machine_of(&write.replica)?,
                who: write.by.as_deref().map(str::to_owned),
                at: write.at.at,
                is_deletion: write.value().is_none(),
            });
        }
        let ids: Vec<OpId> = writes.iter().map(|write| write.id).collect();
        Ok((variants, self.base(n, field, &ids)?))
    }

    fn base(&self, n: i64, field: &str, ids: &[OpId]) -> Result<Option<String>, TasksError> {
        let mut seen: BTreeMap<OpId, usize> = BTreeMap::new();
        for id in ids {
            let op = log::op_by_id(self.db, *id)?;
            for id in op.into_iter().flat_map(|op| op.saw) {
                *seen.entry(id).or_default() += 1;
            }
        }
        let common = seen.into_iter().filter(|(_, count)| *count == ids.len());
        let mut latest = None;
        for (id, _) in common {
            if let Some(op) = log::op_by_id(self.db, id)? {
                latest = latest.max(Some((op.at, op.replica.clone(), id)));
            }
        }
        let Some((.., id)) = latest else {
            return Ok(None);
        };
        let op = log::op_by_id(self.db, id)?;
        let op = op.as_ref();
        let content = op.and_then(|op| content::content_of(op, field));
        let value = content.map(|it| content::text_of(self.db, (n, field), &it));
        Ok(value.transpose()?.flatten())
    }
}

fn log_line(db: &Connection, op: &Op, machine: String) -> Result<LogLine, TasksError> {
    let (verb, field) = content::said(op);
    let n = db
        .prepare_cached("SELECT n FROM thing WHERE id = ?1 AND kind = ?2")?
        .query_row(params![op.on.id.as_str(), op.on.kind], |row| row.get(0))?;
    let content = field.and_then(|field| content::content_of(op, field));
    let value = content.map(|it| content::text_of(db, (n, field.unwrap_or_default()), &it));
    Ok(LogLine {
        token: tokens::token(op.id),
        at: op.at.at,
        machine,
        who: op.by.as_deref().map(str::to_owned),
        verb: verb.to_owned(),
        field: field.map(str::to_owned),
        value: value.transpose()?.flatten(),
        on: op.on.to_string(),
    })
}
