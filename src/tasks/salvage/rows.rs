//! The rows of a damaged file that can be read, out of a copy of it.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use crate::base::{BaseError, Holder, HostPath, Id, MachineId};
use crate::layout::{Entity, OpId, OpRecord, TextName, names};

use super::super::{Store, TasksError};
use super::leaves;

/// The header of a file of SQLite.
const HEADER: u64 = leaves::HEADER as u64;
/// Its first page, which also says where each table begins. Lists of one form begin them at one place.
const PAGE: u64 = leaves::PAGE as u64;
/// Where the header says how many pages there are, which ones are free, and whether it says so itself.
const COUNTS: [(u64, usize); 3] = [(24, 4), (28, 12), (92, 4)];

/// More pages no list has: a header that says so was written over.
const MOST_PAGES: u32 = 1 << 18;

/// What could be read.
#[derive(Debug, Default)]
pub struct Salvage {
    pub(super) ops: Vec<SavedOp>,
    pub(super) chains: Vec<SavedChain>,
    pub(super) texts: Vec<(TextName, Vec<u8>)>,
    pub(super) values: Vec<SavedValue>,
    /// What values are of, by its number in the list.
    things: HashMap<i64, Entity>,
    pub(super) deeds: Vec<SavedDeed>,
}

/// A line of the log.
#[derive(Debug)]
pub struct SavedOp {
    /// Where it stood.
    pub n: i64,
    pub id: OpId,
    pub prev: OpId,
    pub replica: MachineId,
    /// The number of what it is about.
    pub thing: Option<i64>,
    pub line: Vec<u8>,
}

impl SavedOp {
    /// Each is named after its line and the one before it: what was changed is another one.
    fn is_it(&self) -> bool {
        self.prev.next(&self.line) == self.id
    }
}

/// How far a chain went.
#[derive(Debug)]
pub struct SavedChain {
    pub name: String,
    pub replica: MachineId,
    pub machine: MachineId,
    pub seq: u64,
    pub id: OpId,
    pub is_own: bool,
}

/// A value that the gate let not out.
#[derive(Debug)]
pub struct SavedValue {
    pub thing: i64,
    pub words: [String; 3],
}

#[derive(Debug)]
pub struct SavedDeed {
    pub n: i64,
    pub at: i64,
    pub what: String,
    pub first: i64,
    pub last: i64,
    pub undone: Option<i64>,
}

impl Salvage {
    /// Reads what can be read of a file, in a directory for that.
    pub fn read(file: &Path, dir: &Path, holder: &Holder) -> Result<Self, TasksError> {
        let copy = dir.join("left.db");
        let mut left = 0;
        for ending in ["", "-wal"] {
            left += copy_if_there(&with(file, ending), &with(&copy, ending))?;
        }
        if left == 0 {
            return Ok(Self::default());
        }
        // Beside an empty database SQLite deletes the log.
        if fs::metadata(&copy).map_or(0, |seen| seen.len()) == 0 {
            give_beginning(&copy, dir, (PAGE, holder))?;
        }
        fill_up(&copy).map_err(BaseError::io("read", &copy))?;
        let readable = |db: &Connection| db.prepare("SELECT n FROM op").is_ok();
        let mut db = Connection::open(&copy)?;
        for length in [HEADER, PAGE] {
            if !readable(&db) {
                drop(db);
                give_beginning(&copy, dir, (length, holder))?;
                db = Connection::open(&copy)?;
            }
        }
        let mut saved = Self {
            ops: ops(&db),
            chains: chains(&db),
            texts: texts(&db),
            values: values(&db),
            things: things(&db),
            deeds: deeds(&db),
        };
        // Whoever closes it last brings the log into the file.
        drop(db);
        let strewn = leaves::rows(&copy, strewn_op).map_err(BaseError::io("read", &copy))?;
        saved.add_strewn(strewn);
        saved.ask_ops();
        Ok(saved)
    }

    /// Ops that stand where SQLite does not get any more.
    fn add_strewn(&mut self, strewn: Vec<SavedOp>) {
        let mut known: HashSet<OpId> = self.ops.iter().map(|op| op.id).collect();
        let new = strewn.into_iter().filter(|op| known.insert(op.id));
        self.ops.extend(new);
        self.ops.sort_by_key(|op| op.n);
    }

    /// An op says what it is about, wherever else that is lost.
    fn ask_ops(&mut self) {
        if self.values.is_empty() {
            return;
        }
        for op in &self.ops {
            let record = OpRecord::read(&names::ops_dir(), &op.line).ok();
            let on = record.map(|record| record.on);
            self.things.extend(op.thing.zip(on));
        }
    }

    /// What a value is of.
    pub(super) fn thing(&self, value: &SavedValue) -> Option<&Entity> {
        self.things.get(&value.thing)
    }

    /// How many ops it has, whoever else has them.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ops.len()
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Says how much there was.
fn copy_if_there(from: &Path, to: &Path) -> Result<u64, TasksError> {
    let copy = || match File::open(from) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(0),
        // No list, whoever put it there.
        Ok(_) if from.is_dir() => Ok(0),
        opened => io::copy(&mut opened?, &mut File::create(to)?),
    };
    Ok(copy().map_err(BaseError::io("copy", from))?)
}

/// A file that was cut off has zeros again where its header says that more was: SQLite leaves it shut
/// otherwise, though nearly all of it is there.
fn fill_up(copy: &Path) -> io::Result<()> {
    let file = File::options().read(true).write(true).open(copy)?;
    let length = file.metadata()?.len();
    let mut said = [0; 4];
    if length >= HEADER {
        file.read_exact_at(&mut said, 28)?;
    }
    let pages = u32::from_be_bytes(said);
    let pages = if pages > MOST_PAGES { 0 } else { pages };
    file.set_len((u64::from(pages) * PAGE).max(length.next_multiple_of(PAGE)))
}

/// Writes the beginning of a new list over that of a copy: it says the same, as far as it goes.
fn give_beginning(
    copy: &Path,
    dir: &Path,
    (length, holder): (u64, &Holder),
) -> Result<(), TasksError> {
    let fresh = HostPath::new(dir.join(format!("fresh-{length}.db")))?;
    drop(Store::open(&fresh, holder)?);
    let write = || -> io::Result<()> {
        let mut bytes = fs::read(fresh.as_path())?;
        let length = usize::try_from(length).map_err(io::Error::other)?;
        for (at, many) in COUNTS {
            let at = usize::try_from(at).map_err(io::Error::other)?;
            bytes[at..at + many].fill(0);
        }
        let mut file = File::options();
        let file = file.write(true).create(true).truncate(false).open(copy)?;
        file.write_all_at(&bytes[..length], 0)
    };
    Ok(write().map_err(BaseError::io("read", copy))?)
}

/// What a query yields until it meets damage.
fn until_damage<T>(
    db: &Connection,
    sql: &str,
    take: impl Fn(&Row<'_>) -> rusqlite::Result<Option<T>>,
) -> Vec<T> {
    let mut all = Vec::new();
    let Ok(mut find) = db.prepare(sql) else {
        return all;
    };
    let Ok(mut rows) = find.query([]) else {
        return all;
    };
    while let Ok(Some(row)) = rows.next() {
        // A row that is none stands between others that are.
        all.extend(take(row).ok().flatten());
    }
    all
}

/// From both ends: what is behind the damage reads backwards.
fn ops(db: &Connection) -> Vec<SavedOp> {
    let take = |row: &Row<'_>| {
        let replica: String = row.get(3)?;
        let (id, prev) = (row.get(1)?, row.get(2)?);
        let replica = MachineId::parse(&replica).ok();
        let (n, line, thing) = (row.get(0)?, row.get(4)?, row.get(5)?);
        let op = replica.map(|replica| SavedOp {
            n,
            thing,
            id: OpId::from_bytes(id),
            prev: OpId::from_bytes(prev),
            replica,
            line,
        });
        Ok(op.filter(SavedOp::is_it))
    };
    let read = |order: &str| {
        let sql = format!("SELECT n, id, prev, replica, line, thing FROM op ORDER BY n {order}");
        until_damage(db, &sql, take)
    };
    let mut all = read("ASC");
    let last = all.last().map_or(i64::MIN, |op| op.n);
    let mut behind = read("DESC");
    behind.retain(|op| op.n > last);
    all.extend(behind.into_iter().rev());
    all
}

/// An op, where a row is one: it says so itself.
fn strewn_op(n: i64, row: [ValueRef<'_>; 8]) -> Option<SavedOp> {
    let [_, id, replica, _, prev, thing, line, _] = row;
    let id_of = |it: ValueRef<'_>| it.as_blob().ok()?.try_into().ok().map(OpId::from_bytes);
    let op = SavedOp {
        n,
        id: id_of(id)?,
        prev: id_of(prev)?,
        replica: MachineId::parse(replica.as_str().ok()?).ok()?,
        thing: thing.as_i64().ok(),
        line: line.as_blob().ok()?.to_vec(),
    };
    op.is_it().then_some(op)
}

fn chains(db: &Connection) -> Vec<SavedChain> {
    let sql = "SELECT name, replica, machine, seq, id, n = (SELECT chain FROM replica) FROM chain";
    until_damage(db, sql, |row| {
        let [replica, machine]: [String; 2] = [row.get(1)?, row.get(2)?];
        let ids = (MachineId::parse(&replica), MachineId::parse(&machine));
        let (Ok(replica), Ok(machine)) = ids else {
            return Ok(None);
        };
        Ok(Some(SavedChain {
            name: row.get(0)?,
            replica,
            machine,
            seq: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
            id: OpId::from_bytes(row.get(4)?),
            is_own: row.get::<_, Option<bool>>(5)?.unwrap_or(false),
        }))
    })
}

fn texts(db: &Connection) -> Vec<(TextName, Vec<u8>)> {
    until_damage(db, "SELECT name, bytes FROM text", |row| {
        let (name, bytes): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let found = TextName::of(&bytes);
        Ok((found.as_str() == name).then_some((found, bytes)))
    })
}

fn values(db: &Connection) -> Vec<SavedValue> {
    let sql = "SELECT thing, field, fingerprint, value FROM withheld";
    until_damage(db, sql, |row| {
        Ok(Some(SavedValue {
            thing: row.get(0)?,
            words: [row.get(1)?, row.get(2)?, row.get(3)?],
        }))
    })
}

fn things(db: &Connection) -> HashMap<i64, Entity> {
    let things = until_damage(db, "SELECT n, kind, id FROM thing", |row| {
        let (n, kind, id): (_, _, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let id = Id::parse(&id).ok();
        Ok(id.map(|id| (n, Entity { kind, id })))
    });
    things.into_iter().collect()
}

fn deeds(db: &Connection) -> Vec<SavedDeed> {
    let sql = "SELECT n, at, what, first, last, undone FROM deed ORDER BY n";
    until_damage(db, sql, |row| {
        Ok(Some(SavedDeed {
            n: row.get(0)?,
            at: row.get(1)?,
            what: row.get(2)?,
            first: row.get(3)?,
            last: row.get(4)?,
            undone: row.get(5)?,
        }))
    })
}
