//! New objects on their way into the store: many as one pack, a handful loose.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use git2::{OdbLookupFlags, Repository};

use crate::base::{
    BaseError, Blobs, Intake, ObjectId, Packer, Parcel, Sink, StoreError, TreeEntry, Trees,
};

use super::new_pack::NewPack;
use super::pack::{self, Encoder, Span, Spool, Type};
use super::store::{expect_type, oid, read_object};
use super::{Store, VaultError, tree};

/// Up to this many new objects are written loose; more become a pack.
const LOOSE_AT_MOST: usize = 64;

/// Takes new objects in, reads them back, and writes them into the store in one go.
pub struct Objects<'s> {
    store: &'s Store,
    spool: RefCell<Spool>,
    fresh: HashMap<ObjectId, Span>,
    /// In the order of arrival: contents before the trees that name them.
    waiting: Vec<ObjectId>,
}

impl<'s> Objects<'s> {
    #[must_use]
    pub fn new(store: &'s Store) -> Self {
        Self {
            store,
            spool: RefCell::new(Spool::new()),
            fresh: HashMap::new(),
            waiting: Vec::new(),
        }
    }

    #[must_use]
    pub const fn store(&self) -> &'s Store {
        self.store
    }

    /// How many objects wait to be written; for [`Self::forget_since`].
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Forgets the objects that came since so many were waiting, as if they had never been put.
    pub fn forget_since(&mut self, waiting: usize) {
        for id in self.waiting.drain(waiting..) {
            self.fresh.remove(&id);
        }
    }

    pub(super) fn add(&mut self, kind: Type, bytes: &[u8]) -> Result<ObjectId, StoreError> {
        let id = pack::object_id(kind, bytes);
        if self.fresh.contains_key(&id) || self.store.has(id) {
            return Ok(id);
        }
        let span = self.spool.borrow_mut().add(kind, bytes).map_err(failed)?;
        self.fresh.insert(id, span);
        self.waiting.push(id);
        Ok(id)
    }

    /// Hands on the entry of an object as a pack has it, piece by piece: copied where it was
    /// compressed in this run.
    pub(super) fn copy_entry(
        &self,
        id: ObjectId,
        encoder: &mut Encoder,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        if let Some(span) = self.fresh.get(&id) {
            return self.spool.borrow_mut().copy(*span, take).map_err(failed);
        }
        let (kind, bytes) = read_object(&self.store.repo, id)?;
        let mut raw = Vec::new();
        encoder.entry(kind, &bytes, &mut raw).map_err(failed)?;
        take(&raw).map_err(failed)
    }

    pub(super) fn read(&self, id: ObjectId) -> Result<(Type, Vec<u8>), StoreError> {
        match self.fresh.get(&id) {
            Some(span) => {
                let content = self.spool.borrow_mut().content(*span).map_err(failed)?;
                Ok((span.kind, content))
            }
            None => self.store.read(id),
        }
    }

    /// Writes what waits into the store, durably.
    pub fn flush(&mut self) -> Result<(), VaultError> {
        if self.waiting.len() > LOOSE_AT_MOST {
            self.flush_as_pack()?;
        } else {
            self.flush_loose()?;
        }
        if !self.waiting.is_empty() {
            self.store.grew.set(true);
        }
        self.waiting.clear();
        Ok(())
    }

    fn flush_loose(&self) -> Result<(), VaultError> {
        let odb = self
            .store
            .repo
            .odb()
            .map_err(self.store.fault("write to"))?;
        for id in &self.waiting {
            let (kind, bytes) = self.read(*id)?;
            odb.write(kind.git2(), &bytes)
                .map_err(self.store.fault("write to"))?;
        }
        Ok(())
    }

    /// Writes the pack and its index ourselves: every id and place in it is known already, and
    /// libgit2 would inflate and hash all of it once more to find them.
    fn flush_as_pack(&self) -> Result<(), VaultError> {
        let dir = self.store.path.join("objects/pack");
        self.write_waiting(&dir)
            .map_err(BaseError::io("write a pack to", dir))?;
        let odb = self.store.repo.odb().map_err(self.store.fault("read"))?;
        odb.refresh().map_err(self.store.fault("read"))
    }

    fn write_waiting(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)?;
        let mut pack = NewPack::begin(dir, self.waiting.len())?;
        let mut spool = self.spool.borrow_mut();
        for id in &self.waiting {
            spool.copy(self.fresh[id], &mut |raw| pack.write(raw))?;
            pack.end(*id);
        }
        pack.place().map(drop)
    }
}

fn failed(fault: io::Error) -> StoreError {
    StoreError::Failed(Box::new(fault))
}

impl Sink for Objects<'_> {
    fn put_blob(&mut self, bytes: &[u8]) -> Result<ObjectId, StoreError> {
        self.add(Type::Blob, bytes)
    }

    fn put_tree(&mut self, entries: &[TreeEntry]) -> Result<ObjectId, StoreError> {
        self.add(Type::Tree, &tree::encode(entries))
    }
}

impl Intake for Objects<'_> {
    fn packer(&self) -> Result<Box<dyn Packer>, StoreError> {
        let repo = Repository::open_bare(&self.store.path);
        Ok(Box::new(OwnPacker {
            repo: repo.map_err(|fault| StoreError::Failed(Box::new(fault)))?,
            encoder: Encoder::new(),
        }))
    }

    fn put_parcel(&mut self, parcel: Parcel) -> Result<ObjectId, StoreError> {
        let id = parcel.id;
        if let Some(packed) = parcel.packed.filter(|_| !self.fresh.contains_key(&id)) {
            let mut spool = self.spool.borrow_mut();
            let span = spool.add_packed(Type::Blob, parcel.size as u64, &packed);
            self.fresh.insert(id, span.map_err(failed)?);
            self.waiting.push(id);
        }
        Ok(id)
    }

    fn put_stream(
        &mut self,
        size: u64,
        file: &mut File,
        stays: &dyn Fn(&File) -> bool,
    ) -> Result<Option<ObjectId>, StoreError> {
        let added = self
            .spool
            .borrow_mut()
            .add_stream(size, file)
            .map_err(failed)?;
        let Some((id, span)) = added.filter(|_| stays(file)) else {
            return Ok(None);
        };
        if !self.fresh.contains_key(&id) && !self.store.has(id) {
            self.fresh.insert(id, span);
            self.waiting.push(id);
        }
        Ok(Some(id))
    }
}

/// Hashes and compresses on a thread of its own, with an eye of its own on what the store has.
struct OwnPacker {
    repo: Repository,
    encoder: Encoder,
}

impl Packer for OwnPacker {
    fn pack(&mut self, bytes: &[u8]) -> Parcel {
        let id = pack::object_id(Type::Blob, bytes);
        let is_known = self
            .repo
            .odb()
            .is_ok_and(|odb| odb.exists_ext(oid(id), OdbLookupFlags::NO_REFRESH));
        let pack = |bytes| {
            let mut packed = Vec::new();
            let result = self.encoder.entry(Type::Blob, bytes, &mut packed);
            result.expect("memory takes every byte");
            packed
        };
        Parcel {
            id,
            size: bytes.len(),
            packed: (!is_known).then_some(bytes).map(pack),
        }
    }
}

impl Trees for Objects<'_> {
    fn tree(&self, id: ObjectId) -> Result<Vec<TreeEntry>, StoreError> {
        tree::decode(id, &expect_type(id, self.read(id)?, Type::Tree)?)
    }
}

impl Blobs for Objects<'_> {
    fn blob(&self, id: ObjectId) -> Result<Vec<u8>, StoreError> {
        expect_type(id, self.read(id)?, Type::Blob)
    }
}

/// The id of a content, without storing it.
#[must_use]
pub fn content_id(bytes: &[u8]) -> ObjectId {
    pack::object_id(Type::Blob, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{HostPath, Kind};

    fn store(dir: &tempfile::TempDir) -> Store {
        Store::open(&HostPath::new(dir.path().join("vault.git")).expect("absolute"))
            .expect("created")
    }

    #[test]
    fn what_is_written_is_there_for_the_next_process() {
        let dir = tempfile::tempdir().expect("a temp dir");
        for count in [3_usize, 200] {
            let store = store(&dir);
            let mut objects = Objects::new(&store);
            let entries: Vec<_> = (0..count)
                .map(|n| TreeEntry {
                    name: format!("f{n}").into_bytes(),
                    kind: Kind::File,
                    id: objects
                        .put_blob(format!("{count} {n}").as_bytes())
                        .expect("stored"),
                })
                .collect();
            let root = objects.put_tree(&entries).expect("stored");
            assert_eq!(
                objects.tree(root).expect("read before the flush").len(),
                count
            );
            objects.flush().expect("written");
            drop(objects);
            let again = self::store(&dir);
            let seen = again.tree(root).expect("read");
            assert_eq!(seen.len(), count);
            assert_eq!(
                again.blob(seen[0].id).expect("read"),
                format!("{count} 0").into_bytes()
            );
        }
    }
}
