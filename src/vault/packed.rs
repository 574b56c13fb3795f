//! Contents straight out of the packs of a repository, with the entries that hold them: libgit2 hands
//! out no entry, and takes longer for a content.

use std::cmp::Reverse;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use flate2::bufread::ZlibDecoder;
use flate2::{Decompress, FlushDecompress, Status};

use crate::base::ObjectId;

use super::delta::target_size;
use super::index;
use super::pack::{self, LARGE, Type, Way};

/// The hash at the end of a pack.
const TAIL: u64 = 20;
/// The longest header of an entry that tells an object as a whole.
const LONGEST_HEADER: u64 = 10;

/// No git tells an object upon more others.
const DEEPEST: usize = 4096;
/// The two sizes that a change begins with, and a part of an entry in which they are.
const SIZES: u64 = 20;
const BEGIN: u64 = 1024;

/// So many packs are held open, the biggest: a repository that nobody tidies has thousands.
const MOST: usize = 16;

#[derive(Default)]
pub struct Packs {
    packs: Vec<Pack>,
}

struct Pack {
    index: File,
    file: File,
    /// Where its last entry ends.
    end: u64,
}

/// A small content as a pack has it. Nobody checked it against its id.
pub struct Whole {
    pub bytes: Vec<u8>,
    /// Its entry: the header, and the deflated bytes.
    pub raw: Vec<u8>,
}

/// The pack below `objects` that has an object, and where in it. One pack is open at a time.
pub fn find(objects: &Path, id: ObjectId) -> io::Result<Option<(File, u64)>> {
    for path in indexes(objects)? {
        if let Some(pack) = Pack::open(&path)?
            && let Some(offset) = index::find(&pack.index, id)?
        {
            return Ok(Some((pack.file, offset)));
        }
    }
    Ok(None)
}

/// What a pack below `objects` says of an object: its type and its size. One that cannot be read is
/// passed by.
pub fn header(objects: &Path, id: ObjectId) -> io::Result<Option<(Type, u64)>> {
    let mut packs = indexes(objects)?.into_iter();
    let look = |path: PathBuf| Pack::open(&path).ok()??.find_header(id).ok()?;
    Ok(packs.find_map(look))
}

/// The indexes of the packs below `objects`.
pub fn indexes(objects: &Path) -> io::Result<Vec<PathBuf>> {
    let dir = match fs::read_dir(objects.join("pack")) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        dir => dir?,
    };
    let paths = dir.map(|entry| Ok(entry?.path()));
    let is_index = |path: &io::Result<PathBuf>| {
        let ending = path.as_ref().map(|path| path.extension());
        ending.is_ok_and(|ending| ending.is_some_and(|ending| ending == "idx"))
    };
    paths
        .filter(|path| path.is_err() || is_index(path))
        .collect()
}

impl Packs {
    /// Opens those that are there now, below `objects`.
    pub fn open(objects: &Path) -> io::Result<Self> {
        let mut paths = indexes(objects)?;
        if paths.len() > MOST {
            let size =
                |path: &PathBuf| fs::metadata(path.with_extension("pack")).map(|it| it.len());
            paths.sort_by_cached_key(|path| Reverse(size(path).unwrap_or(0)));
            paths.truncate(MOST);
        }
        let packs = paths.iter().filter_map(|path| Pack::open(path).transpose());
        Ok(Self {
            packs: packs.collect::<io::Result<_>>()?,
        })
    }

    /// The type and the size of an object, where one of these packs has it.
    #[must_use]
    pub fn header(&self, id: ObjectId) -> Option<(Type, u64)> {
        let look = |pack: &Pack| pack.find_header(id).ok().flatten();
        self.packs.iter().find_map(look)
    }

    /// A small content, where one of these packs tells it as a whole.
    pub fn whole(&self, id: ObjectId, inflate: &mut Decompress) -> io::Result<Option<Whole>> {
        for pack in &self.packs {
            if let Some(offset) = index::find(&pack.index, id)? {
                return pack.whole(offset, inflate);
            }
        }
        Ok(None)
    }
}

impl Pack {
    /// Opens a pack by its index; nothing where it went meanwhile.
    fn open(index: &Path) -> io::Result<Option<Self>> {
        let open = || -> io::Result<Self> {
            let file = File::open(index.with_extension("pack"))?;
            Ok(Self {
                index: File::open(index)?,
                end: file.metadata()?.len().saturating_sub(TAIL),
                file,
            })
        };
        match open() {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }

    fn find_header(&self, id: ObjectId) -> io::Result<Option<(Type, u64)>> {
        let offset = index::find(&self.index, id)?;
        offset.map(|offset| self.header(offset)).transpose()
    }

    /// What an entry tells. A change is of the type of what it is upon, which lies in the same pack.
    fn header(&self, mut offset: u64) -> io::Result<(Type, u64)> {
        let mut size = None;
        for _ in 0..DEEPEST {
            let begin = self.read(offset, BEGIN)?;
            let mut rest = begin.as_slice();
            let (way, inflated) = pack::read_way(&mut rest)?;
            let base = match way {
                Way::Whole(kind) => return Ok((kind, size.unwrap_or(inflated))),
                Way::ByDistance(distance) => offset.checked_sub(distance),
                Way::ByName(id) => index::find(&self.index, id)?,
            };
            if size.is_none() {
                let mut sizes = Vec::new();
                // What follows them may lie behind what was read.
                ZlibDecoder::new(rest).take(SIZES).read_to_end(&mut sizes)?;
                size = target_size(&sizes);
            }
            offset = base.ok_or(io::ErrorKind::InvalidData)?;
        }
        Err(io::ErrorKind::InvalidData.into())
    }

    fn whole(&self, offset: u64, inflate: &mut Decompress) -> io::Result<Option<Whole>> {
        let mut header = self.read(offset, LONGEST_HEADER)?;
        let (size, length) = {
            let mut rest = header.as_slice();
            let (kind, size) = pack::read_header(&mut rest)?;
            if kind != Type::Blob as u8 || size > LARGE {
                return Ok(None);
            }
            (size, header.len() - rest.len())
        };
        // Whoever deflated it may have done it badly; what is worse still is read by libgit2.
        let deflated = self.read(offset + length as u64, size + size / 8 + 64)?;
        let room = usize::try_from(size).map_err(io::Error::other)?;
        // One byte more, so that an end is seen after an empty content too.
        let mut bytes = Vec::with_capacity(room + 1);
        inflate.reset(true);
        let status = inflate.decompress_vec(&deflated, &mut bytes, FlushDecompress::Finish);
        if status.ok() != Some(Status::StreamEnd) || bytes.len() != room {
            return Ok(None);
        }
        let used = usize::try_from(inflate.total_in()).map_err(io::Error::other)?;
        header.truncate(length);
        header.extend_from_slice(&deflated[..used]);
        Ok(Some(Whole { bytes, raw: header }))
    }

    /// So many bytes from a place on, or as many as there are before the end.
    fn read(&self, from: u64, most: u64) -> io::Result<Vec<u8>> {
        let length = self.end.saturating_sub(from).min(most);
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, from)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{HostPath, Sink};
    use crate::vault::{Objects, Store};

    fn flipped(path: &Path, at: u64) {
        let file = File::options().read(true).write(true).open(path);
        let file = file.expect("it is there");
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).expect("read");
        file.write_all_at(&[!byte[0]], at).expect("written");
    }

    #[test]
    fn an_entry_comes_with_its_content_and_nothing_that_is_damaged_is_one() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let place = HostPath::new(dir.path().join("vault.git")).expect("absolute");
        let store = Store::open(&place).expect("created");
        let mut objects = Objects::new(&store);
        let contents = [b"".to_vec(), b"one".to_vec(), b"abc ".repeat(9_000)];
        let put = |bytes: &Vec<u8>| objects.put_blob(bytes).expect("stored");
        let ids: Vec<_> = contents.iter().map(put).collect();
        objects.flush().expect("written");
        let at = store.path.join("objects");
        let packs = Packs::open(&at).expect("open");
        let mut inflate = Decompress::new(true);
        for (id, bytes) in ids.iter().zip(&contents) {
            let whole = packs.whole(*id, &mut inflate).expect("read");
            let whole = whole.expect("it is told as a whole");
            assert!(whole.bytes == *bytes);
            let mut raw = whole.raw.as_slice();
            let header = pack::read_header(&mut raw).expect("a header");
            assert_eq!(header, (Type::Blob as u8, bytes.len() as u64));
            let mut again = Vec::with_capacity(bytes.len() + 1);
            inflate.reset(true);
            let ended = inflate.decompress_vec(raw, &mut again, FlushDecompress::Finish);
            assert_eq!(ended.expect("deflated"), Status::StreamEnd);
            assert_eq!(
                inflate.total_in(),
                raw.len() as u64,
                "and nothing behind it"
            );
            assert!(again == *bytes);
        }
        let none = ObjectId::from_bytes([7; 20]);
        assert!(packs.whole(none, &mut inflate).expect("read").is_none());

        let (_, offset) = find(&at, ids[2]).expect("read").expect("there");
        let names = fs::read_dir(at.join("pack")).expect("listed");
        for path in names.map(|entry| entry.expect("listed").path()) {
            if path.extension().is_some_and(|ending| ending == "pack") {
                flipped(&path, offset + 5);
            }
        }
        assert!(packs.whole(ids[2], &mut inflate).expect("read").is_none());
    }
}
