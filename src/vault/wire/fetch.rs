//! Bringing objects out of a repository on this machine: checked one by one, stored in one go.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

use flate2::Decompress;
use git2::Repository;

use crate::base::{Kind, ObjectId, StoreError, Tally, Tell};
use crate::vault::ahead::{Ahead, Made, Reader, is_large, shared};
use crate::vault::content::open_large;
use crate::vault::pack::{Encoder, Type};
use crate::vault::packed::{Packs, Whole};
use crate::vault::store::{expect_type, is_of, object_id, oid, read_foreign};
use crate::vault::{Objects, Store, WireError, tree};

/// An object in a store means that everything below it is there too, so the walk ends at what we
/// have. Contents come before the trees and commits that name them, so a crash keeps it true. `open`
/// opens the other repository: once for the walk, and for each thread that reads contents.
pub fn copy(
    (open, url): (Open<'_>, &str),
    store: &Store,
    tip: ObjectId,
    tell: Tell<'_>,
) -> Result<(), WireError> {
    let mut taken = Taken {
        from: &open()?,
        url,
        objects: Objects::new(store),
        seen: HashSet::new(),
        contents: Vec::new(),
        trees: Vec::new(),
        tally: Tally::new(None, tell),
    };
    let commits = taken.commits(tip)?;
    for (_, tree) in commits.iter().rev() {
        taken.tree(*tree, 0)?;
    }
    taken.all_contents(open)?;
    for bytes in std::mem::take(&mut taken.trees) {
        taken.store(Type::Tree, &bytes)?;
    }
    for (id, _) in commits.into_iter().rev() {
        let bytes = taken.read(id, Type::Commit)?;
        taken.store(Type::Commit, &bytes)?;
    }
    taken.objects.flush().map_err(WireError::from)
}

/// Opens a repository.
pub type Open<'a> = &'a dyn Fn() -> Result<Repository, WireError>;

/// Deeper than any path that a vault may have.
const MAX_DEPTH: usize = 2_100;

struct Taken<'a> {
    from: &'a Repository,
    url: &'a str,
    objects: Objects<'a>,
    seen: HashSet<ObjectId>,
    /// The contents that are to come, and the trees that name them, the innermost first.
    contents: Vec<ObjectId>,
    trees: Vec<Vec<u8>>,
    tally: Tally<'a>,
}

/// A content as an entry of a pack.
struct Packed {
    size: u64,
    raw: Vec<u8>,
}

impl Made for Packed {
    fn bytes(&self) -> usize {
        self.raw.len()
    }
}

impl Taken<'_> {
    fn damaged(&self, reason: String) -> WireError {
        WireError::Damaged {
            url: self.url.to_owned(),
            reason,
        }
    }

    /// The commits that we lack, the newest first, each with its tree.
    fn commits(&self, tip: ObjectId) -> Result<Vec<(ObjectId, ObjectId)>, WireError> {
        let mut commits = Vec::new();
        let mut open = vec![tip];
        let mut known = HashSet::new();
        while let Some(id) = open.pop() {
            if self.objects.store().has(id) || !known.insert(id) {
                continue;
            }
            let commit = self.from.find_commit(oid(id));
            let commit = commit
                .map_err(|fault| self.damaged(format!("commit {id}: {}", fault.message())))?;
            open.extend(commit.parent_ids().map(object_id));
            commits.push((id, object_id(commit.tree_id())));
        }
        Ok(commits)
    }

    /// Notes a tree and what is below it, as far as we lack it.
    fn tree(&mut self, id: ObjectId, depth: usize) -> Result<(), WireError> {
        if self.objects.store().has(id) || !self.seen.insert(id) {
            return Ok(());
        }
        if depth > MAX_DEPTH {
            return Err(self.damaged(format!("tree {id} lies too deep")));
        }
        let bytes = self.read(id, Type::Tree)?;
        let entries = tree::decode(id, &bytes).map_err(|fault| self.damaged(fault.to_string()))?;
        for entry in entries {
            match entry.kind {
                Kind::Tree => self.tree(entry.id, depth + 1)?,
                Kind::Foreign => {}
                _ => {
                    if !self.objects.store().has(entry.id) && self.seen.insert(entry.id) {
                        self.contents.push(entry.id);
                    }
                }
            }
        }
        self.trees.push(bytes);
        Ok(())
    }

    /// Reads, checks and packs contents on several threads, and stores them in their order.
    fn all_contents(&mut self, open: Open<'_>) -> Result<(), WireError> {
        let contents = std::mem::take(&mut self.contents);
        let mut packs = None;
        let ahead = Ahead::begin(contents.clone(), || {
            let from = open()?;
            let packs = shared(&mut packs, from.path());
            let packer = RefCell::new(Packer {
                from,
                packs,
                inflate: Decompress::new(true),
                encoder: Encoder::new(),
            });
            let read: Reader<Packed> = Box::new(move |id| packer.borrow_mut().packed(id));
            Ok::<_, WireError>(read)
        })?;
        for id in contents {
            let packed = ahead.take(id);
            match packed.map_err(|fault: StoreError| self.damaged(fault.to_string()))? {
                Some(Packed { size, raw }) => {
                    self.objects.add_entry(id, (Type::Blob, size), &raw)?;
                    self.tally.one(size);
                }
                None => self.content(id)?,
            }
        }
        Ok(())
    }

    fn content(&mut self, id: ObjectId) -> Result<(), WireError> {
        let large = open_large(self.from, id).map_err(|fault| self.damaged(fault.to_string()))?;
        let Some((size, mut content)) = large else {
            let bytes = self.read(id, Type::Blob)?;
            return self.store(Type::Blob, &bytes);
        };
        let taken = self
            .objects
            .add_stream(size, &mut content, &|got| got == id);
        match taken.map_err(|fault| self.damaged(fault.to_string()))? {
            Some(_) => Ok(()),
            None => Err(self.damaged(format!("object {id} has another content"))),
        }
    }

    fn read(&self, id: ObjectId, wanted: Type) -> Result<Vec<u8>, WireError> {
        let found = read_foreign(self.from, id).and_then(|found| expect_type(id, found, wanted));
        found.map_err(|fault: StoreError| self.damaged(fault.to_string()))
    }

    /// What was read was checked against its id: a remote is not believed.
    fn store(&mut self, kind: Type, bytes: &[u8]) -> Result<(), WireError> {
        self.objects.add(kind, bytes)?;
        self.tally.one(bytes.len() as u64);
        Ok(())
    }
}

/// Reads contents of the other repository, on a thread of its own.
struct Packer {
    from: Repository,
    packs: Arc<Packs>,
    inflate: Decompress,
    encoder: Encoder,
}

impl Packer {
    /// A content as an entry of a pack: its own one, where the other repository has one.
    fn packed(&mut self, id: ObjectId) -> Result<Option<Packed>, StoreError> {
        let whole = self.packs.whole(id, &mut self.inflate).ok().flatten();
        if let Some(Whole { bytes, raw }) = whole
            && is_of(id, Type::Blob, &bytes)
        {
            let size = bytes.len() as u64;
            return Ok(Some(Packed { size, raw }));
        }
        if is_large(&self.from, id) {
            return Ok(None);
        }
        let bytes = expect_type(id, read_foreign(&self.from, id)?, Type::Blob)?;
        let mut raw = Vec::new();
        self.encoder.entry(Type::Blob, &bytes, &mut raw);
        let size = bytes.len() as u64;
        Ok(Some(Packed { size, raw }))
    }
}
