//! New objects on their way into a pack: compressed entries, one behind the other.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;

use flate2::bufread::ZlibDecoder;
use libdeflater::Decompressor;

use crate::base::ObjectId;

use super::pack::{self, BLOCK, Encoder, Type};

/// So much waits in memory, what is more in an unnamed temp file.
const IN_MEMORY: usize = 8 << 20;
/// So much is written to that file at once.
const AT_ONCE: usize = 1 << 20;

/// Where an entry lies in a spool.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub kind: Type,
    start: u64,
    length: u64,
    pub size: u64,
}

/// Compressed entries that can be read again, by many threads at once.
#[derive(Default)]
pub struct Spool {
    file: Option<File>,
    in_file: u64,
    /// What the file does not have yet.
    tail: Vec<u8>,
}

impl Spool {
    /// Takes in a compressed entry.
    pub fn add(&mut self, kind: Type, size: u64, packed: &[u8]) -> io::Result<Span> {
        let start = self.end();
        self.put(packed)?;
        Ok(Span {
            kind,
            start,
            length: packed.len() as u64,
            size,
        })
    }

    /// Takes in `size` bytes of a content piece by piece: its id and where it lies. Nothing where the
    /// source has less.
    pub fn add_stream(
        &mut self,
        encoder: &mut Encoder,
        size: u64,
        from: &mut dyn Read,
    ) -> io::Result<Option<(ObjectId, Span)>> {
        let start = self.end();
        let id = encoder.stream(size, from, &mut |packed| self.put(packed))?;
        if id.is_none() {
            self.cut(start);
        }
        let span = Span {
            kind: Type::Blob,
            start,
            length: self.end() - start,
            size,
        };
        Ok(id.map(|id| (id, span)))
    }

    fn end(&self) -> u64 {
        self.in_file + self.tail.len() as u64
    }

    /// Forgets what came after this.
    fn cut(&mut self, end: u64) {
        let tail = usize::try_from(end.saturating_sub(self.in_file)).unwrap_or(usize::MAX);
        self.tail.truncate(tail);
        self.in_file = self.in_file.min(end);
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let most = self.file.as_ref().map_or(IN_MEMORY, |_| AT_ONCE);
        if self.tail.len() + bytes.len() > most {
            let file = match self.file.take() {
                Some(file) => file,
                None => tempfile::tempfile()?,
            };
            file.write_all_at(&self.tail, self.in_file)?;
            self.in_file += self.tail.len() as u64;
            self.tail.clear();
            self.tail.shrink_to(AT_ONCE);
            self.file = Some(file);
        }
        self.tail.extend_from_slice(bytes);
        Ok(())
    }

    /// Hands on the entry as it stands in a pack, piece by piece.
    pub fn copy(
        &self,
        span: Span,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut entry = self.entry(span);
        let most = usize::try_from(span.length).unwrap_or(usize::MAX);
        let mut block = vec![0; most.min(BLOCK)];
        loop {
            match entry.read(&mut block)? {
                0 if entry.left > 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                0 => return Ok(()),
                got => take(&block[..got])?,
            }
        }
    }

    /// The object's own bytes, to be read piece by piece.
    pub fn open(&self, span: Span) -> io::Result<impl Read + '_> {
        let mut entry = BufReader::with_capacity(BLOCK, self.entry(span));
        pack::read_header(&mut entry)?;
        Ok(ZlibDecoder::new(entry))
    }

    /// The object's own bytes.
    pub fn content(&self, span: Span) -> io::Result<Vec<u8>> {
        let mut entry = Vec::with_capacity(usize::try_from(span.length).unwrap_or(0));
        self.entry(span).read_to_end(&mut entry)?;
        let mut packed = entry.as_slice();
        pack::read_header(&mut packed)?;
        let mut content = vec![0; usize::try_from(span.size).map_err(io::Error::other)?];
        let length = Decompressor::new().zlib_decompress(packed, &mut content);
        if length.map_err(io::Error::other)? == content.len() {
            Ok(content)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    const fn entry(&self, span: Span) -> Entry<'_> {
        Entry {
            spool: self,
            at: span.start,
            left: span.length,
        }
    }
}

/// What is left to read of an entry.
struct Entry<'s> {
    spool: &'s Spool,
    at: u64,
    left: u64,
}

impl Read for Entry<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let want = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let buffer = &mut buffer[..want];
        let spool = self.spool;
        let got = match &spool.file {
            Some(file) if self.at < spool.in_file => {
                let in_file = usize::try_from(spool.in_file - self.at).unwrap_or(usize::MAX);
                file.read_at(&mut buffer[..want.min(in_file)], self.at)?
            }
            _ => {
                let start = usize::try_from(self.at - spool.in_file).unwrap_or(usize::MAX);
                spool.tail.get(start..).unwrap_or_default().read(buffer)?
            }
        };
        self.at += got as u64;
        self.left -= got as u64;
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::pack::object_id;

    #[test]
    fn what_was_spooled_is_read_again() {
        let big: Vec<u8> = (0..5_000_000_u32)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect();
        let contents = [b"".to_vec(), b"hello".to_vec(), big, vec![0; 70_000]];
        let (mut spool, mut encoder) = (Spool::default(), Encoder::new());
        let mut spans = Vec::new();
        for content in contents.iter().chain(&contents) {
            let mut packed = Vec::new();
            encoder.entry(Type::Blob, content, &mut packed);
            let whole = spool.add(Type::Blob, content.len() as u64, &packed);
            let more = content.len() as u64 + 1;
            let short = spool.add_stream(&mut encoder, more, &mut content.as_slice());
            assert!(short.expect("no fault").is_none());
            let streamed =
                spool.add_stream(&mut encoder, content.len() as u64, &mut content.as_slice());
            let (id, streamed) = streamed.expect("spooled").expect("there is enough");
            assert_eq!(id, object_id(Type::Blob, content));
            spans.push([whole.expect("spooled"), streamed]);
        }
        assert!(spool.in_file > 0 && !spool.tail.is_empty());
        for (number, spans) in spans.iter().enumerate().rev() {
            let content = &contents[number % contents.len()];
            for span in spans {
                assert!(spool.content(*span).expect("read") == *content);
                let mut again = Vec::new();
                let mut pieces = spool.open(*span).expect("open");
                pieces.read_to_end(&mut again).expect("read");
                assert!(again == *content);
            }
        }
    }
}
