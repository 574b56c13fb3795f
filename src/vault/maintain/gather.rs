//! Writing the objects of some packs, and loose ones, into one new pack. What is told as changes
//! already is copied as it stands; what is fresh is told as a change of its earlier version.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};

use flate2::bufread::ZlibDecoder;

use crate::base::ObjectId;
use crate::vault::Store;
use crate::vault::delta;
use crate::vault::new_pack::NewPack;
use crate::vault::pack::{Encoder, Type};

use super::census::loose_path;
use super::lineage::{Version, versions};
use crate::vault::old_pack::{Entry, OldPack, Told, damaged};

/// So many changes are told upon one whole content at most. Each costs whoever reads the last.
const DEEPEST: usize = 40;
/// A content above this is never told as a change, because that takes all of it in memory.
const LARGE: u64 = 16 * 1024 * 1024;

/// Where an object lies now.
enum Home {
    /// In this one of the packs.
    Packed(usize, Entry),
    Loose,
}

/// Where an object lies in the new pack, and upon how many others it is told.
struct Written {
    offset: u64,
    depth: usize,
}

/// Makes one pack of these, the biggest first, and of what is loose. Returns its name.
pub fn gather(store: &Store, mut packs: Vec<OldPack>, loose: &[ObjectId]) -> io::Result<String> {
    let told = match packs.first_mut() {
        Some(biggest) => told(biggest)?,
        None => HashMap::new(),
    };
    let keeps = !told.is_empty();
    let mut fresh = Vec::new();
    let mut homes = HashMap::new();
    let packed = packs.iter().enumerate().skip(usize::from(keeps));
    let packed = packed.flat_map(|(number, pack)| {
        let home = move |entry: &Entry| (entry.id, Home::Packed(number, *entry));
        pack.entries.iter().map(home)
    });
    for (id, home) in packed.chain(loose.iter().map(|id| (*id, Home::Loose))) {
        if !told.contains_key(&id) && homes.insert(id, home).is_none() {
            fresh.push(id);
        }
    }
    let versions = versions(store, &fresh);
    let dir = store.path.join("objects/pack");
    let mut gather = Gather {
        store,
        pack: NewPack::begin(&dir, told.len() + fresh.len())?,
        packs,
        homes,
        written: told,
        encoder: Encoder::new(),
        last: None,
    };
    if keeps {
        gather.carry_over()?;
    }
    for version in &versions {
        gather.version(version)?;
    }
    gather.pack.place()
}

/// What a pack has, if it tells changes at all: one that tells none is told anew. Its entries keep
/// their places in the new pack, so that what they say of each other's stays true.
fn told(pack: &mut OldPack) -> io::Result<HashMap<ObjectId, Written>> {
    let mut told: HashMap<ObjectId, Written> = HashMap::with_capacity(pack.entries.len());
    let mut deepest = 0;
    for at in 0..pack.entries.len() {
        let entry = pack.entries[at];
        let depth = match pack.told(&entry)? {
            Told::Whole => 0,
            // One that comes later has a depth that is not known yet: too deep, to be safe.
            Told::UponAnother(base) => told.get(&base).map_or(DEEPEST, |base| base.depth + 1),
        };
        deepest = deepest.max(depth);
        let offset = entry.offset;
        told.insert(entry.id, Written { offset, depth });
    }
    if deepest == 0 {
        told.clear();
    }
    Ok(told)
}

struct Gather<'a> {
    store: &'a Store,
    packs: Vec<OldPack>,
    homes: HashMap<ObjectId, Home>,
    pack: NewPack,
    written: HashMap<ObjectId, Written>,
    encoder: Encoder,
    /// What was told last: often the base of the next.
    last: Option<(ObjectId, Content)>,
}

type Content = (Type, Vec<u8>);

impl Gather<'_> {
    /// Begins the new pack with all that the biggest old one has.
    fn carry_over(&mut self) -> io::Result<()> {
        for at in 0..self.packs[0].entries.len() {
            let entry = self.packs[0].entries[at];
            if self.pack.offset() != entry.offset {
                return Err(damaged("there is something between its entries"));
            }
            self.copy(0, &entry)?;
        }
        Ok(())
    }

    fn version(&mut self, version: &Version) -> io::Result<()> {
        let id = version.id;
        let offset = self.pack.offset();
        let depth = match version.before {
            Some(before) => self.change(id, before)?,
            None => None,
        };
        if depth.is_none() {
            self.whole(id)?;
        }
        let depth = depth.unwrap_or(0);
        self.written.insert(id, Written { offset, depth });
        Ok(())
    }

    /// Writes an object as a change of its earlier version, where that is shorter. Returns how deep
    /// it then lies.
    fn change(&mut self, id: ObjectId, before: ObjectId) -> io::Result<Option<usize>> {
        let Some(base) = self.written.get(&before) else {
            return Ok(None);
        };
        let (offset, depth) = (base.offset, base.depth + 1);
        if depth > DEEPEST || self.is_large(id)? || self.is_large(before)? {
            return Ok(None);
        }
        let (kind, content) = self.read(id)?;
        let (base_kind, base) = match self.last.take() {
            Some((last, content)) if last == before => content,
            _ => self.read(before)?,
        };
        let delta = delta::encode(&base, &content, content.len() / 2);
        let delta = delta.filter(|_| kind == base_kind);
        // What is told wrongly would be lost with the old packs.
        let delta = delta.filter(|delta| delta::apply(&base, delta).as_ref() == Some(&content));
        self.last = Some((id, (kind, content)));
        let Some(delta) = delta else {
            return Ok(None);
        };
        let mut raw = Vec::new();
        let distance = self.pack.offset() - offset;
        self.encoder.change(distance, &delta, &mut raw);
        let whole = self.packed_whole(id)?;
        if whole.is_some_and(|(_, whole)| whole.length <= raw.len() as u64) {
            return Ok(None);
        }
        self.pack.write(&raw)?;
        self.pack.end(id);
        Ok(Some(depth))
    }

    /// Writes an object as it is compressed already, if it is.
    fn whole(&mut self, id: ObjectId) -> io::Result<()> {
        if let Some((number, entry)) = self.packed_whole(id)? {
            return self.copy(number, &entry);
        }
        if matches!(self.homes[&id], Home::Loose) && self.is_large(id)? {
            return self.stream(id);
        }
        let (kind, content) = self.read(id)?;
        let mut raw = Vec::new();
        self.encoder.entry(kind, &content, &mut raw);
        self.pack.write(&raw)?;
        self.pack.end(id);
        Ok(())
    }

    /// The entry that tells an object as a whole, where there is one.
    fn packed_whole(&mut self, id: ObjectId) -> io::Result<Option<(usize, Entry)>> {
        let Home::Packed(number, entry) = self.homes[&id] else {
            return Ok(None);
        };
        let is_whole = self.packs[number].told(&entry)? == Told::Whole;
        Ok(is_whole.then_some((number, entry)))
    }

    fn copy(&mut self, number: usize, entry: &Entry) -> io::Result<()> {
        let pack = &mut self.pack;
        self.packs[number].copy(entry, &mut |raw| pack.write(raw))?;
        if pack.end(entry.id) == entry.crc {
            Ok(())
        } else {
            Err(damaged("an entry is not what was written"))
        }
    }

    /// Compresses a large loose content as an entry of a pack, piece by piece.
    fn stream(&mut self, id: ObjectId) -> io::Result<()> {
        let (kind, size) = self.store.header(id).map_err(io::Error::other)?;
        let file = File::open(loose_path(&self.store.path.join("objects"), id))?;
        let mut content = BufReader::new(ZlibDecoder::new(BufReader::new(file)));
        content.skip_until(0)?;
        let pack = &mut self.pack;
        let found = self
            .encoder
            .stream(size, &mut content, &mut |raw| pack.write(raw))?;
        if found != Some(id) || kind != Type::Blob {
            return Err(damaged("a loose object is not what it should be"));
        }
        self.pack.end(id);
        Ok(())
    }

    fn is_large(&self, id: ObjectId) -> io::Result<bool> {
        let (_, size) = self.store.header(id).map_err(io::Error::other)?;
        Ok(size > LARGE)
    }

    /// libgit2 looks whether the bytes are those of the id.
    fn read(&self, id: ObjectId) -> io::Result<Content> {
        self.store.read(id).map_err(io::Error::other)
    }
}
