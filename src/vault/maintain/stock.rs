//! The objects to be gathered: where each one lies, and into which of the new packs it goes.

use std::collections::{HashMap, HashSet};
use std::io;

use crate::base::ObjectId;

use super::census::Sort;
use super::source::{Entry, Header, Source};

/// A content above this is never compared with another one and never read as a whole: it goes,
/// as it is compressed, into a pack for its like.
pub const LARGE: u64 = 16 * 1024 * 1024;
/// Deflate makes nothing smaller than by this.
pub const DEFLATE_AT_BEST: u64 = 1032;

#[derive(Clone, Copy)]
enum Place {
    Packed { source: usize, entry: usize },
    Loose,
}

pub struct Stock<'a> {
    sources: &'a [Source],
    pub order: Vec<ObjectId>,
    places: HashMap<ObjectId, Place>,
    large: HashSet<ObjectId>,
    /// Nothing leads to what is not among these.
    live: Option<HashSet<ObjectId>>,
    /// What was set aside long ago, and is left out now.
    pub dropped: HashSet<ObjectId>,
}

impl<'a> Stock<'a> {
    /// The sources in order of preference: where two have the same object the first one's is taken.
    pub fn new(sources: &'a [Source], loose: &[ObjectId]) -> io::Result<Self> {
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
        let mut stock = Self {
            sources,
            order,
            places,
            large: HashSet::new(),
            live: None,
            dropped: HashSet::new(),
        };
        stock.find_large()?;
        Ok(stock)
    }

    /// Sets aside what nothing leads to, and leaves out what already was: what is nowhere but in the
    /// sources from `aside` on.
    pub fn sift(&mut self, live: HashSet<ObjectId>, aside: usize) {
        for id in &self.order {
            let was_aside =
                matches!(self.places[id], Place::Packed { source, .. } if source >= aside);
            if was_aside && !live.contains(id) && !self.large.contains(id) {
                self.dropped.insert(*id);
            }
        }
        self.order.retain(|id| !self.dropped.contains(id));
        for id in &self.dropped {
            self.places.remove(id);
        }
        self.live = Some(live);
    }

    /// The pack for an object, among the new ones. Seconds are filled in by the disk.
    pub fn home(&self, id: ObjectId) -> Sort {
        if self.large.contains(&id) {
            Sort::Large
        } else if self.live.as_ref().is_some_and(|live| !live.contains(&id)) {
            Sort::Aside { since: 0 }
        } else {
            Sort::Plain
        }
    }

    /// Whether one can be told by the other.
    pub fn is_near(&self, id: ObjectId, base: ObjectId) -> bool {
        self.places.contains_key(&base) && self.home(id) == self.home(base)
    }

    pub fn entry(&self, id: ObjectId) -> Option<(&'a Source, &'a Entry)> {
        match self.places.get(&id)? {
            Place::Packed { source, entry } => {
                let source = &self.sources[*source];
                Some((source, &source.entries[*entry]))
            }
            Place::Loose => None,
        }
    }

    /// What is not told by changes yet. The first source is, unless no entry of it tells a change.
    pub fn fresh(&self) -> io::Result<HashSet<ObjectId>> {
        let first = self.sources.first();
        let is_told = match first {
            Some(first) => tells_changes(first)?,
            None => false,
        };
        let is_fresh = |id: &&ObjectId| {
            let is_first = matches!(self.places[id], Place::Packed { source: 0, .. });
            !(is_told && is_first)
        };
        Ok(self.order.iter().filter(is_fresh).copied().collect())
    }

    fn header(&self, id: ObjectId) -> io::Result<Option<Header>> {
        match self.entry(id) {
            Some((source, entry)) => source.header(entry).map(Some),
            None => Ok(None),
        }
    }

    /// Finds large contents, and what is told as a change of one.
    fn find_large(&mut self) -> io::Result<()> {
        for id in &self.order {
            let Some((source, entry)) = self.entry(*id) else {
                continue;
            };
            if entry.length >= LARGE / DEFLATE_AT_BEST {
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
}

fn tells_changes(source: &Source) -> io::Result<bool> {
    for entry in &source.entries {
        if source.header(entry)?.base.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
