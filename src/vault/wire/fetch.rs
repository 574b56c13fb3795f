//! Bringing objects out of a repository on this machine: checked one by one, stored in one go.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;

use flate2::Decompress;
use git2::Repository;

use crate::base::{ObjectId, StoreError, Tally, Tell};
use crate::vault::ahead::{Ahead, Made, Reader, is_large, shared};
use crate::vault::content::open_large;
use crate::vault::pack::{Encoder, Type};
use crate::vault::packed::{Packs, Whole};
use crate::vault::store::{expect_type, is_of, read_foreign};
use crate::vault::{Objects, Store, VaultError, WireError};

use super::survey::{Survey, damaged, read, survey};

/// Contents come before the trees and commits that name them: what is in the store has everything
/// below it there, after a crash too. `open` opens the other repository: once for the look at it, and
/// for each thread that reads contents.
pub fn copy(
    (open, url): (Open<'_>, &str),
    store: &Store,
    tip: ObjectId,
    tell: Tell<'_>,
) -> Result<(), WireError> {
    let from = open()?;
    let Survey {
        commits,
        trees,
        contents,
    } = survey((&from, url), store, tip)?;
    let mut taken = Taken {
        from: &from,
        url,
        objects: Objects::new(store),
        tally: Tally::new(None, tell),
    };
    taken.all_contents(contents, open)?;
    for bytes in trees {
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

struct Taken<'a> {
    from: &'a Repository,
    url: &'a str,
    objects: Objects<'a>,
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
        damaged(self.url, reason)
    }

    /// What could not be taken over. Where this machine could not store it nothing is wrong with the remote.
    fn fault(&self, fault: StoreError) -> WireError {
        match &fault {
            StoreError::Failed(cause) if !is_of_content(cause.as_ref()) => {
                VaultError::from(fault).into()
            }
            StoreError::Failed(cause) => self.damaged(cause.to_string()),
            StoreError::Missing { .. } | StoreError::Damaged { .. } => {
                self.damaged(fault.to_string())
            }
        }
    }

    /// Reads, checks and packs contents on several threads, and stores them in their order.
    fn all_contents(&mut self, contents: Vec<ObjectId>, open: Open<'_>) -> Result<(), WireError> {
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
            match packed.map_err(|fault| self.fault(fault))? {
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
        let Some((size, mut content)) = open_large(self.from, id) else {
            let bytes = self.read(id, Type::Blob)?;
            return self.store(Type::Blob, &bytes);
        };
        let taken = self
            .objects
            .add_stream(size, &mut content, &|got| got == id);
        match taken.map_err(|fault| self.fault(fault))? {
            Some(_) => Ok(()),
            None => Err(self.damaged(format!("object {id} has another content"))),
        }
    }

    fn read(&self, id: ObjectId, wanted: Type) -> Result<Vec<u8>, WireError> {
        read((self.from, self.url), id, wanted)
    }

    /// What was read was checked against its id: a remote is not believed.
    fn store(&mut self, kind: Type, bytes: &[u8]) -> Result<(), WireError> {
        self.objects.add(kind, bytes)?;
        self.tally.one(bytes.len() as u64);
        Ok(())
    }
}

/// Whether something was read that is not what it should be.
fn is_of_content(cause: &(dyn std::error::Error + 'static)) -> bool {
    let kind = cause.downcast_ref().map(io::Error::kind);
    kind.is_some_and(|kind| {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        matches!(kind, InvalidData | InvalidInput | UnexpectedEof)
    })
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
        if is_large(&self.packs, self.from.path(), id) {
            return Ok(None);
        }
        let bytes = expect_type(id, read_foreign(&self.from, id)?, Type::Blob)?;
        let mut raw = Vec::new();
        self.encoder.entry(Type::Blob, &bytes, &mut raw);
        let size = bytes.len() as u64;
        Ok(Some(Packed { size, raw }))
    }
}
