//! A pack as it lies on the disk, read by its index: which objects, where, and their raw bytes.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::base::ObjectId;
use crate::vault::pack;

/// Git's numbers for entries that are told by another entry.
pub const BY_DISTANCE: u8 = 6;
const BY_NAME: u8 = 7;
/// The header of an index, and what follows its tables.
const HEAD: usize = 8 + 256 * 4;
const TAIL: u64 = 20;
/// A header, the distance or name of a base, and room.
const LONGEST_HEADER: usize = 48;

/// One object of a pack.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub id: ObjectId,
    pub offset: u64,
    pub length: u64,
    pub crc: u32,
}

/// What the first bytes of an entry say.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// The size of what is deflated: of a delta its own, not that of the object.
    pub size: u64,
    /// How many bytes come before the deflated ones.
    pub length: usize,
    pub base: Option<ObjectId>,
}

pub struct Source {
    pub name: String,
    file: File,
    /// In the order in which they lie in the pack.
    pub entries: Vec<Entry>,
}

impl Source {
    /// Opens `pack-….pack` by its index.
    pub fn open(packs: &Path, name: &str) -> io::Result<Self> {
        let file = File::open(packs.join(name).with_extension("pack"))?;
        let index = fs::read(packs.join(name).with_extension("idx"))?;
        let size = file.metadata()?.len();
        let mut entries = parse(&index).ok_or_else(|| damaged("its index is not whole"))?;
        entries.sort_unstable_by_key(|entry| entry.offset);
        let mut end = size.saturating_sub(TAIL);
        for entry in entries.iter_mut().rev() {
            let length = end.checked_sub(entry.offset).filter(|length| *length > 2);
            entry.length = length.ok_or_else(|| damaged("its index names places outside it"))?;
            end = entry.offset;
        }
        Ok(Self {
            name: name.to_owned(),
            file,
            entries,
        })
    }

    pub fn read(&self, entry: &Entry, skip: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, entry.offset + skip)
    }

    pub fn header(&self, entry: &Entry) -> io::Result<Header> {
        let mut buffer = [0; LONGEST_HEADER];
        let length = usize::try_from(entry.length)
            .map_or(LONGEST_HEADER, |length| length.min(LONGEST_HEADER));
        let bytes = &mut buffer[..length];
        self.read(entry, 0, bytes)?;
        self.parse_header(entry, bytes)
            .ok_or_else(|| damaged("an entry of it has no whole header"))
    }

    fn parse_header(&self, entry: &Entry, bytes: &[u8]) -> Option<Header> {
        let first = *bytes.first()?;
        let kind = (first >> 4) & 7;
        let mut size = u64::from(first & 0x0f);
        let (mut length, mut shift, mut byte) = (1, 4, first);
        while byte & 0x80 != 0 {
            byte = *bytes.get(length)?;
            size |= u64::from(byte & 0x7f).checked_shl(shift)?;
            (length, shift) = (length + 1, shift + 7);
        }
        let base = match kind {
            BY_DISTANCE => {
                let mut byte = *bytes.get(length)?;
                let mut distance = u64::from(byte & 0x7f);
                length += 1;
                while byte & 0x80 != 0 {
                    byte = *bytes.get(length)?;
                    distance = (distance.checked_add(1)? << 7) | u64::from(byte & 0x7f);
                    length += 1;
                }
                let at = entry.offset.checked_sub(distance)?;
                let place = |entry: &Entry| entry.offset.cmp(&at);
                let base = self.entries.binary_search_by(place).ok()?;
                Some(self.entries[base].id)
            }
            BY_NAME => {
                let name = bytes.get(length..length + 20)?;
                length += 20;
                Some(ObjectId::from_bytes(name.try_into().ok()?))
            }
            1..=4 => None,
            _ => return None,
        };
        Some(Header { size, length, base })
    }
}

pub fn damaged(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// Reads an index of version 2. The lengths are filled in later.
fn parse(bytes: &[u8]) -> Option<Vec<Entry>> {
    if bytes.get(..8)? != b"\xfftOc\0\0\0\x02" {
        return None;
    }
    let number = |at: usize| {
        let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    };
    let count = usize::try_from(number(HEAD - 4)?).ok()?;
    let [crcs, offsets, far] = [20, 24, 28].map(|width| HEAD + count * width);
    let entry = |at: usize| {
        let id = bytes.get(HEAD + at * 20..HEAD + at * 20 + 20)?;
        let near = number(offsets + at * 4)?;
        let offset = if near & 0x8000_0000 == 0 {
            u64::from(near)
        } else {
            let at = far + usize::try_from(near & 0x7fff_ffff).ok()? * 8;
            u64::from(number(at)?) << 32 | u64::from(number(at + 4)?)
        };
        Some(Entry {
            id: ObjectId::from_bytes(id.try_into().ok()?),
            offset,
            length: 0,
            crc: number(crcs + at * 4)?,
        })
    };
    (bytes.len() >= far).then(|| (0..count).map(entry).collect())?
}

/// Writes the index of a pack whose own hash is `sum`.
pub fn index_of(entries: &mut [Entry], sum: &[u8]) -> Vec<u8> {
    entries.sort_unstable_by_key(|entry| entry.id);
    let mut bytes = Vec::with_capacity(HEAD + entries.len() * 28 + 40);
    bytes.extend_from_slice(b"\xfftOc\0\0\0\x02");
    for first in 0..=u8::MAX {
        let upto = entries.partition_point(|entry| entry.id.as_bytes()[0] <= first);
        bytes.extend_from_slice(&number(upto).to_be_bytes());
    }
    for entry in entries.iter() {
        bytes.extend_from_slice(entry.id.as_bytes());
    }
    for entry in entries.iter() {
        bytes.extend_from_slice(&entry.crc.to_be_bytes());
    }
    let mut far = Vec::new();
    for entry in entries.iter() {
        let near = u32::try_from(entry.offset).ok();
        let near = near.filter(|near| near & 0x8000_0000 == 0);
        let near = near.unwrap_or_else(|| {
            far.push(entry.offset);
            number(far.len() - 1) | 0x8000_0000
        });
        bytes.extend_from_slice(&near.to_be_bytes());
    }
    for offset in far {
        bytes.extend_from_slice(&offset.to_be_bytes());
    }
    bytes.extend_from_slice(sum);
    let own = pack::sha1_of(&bytes);
    bytes.extend_from_slice(&own);
    bytes
}

fn number(count: usize) -> u32 {
    u32::try_from(count).expect("a pack holds less than 2^32 objects")
}
