//! The log of ops in the store: each line as it was written, and what it is about.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::base::MachineId;
use crate::layout::{Entity, OpId, OpRecord, TextName, names};
use crate::oplog::{Op, Thing, writes};

use super::TasksError;

/// An op on its way into the log: its line, and where that stands.
#[derive(Clone, Debug)]
pub struct Coming {
    pub replica: MachineId,
    pub seq: u64,
    pub prev: OpId,
    pub line: Vec<u8>,
    pub state: State,
    /// Where it stands in the log already, when that is read again.
    pub place: Option<i64>,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    TakenIn,
    /// It says nothing that is understood; others are taken in all the same.
    SetAside,
    /// It stands behind one that may not be passed by.
    Waits,
}

impl State {
    pub const fn code(self) -> i64 {
        match self {
            Self::TakenIn => 0,
            Self::SetAside => 1,
            Self::Waits => 2,
        }
    }
}

const OP: &str = "SELECT replica, id, line FROM op";

pub fn knows(db: &Connection, id: OpId) -> Result<bool, TasksError> {
    let mut find = db.prepare_cached("SELECT 1 FROM op WHERE id = ?1")?;
    Ok(find.exists([id.as_bytes()])?)
}

/// The same, of what stands in the log before a place.
pub fn knows_before(db: &Connection, id: OpId, place: i64) -> Result<bool, TasksError> {
    let mut find = db.prepare_cached("SELECT 1 FROM op WHERE id = ?1 AND n < ?2")?;
    Ok(find.exists(params![id.as_bytes(), place])?)
}

/// Keeps a line, and says where.
pub fn keep(
    db: &Connection,
    id: OpId,
    thing: Option<i64>,
    coming: &Coming,
) -> Result<i64, TasksError> {
    if let Some(place) = coming.place {
        db.prepare_cached("UPDATE op SET thing = ?2, state = ?3 WHERE n = ?1")?
            .execute(params![place, thing, coming.state.code()])?;
        return Ok(place);
    }
    db.prepare_cached(
        "INSERT INTO op (id, replica, seq, prev, thing, line, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        id.as_bytes(),
        coming.replica.as_str(),
        number(coming.seq),
        coming.prev.as_bytes(),
        thing,
        coming.line,
        coming.state.code(),
    ])?;
    Ok(db.last_insert_rowid())
}

pub fn op_by_id(db: &Connection, id: OpId) -> Result<Option<Op>, TasksError> {
    let mut find = db.prepare_cached(&format!("{OP} WHERE id = ?1"))?;
    let read = find.query_row([id.as_bytes()], raw_op).optional()?;
    read.map(understood).transpose()
}

pub fn op_at(db: &Connection, place: i64) -> Result<Op, TasksError> {
    let mut find = db.prepare_cached(&format!("{OP} WHERE n = ?1"))?;
    understood(find.query_row([place], raw_op)?)
}

/// The ops on a thing up to a place in the log, with their places.
pub fn ops_on(db: &Connection, thing: i64, most: i64) -> Result<Vec<(i64, Op)>, TasksError> {
    let mut find = db.prepare_cached(
        "SELECT replica, id, line, n FROM op WHERE thing = ?1 AND n <= ?2 AND state = 0 ORDER BY n",
    )?;
    let rows = find.query_map([thing, most], |row| {
        Ok((row.get::<_, i64>(3)?, raw_op(row)?))
    })?;
    rows.map(|row| {
        let (place, raw) = row?;
        Ok((place, understood(raw)?))
    })
    .collect()
}

type RawOp = (String, [u8; 16], Vec<u8>);

fn raw_op(row: &Row<'_>) -> rusqlite::Result<RawOp> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn understood((replica, id, line): RawOp) -> Result<Op, TasksError> {
    let damaged = |what| TasksError::Damaged { what };
    let replica = MachineId::parse(&replica).map_err(|_| damaged("the name of a replica"))?;
    let record = OpRecord::read(&names::ops_dir(), &line);
    let record = record.map_err(|_| damaged("an op that cannot be read"))?;
    Op::of(&replica, OpId::from_bytes(id), &record)
        .map_err(|_| damaged("an op that is not understood"))
}

/// Who named an op that was not there: the number of a thing, its name where it is written already, and
/// the field.
pub fn early(db: &Connection, id: OpId) -> Result<Vec<EarlyName>, TasksError> {
    let mut find = db.prepare_cached(
        "SELECT early.thing, kind || '/' || thing.id, field \
         FROM early LEFT JOIN thing ON thing.n = early.thing WHERE early.id = ?1",
    )?;
    let rows = find.query_map([id.as_bytes()], |row| {
        Ok((row.get(0)?, row.get::<_, Option<String>>(1)?, row.get(2)?))
    })?;
    rows.map(|row| {
        let (n, on, field) = row?;
        Ok((n, on.map(|on| entity(&on)).transpose()?, field))
    })
    .collect()
}

pub type EarlyName = (i64, Option<Entity>, String);

/// The things that show a value which was not there, once each.
pub fn wanting(db: &Connection, name: &TextName) -> Result<Vec<Entity>, TasksError> {
    let mut find = db.prepare_cached(
        "DELETE FROM wanted WHERE name = ?1 RETURNING \
         (SELECT kind || '/' || id FROM thing WHERE n = wanted.thing)",
    )?;
    let rows = find.query_map([name.as_str()], |row| row.get::<_, String>(0))?;
    rows.map(|row| entity(&row?)).collect()
}

fn entity(text: &str) -> Result<Entity, TasksError> {
    Entity::parse(text).ok_or(TasksError::Damaged {
        what: "the name of a thing",
    })
}

/// A thing's live writes, as the store names them: each op with its fields.
pub fn marks(thing: &Thing, places: &BTreeMap<OpId, i64>) -> String {
    let mut marks: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
    for (field, write) in thing.all() {
        let place = places.get(&write.id).expect("what is live is in the log");
        marks.entry(*place).or_default().push(field);
    }
    let marks: Vec<_> = marks.into_iter().collect();
    serde_json::to_string(&marks).expect("plain data")
}

/// The thing that has these live writes, and where they stand in the log.
pub fn thing_of(db: &Connection, marks: &str) -> Result<(Thing, BTreeMap<OpId, i64>), TasksError> {
    let marks: Vec<(i64, Vec<String>)> =
        serde_json::from_str(marks).map_err(|_| TasksError::Damaged {
            what: "the live writes of a thing",
        })?;
    let (mut thing, mut places) = (Thing::default(), BTreeMap::new());
    for (place, fields) in marks {
        let op = op_at(db, place)?;
        for (field, kind) in writes(&op) {
            if fields.iter().any(|it| it == field) {
                thing.put(field, &op, kind);
            }
        }
        places.insert(op.id, place);
    }
    Ok((thing, places))
}

/// Numbers of the vault are below 2^53.
pub fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
