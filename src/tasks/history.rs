//! Who wrote what: the log of a thing.

use std::cmp::Reverse;

use rusqlite::{Connection, OptionalExtension, params};

use crate::base::Timestamp;
use crate::layout::Entity;
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
    pub on: Entity,
}

impl Reading<'_> {
    /// What was written, the latest first: to one thing, or at all. The order is that of the ops' own
    /// times, wherever they came from and whenever.
    pub fn log(&self, thing: Option<i64>, limit: usize) -> Result<Vec<LogLine>, TasksError> {
        let mut ops: Vec<(Op, String)> = match thing {
            Some(thing) => self.ops_to(thing)?,
            None => self.last_ops(limit)?,
        };
        ops.sort_by_key(|(op, _)| Reverse((op.at, op.id)));
        ops.truncate(limit);
        let lines = ops.into_iter();
        lines
            .map(|(op, machine)| log_line(self.db, &op, machine))
            .collect()
    }

    /// The ops on a thing, with the machines that wrote them.
    fn ops_to(&self, thing: i64) -> Result<Vec<(Op, String)>, TasksError> {
        let mut find = self.db.prepare_cached(
            "SELECT op.n, chain.machine FROM op JOIN chain ON chain.name = op.replica \
             WHERE op.thing = ?1 AND op.state = 0",
        )?;
        self.found(find.query_map([thing], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// The last ops of each chain. The time never falls within one, so these have the last of all.
    fn last_ops(&self, most: usize) -> Result<Vec<(Op, String)>, TasksError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut chains = self.db.prepare_cached("SELECT name, machine FROM chain")?;
        let chains = chains.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let chains: Vec<(String, String)> = chains.collect::<Result<_, _>>()?;
        let mut find = self.db.prepare_cached(
            "SELECT n FROM op WHERE replica = ?1 AND state = 0 ORDER BY seq DESC LIMIT ?2",
        )?;
        let mut ops = Vec::new();
        for (name, machine) in chains {
            let places = find.query_map(params![name, most], |row| {
                Ok((row.get(0)?, machine.clone()))
            })?;
            ops.extend(self.found(places)?);
        }
        Ok(ops)
    }

    fn found(
        &self,
        places: impl Iterator<Item = rusqlite::Result<(i64, String)>>,
    ) -> Result<Vec<(Op, String)>, TasksError> {
        places
            .map(|row| {
                let (place, machine) = row?;
                Ok((log::op_at(self.db, place)?, machine))
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
        on: op.on.clone(),
    })
}
