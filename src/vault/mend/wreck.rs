//! A damaged store as far as it reads: its packs entry by entry, and what lies by itself.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::PathBuf;
use std::rc::Rc;

use crate::base::{BaseError, HostPath, ObjectId};

use super::super::content::{Large, checked};
use super::super::header::open_loose;
use super::super::history::CommitInfo;
use super::super::maintain::Census;
use super::super::pack::{LARGE, Type};
use super::super::store::is_of;
use super::super::{Store, VaultError};
use super::rubble::{Lender, MOST, Made, Rubble};

/// What is left of a store.
pub struct Wreck {
    pub(super) place: PathBuf,
    pub(super) rubble: Rubble,
    objects: PathBuf,
    loose: Vec<ObjectId>,
}

impl Wreck {
    /// Opens what is left at a place.
    pub fn open(place: &HostPath) -> Result<Self, VaultError> {
        let place = place.as_path().to_owned();
        let objects = place.join("objects");
        let failed = |fault| VaultError::from(BaseError::io("read what is left of", &place)(fault));
        let loose = match Census::take(&objects) {
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Vec::new(),
            census => census.map_err(failed)?.loose,
        };
        Ok(Self {
            rubble: Rubble::open(&objects.join("pack")).map_err(failed)?,
            place,
            objects,
            loose,
        })
    }

    /// All that it may have, those of a pack in the order in which they lie there.
    pub(super) fn ids(&self) -> Vec<ObjectId> {
        self.rubble
            .names()
            .chain(self.loose.iter().copied())
            .collect()
    }

    /// An object that reads, and is the one of its name.
    pub(super) fn read(&self, id: ObjectId, lender: Lender<'_>) -> Option<Made> {
        let loose = self.read_loose(id);
        let loose = loose.map(|(kind, bytes)| (kind, Rc::new(bytes)));
        loose.or_else(|| self.rubble.read(id, lender))
    }

    pub(super) fn read_loose(&self, id: ObjectId) -> Option<(Type, Vec<u8>)> {
        let (kind, size, content) = open_loose(&self.objects, id).ok()??;
        let mut bytes = Vec::new();
        let read = content.take(size.min(MOST) + 1).read_to_end(&mut bytes);
        let is_whole = read.ok()? as u64 == size && is_of(id, kind, &bytes);
        is_whole.then_some((kind, bytes))
    }

    /// Contents that may be of this name and are read piece by piece. One that is not comes to no end.
    pub(super) fn open_large(&self, id: ObjectId) -> impl Iterator<Item = Large> + '_ {
        let loose = open_loose(&self.objects, id).ok().flatten();
        let loose = loose.filter(|(kind, size, _)| *kind == Type::Blob && *size > LARGE);
        let loose =
            loose.map(|(_, size, content)| (size, Box::new(content.take(size)) as Box<dyn Read>));
        let all = loose.into_iter().chain(self.rubble.open_large(id));
        all.map(move |(size, content)| (size, checked(id, size, content)))
    }

    /// Whether a store has all of it by now.
    #[must_use]
    pub fn is_all_in(&self, carried: &Store) -> bool {
        self.ids().into_iter().all(|id| carried.has(id))
    }

    /// The commits that a store has of it by now, the latest first.
    #[must_use]
    pub fn commits(&self, carried: &Store) -> Vec<CommitInfo> {
        let ids: BTreeSet<ObjectId> = self.ids().into_iter().collect();
        let commit = |id: ObjectId| {
            let (kind, _) = carried.header(id).ok()?;
            let commit = (kind == Type::Commit).then(|| carried.commit_info(id));
            commit?.ok()
        };
        let known = ids.into_iter().filter(|id| carried.has(*id));
        let mut found: Vec<_> = known.filter_map(commit).collect();
        found.sort_unstable_by_key(|it| Reverse((it.time, it.id)));
        found
    }

    /// Those with this message.
    #[must_use]
    pub fn commits_saying(&self, message: &str, carried: &Store) -> Vec<ObjectId> {
        let all = self.commits(carried).into_iter();
        all.filter(|it| it.message == message)
            .map(|it| it.id)
            .collect()
    }
}
