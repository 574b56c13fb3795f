//! Objects on their way out of a damaged store: each comes after all that it leads to, or not at all.
//! What is in a store has everything below it there, so one that cannot be followed to its end stays
//! behind.

use std::collections::HashMap;
use std::rc::Rc;

use crate::base::{Blobs, Kind, ObjectId, StoreError, Tally, Tell};

use super::super::pack::Type;
use super::super::verify::named_by_commit;
use super::super::{Objects, Store, VaultError, tree};
use super::Wreck;
use super::rubble::MOST;

impl Wreck {
    /// Brings over whatever reads and the other store lacks. What is told as a change of something that
    /// the other store has by now reads with that.
    pub fn carry(&mut self, to: &Store, tell: Tell<'_>) -> Result<(), VaultError> {
        let objects = Objects::new(to);
        let mut rubble = std::mem::take(&mut self.rubble);
        rubble.name(&|id| lend(&objects, id).or_else(|| self.read_loose(id)));
        self.rubble = rubble;
        let ids = self.ids();
        let mut carrier = Carrier {
            wreck: self,
            objects,
            is_there: HashMap::new(),
        };
        let tally = Tally::new(Some(ids.len() as u64), tell);
        for id in ids {
            carrier.bring(id)?;
            tally.one(0);
        }
        carrier.objects.flush()
    }
}

/// An object that the other store has, or is about to have.
fn lend(objects: &Objects<'_>, id: ObjectId) -> Option<(Type, Vec<u8>)> {
    let is_small = objects.size(id).is_ok_and(|size| size <= MOST);
    is_small.then(|| objects.read(id).ok())?
}

struct Carrier<'w> {
    wreck: &'w Wreck,
    objects: Objects<'w>,
    /// Whether an object that was looked at is in the new store, or on its way there.
    is_there: HashMap<ObjectId, bool>,
}

impl Carrier<'_> {
    fn bring(&mut self, id: ObjectId) -> Result<(), StoreError> {
        let mut open = vec![id];
        while let Some(&id) = open.last() {
            let named = match self.is_there.get(&id) {
                Some(_) => None,
                None if self.objects.store().has(id) => self.settle(id, true),
                None => self.look(id),
            };
            let Some((kind, bytes, named)) = named else {
                open.pop();
                continue;
            };
            let unknown = named.iter().filter(|id| !self.is_there.contains_key(id));
            let before = open.len();
            open.extend(unknown);
            if open.len() == before {
                let is_whole = named.iter().all(|id| self.is_there[id]);
                if is_whole {
                    self.objects.add(kind, &bytes)?;
                }
                self.settle(id, is_whole);
            }
        }
        Ok(())
    }

    /// What an object is, and what it names; nothing where that is settled already.
    fn look(&mut self, id: ObjectId) -> Option<Read> {
        let wreck = self.wreck;
        for (size, mut content) in wreck.open_large(id) {
            let taken = self
                .objects
                .add_stream(size, &mut content, &|got| got == id);
            if taken.is_ok_and(|taken| taken.is_some()) {
                return self.settle(id, true);
            }
        }
        let is_known = |id| self.is_there.get(&id) == Some(&true) || self.objects.store().has(id);
        let read = wreck.read(id, &|id| {
            let known = is_known(id).then(|| lend(&self.objects, id)).flatten();
            known.or_else(|| wreck.read_loose(id))
        });
        let read = read.and_then(|(kind, bytes)| {
            let named = named(id, kind, &bytes)?;
            Some((kind, bytes, named))
        });
        read.or_else(|| self.settle(id, false))
    }

    fn settle(&mut self, id: ObjectId, is_there: bool) -> Option<Read> {
        self.is_there.insert(id, is_there);
        None
    }
}

/// An object's type and bytes, and what it names.
type Read = (Type, Rc<Vec<u8>>, Vec<ObjectId>);

fn named(id: ObjectId, kind: Type, bytes: &[u8]) -> Option<Vec<ObjectId>> {
    match kind {
        Type::Blob => Some(Vec::new()),
        Type::Commit => named_by_commit(bytes),
        Type::Tree => {
            let entries = tree::decode(id, bytes).ok()?.into_iter();
            // A commit of another repository: nobody has it here.
            let own = entries.filter(|entry| entry.kind != Kind::Foreign);
            Some(own.map(|entry| entry.id).collect())
        }
    }
}
