//! Writing: ops of this replica, each behind its last one.

use std::sync::Arc;

use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};

use crate::base::MachineId;
use crate::base::seams::{Rule, is_broken};
use crate::layout::{Entity, OpId, OpRecord, OpTime, TextName};
use crate::oplog::{Act, Content, Memory, Op, Thing, Write, next_time};

use super::chains::Own;
use super::change::Change;
use super::content::WITHHELD;
use super::log::{self, Coming, State};
use super::reading::Reading;
use super::{TasksError, tokens};

/// A longer value stands in a file of its own.
pub const LONGEST: usize = 64 * 1024;

/// Says whether a value may leave this machine: the fingerprint of what may not.
pub type Censor<'g> = &'g dyn Fn(&str, &str) -> Option<String>;

/// Who writes, and what may be written.
#[derive(Clone, Copy)]
pub struct Hand<'h> {
    pub machine: &'h MachineId,
    pub by: Option<&'h str>,
    pub censor: Censor<'h>,
}

/// Writes ops, within one transaction.
pub struct Pen<'c, 'd, 'h> {
    change: &'c mut Change<'d>,
    hand: Hand<'h>,
    own: Own,
    /// Where the ops of this deed stand in the log.
    written: Option<(i64, i64)>,
}

impl<'d> Change<'d> {
    /// Does something as one deed, which can be undone as one. What has no name is nobody's deed.
    pub fn write<T, E: From<TasksError>>(
        &mut self,
        hand: Hand<'_>,
        what: &str,
        write: impl FnOnce(&mut Pen<'_, 'd, '_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let own = Own::load(self, hand.machine)?;
        let mut pen = Pen {
            change: self,
            hand,
            own,
            written: None,
        };
        let answer = write(&mut pen)?;
        pen.finish(what)?;
        Ok(answer)
    }
}

impl Pen<'_, '_, '_> {
    /// What the store showed when this change began.
    #[must_use]
    pub fn reading(&self) -> Reading<'_> {
        self.change.reading()
    }

    pub fn look(&mut self, on: &Entity) -> Result<&Thing, TasksError> {
        self.change.look(on)
    }

    /// A thing as whoever has this token saw it; without one as it is.
    pub fn seen(&mut self, on: &Entity, token: Option<&str>) -> Result<Thing, TasksError> {
        let Some(token) = token else {
            return Ok(self.look(on)?.clone());
        };
        let n = self.change.number(on)?;
        let place = tokens::place(&self.change.tx, n, token)?;
        let mut memory = Memory::default();
        for (_, op) in log::ops_on(&self.change.tx, n, place)? {
            memory.take_in(&op);
        }
        let found = memory.things().find(|(it, _)| *it == on);
        Ok(found.map(|(_, thing)| thing.clone()).unwrap_or_default())
    }

    /// Something new, with its first fields.
    pub fn begin(
        &mut self,
        on: &Entity,
        fields: Vec<(impl Into<String>, Value)>,
    ) -> Result<OpId, TasksError> {
        let (mut short, mut long) = (Vec::with_capacity(fields.len()), Vec::new());
        for (field, value) in fields {
            let field = field.into();
            match self.content(on, &field, value)? {
                Content::Plain(value) => short.push((field, value)),
                content @ Content::Text(_) => long.push((field, content)),
            }
        }
        let id = self.issue(on, Act::New { fields: short }, Vec::new())?;
        for (field, content) in long {
            self.issue(on, Act::Set { field, content }, Vec::new())?;
        }
        Ok(id)
    }

    /// Gives a field its one value, in the place of those that were seen.
    pub fn set(
        &mut self,
        on: &Entity,
        (field, value): (&str, Value),
        seen: &Thing,
    ) -> Result<OpId, TasksError> {
        let content = self.content(on, field, value)?;
        self.set_content(on, (field, content), seen)
    }

    /// Adds one of many.
    pub fn add(&mut self, on: &Entity, field: &str, value: Value) -> Result<OpId, TasksError> {
        let content = self.content(on, field, value)?;
        self.add_content(on, field, content)
    }

    /// Takes away what is there of one of many. False where it was not there.
    pub fn remove(
        &mut self,
        on: &Entity,
        field: &str,
        is_meant: &dyn Fn(&Write, &Content) -> bool,
    ) -> Result<bool, TasksError> {
        let items = self.look(on)?.items(field).into_iter();
        let meant = items.filter(|(write, content)| is_meant(write, content));
        let saw: Vec<OpId> = meant.map(|(write, _)| write.id).collect();
        if saw.is_empty() {
            return Ok(false);
        }
        let field = field.to_owned();
        self.issue(on, Act::Remove { field }, saw)?;
        Ok(true)
    }

    /// Deletes a thing as it was seen.
    pub fn delete(&mut self, on: &Entity, seen: &Thing) -> Result<OpId, TasksError> {
        let saw = seen.all().map(|(_, write)| write.id).collect();
        self.delete_over(on, saw)
    }

    /// The same over these writes alone.
    pub(super) fn delete_over(&mut self, on: &Entity, saw: Vec<OpId>) -> Result<OpId, TasksError> {
        self.issue(on, Act::Delete, saw)
    }

    pub fn undelete(&mut self, on: &Entity) -> Result<OpId, TasksError> {
        let thing = self.look(on)?;
        let saw = thing.field("").map(|write| write.id).collect();
        self.issue(on, Act::Undelete, saw)
    }

    /// A value as it may stand in an op: nothing that the gate holds back, nothing too long.
    fn content(&mut self, on: &Entity, field: &str, value: Value) -> Result<Content, TasksError> {
        let Value::String(text) = value else {
            return Ok(Content::Plain(value));
        };
        if let Some(fingerprint) = (self.hand.censor)(field, &text) {
            let n = self.change.number(on)?;
            self.change.tx.execute(
                "INSERT OR REPLACE INTO withheld VALUES (?1, ?2, ?3, ?4)",
                params![n, field, fingerprint, text],
            )?;
            return Ok(Content::Plain(json!({ WITHHELD: fingerprint })));
        }
        if text.len() <= LONGEST {
            return Ok(Content::Plain(Value::String(text)));
        }
        let name = TextName::of(text.as_bytes());
        self.change.put_text(&name, text.as_bytes())?;
        Ok(Content::Text(name))
    }

    /// Where the first op of this deed stands in the log, once there is one.
    pub(super) fn first_place(&self) -> Option<i64> {
        self.written.map(|(first, _)| first)
    }

    pub(super) fn number(&mut self, on: &Entity) -> Result<i64, TasksError> {
        self.change.number(on)
    }

    pub(super) fn db(&self) -> &Connection {
        &self.change.tx
    }

    /// Gives a field a value that was in an op before.
    pub(super) fn set_content(
        &mut self,
        on: &Entity,
        (field, content): (&str, Content),
        seen: &Thing,
    ) -> Result<OpId, TasksError> {
        let saw = seen.field(field).map(|write| write.id).collect();
        self.set_over(on, (field, content), saw)
    }

    /// The same over these writes alone.
    pub(super) fn set_over(
        &mut self,
        on: &Entity,
        (field, content): (&str, Content),
        saw: Vec<OpId>,
    ) -> Result<OpId, TasksError> {
        let field = field.to_owned();
        self.issue(on, Act::Set { field, content }, saw)
    }

    pub(super) fn add_content(
        &mut self,
        on: &Entity,
        field: &str,
        content: Content,
    ) -> Result<OpId, TasksError> {
        let field = field.to_owned();
        self.issue(on, Act::Add { field, content }, Vec::new())
    }

    fn issue(&mut self, on: &Entity, act: Act, mut saw: Vec<OpId>) -> Result<OpId, TasksError> {
        // What wrote two fields is seen twice, and named once.
        saw.sort_unstable();
        saw.dedup();
        let at = self.time(on, &saw)?;
        let record = self.record(on, &act, (at, &saw))?;
        let line = record.line().into_bytes();
        let (prev, seq) = (self.own.id, record.seq);
        let op = Op {
            id: prev.next(&line),
            replica: self.own.replica.clone(),
            fork: None,
            seq,
            at,
            on: on.clone(),
            act,
            saw,
            by: self.hand.by.map(Arc::from),
        };
        let coming = Coming {
            replica: op.replica.clone(),
            seq,
            prev,
            line,
            state: State::TakenIn,
            place: None,
        };
        self.change.take_in(&op, coming)?;
        let place = self.change.tx.last_insert_rowid();
        let first = self.written.map_or(place, |(first, _)| first);
        self.written = Some((first, place));
        (self.own.seq, self.own.id, self.own.at) = (seq, op.id, Some(at));
        Ok(op.id)
    }

    fn time(&mut self, on: &Entity, saw: &[OpId]) -> Result<OpTime, TasksError> {
        let mut before: Vec<OpTime> = self.own.at.into_iter().collect();
        let live = self.change.look(on)?.all();
        let live = live.filter(|(_, write)| saw.contains(&write.id));
        before.extend(live.map(|(_, write)| write.at));
        Ok(next_time(self.change.edges.clock.now(), before))
    }

    fn record(
        &self,
        on: &Entity,
        act: &Act,
        (at, saw): (OpTime, &[OpId]),
    ) -> Result<OpRecord, TasksError> {
        let mut chance = [0; 3];
        self.change.edges.random.fill(&mut chance)?;
        if is_broken(Rule::NonceTellsApart) {
            chance = [0; 3];
        }
        let [a, b, c] = chance;
        let mut record = OpRecord {
            seq: self.own.seq + 1,
            at,
            nonce: format!("{a:02x}{b:02x}{c:02x}"),
            on: on.clone(),
            verb: verb(act).to_owned(),
            field: None,
            value: None,
            text: None,
            fields: None,
            saw: (!saw.is_empty()).then(|| saw.to_vec()),
            by: self.hand.by.map(str::to_owned),
            extra: Map::new(),
        };
        match act {
            Act::New { fields } => record.fields = Some(fields.iter().cloned().collect()),
            Act::Set { field, content } | Act::Add { field, content } => {
                record.field = Some(field.clone());
                match content {
                    Content::Plain(value) => record.value = Some(value.clone()),
                    Content::Text(name) => record.text = Some(name.clone()),
                }
            }
            Act::Remove { field } => record.field = Some(field.clone()),
            Act::Delete | Act::Undelete => {}
        }
        Ok(record)
    }

    fn finish(self, what: &str) -> Result<(), TasksError> {
        let Some((first, last)) = self.written else {
            return Ok(());
        };
        self.own.save(self.change)?;
        if what.is_empty() {
            return Ok(());
        }
        self.change.tx.execute(
            "INSERT INTO deed (at, what, first, last) VALUES (?1, ?2, ?3, ?4)",
            params![self.change.edges.clock.now().millis(), what, first, last],
        )?;
        Ok(())
    }
}

const fn verb(act: &Act) -> &'static str {
    match act {
        Act::New { .. } => "new",
        Act::Set { .. } => "set",
        Act::Add { .. } => "add",
        Act::Remove { .. } => "remove",
        Act::Delete => "delete",
        Act::Undelete => "undelete",
    }
}
