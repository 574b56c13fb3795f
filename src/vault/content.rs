//! Contents that are read piece by piece, because memory may not hold them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::os::unix::fs::FileExt;

use flate2::bufread::ZlibDecoder;
use git2::Repository;
use sha1::{Digest, Sha1};

use crate::base::{ObjectId, StoreError};

use super::header::{self, open_loose};
use super::pack::{self, BLOCK, LARGE, Type, Way};
use super::packed;
use super::spool::{Span, Spool};
use super::store::{expect_type, read_object};

/// The size of a content, and its bytes.
pub type Large = (u64, Box<dyn Read>);

/// The contents of a store and of what is about to come into it.
#[derive(Clone, Copy)]
pub struct Contents<'o> {
    pub repo: &'o Repository,
    pub spool: &'o Spool,
    pub fresh: &'o HashMap<ObjectId, Span>,
}

impl<'o> Contents<'o> {
    /// How many bytes a content has, without reading it.
    pub fn size(self, id: ObjectId) -> Result<u64, StoreError> {
        if let Some(span) = self.fresh.get(&id) {
            return Ok(span.size);
        }
        let header = header::look(&self.repo.path().join("objects"), id);
        let (_, size) = header.ok().flatten().ok_or(StoreError::Missing { id })?;
        Ok(size)
    }

    /// A content, to be read piece by piece.
    pub fn open(self, id: ObjectId) -> Result<Box<dyn Read + 'o>, StoreError> {
        let failed = |fault: io::Error| StoreError::Failed(Box::new(fault));
        let content = match self.fresh.get(&id) {
            Some(span) if span.size > LARGE => {
                return Ok(Box::new(self.spool.open(*span).map_err(failed)?));
            }
            Some(span) => (span.kind, self.spool.content(*span).map_err(failed)?),
            None => match open_large(self.repo, id) {
                Some((_, content)) => return Ok(content),
                None => read_object(self.repo, id)?,
            },
        };
        let content = expect_type(id, content, Type::Blob)?;
        Ok(Box::new(Cursor::new(content)))
    }
}

/// The size and the bytes of a large content, unless it is stored as a change of another one. libgit2 can
/// read none piece by piece out of a pack. The bytes are checked against the id: the last piece comes only
/// when they are right. Where it cannot be opened, because somebody puts the store in order at this moment
/// or it is damaged, whoever reads it as a whole finds it or is told what is wrong.
pub fn open_large(repo: &Repository, id: ObjectId) -> Option<Large> {
    let objects = repo.path().join("objects");
    let (size, content) = match open_loose(&objects, id).ok()? {
        Some((Type::Blob, size, content)) => (size, Box::new(content.take(size)) as Box<dyn Read>),
        Some(_) => return None,
        None => {
            let (pack, at) = packed::find(&objects, id).ok()??;
            open_entry(pack, at).ok()??
        }
    };
    (size > LARGE).then(|| (size, checked(id, size, content)))
}

/// A content of this size that comes to its end only where it is the one of this id.
pub fn checked(id: ObjectId, size: u64, content: impl Read + 'static) -> Box<dyn Read> {
    Box::new(Checked {
        content,
        hash: Some(pack::begin_hash(Type::Blob, size)),
        id,
    })
}

/// The content of an entry of a pack, where it is told as a whole.
pub fn open_entry(pack: File, at: u64) -> io::Result<Option<Large>> {
    let mut entry = BufReader::with_capacity(BLOCK, Onward { pack, at });
    let (way, size) = pack::read_way(&mut entry)?;
    let content = ZlibDecoder::new(entry).take(size);
    Ok((way == Way::Whole(Type::Blob)).then(|| (size, Box::new(content) as Box<dyn Read>)))
}

/// A pack from one place onwards.
pub struct Onward {
    pack: File,
    at: u64,
}

impl Onward {
    #[must_use]
    pub const fn from(pack: File, at: u64) -> Self {
        Self { pack, at }
    }
}

impl Read for Onward {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.pack.read_at(buffer, self.at)?;
        self.at += got as u64;
        Ok(got)
    }
}

/// Hands a content on, and says at its end whether it was the right one.
struct Checked<R> {
    content: R,
    /// Until the end was reached.
    hash: Option<Sha1>,
    id: ObjectId,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.content.read(buffer)?;
        if let Some(hash) = &mut self.hash {
            hash.update(&buffer[..got]);
        }
        if got == 0
            && !buffer.is_empty()
            && let Some(hash) = self.hash.take()
            && ObjectId::from_bytes(hash.finalize().into()) != self.id
        {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                format!("object {} is damaged", self.id),
            ));
        }
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{HostPath, Sink};
    use crate::vault::copies::Copies;
    use crate::vault::pack::Encoder;
    use crate::vault::{Objects, Store};

    fn read(from: &mut dyn Read) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn a_large_content_is_read_piece_by_piece_out_of_a_pack_and_out_of_a_file() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let place = HostPath::new(dir.path().join("vault.git")).expect("absolute");
        let store = Store::open(&place).expect("created");
        let large: Vec<u8> = (0..400_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut objects = Objects::new(&store);
        let packed = objects.put_blob(&large).expect("stored");
        objects.flush().expect("written");
        let loose = store.repo.blob(&large[1..]).expect("written");
        let loose = crate::vault::store::object_id(loose);
        for (id, content) in [(packed, &large[..]), (loose, &large[1..])] {
            let (size, mut found) = open_large(&store.repo, id).expect("it is large");
            assert_eq!(size, content.len() as u64);
            assert!(read(&mut found).expect("read") == content);
            // And so it is sent again.
            let mut entry = Vec::new();
            Objects::new(&store)
                .copy_entry(id, (&Copies::default(), &mut Encoder::new()), &mut |raw| {
                    entry.extend_from_slice(raw);
                    Ok(())
                })
                .expect("copied");
            let mut entry = entry.as_slice();
            let header = pack::read_header(&mut entry).expect("a header");
            assert_eq!(header, (Type::Blob as u8, size));
            assert!(read(&mut ZlibDecoder::new(entry)).expect("read") == content);
        }
        let none = ObjectId::from_bytes([7; 20]);
        assert!(open_large(&store.repo, none).is_none());
    }

    #[test]
    fn a_content_of_another_id_has_no_end() {
        let checked = |id: ObjectId| {
            let content = b"content".as_slice();
            let hash = Some(pack::begin_hash(Type::Blob, content.len() as u64));
            read(&mut Checked { content, hash, id })
        };
        assert!(checked(pack::object_id(Type::Blob, b"content")).is_ok());
        assert!(checked(pack::object_id(Type::Blob, b"another")).is_err());
    }
}
