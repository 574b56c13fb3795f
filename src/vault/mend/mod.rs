//! A store that is damaged, and what can be saved of it.
//!
//! *In*: the directory of a store, whatever is left of it. *Out*: what can be made again in its place, and
//! in a new store everything else that still reads, with all that it leads to. *Never*: change or delete
//! what is in the damaged one, or believe any of it that is not what it is named after.

mod carry;
mod lone;
mod refs;
mod rubble;
mod wreck;

use std::fs;

use crate::base::{BaseError, HostPath, write_atomic};

use super::{RefName, Store, VaultError};
pub(super) use lone::keeps_more;
pub use refs::{FoundRefs, LostRefs};
pub use wreck::Wreck;

/// What could be made again in the place of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct MadeAgain {
    /// Its HEAD, without which git takes it for no repository.
    pub head: bool,
    /// So many packs had no index, or one that was not whole.
    pub indexes: usize,
}

impl MadeAgain {
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.head || self.indexes > 0
    }
}

impl Store {
    /// Makes again what follows from what is there.
    pub fn make_again(place: &HostPath) -> Result<MadeAgain, VaultError> {
        let objects = place.as_path().join("objects");
        let indexes = lone::index_again(&objects);
        Ok(MadeAgain {
            head: write_head(place)?,
            indexes: indexes.map_err(BaseError::io("index the packs of", place.as_path()))?,
        })
    }
}

fn write_head(place: &HostPath) -> Result<bool, VaultError> {
    let head = place.as_path().join("HEAD");
    let line = format!("ref: {}\n", RefName::Branch.name());
    if fs::read(&head).is_ok_and(|text| text == line.as_bytes()) {
        return Ok(false);
    }
    write_atomic(&head, line.as_bytes())?;
    Ok(true)
}
