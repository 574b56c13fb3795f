//! The few refs of the store, each with one meaning.

use std::collections::BTreeSet;
use std::{fs, io};

use git2::ErrorCode;

use crate::base::{BaseError, ObjectId, seams};

use super::store::{object_id, oid};
use super::{Store, VaultError};

/// The refs that holdall keeps. All but the branch are private to this machine and never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefName {
    /// The vault's one branch, as this machine last saw or wrote it.
    Branch,
    /// What this machine's disk was seen to hold, when the vault knew it; its parent is the tip it
    /// was seen with.
    Base,
    /// The journal of a run that writes to the disk, while it does.
    Landing,
    /// The tip that the remote was last seen to have. There is none until a remote was reached.
    Published,
    /// The last of the commits that were made while the remote was away.
    Offline,
}

/// Each is named after what it points at.
const SENT: &str = "refs/holdall/sent";

/// Each is named after its number.
const UNDO: &str = "refs/holdall/undo";

impl RefName {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Branch => "refs/heads/main",
            Self::Base => "refs/holdall/base",
            Self::Landing => "refs/holdall/landing",
            Self::Published => "refs/holdall/published",
            Self::Offline => "refs/holdall/offline",
        }
    }
}

impl Store {
    /// Where a ref points. Read as a plain file first: that costs a tenth of libgit2's way.
    pub fn read_ref(&self, name: RefName) -> Result<Option<ObjectId>, VaultError> {
        let plain = fs::read_to_string(self.path.join(name.name()));
        if let Some(id) = plain
            .ok()
            .and_then(|text| ObjectId::parse(text.trim()).ok())
        {
            return Ok(Some(id));
        }
        match self.repo.refname_to_id(name.name()) {
            Ok(id) => Ok(Some(object_id(id))),
            Err(fault) if fault.code() == ErrorCode::NotFound => Ok(None),
            Err(fault) => Err(self.fault("read a ref of")(fault)),
        }
    }

    /// Whether anything was ever kept here.
    pub fn has_refs(&self) -> Result<bool, VaultError> {
        let refs = self.repo.references();
        let mut refs = refs.map_err(self.fault("read the refs of"))?;
        refs.next()
            .transpose()
            .map(|first| first.is_some())
            .map_err(self.fault("read the refs of"))
    }

    /// Points a ref somewhere else.
    pub fn write_ref(&self, name: RefName, to: ObjectId) -> Result<(), VaultError> {
        if self.read_ref(name)? == Some(to) {
            return Ok(());
        }
        self.step()?;
        self.repo
            .reference(name.name(), oid(to), true, "holdall")
            .map(drop)
            .map_err(self.fault("write a ref of"))
    }

    /// Points a ref somewhere else if it still points where it was seen; says whether it did.
    pub fn swap_ref(
        &self,
        name: RefName,
        from: Option<ObjectId>,
        to: ObjectId,
    ) -> Result<bool, VaultError> {
        self.step()?;
        let answer = match from {
            Some(from) => {
                self.repo
                    .reference_matching(name.name(), oid(to), true, oid(from), "holdall")
            }
            None => self.repo.reference(name.name(), oid(to), false, "holdall"),
        };
        match answer {
            Ok(_) => Ok(true),
            Err(fault)
                if matches!(
                    fault.code(),
                    ErrorCode::Modified | ErrorCode::Exists | ErrorCode::NotFound
                ) =>
            {
                Ok(false)
            }
            Err(fault) => Err(self.fault("write a ref of")(fault)),
        }
    }

    /// The bases to come of pushes whose outcome is not known yet: one for each commit that was sent
    /// and may still arrive, because the remote can go on without the run that sent it.
    pub fn sent(&self) -> Result<Vec<ObjectId>, VaultError> {
        let names = self.names_below(SENT)?.into_iter();
        Ok(names
            .filter_map(|name| ObjectId::parse(&name).ok())
            .collect())
    }

    /// The last names of the refs in a directory of refs, sorted. Somebody may have run `git gc`: then
    /// they stand in `packed-refs`. What cannot be read is a fault: none would be another answer.
    fn names_below(&self, dir: &str) -> Result<BTreeSet<String>, VaultError> {
        let fault = |source| BaseError::io("read the refs of", &self.path)(source);
        let mut names = BTreeSet::new();
        match fs::read_dir(self.path.join(dir)) {
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => {}
            entries => {
                for entry in entries.map_err(fault)? {
                    let name = entry.map_err(fault)?.file_name().into_string();
                    names.extend(name.ok());
                }
            }
        }
        match fs::read_to_string(self.path.join("packed-refs")) {
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => {}
            text => {
                for line in text.map_err(fault)?.lines() {
                    let name = line.split_once(' ').map_or("", |(_, name)| name);
                    let below = name.strip_prefix(dir);
                    let below = below.and_then(|rest| rest.strip_prefix('/'));
                    names.extend(below.map(str::to_owned));
                }
            }
        }
        Ok(names)
    }

    pub fn remember_sent(&self, base: ObjectId) -> Result<(), VaultError> {
        self.step()?;
        self.repo
            .reference(&format!("{SENT}/{base}"), oid(base), true, "holdall")
            .map(drop)
            .map_err(self.fault("write a ref of"))
    }

    pub fn forget_sent(&self, base: ObjectId) -> Result<(), VaultError> {
        self.delete_named(&format!("{SENT}/{base}"))
    }

    /// The numbers of the runs that can be undone, the oldest first.
    pub fn undo_numbers(&self) -> Result<Vec<u64>, VaultError> {
        let names = self.names_below(UNDO)?.into_iter();
        let mut numbers: Vec<u64> = names.filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The journal of one of them.
    pub fn undo_state(&self, number: u64) -> Result<ObjectId, VaultError> {
        let id = self.repo.refname_to_id(&format!("{UNDO}/{number}"));
        id.map(object_id).map_err(self.fault("read a ref of"))
    }

    pub fn remember_undo(&self, number: u64, journal: ObjectId) -> Result<(), VaultError> {
        self.repo
            .reference(&format!("{UNDO}/{number}"), oid(journal), true, "holdall")
            .map(drop)
            .map_err(self.fault("write a ref of"))
    }

    pub fn forget_undo(&self, number: u64) -> Result<(), VaultError> {
        self.delete_named(&format!("{UNDO}/{number}"))
    }

    /// Keeps a commit from being forgotten under a name of its own.
    pub fn keep(&self, name: &str, id: ObjectId) -> Result<(), VaultError> {
        let name = format!("refs/holdall/kept/{name}");
        self.step()?;
        self.repo
            .reference(&name, oid(id), true, "holdall")
            .map(drop)
            .map_err(self.fault("write a ref of"))
    }

    fn step(&self) -> Result<(), VaultError> {
        Ok(seams::step().map_err(BaseError::io("write a ref of", &self.path))?)
    }

    pub fn delete_ref(&self, name: RefName) -> Result<(), VaultError> {
        self.delete_named(name.name())
    }

    fn delete_named(&self, name: &str) -> Result<(), VaultError> {
        self.step()?;
        match self.repo.find_reference(name) {
            Ok(mut found) => found.delete().map_err(self.fault("delete a ref of")),
            Err(fault) if fault.code() == ErrorCode::NotFound => Ok(()),
            Err(fault) => Err(self.fault("read a ref of")(fault)),
        }
    }
}
