//! Objects in git's compressed form: a spool of new ones, and the stream of a pack.

use std::io::{self, Read, Seek, SeekFrom, Write};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use sha1::{Digest, Sha1};

use crate::base::ObjectId;

/// New objects up to this size together wait in memory, more in an unnamed temp file.
const SPOOL_IN_MEMORY: usize = 16 * 1024 * 1024;

/// The four types of objects, with git's number for each.
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
    let mut hash = Sha1::new();
    hash.update(kind.word().as_bytes());
    hash.update(format!(" {}\0", bytes.len()).as_bytes());
    hash.update(bytes);
    ObjectId::from_bytes(hash.finalize().into())
}

/// The hash that stands at the end of git's files.
pub fn sha1_of(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
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
        self.deflate(bytes, out)
    }

    /// Appends the deflated bytes alone.
    pub fn deflate(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        self.compress.reset();
        let mut rest = bytes;
        loop {
            out.reserve(rest.len() / 2 + 256);
            let before = self.compress.total_in();
            let status = self
                .compress
                .compress_vec(rest, out, FlushCompress::Finish)?;
            let taken = usize::try_from(self.compress.total_in() - before).unwrap_or(0);
            rest = &rest[taken..];
            if status == Status::StreamEnd {
                return Ok(());
            }
        }
    }
}

/// Git's header of a pack entry: the number of its kind, and the size in groups of seven bits, the
/// low ones first.
pub fn header(kind: u8, size: u64, out: &mut Vec<u8>) {
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
    length: usize,
    size: usize,
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
        self.buffer.clear();
        self.encoder.entry(kind, bytes, &mut self.buffer)?;
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&self.buffer)?;
        let span = Span {
            kind,
            start: self.end,
            length: self.buffer.len(),
            size: bytes.len(),
        };
        self.end += self.buffer.len() as u64;
        Ok(span)
    }

    /// The entry as it stands in a pack.
    pub fn raw(&mut self, span: Span) -> io::Result<Vec<u8>> {
        let mut raw = vec![0; span.length];
        self.file.seek(SeekFrom::Start(span.start))?;
        self.file.read_exact(&mut raw)?;
        Ok(raw)
    }

    /// The object's own bytes.
    pub fn content(&mut self, span: Span) -> io::Result<Vec<u8>> {
        let raw = self.raw(span)?;
        let skip = raw
            .iter()
            .position(|byte| byte & 0x80 == 0)
            .map_or(0, |last| last + 1);
        let mut content = Vec::with_capacity(span.size + 1);
        let mut inflate = Decompress::new(true);
        inflate.decompress_vec(&raw[skip..], &mut content, FlushDecompress::Finish)?;
        Ok(content)
    }
}

/// Writes a whole pack: header, entries, and the hash of both at the end.
pub struct PackStream<W> {
    out: W,
    hash: Sha1,
}

impl<W: Write> PackStream<W> {
    pub fn begin(mut out: W, count: usize) -> io::Result<Self> {
        let count = u32::try_from(count)
            .map_err(|_| io::Error::other("more objects than a pack can hold"))?;
        let mut head = Vec::from(*b"PACK\0\0\0\x02");
        head.extend_from_slice(&count.to_be_bytes());
        out.write_all(&head)?;
        let mut hash = Sha1::new();
        hash.update(&head);
        Ok(Self { out, hash })
    }

    pub fn entry(&mut self, raw: &[u8]) -> io::Result<()> {
        self.hash.update(raw);
        self.out.write_all(raw)
    }

    pub fn finish(mut self) -> io::Result<W> {
        let sum: [u8; 20] = self.hash.finalize().into();
        self.out.write_all(&sum)?;
        self.out.flush()?;
        Ok(self.out)
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
        for (span, content) in spans.iter().zip(&contents).rev() {
            assert_eq!(&spool.content(*span).expect("read"), content);
        }
    }
}
