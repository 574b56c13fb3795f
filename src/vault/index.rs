//! The index of a pack: where each object lies in it.

use std::io::{self, Write};

use sha1::{Digest, Sha1};

use crate::base::ObjectId;

/// Offsets from here on stand in a table of their own.
const LARGE: u64 = 1 << 31;

/// One object of a pack.
pub struct Place {
    pub id: ObjectId,
    pub crc: u32,
    pub offset: u64,
}

/// Writes the index (version 2) of the pack with this hash.
pub fn write(mut places: Vec<Place>, pack: [u8; 20], out: impl Write) -> io::Result<()> {
    places.sort_unstable_by_key(|place| place.id);
    let mut out = Hashed {
        out,
        hash: Sha1::new(),
    };
    out.put(b"\xfftOc\0\0\0\x02")?;
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
