//! What several checks stand on, each part made by the first that asks for it.

use std::cell::OnceCell;

use crate::config::Config;
use crate::tasks::Verified as VerifiedTasks;
use crate::vault::{Depth, Store, VaultError, Verified, WireError};

use super::super::hints::{Closed, REPAIR, whole_here_hints};
use super::super::lacking::{self, Lack};
use super::super::repair::look;
use super::super::status::{StatusOptions, StatusReport, status};
use super::super::{ErrorKind, FlowError, Session, Stage};
use super::asked::{Asked, ask};
use super::found::{Found, counted};
use super::tip::Tip;
use super::{Background, DoctorOptions, STORE};

/// A way to look for what is gone.
type Look = fn(&Session<'_>, &Store) -> Result<Option<Lack>, FlowError>;

/// What is looked at.
pub struct Ground<'a> {
    pub session: &'a Session<'a>,
    pub options: DoctorOptions,
    /// What is wrong with the configuration: the session has the defaults then.
    pub config: Option<Found>,
    store: OnceCell<Result<Option<Store>, Found>>,
    verified: OnceCell<Result<Option<Verified>, Found>>,
    tip: OnceCell<Result<Option<Tip>, Found>>,
    asked: OnceCell<Result<Option<Asked>, FlowError>>,
    tasks: OnceCell<Result<Option<VerifiedTasks>, Found>>,
    status: OnceCell<Result<StatusReport, Found>>,
    met: OnceCell<Found>,
}

impl<'a> Ground<'a> {
    pub const fn new(
        session: &'a Session<'a>,
        options: DoctorOptions,
        config: Option<Found>,
    ) -> Self {
        Self {
            session,
            options,
            config,
            store: OnceCell::new(),
            verified: OnceCell::new(),
            tip: OnceCell::new(),
            asked: OnceCell::new(),
            tasks: OnceCell::new(),
            status: OnceCell::new(),
            met: OnceCell::new(),
        }
    }

    pub const fn background(&self) -> Background {
        self.options.background
    }

    /// The settings, where they can be read.
    pub fn config(&self) -> Result<&Config, Found> {
        match self.config {
            None => Ok(&self.session.config),
            Some(_) => Err(Found::waits("config")),
        }
    }

    /// This machine's store, if there is one, for the checks that only want what is in it.
    pub fn store(&self) -> Result<Option<&Store>, Found> {
        self.opened().map_err(|_| Found::waits(STORE))
    }

    /// What is gone, by one way to look for it. A store that cannot be read tells nothing of it.
    pub fn lacks(&self, look: Look) -> Option<Found> {
        let store = self.store().ok().flatten()?;
        let lack = look(self.session, store).ok().flatten()?;
        Some(Found::lacking(self.session, lack))
    }

    /// Whether so much is gone that this machine begins anew: there is nothing to mend.
    pub fn is_all_gone(&self) -> bool {
        let gone = lacking::of_places(self.session).ok().flatten();
        gone == Some(Lack::Everything)
    }

    /// The same, and why it cannot be opened.
    pub fn opened(&self) -> Result<Option<&Store>, Found> {
        let open = || open(self.session).map_err(|found| self.or_closed(found));
        shared(&self.store, open).map(Option::as_ref)
    }

    /// What git may not read it takes for damaged, or for none at all.
    fn or_closed(&self, found: Found) -> Found {
        let closed = Closed::below(self.session.places.store().as_path());
        closed.map_or(found, |closed| Found::fail(closed.words(), closed.fix()))
    }

    /// What a look at the store came to.
    pub fn verified(&self) -> Result<Option<&Verified>, Found> {
        let look = || {
            let Some(store) = self.opened()? else {
                return Ok(None);
            };
            let depth = if self.options.integrity {
                Depth::Contents
            } else {
                Depth::Structure
            };
            let found = store.verify(depth, &self.session.tells(Stage::Verifying));
            let told = |fault: VaultError| self.or_closed(of_store(&fault.into()));
            found.map(Some).map_err(told)
        };
        shared(&self.verified, look).map(Option::as_ref)
    }

    /// What this machine's branch is at, with everything that its records say.
    pub fn tip(&self) -> Result<Option<&Tip>, Found> {
        let read = || match self.store()? {
            Some(store) => Tip::read(store).map_err(|fault| self.of_content(&fault)),
            None => Ok(None),
        };
        shared(&self.tip, read).map(Option::as_ref)
    }

    /// What the remote answered; nothing where there is none.
    pub fn asked(&self) -> Result<Option<&Asked>, &FlowError> {
        let answer = self.asked.get_or_init(|| {
            let store = self.store().ok().flatten();
            ask(self.session, store, self.options.integrity)
        });
        answer.as_ref().map(Option::as_ref)
    }

    /// Why the remote could not be asked, or is none that this machine goes on with.
    pub fn into_unasked(self) -> Option<FlowError> {
        match self.asked.into_inner()? {
            Ok(asked) => asked?.standing.err(),
            Err(fault) => Some(fault),
        }
    }

    /// What a look at the task list came to.
    pub fn tasks(&self) -> Result<Option<&VerifiedTasks>, Found> {
        let verify =
            || look(self.session, self.options.integrity).map_err(|fault| Self::of_tasks(&fault));
        shared(&self.tasks, verify).map(Option::as_ref)
    }

    /// What waits here, as this disk stands to the vault that was seen last.
    pub fn status(&self) -> Result<&StatusReport, Found> {
        let look = || {
            self.config()?;
            let options = StatusOptions { offline: true };
            let status = status(self.session, options);
            let status = status.map_err(|fault| self.of_content(&fault))?;
            match status.gone {
                Some(_) => Err(Found::waits(STORE)),
                None => Ok(status),
            }
        };
        shared(&self.status, look)
    }

    /// A task list that cannot be used. What the vault has of it a pull brings back.
    pub fn of_tasks(fault: &FlowError) -> Found {
        if fault.kind() == ErrorKind::Corrupt {
            Self::damaged_tasks(&fault.message())
        } else {
            Found::of(fault)
        }
    }

    pub fn damaged_tasks(message: &str) -> Found {
        Found::fail(message, REPAIR)
    }

    /// What could not be looked at, for what was read of the store on the way to it.
    pub fn of_content(&self, fault: &FlowError) -> Found {
        if fault.is_of_store() {
            self.met.get_or_init(|| of_store(fault));
            return Found::waits(STORE);
        }
        if let FlowError::Wire(WireError::Damaged { .. }) = fault {
            return self.of_remote(fault).unwrap_or_else(|| Found::of(fault));
        }
        if fault.kind() == ErrorKind::Corrupt && !self.store_is_well() {
            return Found::waits(STORE);
        }
        Found::of(fault)
    }

    /// A remote that is damaged, and that this machine can make again.
    pub fn of_remote(&self, fault: &FlowError) -> Option<Found> {
        let FlowError::Wire(WireError::Damaged { url, .. }) = fault else {
            return None;
        };
        let is_there = self.tip().is_ok_and(|tip| tip.is_some());
        let is_whole = is_there && self.store_is_well() && self.lacks(lacking::of_refs).is_none();
        let fix = is_whole.then(|| whole_here_hints(url).into_iter().next())?;
        Some(Found {
            fix,
            ..Found::told(fault)
        })
    }

    /// Damage that a check met. A look at the structure of the store does not find every one.
    pub fn met(&self) -> Option<&Found> {
        self.met.get()
    }

    fn store_is_well(&self) -> bool {
        let found = self.verified();
        found.is_ok_and(|found| found.is_none_or(|it| it.faults.is_empty()))
    }
}

/// Damage of the store; where it only cannot be opened, its own hint.
fn of_store(fault: &FlowError) -> Found {
    if fault.kind() == ErrorKind::Corrupt {
        Found::fail(fault.message(), REPAIR)
    } else {
        Found::of(fault)
    }
}

/// A part that was made once, for the next one who asks.
fn shared<T>(
    cell: &OnceCell<Result<T, Found>>,
    make: impl FnOnce() -> Result<T, Found>,
) -> Result<&T, Found> {
    cell.get_or_init(make).as_ref().map_err(Clone::clone)
}

/// A store without a HEAD is none to git, and would be made anew beside what is left of it. Nor is one
/// that is gone as if there had never been one: without it this machine would be new to the vault.
fn open(session: &Session<'_>) -> Result<Option<Store>, Found> {
    let place = session.places.store();
    let store = session.store_there().map_err(|fault| of_store(&fault))?;
    if store.is_none() && place.as_path().exists() {
        let message = format!("{place} has no HEAD: git takes it for no repository");
        return Err(Found::fail(message, REPAIR));
    }
    let gone = lacking::of_places(session).map_err(|fault| of_store(&fault))?;
    let known = || store.is_none() && lacking::was_known(session).is_ok_and(|known| known);
    match gone.or_else(|| known().then_some(Lack::Store)) {
        Some(lack) => Err(Found::lacking(session, lack)),
        None => Ok(store),
    }
}

/// How much was looked at.
pub fn objects(found: &Verified) -> String {
    counted(found.objects, "object")
}
