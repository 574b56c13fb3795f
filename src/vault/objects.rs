//! New objects on their way into the store: many as one pack, a handful loose.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, BufWriter, Write};

use crate::base::{Blobs, ObjectId, Sink, StoreError, TreeEntry, Trees};

use super::pack::{self, Encoder, PackStream, Span, Spool, Type};
use super::store::{expect_type, read_object};
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

    /// The entry of an object as a pack has it: copied where it was compressed in this run.
    pub(super) fn raw_entry(
        &self,
        id: ObjectId,
        encoder: &mut Encoder,
    ) -> Result<Vec<u8>, StoreError> {
        if let Some(span) = self.fresh.get(&id) {
            return self.spool.borrow_mut().raw(*span).map_err(failed);
        }
        let (kind, bytes) = read_object(&self.store.repo, id)?;
        let mut raw = Vec::new();
        encoder.entry(kind, &bytes, &mut raw).map_err(failed)?;
        Ok(raw)
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

    fn flush_as_pack(&self) -> Result<(), VaultError> {
        let fault = self.store.fault("write a pack to");
        let odb = self.store.repo.odb().map_err(&fault)?;
        let mut writer = odb.packwriter().map_err(&fault)?;
        {
            let out = BufWriter::with_capacity(256 * 1024, &mut writer);
            let mut stream = PackStream::begin(out, self.waiting.len()).map_err(failed)?;
            let mut spool = self.spool.borrow_mut();
            for id in &self.waiting {
                let raw = spool.raw(self.fresh[id]).map_err(failed)?;
                stream.entry(&raw).map_err(failed)?;
            }
            stream
                .finish()
                .and_then(|mut out| out.flush())
                .map_err(failed)?;
        }
        writer.commit().map_err(&fault)?;
        drop(writer);
        odb.refresh().map_err(fault)
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
