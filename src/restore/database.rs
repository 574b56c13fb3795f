//! A database that a program has open, and what lies beside it: nobody writes there but its program.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;

use crate::base::{database_of, is_database, is_hot_journal};

use super::WhyKept;
use super::seen::{Spot, Standing};

/// What forbids to put a file at a place, or to take away what stands there. The names beside it are
/// looked at first: most files have none, and then nobody asks whether what comes is a database.
pub fn forbidden_by_database<S: Spot, F: From<io::Error>>(
    spot: &S,
    brings_one: impl FnOnce() -> Result<bool, F>,
) -> Result<Option<WhyKept>, F> {
    if let Some(owner) = database_of(spot.name().as_bytes())
        && is_database(&spot.beginning(OsStr::from_bytes(owner)))
    {
        return Ok(Some(WhyKept::BesideDatabase));
    }
    let is_open = is_in_use(spot)? && (is_database(&spot.beginning(spot.name())) || brings_one()?);
    Ok(is_open.then_some(WhyKept::DatabaseInUse))
}

/// Whether something lies beside it that a program keeps there for a database it has open. A log of
/// changes says so also while it is empty, because its program will go on with it.
fn is_in_use(spot: &impl Spot) -> io::Result<bool> {
    let beside = |ending: &str| -> OsString {
        let mut name = spot.name().to_owned();
        name.push(ending);
        name
    };
    for ending in ["-wal", "-shm"] {
        if spot.standing_at(&beside(ending))? != Standing::Nothing {
            return Ok(true);
        }
    }
    Ok(is_hot_journal(&spot.beginning(&beside("-journal"))))
}
