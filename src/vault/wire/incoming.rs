//! A pack on its way into the store. It waits beside it until everything it is to bring was seen in
//! it, and then appears whole; else it leaves no trace.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use git2::{Indexer, Odb, Repository};
use tempfile::TempDir;

use crate::base::{BaseError, ObjectId, Progress, TEMP_PREFIX, Tell, seams, sync_dir};
use crate::vault::store::oid;
use crate::vault::{Store, VaultError, WireError};

use super::survey::{damaged, survey};

/// Takes a pack that brings everything that `tip` leads to and the store lacks. `feed` hands it over
/// piece by piece.
pub fn take(
    store: &Store,
    (tip, url): (ObjectId, &str),
    feed: impl FnOnce(&mut dyn Write) -> Result<(), WireError>,
    tell: Tell<'_>,
) -> Result<(), WireError> {
    let waiting = waiting_room(&store.path)?;
    let packs = waiting.path().join("pack");
    let name = index(&packs, url, feed, tell)?;
    let odb = both(store, waiting.path()).map_err(store.fault("read what came into"))?;
    let from = Repository::from_odb(odb).map_err(store.fault("read what came into"))?;
    let came = survey((&from, url), store, tip)?;
    let odb = from.odb().map_err(store.fault("read what came into"))?;
    let missing = came.contents.iter().find(|id| !odb.exists(oid(**id)));
    if let Some(id) = missing {
        return Err(damaged(url, format!("it did not send object {id}")));
    }
    if !came.commits.is_empty() {
        place(store, &packs, &name)?;
    }
    Ok(())
}

fn waiting_room(store: &Path) -> Result<TempDir, WireError> {
    let make = || -> io::Result<TempDir> {
        let dir = tempfile::Builder::new()
            .prefix(TEMP_PREFIX)
            .tempdir_in(store)?;
        fs::create_dir(dir.path().join("pack"))?;
        Ok(dir)
    };
    Ok(make()
        .map_err(BaseError::io("make a directory in", store))
        .map_err(VaultError::from)?)
}

/// Writes the pack and its index: every object is hashed on the way. Returns its name.
fn index(
    packs: &Path,
    url: &str,
    feed: impl FnOnce(&mut dyn Write) -> Result<(), WireError>,
    tell: Tell<'_>,
) -> Result<String, WireError> {
    let refused = |fault: &dyn std::fmt::Display| damaged(url, format!("its pack: {fault}"));
    let indexer = Indexer::new(None, packs, 0o444, false);
    let mut indexer = indexer.map_err(|fault| refused(&fault.message()))?;
    indexer.progress(|seen| {
        tell(Progress {
            done: seen.received_objects() as u64,
            of: Some(seen.total_objects() as u64),
            bytes: seen.received_bytes() as u64,
        });
        true
    });
    let mut pack = Pack {
        indexer,
        fault: None,
    };
    let handed = feed(&mut pack);
    match (pack.fault, handed) {
        (Some(fault), _) => Err(refused(&fault)),
        (None, Err(fault)) => Err(fault),
        (None, Ok(())) => pack
            .indexer
            .commit()
            .map_err(|fault| refused(&fault.message())),
    }
}

/// Keeps apart what is wrong with the pack from what is wrong with the line.
struct Pack<'i> {
    indexer: Indexer<'i>,
    fault: Option<String>,
}

impl Write for Pack<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.indexer.write(bytes).inspect_err(|fault| {
            self.fault = Some(fault.to_string());
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.indexer.flush()
    }
}

/// What came and what is there, as one.
fn both(store: &Store, waiting: &Path) -> Result<Odb<'static>, git2::Error> {
    let odb = Odb::new()?;
    for objects in [waiting, &store.path.join("objects")] {
        odb.add_disk_alternate(&objects.to_string_lossy())?;
    }
    Ok(odb)
}

/// Moves the pack to the others, durably. The index comes last: a pack without one is nobody's.
fn place(store: &Store, from: &Path, name: &str) -> Result<(), WireError> {
    let dir = store.path.join("objects/pack");
    let moved = || -> io::Result<()> {
        fs::create_dir_all(&dir)?;
        for ending in ["pack", "idx"] {
            let file = format!("pack-{name}.{ending}");
            seams::step()?;
            fs::rename(from.join(&file), dir.join(&file))?;
        }
        sync_dir(&dir).map_err(io::Error::other)
    };
    moved()
        .map_err(BaseError::io("write a pack to", &dir))
        .map_err(VaultError::from)?;
    Ok(store.has_grown()?)
}
