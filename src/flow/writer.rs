//! The holder of the run lock: only it can change anything.
//!
//! *In*: a session. *Out*: the store, open, with what a killed run left cleared away. *Never*: begin where
//! something of this machine's is gone, unless to connect it anew.

use std::cell::RefCell;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::base::{BaseError, FileLock, HostPath, MachineId, sweep_temp_files};
use crate::vault::wire::{Aim, Remote};
use crate::vault::{Author, Store};

use super::aside::succeed;
use super::lacking::Lack;
use super::memory::Sent;
use super::trial::Trial;
use super::{FlowError, Session, lacking, own_machine};

/// One push, pull or configure at a time on this machine.
pub struct Writer<'a> {
    pub session: &'a Session<'a>,
    pub store: Store,
    machine: RefCell<MachineId>,
    /// The file system's own time when the run began.
    pub began_ns: i64,
    /// The last run was killed: what it left unfinished is cleared away.
    pub after_crash: bool,
    /// Of a run that connects this machine.
    trial: Option<Trial<'a>>,
    lock: FileLock,
}

impl<'a> Writer<'a> {
    pub fn take(session: &'a Session<'a>) -> Result<Self, FlowError> {
        Self::begin(session, false)
    }

    /// The same for whoever connects this machine to a vault: that may begin anew.
    pub fn take_to_connect(session: &'a Session<'a>) -> Result<Self, FlowError> {
        Self::begin(session, true)
    }

    fn begin(session: &'a Session<'a>, connects: bool) -> Result<Self, FlowError> {
        let places = &session.places;
        let lock = session.run_lock()?;
        let began_ns = modified_ns(&places.run_lock())?;
        let after_crash = lock.abandoned.is_some();
        if after_crash {
            lock.pass_on(true);
            for dir in [&places.data, &places.state, &places.seen()] {
                sweep_temp_files(dir.as_path())?;
            }
            sweep_beside(places.config_file.as_path())?;
        }
        succeed(&places.store())?;
        let trial = if connects {
            Some(Trial::begin(session)?)
        } else {
            lacking::refuse_gone(session)?;
            None
        };
        let store = Store::open(&places.store())?;
        lacking::refuse_nameless(session, &store)?;
        if after_crash {
            store.sweep()?;
        }
        // One that is only tried is not kept yet.
        let machine = match (own_machine::known(session)?, &trial) {
            (Some(machine), _) => machine,
            (None, Some(_)) => MachineId::new(session.edges)?,
            (None, None) => own_machine::known_or_new(session)?,
        };
        Ok(Self {
            session,
            store,
            machine: RefCell::new(machine),
            began_ns,
            after_crash,
            trial,
            lock,
        })
    }

    /// What is gone of a machine that is to be connected, until it is.
    #[must_use]
    pub fn lacked(&self) -> Option<Lack> {
        self.trial.as_ref()?.lack()
    }

    /// What was made to connect this machine stays, its name too.
    pub fn settle(&self) -> Result<(), FlowError> {
        if let Some(trial) = &self.trial {
            let machine = own_machine::known_or(self.session, || Ok(self.machine()))?;
            *self.machine.borrow_mut() = machine;
            trial.succeeded();
        }
        Ok(())
    }

    #[must_use]
    pub fn machine(&self) -> MachineId {
        self.machine.borrow().clone()
    }

    /// A machine whose record somebody else wrote is a clone: it goes on under a new name.
    pub fn rename_machine(&self) -> Result<(), FlowError> {
        *self.machine.borrow_mut() = own_machine::renamed(self.session)?;
        Ok(())
    }

    #[must_use]
    pub fn author(&self) -> Author {
        self.session.author(&self.machine())
    }

    /// All that a killed run left is cleared away: the next run need not look again.
    pub fn all_swept(&self) {
        self.lock.pass_on(false);
    }

    /// The remote, cleared of what a killed run of this machine left there.
    pub fn remote(&self, aim: Aim) -> Result<Option<Box<dyn Remote>>, FlowError> {
        let remote = self.session.remote(&self.machine(), aim)?;
        if let Some(remote) = remote.as_ref().filter(|_| self.after_crash) {
            let sent = Sent::all(&self.store)?;
            remote.sweep(&sent.iter().map(|sent| sent.to).collect::<Vec<_>>())?;
        }
        Ok(remote)
    }
}

/// Clears away the temp files of a file that may be a link to another place.
fn sweep_beside(file: &Path) -> Result<(), FlowError> {
    let real = file.canonicalize();
    if let Some(dir) = real.as_deref().unwrap_or(file).parent() {
        sweep_temp_files(dir)?;
    }
    Ok(())
}

/// The lock file was written just now: its time is what the file system calls now.
fn modified_ns(file: &HostPath) -> Result<i64, FlowError> {
    let meta = std::fs::metadata(file).map_err(BaseError::io("look at", file.as_path()))?;
    Ok(meta
        .mtime()
        .saturating_mul(1_000_000_000)
        .saturating_add(meta.mtime_nsec()))
}
