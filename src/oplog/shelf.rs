//! Ops are taken in one by one, wherever what they come to is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use crate::base::seams::{Rule, is_broken};
use crate::layout::{Entity, OpId};

use super::digest::{Digest, Part};
use super::op::Op;
use super::thing::{Thing, names_in, writes};

/// Where ops and what they come to are kept. Whatever the order in which ops are taken in, and however
/// often, it comes to the same.
pub trait Shelf {
    type Fault;

    /// Whether an op is there, understood or not.
    fn knows(&self, id: OpId) -> Result<bool, Self::Fault>;
    /// Keeps an op for good.
    fn keep(&mut self, op: &Op) -> Result<(), Self::Fault>;
    /// Hands a thing out to be changed. It comes back at once.
    fn take_thing(&mut self, on: &Entity) -> Result<Thing, Self::Fault>;
    fn put_thing(&mut self, on: &Entity, thing: Thing) -> Result<(), Self::Fault>;
    /// Who named an op that was not there, in which thing and field.
    fn early(&self, id: OpId) -> Result<Vec<(Entity, String)>, Self::Fault>;
    fn add_early(&mut self, id: OpId, on: &Entity, field: &str) -> Result<(), Self::Fault>;
    fn remove_early(&mut self, id: OpId, on: &Entity, field: &str) -> Result<(), Self::Fault>;
    /// The sum over everything that is live or named early.
    fn digest(&mut self) -> &mut Digest;
}

/// Takes an op in. One that is there already changes nothing.
pub fn apply<S: Shelf>(shelf: &mut S, op: &Op) -> Result<(), S::Fault> {
    if shelf.knows(op.id)? {
        return Ok(());
    }
    let awaited = shelf.early(op.id)?;
    shelf.keep(op)?;
    arrive(shelf, op.id, &awaited)?;
    let mut thing = shelf.take_thing(&op.on)?;
    for (field, kind) in writes(op) {
        let is_named = awaited
            .iter()
            .any(|(on, named)| *on == op.on && named == field);
        if !is_named {
            thing.put(field, op, kind);
            shelf.digest().put(Part::Live, op.id, field);
        }
    }
    for (id, field) in names(op) {
        if thing.remove(id, field) {
            shelf.digest().take(Part::Live, id, field);
        } else if !shelf.knows(id)?
            && !is_early(shelf, id, (&op.on, field))?
            && !is_broken(Rule::EarlyNamesCount)
        {
            shelf.add_early(id, &op.on, field)?;
            shelf.digest().put(Part::Early, id, field);
        }
    }
    if is_broken(Rule::TimeSettlesNothing) {
        for (id, field) in thing.forget_earlier() {
            shelf.digest().take(Part::Live, id, &field);
        }
    }
    shelf.put_thing(&op.on, thing)
}

/// Takes note of an op that is there and not applied, because nobody here understands it: nobody waits
/// for it any longer. The shelf has to know it by then.
pub fn set_aside<S: Shelf>(shelf: &mut S, id: OpId) -> Result<(), S::Fault> {
    let awaited = shelf.early(id)?;
    arrive(shelf, id, &awaited)
}

/// An op is there that was named before.
fn arrive<S: Shelf>(shelf: &mut S, id: OpId, awaited: &[(Entity, String)]) -> Result<(), S::Fault> {
    for (on, field) in awaited {
        shelf.remove_early(id, on, field)?;
        shelf.digest().take(Part::Early, id, field);
    }
    Ok(())
}

/// What an op names, and the field in which it does.
fn names(op: &Op) -> impl Iterator<Item = (OpId, &str)> {
    let field = names_in(&op.act);
    let ids = op.saw.iter().filter(|id| **id != op.id);
    ids.filter_map(move |id| Some((*id, field?)))
}

fn is_early<S: Shelf>(shelf: &S, id: OpId, (on, field): (&Entity, &str)) -> Result<bool, S::Fault> {
    let known = shelf.early(id)?;
    Ok(known
        .iter()
        .any(|(thing, named)| thing == on && named == field))
}

/// Kept in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    ops: BTreeMap<OpId, Op>,
    /// Those that nobody here understands.
    aside: BTreeSet<OpId>,
    things: BTreeMap<Entity, Thing>,
    early: BTreeMap<OpId, BTreeSet<(Entity, String)>>,
    pub digest: Digest,
}

impl Memory {
    /// Every thing that has live writes.
    pub fn things(&self) -> impl Iterator<Item = (&Entity, &Thing)> {
        self.things.iter()
    }

    pub fn take_in(&mut self, op: &Op) {
        let Ok(()) = apply(self, op);
    }

    /// Takes an op in that nobody here understands.
    pub fn set_aside(&mut self, id: OpId) {
        self.aside.insert(id);
        let Ok(()) = set_aside(self, id);
    }

    /// Every op that was applied.
    pub fn ops(&self) -> impl Iterator<Item = &Op> {
        self.ops.values()
    }

    /// Every name of an op that is not there, with the thing and the field that it is named in.
    pub fn early_names(&self) -> impl Iterator<Item = (OpId, &Entity, &str)> {
        let early = self.early.iter();
        early.flat_map(|(id, places)| {
            let places = places.iter();
            places.map(|(on, field)| (*id, on, field.as_str()))
        })
    }
}

impl Shelf for Memory {
    type Fault = Infallible;

    fn knows(&self, id: OpId) -> Result<bool, Infallible> {
        Ok(self.ops.contains_key(&id) || self.aside.contains(&id))
    }

    fn keep(&mut self, op: &Op) -> Result<(), Infallible> {
        self.ops.insert(op.id, op.clone());
        Ok(())
    }

    fn take_thing(&mut self, on: &Entity) -> Result<Thing, Infallible> {
        Ok(self.things.remove(on).unwrap_or_default())
    }

    fn put_thing(&mut self, on: &Entity, thing: Thing) -> Result<(), Infallible> {
        if thing != Thing::default() {
            self.things.insert(on.clone(), thing);
        }
        Ok(())
    }

    fn early(&self, id: OpId) -> Result<Vec<(Entity, String)>, Infallible> {
        Ok(self.early.get(&id).into_iter().flatten().cloned().collect())
    }

    fn add_early(&mut self, id: OpId, on: &Entity, field: &str) -> Result<(), Infallible> {
        let places = self.early.entry(id).or_default();
        places.insert((on.clone(), field.to_owned()));
        Ok(())
    }

    fn remove_early(&mut self, id: OpId, on: &Entity, field: &str) -> Result<(), Infallible> {
        if let Some(places) = self.early.get_mut(&id) {
            places.remove(&(on.clone(), field.to_owned()));
            if places.is_empty() {
                self.early.remove(&id);
            }
        }
        Ok(())
    }

    fn digest(&mut self) -> &mut Digest {
        &mut self.digest
    }
}
