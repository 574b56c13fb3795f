//! Objects on their way out of a damaged store: each comes after all that it leads to, or not at all.
//! What is in a store has everything below it there, so one that cannot be followed to its end stays
//! behind.

use std::collections::HashMap;

use crate::base::{Kind, ObjectId, StoreError, Tally, Tell};

use super::super::content::open_large;
use super::super::pack::Type;
use super::super::store::read_foreign;
use super::super::verify::named_by_commit;
use super::super::{Objects, Store, VaultError, tree};
use super::Wreck;

impl Wreck {
    /// Brings over whatever reads and the other store lacks.
    pub fn carry(&self, to: &Store, tell: Tell<'_>) -> Result<(), VaultError> {
        let mut carrier = Carrier {
            wreck: self,
            objects: Objects::new(to),
            is_there: HashMap::new(),
        };
        let tally = Tally::new(Some(self.ids.len() as u64), tell);
        for id in &self.ids {
            carrier.bring(*id)?;
            tally.one(0);
        }
        carrier.objects.flush()
    }
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
        if let Some((size, mut content)) = open_large(&self.wreck.repo, id).ok().flatten() {
            let taken = self
                .objects
                .add_stream(size, &mut content, &|got| got == id);
            let is_read = taken.is_ok_and(|taken| taken.is_some());
            return self.settle(id, is_read);
        }
        let read = read_foreign(&self.wreck.repo, id).ok();
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
type Read = (Type, Vec<u8>, Vec<ObjectId>);

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
