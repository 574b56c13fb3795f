//! Packs without an index: each tells what is in it, so that its index can be made anew.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use git2::Indexer;

use crate::base::{TEMP_PREFIX, write_atomic};

use super::super::index;
use super::super::verify::{Depth, packs};
use super::super::{Store, VaultError};

/// So long is a pack with nothing in it: what it begins with, and the hash at its end.
const EMPTY: u64 = 32;

/// Gives each pack below `objects` that is whole the index that it lacks; says to how many.
pub fn index_again(objects: &Path) -> io::Result<usize> {
    let mut made = 0;
    for pack in without_index(&objects.join("pack"))? {
        if let Some(bytes) = index_of(&pack)? {
            place(&pack, &bytes)?;
            made += 1;
        }
    }
    Ok(made)
}

/// A pack without an index is mostly one whose objects are elsewhere. One that has any that the store
/// lacks lost its index otherwise: it gets one. So it stays where it is not whole: none of ours has its
/// name before it is, so something happened to it, and nobody knows what is in it.
pub fn keeps_more(store: &Store, pack: &Path) -> Result<bool, VaultError> {
    let keep = || -> io::Result<bool> {
        let Some(bytes) = index_of(pack)? else {
            return Ok(fs::metadata(pack)?.len() > EMPTY);
        };
        let places = index::read(&bytes).unwrap_or_default();
        let has_more = places.iter().any(|place| !store.has(place.id));
        if has_more {
            place(pack, &bytes)?;
        }
        Ok(has_more)
    };
    Ok(keep().map_err(crate::base::BaseError::io("index", pack))?)
}

fn without_index(packs_dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(packs_dir) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let index = path.with_extension("idx");
        let is_pack = path.extension().is_some_and(|ending| ending == "pack");
        if is_pack && (!index.exists() || packs::fault(&index, Depth::Structure).is_some()) {
            found.push(path);
        }
    }
    Ok(found)
}

/// The index of a pack; nothing where the pack is not whole itself.
fn index_of(pack: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut from = BufReader::new(File::open(pack)?);
    let dir = pack.parent().unwrap_or(pack);
    let temp = tempfile::Builder::new()
        .prefix(TEMP_PREFIX)
        .tempdir_in(dir)?;
    let made = Indexer::new(None, temp.path(), 0o600, false).and_then(|mut indexer| {
        // What is written there is hashed, and a content that is none is a fault.
        io::copy(&mut from, &mut indexer)
            .map_err(|fault| git2::Error::from_str(&fault.to_string()))?;
        indexer.commit()
    });
    match made {
        Ok(name) => fs::read(temp.path().join(format!("pack-{name}.idx"))).map(Some),
        Err(_) => Ok(None),
    }
}

fn place(pack: &Path, index: &[u8]) -> io::Result<()> {
    write_atomic(&pack.with_extension("idx"), index).map_err(io::Error::other)
}
