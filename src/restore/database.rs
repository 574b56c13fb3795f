//! A database that a program has open, and what lies beside it: nobody writes there but its program.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{Mode, OFlags};

use crate::base::{database_of, is_database, is_hot_journal};

use super::WhyKept;
use super::place::{Place, Standing};

/// What forbids to put these bytes at a place, or to take away what stands there. The names beside it
/// are looked at first: most files have none.
pub fn forbidden_by_database(place: &Place, bytes: &[u8]) -> io::Result<Option<WhyKept>> {
    if let Some(owner) = database_of(place.name.as_bytes())
        && has_database(place, OsStr::from_bytes(owner))
    {
        return Ok(Some(WhyKept::BesideDatabase));
    }
    let is_open = is_in_use(place)? && (is_database(bytes) || has_database(place, &place.name));
    Ok(is_open.then_some(WhyKept::DatabaseInUse))
}

fn has_database(place: &Place, name: &OsStr) -> bool {
    is_database(&beginning(place, name))
}

/// Whether something lies beside it that a program keeps there for a database it has open. A log of
/// changes says so also while it is empty, because its program will go on with it.
fn is_in_use(place: &Place) -> io::Result<bool> {
    let beside = |ending: &str| -> OsString {
        let mut name = place.name.clone();
        name.push(ending);
        name
    };
    for ending in ["-wal", "-shm"] {
        if place.standing_at(&beside(ending))? != Standing::Nothing {
            return Ok(true);
        }
    }
    Ok(is_hot_journal(&beginning(place, &beside("-journal"))))
}

/// The first bytes of a file; none where there is none that can be read.
fn beginning(place: &Place, name: &OsStr) -> Vec<u8> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let mut head = Vec::new();
    if let Ok(file) = rustix::fs::openat(&place.dir, name, flags, Mode::empty()) {
        // What cannot be read is no database that anybody could have open.
        File::from(file).take(16).read_to_end(&mut head).ok();
    }
    head
}
