//! A database that its program has open: what is in its file is not all of it, or half of something.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::process::{Flock, FlockType, fcntl_getlk};

use crate::base::{HostPath, ObjectId, database_of, is_database, is_hot_journal};
use crate::source::{Listing, Reason};

use super::read::open;

/// Makes a copy of a database as it is at one moment; why not, for people. The copy goes with the path.
pub type CopyDatabase<'a> = &'a dyn Fn(&HostPath) -> Result<tempfile::TempPath, String>;

/// The bytes of a database that its users lock, from `PENDING_BYTE` on.
const LOCKED_FROM: u64 = 0x4000_0000;
const LOCKED_LENGTH: u64 = 512;

/// How a database stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Nobody has it open.
    None,
    /// Somebody may have it open, and everything is in its file: the next change need not show on it.
    AtRest,
    /// A part of it is elsewhere.
    Open,
}

/// Why a file stays for the sake of a database, where a copy of it is or is not to travel.
#[must_use]
pub fn stays_as_database(path: &Path, is_copied: bool) -> Option<Reason> {
    if is_beside_database(path) {
        Some(Reason::BesideDatabase)
    } else {
        let is_withheld = !is_copied && has_head(path) && use_of(path) == Use::Open;
        is_withheld.then_some(Reason::DatabaseInUse)
    }
}

/// Whether a file is a database.
pub(super) fn has_head(path: &Path) -> bool {
    let mut head = [0; 16];
    let read = open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && is_database(&head)
}

/// How the database at a path stands.
pub(super) fn use_of(path: &Path) -> Use {
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let size = |path: &Path| path.symlink_metadata().ok().map(|seen| seen.len());
    let (wal, journal) = (beside("-wal"), beside("-journal"));
    let (waiting, undo) = (size(&wal), size(&journal));
    if waiting.is_some_and(|size| size > 0) || begins_hot(&journal) || is_locked(path) {
        Use::Open
    } else if waiting.is_some() || undo.is_some() || size(&beside("-shm")).is_some() {
        Use::AtRest
    } else {
        Use::None
    }
}

fn begins_hot(journal: &Path) -> bool {
    let mut first = [0];
    let read = open(journal).and_then(|mut file| file.read_exact(&mut first));
    read.is_ok() && is_hot_journal(&first)
}

/// Whether another process is writing it. A file system without locks says no.
fn is_locked(path: &Path) -> bool {
    let question = Flock {
        start: LOCKED_FROM,
        length: LOCKED_LENGTH,
        ..Flock::from(FlockType::ReadLock)
    };
    let asked = open(path).map(|file: File| fcntl_getlk(&file, &question));
    matches!(asked, Ok(Ok(Some(_))))
}

/// Whether a file is what SQLite keeps beside a database: nothing to anybody without it, and a danger
/// beside another one.
pub(super) fn is_beside_database(path: &Path) -> bool {
    let name = path.file_name().map_or(&[][..], OsStrExt::as_bytes);
    let owner = database_of(name).map(|owner| OsString::from_vec(owner.to_vec()));
    owner.is_some_and(|owner| has_head(&path.with_file_name(owner)))
}

/// Forgets the contents of what may be a database in use, and of what lies beside it.
pub(super) fn forget_databases(listing: &Listing, ids: &mut [Option<ObjectId>]) {
    let names = listing.entries.iter().map(|entry| entry.name.as_slice());
    let owners: HashSet<&[u8]> = names.filter_map(database_of).collect();
    if owners.is_empty() {
        return;
    }
    for (entry, id) in listing.entries.iter().zip(ids) {
        if owners.contains(entry.name.as_slice()) || database_of(&entry.name).is_some() {
            *id = None;
        }
    }
}
