//! Writing the objects of some packs, and loose ones, into one new pack: what is compressed already
//! is copied, what has an earlier version is told as a change of it.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

use flate2::Crc;
use git2::Odb;

use crate::base::ObjectId;
use crate::vault::pack::{Encoder, Type, header};
use crate::vault::store::oid;

use super::delta;
use super::lineage::{Lineage, lineage};
use super::source::{BY_DISTANCE, Entry, Header, Source, damaged};
use super::target::Target;

/// A content above this is never compared with another one and never read as a whole: it goes,
/// as it is compressed, into a pack for its like.
pub const LARGE: u64 = 16 * 1024 * 1024;
/// Deflate makes nothing smaller than by this.
pub const DEFLATE_AT_BEST: u64 = 1032;
/// So many changes are told upon one whole content at most. Each costs whoever reads the last.
const DEEPEST: usize = 40;
const PIECE: usize = 256 * 1024;

/// What became of a gathering.
pub struct Gathered {
    /// The names of the new packs.
    pub packs: Vec<String>,
    pub objects: HashSet<ObjectId>,
}

#[derive(Clone, Copy)]
enum Place {
    Packed { source: usize, entry: usize },
    Loose,
}

struct Written {
    offset: u64,
    depth: usize,
}

pub struct Gather<'a> {
    odb: &'a Odb<'a>,
    sources: &'a [Source],
    order: Vec<ObjectId>,
    places: HashMap<ObjectId, Place>,
    large: HashSet<ObjectId>,
    pairs: Lineage,
    written: HashMap<ObjectId, Written>,
    encoder: Encoder,
    /// The content that was told last: often the base of the next.
    last: Option<(ObjectId, Vec<u8>)>,
}

impl<'a> Gather<'a> {
    /// The sources in order of preference: where two have the same object the first one's is taken.
    pub fn new(odb: &'a Odb<'a>, sources: &'a [Source], loose: &[ObjectId]) -> io::Result<Self> {
        let (mut order, mut places) = (Vec::new(), HashMap::new());
        let packed = sources.iter().enumerate().flat_map(|(source, pack)| {
            let ids = pack.entries.iter().enumerate();
            ids.map(move |(entry, found)| (found.id, Place::Packed { source, entry }))
        });
        for (id, place) in packed.chain(loose.iter().map(|id| (*id, Place::Loose))) {
            places.entry(id).or_insert_with(|| {
                order.push(id);
                place
            });
        }
        let mut gather = Self {
            odb,
            sources,
            order,
            places,
            large: HashSet::new(),
            pairs: Lineage::new(),
            written: HashMap::new(),
            encoder: Encoder::new(),
            last: None,
        };
        gather.find_large()?;
        Ok(gather)
    }

    /// Looks for earlier versions of all that is not in the first source: there they are told already.
    pub fn find_pairs(&mut self) -> io::Result<()> {
        let mut fresh = HashSet::new();
        let mut commits = Vec::new();
        for id in &self.order {
            let is_commit = match self.places[id] {
                Place::Packed { source: 0, .. } if self.sources.len() > 1 => continue,
                Place::Packed { source, entry } => {
                    let source = &self.sources[source];
                    source.header(&source.entries[entry])?.kind == Type::Commit as u8
                }
                Place::Loose => {
                    let known = self.odb.read_header(oid(*id));
                    known.is_ok_and(|(_, kind)| kind == git2::ObjectType::Commit)
                }
            };
            fresh.insert(*id);
            if is_commit {
                commits.push(*id);
            }
        }
        self.pairs = lineage(self.odb, &commits, &fresh);
        let (places, large) = (&self.places, &self.large);
        let is_near = |id: &ObjectId| places.contains_key(id) && !large.contains(id);
        self.pairs
            .retain(|after, before| is_near(after) && is_near(before));
        Ok(())
    }

    /// Writes the new packs: one, and one for the large contents where there are any.
    pub fn write(mut self, packs: &Path) -> io::Result<Gathered> {
        let order = std::mem::take(&mut self.order);
        let (large, rest): (Vec<_>, Vec<_>) =
            order.into_iter().partition(|id| self.large.contains(id));
        let mut names = Vec::new();
        for (ids, is_large) in [(large, true), (rest, false)] {
            if ids.is_empty() {
                continue;
            }
            let mut target = Target::begin(packs, ids.len())?;
            for id in ids {
                self.object(id, &mut target)?;
            }
            names.push(target.place(is_large)?);
        }
        Ok(Gathered {
            packs: names,
            objects: self.written.into_keys().collect(),
        })
    }

    fn entry(&self, id: ObjectId) -> Option<(&'a Source, &'a Entry)> {
        match self.places.get(&id)? {
            Place::Packed { source, entry } => {
                let source = &self.sources[*source];
                Some((source, &source.entries[*entry]))
            }
            Place::Loose => None,
        }
    }

    fn header(&self, id: ObjectId) -> io::Result<Option<Header>> {
        match self.entry(id) {
            Some((source, entry)) => source.header(entry).map(Some),
            None => Ok(None),
        }
    }

    /// Large contents, and what is told as a change of one.
    fn find_large(&mut self) -> io::Result<()> {
        for id in &self.order {
            let long = self
                .entry(*id)
                .filter(|(_, entry)| entry.length >= LARGE / DEFLATE_AT_BEST);
            if let Some((source, entry)) = long {
                let header = source.header(entry)?;
                if header.base.is_none() && header.size > LARGE {
                    self.large.insert(*id);
                }
            }
        }
        let mut before = 0;
        while self.large.len() > before {
            before = self.large.len();
            for id in &self.order {
                let base = self.header(*id)?.and_then(|header| header.base);
                if base.is_some_and(|base| self.large.contains(&base)) {
                    self.large.insert(*id);
                }
            }
        }
        Ok(())
    }

    /// Writes an object, and before it what it is told by.
    fn object(&mut self, id: ObjectId, target: &mut Target) -> io::Result<()> {
        let mut stack = vec![id];
        let mut open = HashSet::from([id]);
        while let Some(id) = stack.last().copied() {
            if self.written.contains_key(&id) {
                stack.pop();
                continue;
            }
            let header = self.header(id)?;
            let told_by = header.and_then(|header| header.base);
            let base = told_by.or_else(|| self.pairs.get(&id).copied());
            match base.filter(|base| !self.written.contains_key(base)) {
                None => {
                    self.emit(id, header, target)?;
                    stack.pop();
                }
                Some(base) if !self.places.contains_key(&base) => {
                    return Err(damaged("the base of an entry is not in its pack"));
                }
                Some(base) => {
                    // A content that came back would be told by itself.
                    if !open.insert(base) && self.pairs.remove(&base).is_none() {
                        if told_by.is_some() {
                            return Err(damaged("an entry is its own base"));
                        }
                        self.pairs.remove(&id);
                        continue;
                    }
                    stack.push(base);
                }
            }
        }
        Ok(())
    }

    fn emit(
        &mut self,
        id: ObjectId,
        header: Option<Header>,
        target: &mut Target,
    ) -> io::Result<()> {
        let offset = target.at();
        let depth = match header.and_then(|header| header.base) {
            Some(base) => {
                self.copy(id, Some(base), target)?;
                self.written[&base].depth + 1
            }
            None => match self.change(id, target)? {
                Some(base) => self.written[&base].depth + 1,
                None if header.is_some() => {
                    self.copy(id, None, target)?;
                    0
                }
                None => {
                    self.whole(id, target)?;
                    0
                }
            },
        };
        target.end(id);
        self.written.insert(id, Written { offset, depth });
        Ok(())
    }

    /// Copies an entry as it is compressed; where its base lies is told anew.
    fn copy(&self, id: ObjectId, base: Option<ObjectId>, target: &mut Target) -> io::Result<()> {
        let (source, entry) = self.entry(id).expect("only a packed object is copied");
        let header = source.header(entry)?;
        let mut old = vec![0; header.length];
        source.read(entry, 0, &mut old)?;
        let mut crc = Crc::new();
        crc.update(&old);
        match base {
            Some(base) => target.put(&self.told_by(base, header.size, target))?,
            None => target.put(&old)?,
        }
        let mut buffer = vec![0; PIECE];
        let mut at = header.length as u64;
        while at < entry.length {
            let left = usize::try_from(entry.length - at).unwrap_or(PIECE);
            let piece = &mut buffer[..left.min(PIECE)];
            source.read(entry, at, piece)?;
            crc.update(piece);
            target.put(piece)?;
            at += piece.len() as u64;
        }
        if crc.sum() == entry.crc {
            Ok(())
        } else {
            Err(damaged("an entry of it is not what was written"))
        }
    }

    /// The header of an entry that is told by another one of the same pack.
    fn told_by(&self, base: ObjectId, size: u64, target: &Target) -> Vec<u8> {
        let mut bytes = Vec::new();
        header(BY_DISTANCE, size, &mut bytes);
        let mut distance = target.at() - self.written[&base].offset;
        let mut groups = vec![low(distance)];
        while distance > 0x7f {
            distance = (distance >> 7) - 1;
            groups.push(low(distance) | 0x80);
        }
        bytes.extend(groups.iter().rev());
        bytes
    }

    /// Writes an object as a change of its earlier version, where that is shorter.
    fn change(&mut self, id: ObjectId, target: &mut Target) -> io::Result<Option<ObjectId>> {
        let Some(base) = self.pairs.get(&id).copied() else {
            return Ok(None);
        };
        let is_deep = self.written[&base].depth >= DEEPEST;
        if is_deep || self.is_large(id)? || self.is_large(base)? {
            return Ok(None);
        }
        let (_, content) = self.content(id)?;
        let before = match self.last.take() {
            Some((last, bytes)) if last == base => bytes,
            _ => self.content(base)?.1,
        };
        let found = delta::encode(&before, &content, content.len() / 2);
        let found = found.filter(|found| delta::apply(&before, found).as_ref() == Some(&content));
        drop(before);
        let Some(found) = found else {
            self.last = Some((id, content));
            return Ok(None);
        };
        let mut bytes = self.told_by(base, found.len() as u64, target);
        self.encoder.deflate(&found, &mut bytes)?;
        let whole = self.entry(id).map(|(_, entry)| entry.length);
        self.last = Some((id, content));
        if whole.is_some_and(|whole| whole <= bytes.len() as u64) {
            return Ok(None);
        }
        target.put(&bytes)?;
        Ok(Some(base))
    }

    /// Writes a loose object.
    fn whole(&mut self, id: ObjectId, target: &mut Target) -> io::Result<()> {
        let (kind, content) = self.content(id)?;
        let mut bytes = Vec::new();
        self.encoder.entry(kind, &content, &mut bytes)?;
        target.put(&bytes)
    }

    fn is_large(&self, id: ObjectId) -> io::Result<bool> {
        let (size, _) = self.odb.read_header(oid(id)).map_err(io::Error::other)?;
        Ok(size as u64 > LARGE)
    }

    /// libgit2 checks that the bytes are those of the id.
    fn content(&self, id: ObjectId) -> io::Result<(Type, Vec<u8>)> {
        let object = self.odb.read(oid(id)).map_err(io::Error::other)?;
        let kind = Type::from_git2(object.kind());
        let kind = kind.ok_or_else(|| damaged("an object is of a kind that a vault has not"))?;
        Ok((kind, object.data().to_vec()))
    }
}

fn low(number: u64) -> u8 {
    u8::try_from(number & 0x7f).expect("seven bits")
}
