//! A remote that is a bare repository on a disk of this machine.
//!
//! Where git is installed its own `receive-pack` takes the push, so that the remote's hooks run and
//! its quarantine holds. Elsewhere the pack goes into the object store and the ref is swapped under
//! its lock. libgit2's own push overwrites a ref that moved meanwhile, so it is not used.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use git2::Repository;

use crate::base::{Env, MachineId, ObjectId, Program, Tell, find_program};
use crate::vault::{Objects, Store, WireError};

use super::{PushOutcome, Remote, Update, fetch, place, receive};

/// What a remote needs to know of this machine.
#[derive(Clone, Debug)]
pub struct WireOptions {
    pub env: Env,
    pub machine: MachineId,
    /// As long may the other side be silent.
    pub idle: Duration,
}

pub struct PathRemote {
    pub(super) path: PathBuf,
    pub(super) url: String,
    pub(super) options: WireOptions,
}

/// Another push may hold the ref's lock for a moment: the answer is no, and the ref moves just after.
const LOOK_AGAIN: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(20),
    Duration::from_millis(60),
    Duration::from_millis(150),
];

impl PathRemote {
    #[must_use]
    pub fn new(path: &Path, url: &str, options: WireOptions) -> Self {
        Self {
            path: path.to_owned(),
            url: url.to_owned(),
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
        update: Update,
        tell: Tell<'_>,
    ) -> Result<PushOutcome, WireError> {
        let safe = format!("safe.directory={}", self.path.display());
        let program = Program::new(git, &self.options.env)
            .var("GIT_CONFIG_GLOBAL", "/dev/null")
            .var("GIT_CONFIG_NOSYSTEM", "1")
            .args(["-c", &safe, "receive-pack"])
            .args([&self.path]);
        let mut running =
            program
                .start(self.options.idle)
                .map_err(|fault| WireError::Unreachable {
                    url: self.url.clone(),
                    reason: fault.to_string(),
                })?;
        let said = receive::push(&mut running, objects, update, tell);
        let (_, words, silent) = running.finish();
        self.settle(
            update,
            &Heard {
                said,
                words,
                silent,
            },
        )
    }

    /// The ref decides what happened; what was said only explains it.
    fn settle(&self, update: Update, heard: &Heard) -> Result<PushOutcome, WireError> {
        if matches!(&heard.said, Ok(said) if said.moved) {
            return Ok(PushOutcome::Moved);
        }
        for pause in LOOK_AGAIN {
            thread::sleep(pause);
            let now = self.tip_now()?;
            if now == Some(update.to) {
                return Ok(PushOutcome::Accepted);
            }
            if now != update.from {
                return Ok(self.moved_or_grown(update, now));
            }
        }
        if !self.is_writable() {
            return Err(WireError::NotAllowed {
                url: self.url.clone(),
                reason: "it is read-only for this user".to_owned(),
            });
        }
        let words = receive::printable(heard.words.as_bytes());
        match &heard.said {
            // Another push is at work, or died at it: the next attempts wait for either to show.
            Ok(said) if said.refused && self.ref_lock().exists() => Ok(PushOutcome::Moved),
            Ok(said) if said.ok => Ok(PushOutcome::Refused {
                reason: "it said that it took the push, and its branch is where it was".to_owned(),
            }),
            Ok(said) if said.refused => Ok(PushOutcome::Refused {
                reason: said.reason.clone(),
            }),
            Err(broken) if !broken.asked && !heard.silent && !words.is_empty() => {
                Ok(PushOutcome::Refused { reason: words })
            }
            _ => Err(self.unknown(heard, &words)),
        }
    }

    /// It was asked to move the ref and never said what became of it: it may still move.
    fn unknown(&self, heard: &Heard, words: &str) -> WireError {
        let what = match &heard.said {
            _ if heard.silent => {
                let seconds = self.options.idle.as_secs();
                format!("it was silent for {seconds} s, so the push was given up")
            }
            Ok(said) if !said.reason.is_empty() => {
                format!("it did not say whether it took the push: {}", said.reason)
            }
            Ok(_) => "it did not say whether it took the push".to_owned(),
            Err(broken) => broken.fault.to_string(),
        };
        let colon = if words.is_empty() { "" } else { ": " };
        WireError::Unreachable {
            url: self.url.clone(),
            reason: format!("{what}{colon}{words}"),
        }
    }

    /// Our commit may have arrived, and another machine's on top of it, before the ref was read.
    pub(super) fn moved_or_grown(&self, update: Update, now: Option<ObjectId>) -> PushOutcome {
        let grown = now.is_some_and(|now| {
            self.open().is_ok_and(|repo| {
                let ours = crate::vault::store::oid(update.to);
                repo.graph_descendant_of(crate::vault::store::oid(now), ours)
                    .unwrap_or(false)
            })
        });
        if grown {
            PushOutcome::Accepted
        } else {
            PushOutcome::Moved
        }
    }

    pub(super) fn is_writable(&self) -> bool {
        let access = |name: &str| {
            rustix::fs::access(self.path.join(name), rustix::fs::Access::WRITE_OK).is_ok()
        };
        access("objects") && access("refs")
    }
}

struct Heard {
    said: Result<receive::Said, receive::Broken>,
    words: String,
    silent: bool,
}

impl Remote for PathRemote {
    fn url(&self) -> &str {
        &self.url
    }

    fn tip(&self) -> Result<Option<ObjectId>, WireError> {
        self.tip_now()
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
        match find_program(&self.options.env, "git") {
            Some(git) => self.push_through_git(&git, objects, update, tell),
            None => self.push_into_store(objects, update, tell),
        }
    }

    fn sweep(&self, sent: &[ObjectId]) -> Result<(), WireError> {
        self.break_dead_locks(sent)?;
        self.sweep_store()
    }
}
