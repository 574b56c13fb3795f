//! A remote that is a bare repository on a disk of this machine.
//!
//! Where git is installed its own `receive-pack` takes the push, so that the remote's hooks run and
//! its quarantine holds. Elsewhere, and where a small push has nothing of that to expect, the pack goes
//! into the object store and the ref is swapped under its lock. libgit2's own push overwrites a ref that
//! moved meanwhile, so it is not used.

use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};

use git2::Repository;

use crate::base::{MachineId, ObjectId, Tell, find_program};
use crate::vault::{Objects, Store, WireError};

use super::child::{ChildCall, NoAnswer};
use super::line::Line;
use super::settle::{self, Heard};
use super::{PushOutcome, Remote, Update, WireOptions, fetch, place, receive, send};

pub struct PathRemote {
    pub(super) path: PathBuf,
    pub(super) url: String,
    pub(super) options: WireOptions,
    /// Whose temp files those are that are made there.
    pub(super) machine: RefCell<MachineId>,
}

impl PathRemote {
    #[must_use]
    pub fn new(path: &Path, url: &str, options: WireOptions) -> Self {
        Self {
            path: path.to_owned(),
            url: url.to_owned(),
            machine: RefCell::new(options.machine.clone()),
            options,
        }
    }

    pub(super) fn open(&self) -> Result<Repository, WireError> {
        place::open(&self.path, &self.url)
    }

    /// Reads the ref from the disk again, past everything that was cached.
    fn tip_now(&self) -> Result<Option<ObjectId>, WireError> {
        place::tip(&self.open()?, &self.url)
    }

    fn push_through_git(
        &self,
        git: &Path,
        objects: &Objects<'_>,
        (update, ids): (Update, &[ObjectId]),
        tell: Tell<'_>,
    ) -> Result<PushOutcome, WireError> {
        // A hook that hangs is ended with it: it holds what git says open, and would be waited for.
        let program = self.ask(git).leading();
        let program = program.args(["receive-pack".as_ref(), self.path.as_os_str()]);
        let blame = {
            let url = self.url.clone();
            move |fault: &NoAnswer| WireError::Unreachable {
                url: url.clone(),
                reason: fault.reason(),
            }
        };
        let call = ChildCall::start(program, self.options.idle);
        match call.and_then(|call| call.hear(Box::new(blame.clone()))) {
            Err(_) if !self.is_writable() => Err(self.read_only()),
            Err(fault) if fault.silent.is_none() && !fault.words.is_empty() => {
                Ok(PushOutcome::Refused {
                    reason: fault.words,
                })
            }
            Err(fault) => Err(blame(&fault)),
            Ok((advert, line)) if advert.tip != update.from => {
                Box::new(line).leave();
                Ok(PushOutcome::Moved)
            }
            Ok((_, line)) => {
                let say =
                    &mut |out: &mut dyn Write| receive::request(out, objects, (update, ids), tell);
                self.settle(update, Box::new(line).send(say))
            }
        }
    }

    /// The ref decides what happened; what was said only explains it.
    fn settle(&self, update: Update, heard: Heard) -> Result<PushOutcome, WireError> {
        let is_grown = |now| self.is_grown(update, now);
        if let Some(outcome) = settle::by_ref(update, &|| self.tip_now(), &is_grown)? {
            return Ok(outcome);
        }
        if !self.is_writable() {
            return Err(self.read_only());
        }
        match &heard.said {
            // Another push is at work, or died at it: the next attempts wait for either to show.
            Ok(said) if said.refused && self.ref_lock().exists() => Ok(PushOutcome::Moved),
            // Whatever was at it has ended by now: where the ref did not move it stays.
            _ => heard.unmoved(&self.url).map_err(settle::over),
        }
    }

    pub(super) fn read_only(&self) -> WireError {
        WireError::NotAllowed {
            url: self.url.clone(),
            reason: "it is read-only for this user".to_owned(),
        }
    }

    pub(super) fn is_grown(&self, update: Update, now: ObjectId) -> bool {
        self.open().is_ok_and(|repo| {
            let ours = crate::vault::store::oid(update.to);
            repo.graph_descendant_of(crate::vault::store::oid(now), ours)
                .unwrap_or(false)
        })
    }

    pub(super) fn is_writable(&self) -> bool {
        let access = |name: &str| {
            rustix::fs::access(self.path.join(name), rustix::fs::Access::WRITE_OK).is_ok()
        };
        access("objects") && access("refs")
    }
}

impl Remote for PathRemote {
    fn url(&self) -> &str {
        &self.url
    }

    fn tip(&self) -> Result<Option<ObjectId>, WireError> {
        self.tip_now()
    }

    fn may_write(&self) -> Result<(), WireError> {
        if self.is_writable() {
            Ok(())
        } else {
            Err(self.read_only())
        }
    }

    fn fetch(&self, store: &Store, tip: ObjectId, tell: Tell<'_>) -> Result<(), WireError> {
        if store.has(tip) {
            return Ok(());
        }
        fetch::copy((&|| self.open(), &self.url), store, tip, tell)
    }

    fn push(
        &self,
        objects: &Objects<'_>,
        update: Update,
        tell: Tell<'_>,
    ) -> Result<PushOutcome, WireError> {
        if update.from.is_none() {
            place::point_head_at_branch(&self.open()?);
        }
        // Git never breaks a lock, however old.
        self.break_stale_lock();
        let ids = send::missing(objects, update.from, update.to)?;
        let git = find_program(&self.options.env, "git");
        if let Some(git) = git.as_ref().filter(|_| !self.needs_no_git(objects, &ids)) {
            return self.push_through_git(git, objects, (update, &ids), tell);
        }
        let outcome = self.push_into_store(objects, (update, &ids), tell);
        if let Some(git) = git {
            self.tidy(&git);
        }
        outcome
    }

    fn rename(&self, machine: &MachineId) {
        self.machine.replace(machine.clone());
    }

    fn sweep(&self, sent: &[ObjectId]) -> Result<(), WireError> {
        self.break_dead_locks(sent)?;
        self.sweep_store()
    }
}
