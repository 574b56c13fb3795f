//! New objects on their way into the store, as one pack.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use git2::{OdbLookupFlags, Repository};
use sha1::Digest;

use crate::base::{
    BaseError, Blobs, Intake, ObjectId, Packer, Parcel, Sink, StoreError, TreeEntry, Trees,
};

use super::content::{Contents, open_large};
use super::copies::Copies;
use super::new_pack::NewPack;
use super::pack::{self, BLOCK, Encoder, Type};
use super::spool::{Span, Spool};
use super::store::{expect_type, oid};
use super::{Store, VaultError, tree};

/// Takes new objects in, reads them back, and writes them into the store in one go.
pub struct Objects<'s> {
    store: &'s Store,
    spool: Spool,
    encoder: Encoder,
    buffer: Vec<u8>,
    fresh: HashMap<ObjectId, Span>,
    /// In the order of arrival: contents before the trees that name them.
    waiting: Vec<ObjectId>,
}

impl<'s> Objects<'s> {
    #[must_use]
    pub fn new(store: &'s Store) -> Self {
        Self {
            store,
            spool: Spool::default(),
            encoder: Encoder::new(),
            buffer: Vec::new(),
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
        self.buffer.clear();
        self.encoder.entry(kind, bytes, &mut self.buffer);
        let span = self.spool.add(kind, bytes.len() as u64, &self.buffer);
        self.await_flush(id, span.map_err(failed)?);
        Ok(id)
    }

    /// Takes in an object that was checked against its id and is an entry of a pack already.
    pub(super) fn add_entry(
        &mut self,
        id: ObjectId,
        (kind, size): (Type, u64),
        raw: &[u8],
    ) -> Result<(), StoreError> {
        if !self.fresh.contains_key(&id) && !self.store.has(id) {
            let span = self.spool.add(kind, size, raw);
            self.await_flush(id, span.map_err(failed)?);
        }
        Ok(())
    }

    fn await_flush(&mut self, id: ObjectId, span: Span) {
        self.fresh.insert(id, span);
        self.waiting.push(id);
    }

    /// Takes in `size` bytes piece by piece. Nothing is kept, and none is the answer, where there are
    /// less, or what came is not to be kept.
    pub(super) fn add_stream(
        &mut self,
        size: u64,
        from: &mut dyn Read,
        is_kept: &dyn Fn(ObjectId) -> bool,
    ) -> Result<Option<ObjectId>, StoreError> {
        let added = self.spool.add_stream(&mut self.encoder, size, from);
        let Some((id, span)) = added.map_err(failed)?.filter(|(id, _)| is_kept(*id)) else {
            return Ok(None);
        };
        if !self.fresh.contains_key(&id) && !self.store.has(id) {
            self.await_flush(id, span);
        }
        Ok(Some(id))
    }

    pub(super) const fn contents(&self) -> Contents<'_> {
        Contents {
            repo: &self.store.repo,
            spool: &self.spool,
            fresh: &self.fresh,
        }
    }

    /// What of these objects lies in packs already, ready to be copied. What this run compressed lies
    /// in its spool, too.
    pub(super) fn copies(&self, ids: &[ObjectId]) -> Result<Copies, StoreError> {
        let is_old = |id: &&ObjectId| !self.fresh.contains_key(id);
        let old: Vec<_> = ids.iter().filter(is_old).copied().collect();
        Copies::of(&self.store.path.join("objects"), &old).map_err(failed)
    }

    /// Hands on the entry of an object as a pack has it, piece by piece: copied where it was
    /// compressed before.
    pub(super) fn copy_entry(
        &self,
        id: ObjectId,
        (known, encoder): (&Copies, &mut Encoder),
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        if let Some(span) = self.fresh.get(&id) {
            return self.spool.copy(*span, take).map_err(failed);
        }
        if known.copy(id, take).map_err(failed)? {
            return Ok(());
        }
        if let Some((size, mut content)) = open_large(&self.store.repo, id) {
            let copied = encoder.stream(size, &mut content, take).map_err(failed)?;
            return copied.map(drop).ok_or(StoreError::Missing { id });
        }
        let (kind, bytes) = self.store.read(id)?;
        let mut raw = Vec::new();
        encoder.entry(kind, &bytes, &mut raw);
        take(&raw).map_err(failed)
    }

    pub(super) fn read(&self, id: ObjectId) -> Result<(Type, Vec<u8>), StoreError> {
        match self.fresh.get(&id) {
            Some(span) => {
                let content = self.spool.content(*span).map_err(failed)?;
                Ok((span.kind, content))
            }
            None => self.store.read(id),
        }
    }

    /// A content, to be read piece by piece.
    pub fn open(&self, id: ObjectId) -> Result<Box<dyn Read + '_>, StoreError> {
        self.contents().open(id)
    }

    /// Writes what waits into the store, durably: as a pack, however little it is. A loose object
    /// costs two syncs, a pack three with all that is in it. We write its index too: every id and
    /// place is known already, and libgit2 would inflate and hash all of it once more to find them.
    pub fn flush(&mut self) -> Result<(), VaultError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let dir = self.store.path.join("objects/pack");
        self.write_waiting(&dir)
            .map_err(BaseError::io("write a pack to", dir))?;
        self.store.has_grown()?;
        self.waiting.clear();
        Ok(())
    }

    fn write_waiting(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)?;
        let mut pack = NewPack::begin(dir, self.waiting.len())?;
        for id in &self.waiting {
            self.spool
                .copy(self.fresh[id], &mut |raw| pack.write(raw))?;
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
            let span = self.spool.add(Type::Blob, parcel.size as u64, &packed);
            self.await_flush(id, span.map_err(failed)?);
        }
        Ok(id)
    }

    fn put_stream(
        &mut self,
        size: u64,
        file: &mut File,
        stays: &dyn Fn(&File) -> bool,
    ) -> Result<Option<ObjectId>, StoreError> {
        let mut from = &*file;
        self.add_stream(size, &mut from, &|_| stays(file))
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
            self.encoder.entry(Type::Blob, bytes, &mut packed);
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

    fn size(&self, id: ObjectId) -> Result<u64, StoreError> {
        self.contents().size(id)
    }
}

/// The id of a content, without storing it.
#[must_use]
pub fn content_id(bytes: &[u8]) -> ObjectId {
    pack::object_id(Type::Blob, bytes)
}

/// The same of a content of this size that comes piece by piece. One of another size gets an id that
/// no content has.
pub fn stream_id(from: &mut dyn Read, size: u64) -> io::Result<ObjectId> {
    let mut hash = pack::begin_hash(Type::Blob, size);
    let mut block = vec![0; BLOCK.min(usize::try_from(size).unwrap_or(BLOCK) + 1)];
    loop {
        match from.read(&mut block) {
            Ok(0) => return Ok(ObjectId::from_bytes(hash.finalize().into())),
            Ok(got) => hash.update(&block[..got]),
            Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
            Err(fault) => return Err(fault),
        }
    }
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
