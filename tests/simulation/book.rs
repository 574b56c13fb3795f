//! Every op that anybody wrote, and what all of them come to, told from their lines alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use holdall::layout::OpId;
use holdall::oplog::Digest;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

/// Ops by their ids: the replica that wrote them, and their line.
pub type Ops = BTreeMap<OpId, (String, Vec<u8>)>;

#[derive(Default)]
pub struct Book {
    written: Ops,
    /// Those of which some copy was always there.
    owed: BTreeSet<OpId>,
    /// What a push said was in the vault and was not.
    unsent: Option<String>,
}

impl Book {
    /// Somebody wrote to a task list.
    pub fn changed(&mut self, before: &Ops, after: Ops) -> Result<(), String> {
        for (id, op) in after {
            if before.contains_key(&id) {
                continue;
            }
            self.owed.insert(id);
            if self.written.insert(id, op).is_some() {
                return Err(format!(
                    "{id} was written twice: somebody's op is no other one"
                ));
            }
        }
        Ok(())
    }

    /// Whether somebody wrote it at some time.
    pub fn has(&self, id: OpId) -> bool {
        self.written.contains_key(&id)
    }

    /// A push said that everything is in the vault.
    pub fn arrived(&mut self, m: usize, here: &Ops, there: &BTreeSet<OpId>) {
        let missing = here.keys().find(|id| !there.contains(*id));
        self.unsent = missing.map(|id| format!("m{m} pushed, and the vault lacks {id}"));
    }

    /// What was found out about that.
    pub fn told(&mut self) -> Result<(), String> {
        self.unsent.take().map_or(Ok(()), Err)
    }

    /// Copies were destroyed: what is nowhere any more can't be asked for.
    pub fn set_back(&mut self, anywhere: &BTreeSet<OpId>) {
        self.owed.retain(|id| anywhere.contains(id));
    }

    /// Whether all that is owed is there.
    pub fn is_kept(&self, place: &str, there: &BTreeSet<OpId>) -> Result<(), String> {
        match self.owed.difference(there).next() {
            None => Ok(()),
            Some(id) => Err(format!("{place} lacks an op: {id} {}", self.line(*id))),
        }
    }

    /// Whether all that is there was written by somebody, just so.
    pub fn is_true(&self, place: &str, there: &Ops) -> Result<(), String> {
        match there
            .iter()
            .find(|(id, op)| self.written.get(id) != Some(op))
        {
            None => Ok(()),
            Some((id, _)) => Err(format!("{place} has an op that nobody wrote: {id}")),
        }
    }

    fn line(&self, id: OpId) -> String {
        let op = self.written.get(&id);
        op.map(|(_, line)| String::from_utf8_lossy(line).into_owned())
            .unwrap_or_default()
    }
}

fn connect(db: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(db, flags).expect("the task list can be opened")
}

/// All ops that a task list has.
pub fn ops_of(db: &Path) -> Ops {
    if !db.exists() {
        return Ops::new();
    }
    let db = connect(db);
    if !db.table_exists(None, "op").expect("it can be read") {
        // Whoever was about to make it was killed.
        return Ops::new();
    }
    let mut find = db
        .prepare("SELECT id, replica, line FROM op")
        .expect("there is a log");
    let rows = find.query_map([], |row| {
        Ok((OpId::from_bytes(row.get(0)?), (row.get(1)?, row.get(2)?)))
    });
    let rows = rows.expect("it can be read");
    rows.map(|row| row.expect("it can be read")).collect()
}

/// What every table of a task list holds.
pub fn content(db: &Path) -> Vec<String> {
    let db = connect(db);
    let mut find = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")
        .expect("there is a schema");
    let names = find.query_map([], |row| row.get::<_, String>(0));
    let names: Vec<String> = names
        .expect("it can be read")
        .map(|it| it.expect("it is text"))
        .collect();
    let mut rows = Vec::new();
    for name in names {
        let mut find = db
            .prepare(&format!("SELECT * FROM {name}"))
            .expect("the table is there");
        let count = find.column_count();
        let mut found = find.query([]).expect("it can be read");
        while let Some(row) = found.next().expect("it can be read") {
            let cells = (0..count).map(|at| match row.get_ref(at).expect("a cell") {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                    String::from_utf8_lossy(bytes).into_owned()
                }
                other => format!("{other:?}"),
            });
            rows.push(format!("{name}: {}", cells.collect::<Vec<_>>().join(", ")));
        }
    }
    rows
}

/// A write, as its line says it.
struct Write {
    id: OpId,
    /// What is shown is the greatest of them.
    rank: (String, String, OpId),
    value: Value,
    is_text: bool,
    saw: BTreeSet<OpId>,
}

/// What a set of ops comes to: the writes that no op names, by thing and field.
#[derive(Default)]
pub struct Truth {
    live: BTreeMap<(String, String), Vec<Write>>,
    pub digest: Digest,
}

impl Truth {
    pub fn of(ops: &Ops) -> Self {
        let read: Vec<(OpId, &str, Value)> = ops
            .iter()
            .map(|(id, (replica, line))| {
                let op = serde_json::from_slice(line).expect("a line is JSON");
                (*id, replica.as_str(), op)
            })
            .collect();
        let named: BTreeSet<(String, String, OpId)> =
            read.iter().flat_map(|(_, _, op)| names(op)).collect();
        let mut truth = Self::default();
        for (id, replica, op) in &read {
            for (field, value) in writes(op) {
                let on = text(op, "on");
                if named.contains(&(on.clone(), field.clone(), *id)) {
                    continue;
                }
                truth.digest += counted("live write", *id, &field);
                let write = Write {
                    id: *id,
                    rank: (text(op, "at"), (*replica).to_owned(), *id),
                    is_text: op.get("text").is_some(),
                    saw: saw(op).collect(),
                    value,
                };
                truth.live.entry((on, field)).or_default().push(write);
            }
        }
        for (_, field, id) in named.iter().filter(|(_, _, id)| !ops.contains_key(id)) {
            truth.digest += counted("early name", *id, field);
        }
        truth
    }

    /// The value of a field that is shown, and whether there are others.
    pub fn shown(&self, on: &str, field: &str) -> (Option<&Value>, bool) {
        let writes = self.live.get(&(on.to_owned(), field.to_owned()));
        let writes: Vec<&Write> = writes.into_iter().flatten().collect();
        let shown = writes.iter().max_by(|a, b| a.rank.cmp(&b.rank));
        let differs = writes
            .windows(2)
            .any(|two| (&two[0].value, two[0].is_text) != (&two[1].value, two[1].is_text));
        (shown.map(|write| &write.value), differs)
    }

    /// Whether a thing is deleted, and whether somebody did not see what somebody else wrote to it.
    pub fn deleted(&self, on: &str) -> (bool, bool) {
        let of_it = |wanted: bool| {
            let all = self.live.iter();
            let fields =
                all.filter(move |((thing, field), _)| thing == on && field.is_empty() == wanted);
            fields.flat_map(|(_, writes)| writes)
        };
        let (gone, back): (Vec<&Write>, Vec<_>) =
            of_it(true).partition(|it| it.value.as_str() == Some("delete"));
        let is_seen = |write: &Write| gone.iter().any(|it| it.saw.contains(&write.id));
        let is_deleted = !gone.is_empty() && back.is_empty() && of_it(false).all(is_seen);
        (is_deleted, !gone.is_empty() && !is_deleted)
    }

    /// The values of a field that has many, each once.
    pub fn items(&self, on: &str, field: &str) -> BTreeSet<String> {
        let writes = self.live.get(&(on.to_owned(), field.to_owned()));
        let writes = writes.into_iter().flatten();
        writes
            .filter_map(|write| Some(write.value.as_str()?.to_owned()))
            .collect()
    }

    /// How many writes to a field nobody superseded.
    pub fn count(&self, on: &str, field: &str) -> usize {
        let writes = self.live.get(&(on.to_owned(), field.to_owned()));
        writes.map_or(0, Vec::len)
    }
}

fn text(op: &Value, key: &str) -> String {
    op[key].as_str().unwrap_or_default().to_owned()
}

/// The writes that an op supersedes: thing, field and id.
fn names(op: &Value) -> Vec<(String, String, OpId)> {
    let field = text(op, "field");
    saw(op)
        .map(|id| (text(op, "on"), field.clone(), id))
        .collect()
}

fn saw(op: &Value) -> impl Iterator<Item = OpId> {
    let saw = op["saw"].as_array().into_iter().flatten();
    saw.filter_map(|id| OpId::parse(id.as_str()?))
}

/// What an op adds to the digest.
fn counted(what: &str, id: OpId, field: &str) -> Digest {
    let mut hash = blake3::Hasher::new();
    hash.update(format!("holdall {what} 1\0").as_bytes());
    hash.update(id.as_bytes()).update(field.as_bytes());
    Digest::from_bytes(*hash.finalize().as_bytes())
}

fn writes(op: &Value) -> Vec<(String, Value)> {
    match op["do"].as_str().expect("an op does something") {
        "new" => {
            let fields = op["fields"].as_object().into_iter().flatten();
            fields
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        }
        "set" | "add" => {
            let value = op.get("value").or_else(|| op.get("text"));
            vec![(text(op, "field"), value.cloned().unwrap_or_default())]
        }
        "delete" | "undelete" => vec![(String::new(), op["do"].clone())],
        _ => Vec::new(),
    }
}
