//! Whether this machine's store has all that it should have.
//!
//! *In*: the store, and how deep the look is to go. *Out*: how much was looked at, and every fault with the
//! object or pack that has it. *Never*: change anything, or take a store that is put in order at this very
//! moment for a damaged one.

pub(super) mod packs;
mod reach;
pub(super) use reach::named_by_commit;

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::path::PathBuf;

use git2::Oid;

use crate::base::{BaseError, ObjectId, StoreError, Tally, Tell};

use super::content::open_large;
use super::pack::LARGE;
use super::packed::indexes;
use super::store::object_id;
use super::{Store, VaultError};

/// How deep a look goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// All that refs lead to is there, and each pack and its index are of each other.
    Structure,
    /// Every object is read as well, and has the content that it is named after.
    Contents,
}

/// What a look at the store came to.
#[derive(Debug, Default)]
#[must_use]
pub struct Verified {
    /// How many objects the refs lead to; of a look at the contents how many there are.
    pub objects: u64,
    pub faults: Vec<StoreFault>,
}

/// Something that is not as it should be.
#[derive(Debug)]
pub enum StoreFault {
    Object(ObjectId, StoreError),
    Pack { index: PathBuf, reason: String },
    Refs { reason: String },
}

impl fmt::Display for StoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(id, StoreError::Failed(cause)) => {
                write!(f, "object {id} cannot be read: {cause}")
            }
            Self::Object(_, fault) => fault.fmt(f),
            Self::Pack { index, reason } => {
                let name = index.file_stem().unwrap_or_default().to_string_lossy();
                write!(f, "{name} is damaged: {reason}")
            }
            Self::Refs { reason } => write!(f, "a ref cannot be read: {reason}"),
        }
    }
}

impl Store {
    /// Looks whether everything is there, for whoever is told how far the look is.
    pub fn verify(&self, depth: Depth, tell: Tell<'_>) -> Result<Verified, VaultError> {
        let objects = self.path.join("objects");
        let indexes = indexes(&objects).map_err(BaseError::io("list the packs of", &self.path))?;
        let mut found = reach::look(self, tell);
        for index in &indexes {
            let fault = packs::fault(index, depth);
            found.faults.extend(fault.map(|reason| StoreFault::Pack {
                index: index.clone(),
                reason,
            }));
        }
        if depth == Depth::Contents {
            self.read_all(&indexes, &mut found, tell)?;
        }
        self.keep_lasting(&mut found.faults, depth)?;
        Ok(found)
    }

    /// Reads every object that is not known to be at fault.
    fn read_all(
        &self,
        indexes: &[PathBuf],
        found: &mut Verified,
        tell: Tell<'_>,
    ) -> Result<(), VaultError> {
        let known: HashSet<ObjectId> = found.faults.iter().filter_map(object_of).collect();
        let all = match self.all_objects(indexes) {
            Ok(all) => all,
            // What hinders it is told already.
            Err(_) if !found.faults.is_empty() => return Ok(()),
            Err(fault) => return Err(fault),
        };
        found.objects = all.len() as u64;
        let tally = Tally::new(Some(found.objects), tell);
        let unknown = all.into_iter().filter(|id| !known.contains(id));
        let faults = unknown.filter_map(|id| self.read_again(id, &tally));
        found.faults.extend(faults);
        Ok(())
    }

    /// Every object once. Those of a pack come in the order in which they lie there.
    fn all_objects(&self, indexes: &[PathBuf]) -> Result<Vec<ObjectId>, VaultError> {
        let packed = indexes.iter().flat_map(|index| packs::objects(index));
        let mut all: Vec<ObjectId> = packed.collect();
        let odb = self.repo.odb().map_err(self.fault("read"))?;
        let each = odb.foreach(|id: &Oid| {
            all.push(object_id(*id));
            true
        });
        each.map_err(self.fault("list the objects of"))?;
        let mut seen = HashSet::new();
        all.retain(|id| seen.insert(*id));
        Ok(all)
    }

    /// Reads an object and hashes it; what is wrong with it.
    fn read_again(&self, id: ObjectId, tally: &Tally<'_>) -> Option<StoreFault> {
        let is_large = self.header(id).is_ok_and(|(_, size)| size > LARGE);
        let large = is_large.then(|| open_large(&self.repo, id));
        let read = match large.flatten() {
            Some((_, mut content)) => {
                let copied = io::copy(&mut content, &mut io::sink());
                copied.map_err(|fault| StoreError::Failed(Box::new(fault)))
            }
            None => self.read(id).map(|(_, bytes)| bytes.len() as u64),
        };
        tally.one(*read.as_ref().unwrap_or(&0));
        read.err().map(|fault| StoreFault::Object(id, fault))
    }

    /// A run of this machine may have put the store in order meanwhile, or may still bring what a ref
    /// leads to: a fault is what somebody sees who opens the store now.
    fn keep_lasting(&self, faults: &mut Vec<StoreFault>, depth: Depth) -> Result<(), VaultError> {
        if faults.is_empty() {
            return Ok(());
        }
        let now = self.opened_again()?;
        let nobody = |_| {};
        let silent = Tally::new(None, &nobody);
        faults.retain(|fault| match fault {
            StoreFault::Object(id, _) => now.read_again(*id, &silent).is_some(),
            StoreFault::Pack { index, .. } => packs::fault(index, depth).is_some(),
            StoreFault::Refs { .. } => reach::tips(&now).1.is_some(),
        });
        Ok(())
    }
}

const fn object_of(fault: &StoreFault) -> Option<ObjectId> {
    match fault {
        StoreFault::Object(id, _) => Some(*id),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
