//! The packs of a damaged store, entry by entry: git opens no pack that was cut off, and gives an object up
//! where the first of the entries that tell it does not read.
//!
//! Where entries begin the index says, as far as there is one; else they are looked for. An object that is
//! told as a change of one that does not read here is made of that one as somebody else has it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::rc::Rc;

use flate2::bufread::ZlibDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use sha1::{Digest, Sha1};

use crate::base::ObjectId;

use super::super::content::{Large, Onward, open_entry};
use super::super::objects::stream_id;
use super::super::pack::{BLOCK, LARGE, Type, Way, object_id, read_way};
use super::super::store::is_of;
use super::super::{delta, index};

/// What a pack begins with: `PACK`, its version, and how many objects it has.
const HEAD: u64 = 12;
/// The longest header of an entry: its size, and the name of another one.
const LONGEST_HEADER: usize = 32;
/// So much of an entry is inflated at once where only its end is looked for.
const STEP: usize = 8 * 1024;
/// An object is told upon so many others at most, and so many entries are tried to make it.
const DEEPEST: usize = 512;
const MOST_TRIED: usize = 4 * DEEPEST;
/// Git tells nothing larger as a change. What is larger and a whole is read piece by piece.
pub const MOST: u64 = 512 << 20;
/// So much of what was made is kept for what is told upon it.
const KEPT: usize = 64 << 20;

/// An object as it was made.
pub type Made = (Type, Rc<Vec<u8>>);

/// Gives an object from elsewhere, whole and the one of its name.
pub type Lender<'l> = &'l dyn Fn(ObjectId) -> Option<(Type, Vec<u8>)>;

/// Where an entry begins: in which pack, and how far into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Place {
    pack: usize,
    offset: u64,
}

#[derive(Default)]
pub struct Rubble {
    packs: Vec<Heap>,
    by_name: HashMap<ObjectId, Vec<Place>>,
    kept: RefCell<Kept>,
}

/// One pack.
struct Heap {
    file: File,
    length: u64,
    entries: BTreeMap<u64, Name>,
}

/// What an entry is called.
#[derive(Clone, Copy, Default)]
struct Name {
    id: Option<ObjectId>,
    /// A whole index says so, or it was made and looked at.
    is_sure: bool,
}

#[derive(Default)]
struct Kept {
    made: HashMap<Place, Made>,
    bytes: usize,
}

/// One object in the making.
struct Making<'l> {
    lender: Lender<'l>,
    tried: Cell<usize>,
}

impl Rubble {
    /// Opens the packs in a directory.
    pub fn open(dir: &Path) -> io::Result<Self> {
        let mut rubble = Self::default();
        let entries = match fs::read_dir(dir) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(rubble),
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "pack") && path.is_file() {
                rubble.packs.push(Heap::open(&path)?);
            }
        }
        for (pack, heap) in rubble.packs.iter().enumerate() {
            for (offset, name) in &heap.entries {
                let place = Place {
                    pack,
                    offset: *offset,
                };
                if let Some(id) = name.id {
                    rubble.by_name.entry(id).or_default().push(place);
                }
            }
        }
        Ok(rubble)
    }

    /// What is in it by all that is known, those of a pack in the order in which they lie there.
    pub fn names(&self) -> impl Iterator<Item = ObjectId> + '_ {
        let names = self.packs.iter().flat_map(|heap| heap.entries.values());
        names.filter_map(|name| name.id)
    }

    /// Names what no whole index names, as far as it can be made. What is told upon something that was
    /// named just now can be made then.
    pub fn name(&mut self, lender: Lender<'_>) {
        loop {
            let mut found = Vec::new();
            for (pack, heap) in self.packs.iter().enumerate() {
                let unsure = heap.entries.iter().filter(|(_, name)| !name.is_sure);
                for offset in unsure.map(|(offset, _)| *offset) {
                    let place = Place { pack, offset };
                    found.extend(self.id_at(place, lender).map(|id| (place, id)));
                }
            }
            if found.is_empty() {
                return;
            }
            for (place, id) in found {
                let name = Name {
                    id: Some(id),
                    is_sure: true,
                };
                self.packs[place.pack].entries.insert(place.offset, name);
                let places = self.by_name.entry(id).or_default();
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
    }

    fn id_at(&self, place: Place, lender: Lender<'_>) -> Option<ObjectId> {
        if let Some((size, mut content)) = self.open_at(place) {
            return stream_id(&mut content, size).ok();
        }
        let (kind, bytes) = self.make(place, lender)?;
        Some(object_id(kind, &bytes))
    }

    /// An object that can be made, and then is the one of its name.
    pub fn read(&self, id: ObjectId, lender: Lender<'_>) -> Option<Made> {
        let places = self.by_name.get(&id)?;
        let made = |place: &Place| self.make(*place, lender);
        let is_it = |(kind, bytes): &Made| is_of(id, *kind, bytes);
        places.iter().filter_map(made).find(is_it)
    }

    /// Contents that may be of this name, and are read piece by piece.
    pub fn open_large(&self, id: ObjectId) -> impl Iterator<Item = Large> + '_ {
        let places = self.by_name.get(&id).into_iter().flatten();
        places.filter_map(|place| self.open_at(*place))
    }

    fn open_at(&self, place: Place) -> Option<Large> {
        let heap = self.packs.get(place.pack)?;
        let mut header = [0; LONGEST_HEADER];
        let got = heap.file.read_at(&mut header, place.offset).ok()?;
        let (_, size) = read_way(&mut &header[..got]).ok()?;
        if size <= LARGE {
            return None;
        }
        open_entry(heap.file.try_clone().ok()?, place.offset).ok()?
    }

    fn make(&self, place: Place, lender: Lender<'_>) -> Option<Made> {
        let making = Making {
            lender,
            tried: Cell::new(0),
        };
        self.made_at(place, &making, 0)
    }

    fn made_at(&self, place: Place, making: &Making<'_>, depth: usize) -> Option<Made> {
        if let Some(made) = self.kept.borrow().made.get(&place) {
            return Some(made.clone());
        }
        making.tried.set(making.tried.get() + 1);
        if depth > DEEPEST || making.tried.get() > MOST_TRIED {
            return None;
        }
        let (way, bytes) = self.packs.get(place.pack)?.read(place.offset)?;
        let made = if let Way::Whole(kind) = way {
            (kind, Rc::new(bytes))
        } else {
            delta::target_size(&bytes).filter(|size| *size <= MOST)?;
            let (kind, base) = self.base(place, way, (making, depth + 1))?;
            (kind, Rc::new(delta::apply(&base, &bytes)?))
        };
        self.kept.borrow_mut().keep(place, &made);
        Some(made)
    }

    /// What an entry is told upon: as it stands in the pack, where it is what it is called; else by its
    /// name from wherever it is.
    fn base(&self, of: Place, way: Way, (making, depth): (&Making<'_>, usize)) -> Option<Made> {
        let distance = match way {
            Way::ByDistance(distance) => distance,
            Way::ByName(id) => return self.named(id, making, depth),
            Way::Whole(_) => return None,
        };
        let offset = of.offset.checked_sub(distance).filter(|_| distance > 0)?;
        let name = self.packs.get(of.pack)?.entries.get(&offset);
        let name = name.copied().unwrap_or_default();
        let sure = name.id.filter(|_| name.is_sure);
        let place = Place { offset, ..of };
        let here = self.made_at(place, making, depth);
        here.filter(|(kind, bytes)| sure.is_none_or(|id| object_id(*kind, bytes) == id))
            .or_else(|| self.named(name.id?, making, depth))
    }

    fn named(&self, id: ObjectId, making: &Making<'_>, depth: usize) -> Option<Made> {
        if let Some((kind, bytes)) = (making.lender)(id) {
            return Some((kind, Rc::new(bytes)));
        }
        let places = self.by_name.get(&id)?;
        let made = |place: &Place| self.made_at(*place, making, depth);
        let is_it = |(kind, bytes): &Made| object_id(*kind, bytes) == id;
        places.iter().filter_map(made).find(is_it)
    }
}

impl Kept {
    fn keep(&mut self, place: Place, made: &Made) {
        let length = made.1.len();
        if length > KEPT / 4 {
            return;
        }
        if self.bytes + length > KEPT {
            *self = Self::default();
        }
        self.bytes += length;
        self.made.insert(place, made.clone());
    }
}

impl Heap {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let mut heap = Self {
            length: file.metadata()?.len(),
            file,
            entries: BTreeMap::new(),
        };
        let index = fs::read(path.with_extension("idx")).unwrap_or_default();
        let is_sure = is_whole(&index);
        for place in index::read(&index).unwrap_or_default() {
            let id = Some(place.id);
            if place.offset < heap.length {
                heap.entries.insert(place.offset, Name { id, is_sure });
            }
        }
        if !is_sure {
            heap.look_for_entries();
        }
        Ok(heap)
    }

    /// How an entry tells its object, and what it inflates to.
    fn read(&self, offset: u64) -> Option<(Way, Vec<u8>)> {
        let at = Onward::from(self.file.try_clone().ok()?, offset);
        let mut entry = BufReader::with_capacity(STEP, at);
        let (way, size) = read_way(&mut entry).ok()?;
        if size > MOST {
            return None;
        }
        let mut bytes = Vec::new();
        // One byte more, so that its end is seen, and the sum that stands there.
        let read = ZlibDecoder::new(entry)
            .take(size + 1)
            .read_to_end(&mut bytes);
        (read.ok()? as u64 == size).then_some((way, bytes))
    }

    /// One stands behind the other. Where one does not read the next is what reads again.
    fn look_for_entries(&mut self) {
        let mut inflate = Decompress::new(true);
        let (mut packed, mut scratch) = (vec![0; STEP], vec![0; STEP]);
        let mut at = HEAD;
        while at < self.length {
            if let Some(end) = self.end_of(at, &mut inflate, (&mut packed, &mut scratch)) {
                self.entries.entry(at).or_default();
                at = end;
            } else if let Some(next) = self.next_likely(at + 1) {
                at = next;
            } else {
                return;
            }
        }
    }

    fn end_of(
        &self,
        at: u64,
        inflate: &mut Decompress,
        (packed, scratch): (&mut [u8], &mut [u8]),
    ) -> Option<u64> {
        let got = self.file.read_at(packed, at).ok()?;
        let mut rest = &packed[..got.min(LONGEST_HEADER)];
        let before = rest.len();
        let (way, size) = read_way(&mut rest).ok()?;
        if !could_be(way, size) {
            return None;
        }
        let begin = at + (before - rest.len()) as u64;
        inflate.reset(true);
        loop {
            let so_far = (inflate.total_in(), inflate.total_out());
            let got = self.file.read_at(packed, begin + so_far.0).ok()?;
            let status = inflate.decompress(&packed[..got], scratch, FlushDecompress::None);
            let is_end = status.ok()? == Status::StreamEnd;
            if inflate.total_out() > size || (is_end && inflate.total_out() < size) {
                return None;
            }
            if is_end {
                return Some(begin + inflate.total_in());
            }
            if so_far == (inflate.total_in(), inflate.total_out()) {
                return None;
            }
        }
    }

    /// The next place that looks like the beginning of an entry.
    fn next_likely(&self, mut from: u64) -> Option<u64> {
        let mut block = vec![0; BLOCK];
        loop {
            let got = self.file.read_at(&mut block, from).ok()?;
            let seen = &block[..got];
            if let Some(at) = (0..got).find(|at| is_likely(&seen[*at..])) {
                return Some(from + at as u64);
            }
            // The header of one may lie across the end of what was read.
            from += (got.checked_sub(2 * LONGEST_HEADER).filter(|on| *on > 0)?) as u64;
        }
    }
}

/// A change has two sizes at least, and something to do.
fn could_be(way: Way, size: u64) -> bool {
    size > 2 || matches!(way, Way::Whole(_))
}

/// Whether these are the header of an entry and the two bytes that zlib begins with.
fn is_likely(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let header = read_way(&mut rest);
    header.is_ok_and(|(way, size)| could_be(way, size))
        && rest.len() > 1
        && rest[0] & 0x8f == 8
        && (u16::from(rest[0]) << 8 | u16::from(rest[1])) % 31 == 0
}

/// Whether an index is as it was written.
fn is_whole(index: &[u8]) -> bool {
    let Some((body, sum)) = index.split_last_chunk::<20>() else {
        return false;
    };
    <[u8; 20]>::from(Sha1::digest(body)) == *sum
}

#[cfg(test)]
mod tests;
