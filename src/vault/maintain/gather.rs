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

use super::census::Sort;
use super::delta;
use super::lineage::{Lineage, lineage};
use super::source::{BY_DISTANCE, Header, damaged};
use super::stock::{LARGE, Stock};
use super::target::Target;

/// So many changes are told upon one whole content at most. Each costs whoever reads the last.
const DEEPEST: usize = 40;
const PIECE: usize = 256 * 1024;

/// What became of a gathering.
pub struct Gathered {
    /// The names of the new packs.
    pub packs: Vec<String>,
    pub objects: HashSet<ObjectId>,
    pub dropped: HashSet<ObjectId>,
}

struct Written {
    offset: u64,
    depth: usize,
}

pub struct Gather<'a> {
    odb: &'a Odb<'a>,
    stock: Stock<'a>,
    pairs: Lineage,
    written: HashMap<ObjectId, Written>,
    encoder: Encoder,
    /// The content that was told last: often the base of the next.
    last: Option<(ObjectId, Vec<u8>)>,
}

impl<'a> Gather<'a> {
    pub fn new(odb: &'a Odb<'a>, stock: Stock<'a>) -> io::Result<Self> {
        let fresh = stock.fresh()?;
        let mut pairs = lineage(odb, &fresh);
        pairs.retain(|after, before| stock.is_near(*after, *before));
        Ok(Self {
            odb,
            stock,
            pairs,
            written: HashMap::new(),
            encoder: Encoder::new(),
            last: None,
        })
    }

    /// Writes the new packs, each where there is something for it.
    pub fn write(mut self, packs: &Path) -> io::Result<Gathered> {
        let mut names = Vec::new();
        for sort in [Sort::Large, Sort::Aside { since: 0 }, Sort::Plain] {
            let ids = self.stock.order.iter().copied();
            let ids: Vec<_> = ids.filter(|id| self.stock.home(*id) == sort).collect();
            if ids.is_empty() {
                continue;
            }
            let mut target = Target::begin(packs, ids.len())?;
            for id in ids {
                self.object(id, &mut target)?;
            }
            names.push(target.place(sort)?);
        }
        Ok(Gathered {
            packs: names,
            objects: self.written.into_keys().collect(),
            dropped: self.stock.dropped,
        })
    }

    /// How a packed object is told, if it is by one that goes into the same pack.
    fn told(&self, id: ObjectId) -> io::Result<Option<Header>> {
        let Some((source, entry)) = self.stock.entry(id) else {
            return Ok(None);
        };
        let header = source.header(entry)?;
        let is_whole = header.base.is_none_or(|base| self.stock.is_near(id, base));
        Ok(is_whole.then_some(header))
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
            let told = self.told(id)?;
            let told_by = told.and_then(|header| header.base);
            let base = told_by.or_else(|| self.pairs.get(&id).copied());
            let Some(base) = base.filter(|base| !self.written.contains_key(base)) else {
                self.emit(id, told, target)?;
                stack.pop();
                continue;
            };
            // A content that came back would be told by itself.
            if open.insert(base) || self.pairs.remove(&base).is_some() {
                stack.push(base);
            } else if told_by.is_some() {
                return Err(damaged("an entry is its own base"));
            } else {
                self.pairs.remove(&id);
            }
        }
        Ok(())
    }

    fn emit(&mut self, id: ObjectId, told: Option<Header>, target: &mut Target) -> io::Result<()> {
        let offset = target.at();
        let base = match told.map(|header| header.base) {
            Some(Some(base)) => {
                self.copy(id, Some(base), target)?;
                Some(base)
            }
            other => {
                let base = self.change(id, target)?;
                match (base, other) {
                    (Some(_), _) => {}
                    (None, Some(_)) => self.copy(id, None, target)?,
                    (None, None) => self.whole(id, target)?,
                }
                base
            }
        };
        let depth = base.map_or(0, |base| self.written[&base].depth + 1);
        target.end(id);
        self.written.insert(id, Written { offset, depth });
        Ok(())
    }

    /// Copies an entry as it is compressed; where its base lies is told anew.
    fn copy(&self, id: ObjectId, base: Option<ObjectId>, target: &mut Target) -> io::Result<()> {
        let (source, entry) = self
            .stock
            .entry(id)
            .expect("only a packed object is copied");
        let header = source.header(entry)?;
        let mut old = vec![0; header.length];
        source.read(entry, 0, &mut old)?;
        let mut crc = Crc::new();
        crc.update(&old);
        match base {
            Some(base) => target.put(&self.told_by(base, header.size, target))?,
            None => target.put(&old)?,
        }
        let most = usize::try_from(entry.length).map_or(PIECE, |length| length.min(PIECE));
        let mut buffer = vec![0; most];
        let mut at = header.length as u64;
        while at < entry.length {
            let left = usize::try_from(entry.length - at).unwrap_or(PIECE);
            let piece = &mut buffer[..left.min(most)];
            source.read(entry, at, piece)?;
            crc.update(piece);
            target.put(piece)?;
            at += piece.len() as u64;
        }
        if crc.sum() == entry.crc {
            Ok(())
        } else {
            Err(damaged("an entry of a pack is not what was written"))
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
        self.last = Some((id, content));
        let Some(found) = found else {
            return Ok(None);
        };
        let mut bytes = self.told_by(base, found.len() as u64, target);
        self.encoder.deflate(&found, &mut bytes)?;
        let whole = self.stock.entry(id).map(|(_, entry)| entry.length);
        if whole.is_some_and(|whole| whole <= bytes.len() as u64) {
            return Ok(None);
        }
        target.put(&bytes)?;
        Ok(Some(base))
    }

    /// Writes an object that is loose, or was told by one that goes elsewhere.
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
