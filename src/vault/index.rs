//! The index of a pack: where each object lies in it.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use sha1::{Digest, Sha1};

use crate::base::ObjectId;

/// Offsets from here on stand in a table of their own.
const LARGE: u64 = 1 << 31;

/// One object of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub id: ObjectId,
    pub crc: u32,
    pub offset: u64,
}

const MAGIC: &[u8; 8] = b"\xfftOc\0\0\0\x02";
/// What comes before the tables of an index.
const HEAD: usize = 8 + 256 * 4;
/// The same as a place in a file.
const NAMES: u64 = HEAD as u64;

/// So many names are looked through at once.
const FEW: usize = 64;

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(bytes))
}

/// Reads an index (version 2). Nothing where it is none, or is not whole.
pub fn read(bytes: &[u8]) -> Option<Vec<Place>> {
    if bytes.get(..8)? != MAGIC {
        return None;
    }
    let number = |at| number(bytes, at);
    let count = usize::try_from(number(HEAD - 4)?).ok()?;
    let [crcs, offsets, far] = [20, 24, 28].map(|width| HEAD + count * width);
    let place = |at: usize| {
        let id = bytes.get(HEAD + at * 20..HEAD + at * 20 + 20)?;
        let near = number(offsets + at * 4)?;
        let offset = if near & (1 << 31) == 0 {
            u64::from(near)
        } else {
            let at = far + usize::try_from(near & !(1 << 31)).ok()? * 8;
            u64::from(number(at)?) << 32 | u64::from(number(at + 4)?)
        };
        Some(Place {
            id: ObjectId::from_bytes(id.try_into().ok()?),
            crc: number(crcs + at * 4)?,
            offset,
        })
    };
    (bytes.len() >= far).then(|| (0..count).map(place).collect())?
}

/// Writes the index (version 2) of the pack with this hash.
pub fn write(mut places: Vec<Place>, pack: [u8; 20], out: impl Write) -> io::Result<()> {
    places.sort_unstable_by_key(|place| place.id);
    let mut out = Hashed {
        out,
        hash: Sha1::new(),
    };
    out.put(MAGIC)?;
    let mut ahead = places.iter().peekable();
    let mut count = 0_u32;
    for first in 0..=u8::MAX {
        while ahead
            .next_if(|place| place.id.as_bytes()[0] == first)
            .is_some()
        {
            count += 1;
        }
        out.put(&count.to_be_bytes())?;
    }
    for place in &places {
        out.put(place.id.as_bytes())?;
    }
    for place in &places {
        out.put(&place.crc.to_be_bytes())?;
    }
    let mut large: Vec<u64> = Vec::new();
    for place in &places {
        let offset = match u32::try_from(place.offset) {
            Ok(offset) if place.offset < LARGE => offset,
            _ => {
                large.push(place.offset);
                let number = u32::try_from(large.len() - 1)
                    .map_err(|_| io::Error::other("more large offsets than an index can hold"))?;
                number | (1 << 31)
            }
        };
        out.put(&offset.to_be_bytes())?;
    }
    for offset in large {
        out.put(&offset.to_be_bytes())?;
    }
    out.put(&pack)?;
    let sum: [u8; 20] = out.hash.finalize().into();
    out.out.write_all(&sum)?;
    out.out.flush()
}

/// Where an object lies in the pack of this index (version 2), if it does.
pub fn find(index: &File, id: ObjectId) -> io::Result<Option<u64>> {
    let mut head = [0; HEAD];
    index.read_exact_at(&mut head, 0)?;
    if !head.starts_with(MAGIC) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let until = |byte: usize| number(&head, 8 + 4 * byte).map_or(0, u64::from);
    let byte = usize::from(id.as_bytes()[0]);
    let from = byte.checked_sub(1).map_or(0, until);
    let Some(place) = place_between(index, id, from, until(byte))? else {
        return Ok(None);
    };
    let count = until(255);
    let mut offset = [0; 4];
    index.read_exact_at(&mut offset, NAMES + 24 * count + 4 * place)?;
    let offset = u64::from(u32::from_be_bytes(offset));
    if offset < LARGE {
        return Ok(Some(offset));
    }
    let mut large = [0; 8];
    index.read_exact_at(&mut large, NAMES + 28 * count + 8 * (offset - LARGE))?;
    Ok(Some(u64::from_be_bytes(large)))
}

/// Which name of an index is this one, among those from one place until another. The last few are
/// read in one go: of most packs they are all that begin with the same byte.
fn place_between(
    index: &File,
    id: ObjectId,
    mut from: u64,
    mut until: u64,
) -> io::Result<Option<u64>> {
    while until.saturating_sub(from) > FEW as u64 {
        let middle = u64::midpoint(from, until);
        let mut name = [0; 20];
        index.read_exact_at(&mut name, NAMES + 20 * middle)?;
        if name <= *id.as_bytes() {
            from = middle;
        } else {
            until = middle;
        }
    }
    let many = usize::try_from(until.saturating_sub(from)).map_err(io::Error::other)?;
    let mut names = [[0; 20]; FEW];
    let names = &mut names[..many];
    index.read_exact_at(names.as_flattened_mut(), NAMES + 20 * from)?;
    let mut places = names.iter().zip(from..);
    Ok(places.find_map(|(name, place)| (name == id.as_bytes()).then_some(place)))
}

struct Hashed<W> {
    out: W,
    hash: Sha1,
}

impl<W: Write> Hashed<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.out.write_all(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_found() {
        let id = |n: u64| {
            let mut bytes = [0; 20];
            bytes[..2].copy_from_slice(&u16::try_from(n * 321).expect("small").to_be_bytes());
            ObjectId::from_bytes(bytes)
        };
        // Also beyond what 31 bits can say.
        let offset = |n: u64| 12 + n * 100_000_000;
        let places = (0..200).map(|n| Place {
            id: id(n),
            crc: 0,
            offset: offset(n),
        });
        let file = tempfile::tempfile().expect("a temp file");
        write(places.collect(), [0; 20], &file).expect("written");
        for n in 0..200 {
            assert_eq!(find(&file, id(n)).expect("read"), Some(offset(n)));
        }
        assert_eq!(find(&file, id(201)).expect("read"), None);
        let other = tempfile::tempfile().expect("a temp file");
        other.write_all_at(&[7; 2_000], 0).expect("written");
        assert!(find(&other, id(1)).is_err());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let place = |number: u8| Place {
            id: ObjectId::from_bytes([number.wrapping_mul(91); 20]),
            crc: u32::from(number) * 77,
            offset: u64::from(number) << 28,
        };
        let mut places: Vec<_> = (0..40).map(place).collect();
        let mut bytes = Vec::new();
        write(places.clone(), [1; 20], &mut bytes).expect("memory takes it");
        places.sort_unstable_by_key(|place| place.id);
        assert_eq!(read(&bytes), Some(places));
        let tables = bytes.len() - 40;
        assert_eq!(read(&bytes[..tables - 1]), None);
        assert_eq!(read(b"\xfftOc\0\0\0\x01"), None);
    }
}
