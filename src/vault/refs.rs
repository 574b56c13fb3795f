//! The few refs of the store, each with one meaning.

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
        }
    }
}

impl Store {
    /// Where a ref points. Read as a plain file first: that costs a tenth of libgit2's way.
    pub fn read_ref(&self, name: RefName) -> Result<Option<ObjectId>, VaultError> {
        let plain = std::fs::read_to_string(self.path.join(name.name()));
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
        let names = match std::fs::read_dir(self.path.join(SENT)) {
            Ok(entries) => entries.flatten().map(|entry| entry.file_name()),
            Err(_) => return Ok(Vec::new()),
        };
        let ids = names.filter_map(|name| ObjectId::parse(name.to_str()?).ok());
        let mut ids: Vec<ObjectId> = ids.collect();
        ids.sort_unstable();
        Ok(ids)
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
    #[must_use]
    pub fn undo_numbers(&self) -> Vec<u64> {
        let entries = std::fs::read_dir(self.path.join(UNDO))
            .into_iter()
            .flatten();
        let names = entries.flatten().map(|entry| entry.file_name());
        let mut numbers: Vec<u64> = names
            .filter_map(|name| name.to_str()?.parse().ok())
            .collect();
        numbers.sort_unstable();
        numbers
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
