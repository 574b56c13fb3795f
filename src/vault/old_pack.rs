//! A pack as it lies on the disk, read by its index: which objects, told by what, and their raw bytes.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

use flate2::Crc;

use crate::base::ObjectId;

use super::index;
use super::pack::{BY_DISTANCE, BY_NAME};

/// The hash at its end.
const TAIL: u64 = 20;
/// The longest header of an entry: its size, and the name of another one.
const LONGEST_HEADER: usize = 32;
/// So much is read ahead: entries are asked for in the order in which they lie.
const AHEAD: usize = 256 * 1024;
/// So much is copied at once.
const BLOCK: usize = 64 * 1024;

/// One object of a pack.
#[derive(Clone, Copy)]
pub struct Entry {
    pub id: ObjectId,
    pub crc: u32,
    pub offset: u64,
    pub length: u64,
}

/// How an entry tells its object: as a whole, or as a change of another one.
#[derive(PartialEq, Eq)]
pub enum Told {
    Whole,
    UponAnother(ObjectId),
}

pub struct OldPack {
    file: BufReader<File>,
    at: u64,
    /// In the order in which they lie in it, one behind the other.
    pub entries: Vec<Entry>,
}

impl OldPack {
    /// Opens `pack-….pack` by its index.
    pub fn open(packs: &Path, name: &str) -> io::Result<Self> {
        let file = File::open(packs.join(name).with_extension("pack"))?;
        let index = fs::read(packs.join(name).with_extension("idx"))?;
        let mut places = index::read(&index).ok_or_else(|| damaged("its index is not whole"))?;
        places.sort_unstable_by_key(|place| place.offset);
        let end = file.metadata()?.len().saturating_sub(TAIL);
        let ends = places.iter().skip(1).map(|place| place.offset);
        let ends: Vec<_> = ends.chain([end]).collect();
        let entry = |(place, end): (&index::Place, u64)| {
            Some(Entry {
                id: place.id,
                crc: place.crc,
                offset: place.offset,
                length: end.checked_sub(place.offset).filter(|length| *length > 2)?,
            })
        };
        let entries = places.iter().zip(ends).map(entry).collect::<Option<_>>();
        Ok(Self {
            file: BufReader::with_capacity(AHEAD, file),
            at: 0,
            entries: entries.ok_or_else(|| damaged("its index names places outside it"))?,
        })
    }

    pub fn told(&mut self, entry: &Entry) -> io::Result<Told> {
        self.go_to(entry.offset)?;
        let mut header = [0; LONGEST_HEADER];
        let length = usize::try_from(entry.length).unwrap_or(LONGEST_HEADER);
        let header = &mut header[..length.min(LONGEST_HEADER)];
        self.file.read_exact(header)?;
        self.at += header.len() as u64;
        self.parse(entry, header)
            .ok_or_else(|| damaged("an entry of it has no whole header"))
    }

    fn parse(&self, entry: &Entry, header: &[u8]) -> Option<Told> {
        let size = header.iter().position(|byte| byte & 0x80 == 0)?;
        let mut rest = header[size + 1..].iter();
        match (header[0] >> 4) & 7 {
            BY_DISTANCE => {
                let mut byte = rest.next()?;
                let mut distance = u64::from(byte & 0x7f);
                while byte & 0x80 != 0 {
                    byte = rest.next()?;
                    distance = (distance.checked_add(1)? << 7) | u64::from(byte & 0x7f);
                }
                let offset = entry.offset.checked_sub(distance)?;
                let place = |entry: &Entry| entry.offset.cmp(&offset);
                let base = self.entries.binary_search_by(place).ok()?;
                Some(Told::UponAnother(self.entries[base].id))
            }
            BY_NAME => {
                let name = rest.as_slice().get(..20)?;
                Some(Told::UponAnother(ObjectId::from_bytes(
                    name.try_into().ok()?,
                )))
            }
            1..=4 => Some(Told::Whole),
            _ => None,
        }
    }

    /// Hands on an entry as it is compressed, piece by piece.
    pub fn copy(
        &mut self,
        entry: &Entry,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        self.go_to(entry.offset)?;
        let mut rest = entry.length;
        while rest > 0 {
            let ahead = self.file.fill_buf()?;
            let length = ahead.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
            if length == 0 {
                return Err(damaged("it ends too early"));
            }
            take(&ahead[..length])?;
            self.file.consume(length);
            self.at += length as u64;
            rest -= length as u64;
        }
        Ok(())
    }

    /// The same of an entry anywhere in it that tells its object as a whole, against its checksum; false
    /// where it tells a change.
    pub fn copy_whole(
        &self,
        entry: &Entry,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        let file = self.file.get_ref();
        let mut block = vec![0; usize::try_from(entry.length).unwrap_or(BLOCK).min(BLOCK)];
        let mut crc = Crc::new();
        let (mut at, mut rest) = (entry.offset, entry.length);
        while rest > 0 {
            let length = block.len().min(usize::try_from(rest).unwrap_or(BLOCK));
            let piece = &mut block[..length];
            file.read_exact_at(piece, at)?;
            if at == entry.offset && !matches!((piece[0] >> 4) & 7, 1..=4) {
                return Ok(false);
            }
            crc.update(piece);
            (at, rest) = (at + length as u64, rest - length as u64);
            if rest == 0 && crc.sum() != entry.crc {
                return Err(damaged("an entry of it has another checksum"));
            }
            take(piece)?;
        }
        Ok(true)
    }

    /// What was read ahead is kept where it can be.
    fn go_to(&mut self, offset: u64) -> io::Result<()> {
        let distance = i64::try_from(i128::from(offset) - i128::from(self.at));
        match distance {
            Ok(distance) => self.file.seek_relative(distance)?,
            Err(_) => drop(self.file.seek(SeekFrom::Start(offset))?),
        }
        self.at = offset;
        Ok(())
    }
}

pub fn damaged(reason: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("a pack is damaged: {reason}"),
    )
}
