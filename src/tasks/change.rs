//! One transaction: ops are taken in or written, and what is shown follows.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{OptionalExtension, Transaction, params};

use crate::base::{BaseError, Edges, seams};
use crate::layout::{Entity, OpId, TextName};
use crate::oplog::{Digest, Op, Shelf, Thing, apply, set_aside};

use super::content::ThreeWay;
use super::log::{self, Coming, State};
use super::render::{Renderer, Shown};
use super::{Reading, TasksError};

/// So many things are held before they are written: of very many ops memory stays flat.
const HELD: usize = 512;

const LOST: TasksError = TasksError::Damaged {
    what: "an early name in a thing that is not there",
};

/// What this program knows of ops. It grows with what it understands.
pub(super) const READER: i64 = 1;

/// A transaction on the store.
pub struct Change<'d> {
    pub(super) tx: Transaction<'d>,
    pub(super) edges: &'d Edges,
    pub(super) digest: Digest,
    held: HashMap<Entity, Held>,
    /// The op that is being taken in.
    coming: Option<Coming>,
    /// Some op is named and not there. Mostly none is, and nobody need be asked.
    pub(super) has_early: bool,
    /// The log is read again, and this is the place.
    pub(super) again: Option<i64>,
    /// The number of the next thing that is new.
    next: i64,
    three_way: ThreeWay,
    renderer: Renderer,
}

/// A thing on its way into the store.
#[derive(Default)]
struct Held {
    n: i64,
    thing: Thing,
    /// Where its live ops stand in the log.
    places: BTreeMap<OpId, i64>,
    updated: i64,
    is_changed: bool,
    /// It was never shown.
    is_new: bool,
}

impl<'d> Change<'d> {
    pub(super) fn begin(
        tx: Transaction<'d>,
        edges: &'d Edges,
        three_way: ThreeWay,
    ) -> Result<Self, TasksError> {
        let has_early = tx.prepare_cached("SELECT 1 FROM early")?.exists([])?;
        let next = tx.query_row("SELECT coalesce(max(n), 0) + 1 FROM thing", [], |row| {
            row.get(0)
        })?;
        let (digest, reader): (_, i64) =
            tx.query_row("SELECT digest, reader FROM replica", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let mut it = Self {
            tx,
            edges,
            digest: Digest::from_bytes(digest),
            held: HashMap::new(),
            coming: None,
            has_early,
            again: None,
            next,
            three_way,
            renderer: Renderer::default(),
        };
        if reader < READER {
            it.rebuild()?;
        }
        Ok(it)
    }

    pub(super) fn commit(mut self) -> Result<(), TasksError> {
        self.settle()?;
        self.tx.execute(
            "UPDATE replica SET digest = ?1 WHERE digest <> ?1",
            [self.digest.to_bytes()],
        )?;
        seams::step().map_err(BaseError::io("change", "tasks.db"))?;
        self.tx.commit()?;
        Ok(seams::step().map_err(BaseError::io("change", "tasks.db"))?)
    }

    /// Takes an op in that stands on a line.
    pub(super) fn take_in(&mut self, op: &Op, coming: Coming) -> Result<(), TasksError> {
        if self.held.len() >= HELD {
            self.flush()?;
        }
        self.coming = Some(coming);
        apply(self, op)
    }

    /// Keeps an op that is not to be taken in.
    pub(super) fn put_by(
        &mut self,
        id: OpId,
        state: State,
        coming: Coming,
    ) -> Result<(), TasksError> {
        log::keep(&self.tx, id, None, &Coming { state, ..coming })?;
        set_aside(self, id)
    }

    /// A thing as it is in this transaction.
    pub fn look(&mut self, on: &Entity) -> Result<&Thing, TasksError> {
        self.hold(on)?;
        Ok(&self.held[on].thing)
    }

    pub fn reading(&self) -> Reading<'_> {
        Reading::of(&self.tx)
    }

    /// The number of a thing in the store.
    pub(super) fn number(&mut self, on: &Entity) -> Result<i64, TasksError> {
        Ok(self.hold(on)?.n)
    }

    /// Keeps a long value. What waited for it is shown anew.
    pub fn put_text(&mut self, name: &TextName, bytes: &[u8]) -> Result<(), TasksError> {
        let put = "INSERT OR IGNORE INTO text VALUES (?1, ?2)";
        self.tx
            .prepare_cached(put)?
            .execute(params![name.as_str(), bytes])?;
        for on in log::wanting(&self.tx, name)? {
            self.hold(&on)?.is_changed = true;
        }
        Ok(())
    }

    /// Writes what is held: a reading shows everything from here on.
    pub fn settle(&mut self) -> Result<(), TasksError> {
        self.flush()?;
        std::mem::take(&mut self.renderer).finish(&self.tx)
    }

    fn hold(&mut self, on: &Entity) -> Result<&mut Held, TasksError> {
        if !self.held.contains_key(on) {
            let mut held = load(&self.tx, on)?;
            if held.is_new {
                held.n = self.next;
                self.next += 1;
            }
            self.held.insert(on.clone(), held);
        }
        Ok(self.held.get_mut(on).expect("it was just put there"))
    }

    /// A thing that is new and not written yet, by its number.
    fn held_as(&self, n: i64) -> Option<Entity> {
        let found = self.held.iter().find(|(_, held)| held.n == n);
        found.map(|(on, _)| on.clone())
    }

    /// Writes what is held, and what is shown of it.
    fn flush(&mut self) -> Result<(), TasksError> {
        let mut all: Vec<_> = std::mem::take(&mut self.held).into_iter().collect();
        // Rows that come in their order cost a fraction.
        all.sort_by_key(|(_, held)| held.n);
        for (on, held) in all {
            if held.is_changed {
                let live = log::marks(&held.thing, &held.places);
                let put = if held.is_new {
                    "INSERT INTO thing (n, live, updated, kind, id) VALUES (?1, ?2, ?3, ?4, ?5)"
                } else {
                    "UPDATE thing SET live = ?2, updated = ?3 WHERE n = ?1 AND kind = ?4 AND id = ?5"
                };
                self.tx.prepare_cached(put)?.execute(params![
                    held.n,
                    live,
                    held.updated,
                    on.kind,
                    on.id.as_str()
                ])?;
                let shown = Shown {
                    db: &self.tx,
                    n: held.n,
                    thing: &held.thing,
                    is_new: held.is_new,
                    three_way: self.three_way,
                };
                self.renderer.show(&shown, &on)?;
            }
        }
        Ok(())
    }
}

fn load(tx: &Transaction<'_>, on: &Entity) -> Result<Held, TasksError> {
    let found = tx
        .prepare_cached("SELECT n, live, updated FROM thing WHERE id = ?1 AND kind = ?2")?
        .query_row(params![on.id.as_str(), on.kind], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((n, live, updated)) = found else {
        return Ok(Held {
            is_new: true,
            ..Held::default()
        });
    };
    let (thing, places) = log::thing_of(tx, &live)?;
    Ok(Held {
        n,
        thing,
        places,
        updated,
        is_changed: false,
        is_new: false,
    })
}

impl Shelf for Change<'_> {
    type Fault = TasksError;

    fn knows(&self, id: OpId) -> Result<bool, TasksError> {
        // Whoever brings a line has looked already, or just wrote it.
        if self.coming.as_ref().is_some_and(|it| it.place.is_none()) {
            return Ok(false);
        }
        match self.again {
            Some(place) => log::knows_before(&self.tx, id, place),
            None => log::knows(&self.tx, id),
        }
    }

    fn keep(&mut self, op: &Op) -> Result<(), TasksError> {
        let coming = self.coming.take().expect("an op comes with its line");
        let n = self.hold(&op.on)?.n;
        let place = log::keep(&self.tx, op.id, Some(n), &coming)?;
        let held = self.hold(&op.on)?;
        held.places.insert(op.id, place);
        held.updated = held.updated.max(op.at.at.millis());
        held.is_changed = true;
        Ok(())
    }

    fn take_thing(&mut self, on: &Entity) -> Result<Thing, TasksError> {
        Ok(std::mem::take(&mut self.hold(on)?.thing))
    }

    fn put_thing(&mut self, on: &Entity, thing: Thing) -> Result<(), TasksError> {
        let held = self.hold(on)?;
        held.thing = thing;
        held.is_changed = true;
        Ok(())
    }

    fn early(&self, id: OpId) -> Result<Vec<(Entity, String)>, TasksError> {
        if !self.has_early {
            return Ok(Vec::new());
        }
        let early = log::early(&self.tx, id)?.into_iter();
        early
            .map(|(n, on, field)| Ok((on.or_else(|| self.held_as(n)).ok_or(LOST)?, field)))
            .collect()
    }

    fn add_early(&mut self, id: OpId, on: &Entity, field: &str) -> Result<(), TasksError> {
        self.has_early = true;
        let n = self.hold(on)?.n;
        self.tx
            .prepare_cached("INSERT OR IGNORE INTO early (id, thing, field) VALUES (?1, ?2, ?3)")?
            .execute(params![id.as_bytes(), n, field])?;
        Ok(())
    }

    fn remove_early(&mut self, id: OpId, on: &Entity, field: &str) -> Result<(), TasksError> {
        let n = self.hold(on)?.n;
        self.tx
            .prepare_cached("DELETE FROM early WHERE id = ?1 AND thing = ?2 AND field = ?3")?
            .execute(params![id.as_bytes(), n, field])?;
        Ok(())
    }

    fn digest(&mut self) -> &mut Digest {
        &mut self.digest
    }
}
