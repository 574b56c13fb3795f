//! A pack beside its index: whether the two are of each other, and whole.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use sha1::{Digest, Sha1};

use crate::base::ObjectId;

use super::super::index;
use super::super::pack::BLOCK;
use super::Depth;

/// The hash at the end of a pack, and of an index.
const SUM: usize = 20;
/// What a pack begins with: `PACK`, its version, and how many objects it has.
const HEAD: usize = 12;

/// What is wrong with a pack or its index. One of which the other half is gone is nobody's: its objects
/// are elsewhere.
pub fn fault(index: &Path, depth: Depth) -> Option<String> {
    match look(index, depth) {
        Ok(()) => None,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => None,
        Err(fault) => Some(fault.to_string()),
    }
}

/// The objects of a pack, in their order. Of one whose index cannot be read there are none to tell.
pub fn objects(index: &Path) -> Vec<ObjectId> {
    let bytes = fs::read(index).unwrap_or_default();
    let mut places = index::read(&bytes).unwrap_or_default();
    places.sort_unstable_by_key(|place| place.offset);
    places.into_iter().map(|place| place.id).collect()
}

fn look(path: &Path, depth: Depth) -> io::Result<()> {
    let index = fs::read(path)?;
    let (body, sum) = index
        .split_last_chunk::<SUM>()
        .ok_or_else(|| wrong("its index is cut off"))?;
    let found: [u8; SUM] = Sha1::digest(body).into();
    if found != *sum {
        return Err(wrong("its index has another checksum"));
    }
    let places = index::read(&index).ok_or_else(|| wrong("its index is none"))?;
    let of_pack = body.last_chunk::<SUM>();
    let pack = File::open(path.with_extension("pack"))?;
    let end = pack.metadata()?.len().checked_sub(SUM as u64);
    let end = end
        .filter(|end| *end >= HEAD as u64)
        .ok_or_else(|| wrong("it is cut off"))?;
    let (mut head, mut tail) = ([0; HEAD], [0; SUM]);
    pack.read_exact_at(&mut head, 0)?;
    pack.read_exact_at(&mut tail, end)?;
    let count = u32::try_from(places.len()).unwrap_or(u32::MAX);
    if head[..8] != *b"PACK\0\0\0\x02" || head[8..] != count.to_be_bytes() {
        return Err(wrong("it does not begin as its index says"));
    }
    if of_pack != Some(&tail) {
        return Err(wrong("it does not end as its index says"));
    }
    if places.iter().any(|place| place.offset >= end) {
        return Err(wrong("its index names places outside it"));
    }
    if depth == Depth::Contents && hash(&pack, end)? != tail {
        return Err(wrong("it has another checksum"));
    }
    Ok(())
}

/// The hash of a pack up to the one that it ends with.
fn hash(mut pack: &File, end: u64) -> io::Result<[u8; SUM]> {
    let mut hash = Sha1::new();
    let mut block = vec![0; BLOCK];
    let mut rest = pack.by_ref().take(end);
    loop {
        match rest.read(&mut block)? {
            0 => return Ok(hash.finalize().into()),
            got => hash.update(&block[..got]),
        }
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
