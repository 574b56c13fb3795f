//! Objects in git's compressed form: a spool of new ones, and the stream of a pack.

use std::io::{self, Read, Seek, SeekFrom, Write};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use sha1::{Digest, Sha1};

use crate::base::ObjectId;

/// New objects up to this size together wait in memory, more in an unnamed temp file.
const SPOOL_IN_MEMORY: usize = 16 * 1024 * 1024;
/// Large contents go through in pieces of this size.
const BLOCK: usize = 64 * 1024;

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
    const fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
        }
    }

    pub const fn git2(self) -> git2::ObjectType {
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

fn begin_hash(kind: Type, size: u64) -> Sha1 {
    let mut hash = Sha1::new();
    hash.update(kind.word().as_bytes());
    hash.update(format!(" {size}\0").as_bytes());
    hash
}

/// Turns objects into pack entries; one compressor for all of them, because making one is dear.
pub struct Encoder {
    compress: Compress,
}

impl Encoder {
    pub fn new() -> Self {
        Self {
            compress: Compress::new(Compression::default(), true),
        }
    }

    /// Appends one entry to `out`: its header and its deflated bytes.
    pub fn entry(&mut self, kind: Type, bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        header(kind as u8, bytes.len() as u64, out);
        self.compress.reset();
        self.deflate(bytes, true, out)
    }

    /// Appends an entry that tells an object as a change of the one whose entry begins so many bytes
    /// before it.
    pub fn change(&mut self, distance: u64, delta: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
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
        self.compress.reset();
        self.deflate(delta, true, out)
    }

    /// Deflates a piece; the last one ends the stream.
    fn deflate(&mut self, mut bytes: &[u8], is_last: bool, out: &mut Vec<u8>) -> io::Result<()> {
        let flush = if is_last {
            FlushCompress::Finish
        } else {
            FlushCompress::None
        };
        loop {
            out.reserve(bytes.len() / 2 + 256);
            let before = self.compress.total_in();
            let status = self.compress.compress_vec(bytes, out, flush)?;
            let taken = usize::try_from(self.compress.total_in() - before).unwrap_or(0);
            bytes = &bytes[taken..];
            if status == Status::StreamEnd || (!is_last && bytes.is_empty()) {
                return Ok(());
            }
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

/// Where an entry lies in a spool.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub kind: Type,
    start: u64,
    length: u64,
    pub size: u64,
}

/// Compressed entries, one behind the other, that can be read again.
pub struct Spool {
    file: tempfile::SpooledTempFile,
    end: u64,
    encoder: Encoder,
    buffer: Vec<u8>,
}

impl Spool {
    pub fn new() -> Self {
        Self {
            file: tempfile::spooled_tempfile(SPOOL_IN_MEMORY),
            end: 0,
            encoder: Encoder::new(),
            buffer: Vec::new(),
        }
    }

    pub fn add(&mut self, kind: Type, bytes: &[u8]) -> io::Result<Span> {
        let mut packed = std::mem::take(&mut self.buffer);
        packed.clear();
        self.encoder.entry(kind, bytes, &mut packed)?;
        let span = self.add_packed(kind, bytes.len() as u64, &packed);
        self.buffer = packed;
        span
    }

    /// Takes in an entry that was compressed elsewhere.
    pub fn add_packed(&mut self, kind: Type, size: u64, packed: &[u8]) -> io::Result<Span> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(packed)?;
        let span = Span {
            kind,
            start: self.end,
            length: packed.len() as u64,
            size,
        };
        self.end += span.length;
        Ok(span)
    }

    /// Takes in `size` bytes of a content piece by piece: its id and where it lies. Nothing where the
    /// source has less.
    pub fn add_stream(
        &mut self,
        size: u64,
        from: &mut dyn Read,
    ) -> io::Result<Option<(ObjectId, Span)>> {
        self.file.seek(SeekFrom::Start(self.end))?;
        let mut hash = begin_hash(Type::Blob, size);
        let mut packed = Vec::with_capacity(BLOCK);
        header(Type::Blob as u8, size, &mut packed);
        let mut block = vec![0; BLOCK];
        let (mut length, mut rest) = (0, size);
        self.encoder.compress.reset();
        loop {
            let want = block.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
            let got = from.read(&mut block[..want])?;
            if got == 0 && rest > 0 {
                return Ok(None);
            }
            hash.update(&block[..got]);
            rest -= got as u64;
            let is_last = rest == 0;
            self.encoder.deflate(&block[..got], is_last, &mut packed)?;
            self.file.write_all(&packed)?;
            length += packed.len() as u64;
            packed.clear();
            if is_last {
                break;
            }
        }
        let span = Span {
            kind: Type::Blob,
            start: self.end,
            length,
            size,
        };
        self.end += length;
        Ok(Some((ObjectId::from_bytes(hash.finalize().into()), span)))
    }

    /// Hands on the entry as it stands in a pack, piece by piece.
    pub fn copy(
        &mut self,
        span: Span,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(span.start))?;
        let mut block = std::mem::take(&mut self.buffer);
        block.resize(BLOCK, 0);
        let mut rest = span.length;
        while rest > 0 {
            let want = block.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
            self.file.read_exact(&mut block[..want])?;
            take(&block[..want])?;
            rest -= want as u64;
        }
        self.buffer = block;
        Ok(())
    }

    /// Hands on the object's own bytes, piece by piece.
    pub fn inflate(
        &mut self,
        span: Span,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut inflate = Decompress::new(true);
        let mut content = Vec::with_capacity(BLOCK);
        let mut is_header = true;
        self.copy(span, &mut |mut packed: &[u8]| {
            while is_header && let Some((byte, rest)) = packed.split_first() {
                is_header = byte & 0x80 != 0;
                packed = rest;
            }
            while !packed.is_empty() {
                let before = inflate.total_in();
                let status = inflate.decompress_vec(packed, &mut content, FlushDecompress::None)?;
                let taken = usize::try_from(inflate.total_in() - before).unwrap_or(0);
                packed = &packed[taken..];
                let is_stuck = taken == 0 && content.is_empty();
                take(&content)?;
                content.clear();
                if status == Status::StreamEnd || is_stuck {
                    break;
                }
            }
            Ok(())
        })
    }

    /// The object's own bytes.
    pub fn content(&mut self, span: Span) -> io::Result<Vec<u8>> {
        let mut content = Vec::with_capacity(usize::try_from(span.size).unwrap_or(0));
        self.inflate(span, &mut |bytes| {
            content.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(content)
    }
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

    #[test]
    fn what_was_spooled_is_read_again() {
        let mut spool = Spool::new();
        let big: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        let contents = [b"".to_vec(), b"hello".to_vec(), big, vec![0; 70_000]];
        let spans: Vec<_> = contents
            .iter()
            .map(|c| spool.add(Type::Blob, c).expect("spooled"))
            .collect();
        for (span, content) in spans.iter().zip(&contents) {
            let mut streamed = Spool::new();
            let (id, again) = streamed
                .add_stream(content.len() as u64, &mut content.as_slice())
                .expect("spooled")
                .expect("there is enough");
            assert_eq!(id, object_id(Type::Blob, content));
            assert_eq!(&streamed.content(again).expect("read"), content);
            assert_eq!(again.size, span.size);
            let more = content.len() as u64 + 1;
            let short = streamed.add_stream(more, &mut content.as_slice());
            assert!(short.expect("no fault").is_none());
        }
        for (span, content) in spans.iter().zip(&contents).rev() {
            assert_eq!(&spool.content(*span).expect("read"), content);
        }
    }
}
