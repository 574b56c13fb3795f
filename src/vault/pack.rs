//! Objects in git's compressed form, and the stream of a pack.

use std::io::{self, Read, Write};

use flate2::{Compress, Compression, FlushCompress, Status};
use libdeflater::{CompressionLvl, Compressor};
use sha1::{Digest, Sha1};

use crate::base::ObjectId;

/// What is larger is never held as a whole where that can be helped.
pub const LARGE: u64 = 1 << 20;
/// Large contents go through in pieces of this size.
pub const BLOCK: usize = 64 * 1024;
/// libdeflate's first level takes a third of the time of zlib's usual one, for 3 % more bytes.
const LEVEL: i32 = 1;
/// What zlib does about as well.
const LEVEL_OF_PIECES: u32 = 2;

/// Git's numbers for entries that tell an object as a change of another one: of one that stands so
/// many bytes before, and of one that has this name.
pub const BY_DISTANCE: u8 = 6;
pub const BY_NAME: u8 = 7;

/// The types of objects, with git's number for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Commit = 1,
    Tree = 2,
    Blob = 3,
}

impl Type {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
        }
    }

    pub const fn to_git2(self) -> git2::ObjectType {
        match self {
            Self::Commit => git2::ObjectType::Commit,
            Self::Tree => git2::ObjectType::Tree,
            Self::Blob => git2::ObjectType::Blob,
        }
    }

    pub const fn from_git2(kind: git2::ObjectType) -> Option<Self> {
        match kind {
            git2::ObjectType::Commit => Some(Self::Commit),
            git2::ObjectType::Tree => Some(Self::Tree),
            git2::ObjectType::Blob => Some(Self::Blob),
            _ => None,
        }
    }
}

/// The id that git gives to these bytes.
pub fn object_id(kind: Type, bytes: &[u8]) -> ObjectId {
    let mut hash = begin_hash(kind, bytes.len() as u64);
    hash.update(bytes);
    ObjectId::from_bytes(hash.finalize().into())
}

pub fn begin_hash(kind: Type, size: u64) -> Sha1 {
    let mut hash = Sha1::new();
    hash.update(kind.word().as_bytes());
    hash.update(format!(" {size}\0").as_bytes());
    hash
}

/// Turns objects into pack entries; one for many of them, because making one is dear.
pub struct Encoder {
    whole: Compressor,
    /// For contents that come in pieces, which are few.
    pieces: Option<Compress>,
}

impl Encoder {
    pub fn new() -> Self {
        let level = CompressionLvl::new(LEVEL).expect("the library has this level");
        Self {
            whole: Compressor::new(level),
            pieces: None,
        }
    }

    /// Appends one entry to `out`: its header and its deflated bytes.
    pub fn entry(&mut self, kind: Type, bytes: &[u8], out: &mut Vec<u8>) {
        header(kind as u8, bytes.len() as u64, out);
        self.deflate(bytes, out);
    }

    /// Appends an entry that tells an object as a change of the one whose entry begins so many bytes
    /// before it.
    pub fn change(&mut self, distance: u64, delta: &[u8], out: &mut Vec<u8>) {
        header(BY_DISTANCE, delta.len() as u64, out);
        let begin = out.len();
        let mut rest = distance;
        let low = |bits: u64| u8::try_from(bits & 0x7f).expect("masked to less than a byte");
        out.push(low(rest));
        while rest > 0x7f {
            rest = (rest >> 7) - 1;
            out.push(low(rest) | 0x80);
        }
        out[begin..].reverse();
        self.deflate(delta, out);
    }

    fn deflate(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + self.whole.zlib_compress_bound(bytes.len()), 0);
        let length = self.whole.zlib_compress(bytes, &mut out[start..]);
        out.truncate(start + length.expect("there is room for the worst case"));
    }

    /// Hands on the entry of a content that comes in pieces, and says its id. Nothing where the
    /// source has less than `size`: then what was handed on is worth nothing.
    pub fn stream(
        &mut self,
        size: u64,
        from: &mut dyn Read,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<Option<ObjectId>> {
        let compress = self
            .pieces
            .get_or_insert_with(|| Compress::new(Compression::new(LEVEL_OF_PIECES), true));
        compress.reset();
        let mut hash = begin_hash(Type::Blob, size);
        let mut packed = Vec::with_capacity(BLOCK);
        header(Type::Blob as u8, size, &mut packed);
        let mut block = vec![0; BLOCK];
        let mut rest = size;
        loop {
            let want = block.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
            let got = from.read(&mut block[..want])?;
            if got == 0 && rest > 0 {
                return Ok(None);
            }
            hash.update(&block[..got]);
            rest -= got as u64;
            deflate(compress, &block[..got], rest == 0, &mut packed)?;
            take(&packed)?;
            packed.clear();
            if rest == 0 {
                return Ok(Some(ObjectId::from_bytes(hash.finalize().into())));
            }
        }
    }
}

/// Deflates a piece; the last one ends the stream.
fn deflate(
    compress: &mut Compress,
    mut bytes: &[u8],
    is_last: bool,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let flush = if is_last {
        FlushCompress::Finish
    } else {
        FlushCompress::None
    };
    loop {
        out.reserve(bytes.len() / 2 + 256);
        let before = compress.total_in();
        let status = compress.compress_vec(bytes, out, flush)?;
        let taken = usize::try_from(compress.total_in() - before).unwrap_or(0);
        bytes = &bytes[taken..];
        if status == Status::StreamEnd || (!is_last && bytes.is_empty()) {
            return Ok(());
        }
    }
}

/// Git's header of a pack entry: the number of its type, and the size in groups of seven bits, the
/// low ones first.
fn header(kind: u8, size: u64, out: &mut Vec<u8>) {
    let low = |bits: u64, mask: u64| u8::try_from(bits & mask).expect("masked to less than a byte");
    let mut byte = (kind << 4) | low(size, 0x0f);
    let mut rest = size >> 4;
    while rest > 0 {
        out.push(byte | 0x80);
        byte = low(rest, 0x7f);
        rest >>= 7;
    }
    out.push(byte);
}

/// Reads the header of an entry: the number of its type, and the size.
pub fn read_header(entry: &mut impl Read) -> io::Result<(u8, u64)> {
    let mut byte = [0];
    entry.read_exact(&mut byte)?;
    let kind = (byte[0] >> 4) & 7;
    let (mut size, mut shift) = (u64::from(byte[0] & 0x0f), 4);
    while byte[0] & 0x80 != 0 {
        entry.read_exact(&mut byte)?;
        if shift > 56 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        size |= u64::from(byte[0] & 0x7f) << shift;
        shift += 7;
    }
    Ok((kind, size))
}

/// How an entry tells its object: as a whole, or as a change of one that stands so many bytes before it
/// or has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Whole(Type),
    ByDistance(u64),
    ByName(ObjectId),
}

/// Reads the header of an entry up to what is deflated: how it tells its object, and how many bytes it
/// inflates to.
pub fn read_way(entry: &mut impl Read) -> io::Result<(Way, u64)> {
    let (kind, size) = read_header(entry)?;
    let way = match kind {
        1 => Way::Whole(Type::Commit),
        2 => Way::Whole(Type::Tree),
        3 => Way::Whole(Type::Blob),
        BY_DISTANCE => Way::ByDistance(read_distance(entry)?),
        BY_NAME => {
            let mut name = [0; 20];
            entry.read_exact(&mut name)?;
            Way::ByName(ObjectId::from_bytes(name))
        }
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    Ok((way, size))
}

fn read_distance(entry: &mut impl Read) -> io::Result<u64> {
    let mut byte = [0];
    entry.read_exact(&mut byte)?;
    let mut distance = u64::from(byte[0] & 0x7f);
    while byte[0] & 0x80 != 0 {
        entry.read_exact(&mut byte)?;
        if distance >> 56 != 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        distance = ((distance + 1) << 7) | u64::from(byte[0] & 0x7f);
    }
    Ok(distance)
}

/// Writes a whole pack: header, entries, and the hash of both at the end.
pub struct PackStream<W> {
    out: W,
    hash: Sha1,
    /// How many bytes were written.
    pub written: u64,
}

impl<W: Write> PackStream<W> {
    pub fn begin(out: W, count: usize) -> io::Result<Self> {
        let count = u32::try_from(count)
            .map_err(|_| io::Error::other("more objects than a pack can hold"))?;
        let mut head = Vec::from(*b"PACK\0\0\0\x02");
        head.extend_from_slice(&count.to_be_bytes());
        let mut stream = Self {
            out,
            hash: Sha1::new(),
            written: 0,
        };
        stream.write(&head)?;
        Ok(stream)
    }

    /// A piece of an entry.
    pub fn write(&mut self, raw: &[u8]) -> io::Result<()> {
        self.hash.update(raw);
        self.written += raw.len() as u64;
        self.out.write_all(raw)
    }

    /// The hash of all of it, which names the pack.
    pub fn finish(mut self) -> io::Result<(W, [u8; 20])> {
        let sum: [u8; 20] = self.hash.finalize().into();
        self.out.write_all(&sum)?;
        self.out.flush()?;
        Ok((self.out, sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_git() {
        assert_eq!(
            object_id(Type::Blob, b"").to_string(),
            "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
        );
        assert_eq!(
            object_id(Type::Tree, b"").to_string(),
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        );
    }
}
