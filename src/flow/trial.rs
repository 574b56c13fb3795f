//! What a run makes to connect this machine to a vault, until it is connected.
//!
//! *In*: a session that holds the run lock. *Out*: what is gone of this machine, for whoever connects it.
//! *Never*: leave an empty store behind what failed: the next run would take this machine for a new one.

use std::cell::Cell;

use crate::base::{BaseError, HostPath, seams};

use super::aside::work_dir;
use super::lacking::{Lack, is_blank, of_places};
use super::there::is_there;
use super::{FlowError, Session};

/// A connection that is tried. What it made for that goes with it, unless it came to something.
pub struct Trial<'a> {
    session: &'a Session<'a>,
    place: HostPath,
    /// What was gone before.
    lack: Cell<Option<Lack>>,
    /// The store is to be made by this run, and by nobody else: it holds the lock.
    makes_store: Cell<bool>,
}

impl<'a> Trial<'a> {
    pub fn begin(session: &'a Session<'a>) -> Result<Self, FlowError> {
        let place = session.places.store();
        Ok(Self {
            session,
            lack: Cell::new(of_places(session)?),
            makes_store: Cell::new(!is_there(&place)?),
            place,
        })
    }

    /// What was gone before, until this machine is connected.
    #[must_use]
    pub const fn lack(&self) -> Option<Lack> {
        self.lack.get()
    }

    /// What was made stays.
    pub fn succeeded(&self) {
        self.makes_store.set(false);
        self.lack.set(None);
    }

    /// Under a name that is swept, so that a run which is killed here leaves no half of a store.
    fn take_back(&self) -> Result<(), FlowError> {
        if !self.makes_store.get() || !is_blank(&self.place)? {
            return Ok(());
        }
        let away = work_dir(self.session)?;
        let to = away.path().join("vault.git");
        let moved = seams::step().and_then(|()| std::fs::rename(self.place.as_path(), to));
        Ok(moved.map_err(BaseError::io("rename", self.place.as_path()))?)
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        // A store that stays is known as an empty one by whoever finds it.
        self.take_back().ok();
    }
}
