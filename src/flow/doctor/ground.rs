//! What several checks stand on, each part made by the first that asks for it.

use std::cell::OnceCell;

use crate::base::HostPath;
use crate::config::Config;
use crate::tasks::{TasksError, Verified as VerifiedTasks};
use crate::vault::{Depth, Store, Verified};

use super::super::hints::quoted;
use super::super::status::{StatusOptions, StatusReport, status};
use super::super::{ErrorKind, FlowError, Session, Stage};
use super::asked::{Asked, ask};
use super::found::{Found, counted};
use super::tip::Tip;
use super::{Background, DoctorOptions};

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
        self.opened().map_err(|_| Found::waits("store"))
    }

    /// The same, and why it cannot be opened.
    pub fn opened(&self) -> Result<Option<&Store>, Found> {
        let open = || open(self.session).map_err(|message| self.of_store(&message));
        shared(&self.store, open).map(Option::as_ref)
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
            let fault = |fault: FlowError| self.of_store(&fault.message());
            found.map(Some).map_err(|it| fault(it.into()))
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
        let look = || verify_tasks(self).map_err(|fault| self.of_tasks(&fault));
        shared(&self.tasks, look).map(Option::as_ref)
    }

    /// What waits here, as this disk stands to the vault that was seen last.
    pub fn status(&self) -> Result<&StatusReport, Found> {
        let look = || {
            self.config()?;
            let options = StatusOptions { offline: true };
            status(self.session, options).map_err(|fault| self.of_disk(&fault))
        };
        shared(&self.status, look)
    }

    /// Damage of the store, and what brings it back. Without a remote nothing does.
    pub fn of_store(&self, message: &str) -> Found {
        let store = self.session.places.store();
        let fix = if self.session.config.remote_url.is_some() {
            format!("{} && holdall backup pull", set_aside(&store))
        } else {
            format!(
                "keep {store}, the only copy there is, and look at it with `git fsck`: a backup of it has to take its place"
            )
        };
        Found::fail(message, fix)
    }

    /// A task list that cannot be used. What the vault has of it a pull brings back.
    pub fn of_tasks(&self, fault: &FlowError) -> Found {
        if fault.kind() == ErrorKind::Corrupt {
            self.damaged_tasks(&fault.message())
        } else {
            Found::of(fault)
        }
    }

    pub fn damaged_tasks(&self, message: &str) -> Found {
        let file = self.session.places.tasks();
        let fix = format!("{} && holdall backup pull", set_aside(&file));
        let rest = "changes that no push took are in that file alone";
        Found::fail(format!("{message}; {rest}"), fix)
    }

    /// Why something in the store cannot be read, unless the check of the store tells it already.
    fn of_content(&self, fault: &FlowError) -> Found {
        if self.store_is_well() {
            self.of_store(&fault.message())
        } else {
            Found::waits("store")
        }
    }

    /// Why this disk cannot be compared with the vault.
    fn of_disk(&self, fault: &FlowError) -> Found {
        if fault.kind() == ErrorKind::Corrupt && !self.store_is_well() {
            Found::waits("store")
        } else {
            Found::of(fault)
        }
    }

    pub fn store_is_well(&self) -> bool {
        let found = self.verified();
        found.is_ok_and(|found| found.is_none_or(|it| it.faults.is_empty()))
    }
}

/// A part that was made once, for the next one who asks.
fn shared<T>(
    cell: &OnceCell<Result<T, Found>>,
    make: impl FnOnce() -> Result<T, Found>,
) -> Result<&T, Found> {
    cell.get_or_init(make).as_ref().map_err(Clone::clone)
}

/// A store without a HEAD is none to git, and would be made anew beside what is left of it.
fn open(session: &Session<'_>) -> Result<Option<Store>, String> {
    let place = session.places.store();
    let store = session.store().map_err(|fault| fault.message())?;
    if store.is_none() && place.as_path().exists() {
        return Err(format!(
            "{place} has no HEAD: git takes it for no repository"
        ));
    }
    Ok(store)
}

fn verify_tasks(ground: &Ground<'_>) -> Result<Option<VerifiedTasks>, FlowError> {
    let session = ground.session;
    let Some(store) = session.task_store_there()? else {
        return Ok(None);
    };
    if let Some(said) = store.verify_file(ground.options.integrity)? {
        return Err(TasksError::Broken { said }.into());
    }
    let dir = super::scratch()?;
    let place = HostPath::new(dir.path())?;
    let found = store.verify(session.edges, (&place, &session.holder()))?;
    Ok(Some(found))
}

/// Moves something out of the way, to a name that says why.
fn set_aside(path: &HostPath) -> String {
    let path = path.to_string();
    // What was moved aside before may be all that is left of something.
    let mut names = (1..).map(|number| match number {
        1 => format!("{path}.damaged"),
        _ => format!("{path}.damaged-{number}"),
    });
    let is_free = |name: &String| std::fs::symlink_metadata(name).is_err();
    let aside = names.find(is_free).expect("there is no end of numbers");
    format!("mv {} {}", quoted(&path), quoted(&aside))
}

/// How much was looked at.
pub fn objects(found: &Verified) -> String {
    counted(found.objects, "object")
}
