//! A lock on a file that the system lets go of when its holder dies.

use std::cell::Cell;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};

use super::{BaseError, Timestamp, create_private_dir, seams};

/// How long the lock of somebody who died is waited for: two seconds.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(10);

/// Who holds a lock, as it wrote into the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: u32,
    pub command: String,
    pub since: Timestamp,
}

impl Holder {
    /// Whether a process of its number runs; where nobody can say, one does.
    fn is_alive(&self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        pid.is_none_or(|pid| test_kill_process(pid) != Err(Errno::SRCH))
    }
}

/// What came of asking for a lock.
#[must_use]
pub enum LockOutcome {
    Taken(FileLock),
    /// Somebody else has it; who, if it already said so.
    Busy(Option<Holder>),
}

/// How a lock stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockState {
    Free,
    /// By somebody who did not say yet who that is.
    Held,
    HeldBy(Holder),
}

impl LockState {
    #[must_use]
    pub fn is_held(&self) -> bool {
        *self != Self::Free
    }

    /// Who has it, if that is known.
    #[must_use]
    pub fn holder(self) -> Option<Holder> {
        match self {
            Self::HeldBy(holder) => Some(holder),
            Self::Free | Self::Held => None,
        }
    }
}

/// A held lock: let go when dropped, and by the system when the process dies.
pub struct FileLock {
    file: File,
    /// The last holder died without letting go: what it left unfinished is to be cleared away.
    pub abandoned: Option<Holder>,
    pass_on: Cell<bool>,
}

impl FileLock {
    /// Takes the lock if it is free, and waits for nobody who is alive. A child that was being made
    /// when its parent was killed, or let go, has the parent's lock for an instant more; and somebody
    /// who has just taken it says a moment later who that is.
    pub fn try_take(path: &Path, holder: &Holder) -> Result<LockOutcome, BaseError> {
        for _ in 0..TRIES {
            match Self::attempt(path, holder)? {
                LockOutcome::Busy(other) if other.as_ref().is_none_or(|it| !it.is_alive()) => {
                    thread::sleep(PAUSE);
                }
                outcome => return Ok(outcome),
            }
        }
        Self::attempt(path, holder)
    }

    /// Takes the lock of a file, which lies beside it. Whoever has it edits the file, and is waited for.
    pub fn beside(
        path: &Path,
        holder: &Holder,
        patience: Duration,
    ) -> Result<LockOutcome, BaseError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let (file, since) = (PathBuf::from(name), Instant::now());
        loop {
            match Self::try_take(&file, holder)? {
                LockOutcome::Busy(_) if since.elapsed() < patience => thread::sleep(PAUSE / 2),
                outcome => return Ok(outcome),
            }
        }
    }

    /// How a lock stands now, without asking for it. The system's word counts: what is written there may
    /// be of somebody who died.
    pub fn state(path: &Path) -> Result<LockState, BaseError> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => {
                return Ok(LockState::Free);
            }
            Err(fault) => return Err(BaseError::io("open the lock", path)(fault)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(LockState::Free),
            Err(TryLockError::Error(fault)) => Err(BaseError::io("lock", path)(fault)),
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                file.read_to_string(&mut text)
                    .map_err(BaseError::io("read", path))?;
                Ok(first_holder(&text).map_or(LockState::Held, LockState::HeldBy))
            }
        }
    }

    /// Whether others would still meet it at this place. A file that was taken away is locked in vain.
    #[must_use]
    pub fn is_at(&self, path: &Path) -> bool {
        let place = |seen: Metadata| (seen.dev(), seen.ino());
        let [ours, there] = [self.file.metadata(), fs::metadata(path)].map(|seen| seen.map(place));
        matches!((ours, there), (Ok(ours), Ok(there)) if ours == there)
    }

    fn attempt(path: &Path, holder: &Holder) -> Result<LockOutcome, BaseError> {
        if let Some(dir) = path.parent() {
            create_private_dir(dir)?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(BaseError::io("open the lock", path))?;
        let free = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(fault)) => return Err(BaseError::io("lock", path)(fault)),
        };
        let mut text = String::new();
        let written = file.read_to_string(&mut text).map(|_| text);
        let named = written.ok().and_then(|text| first_holder(&text));
        if !free {
            return Ok(LockOutcome::Busy(named));
        }
        let mut lock = Self {
            file,
            abandoned: named,
            pass_on: Cell::new(false),
        };
        let line = serde_json::to_vec(holder).expect("a holder is plain data");
        lock.rewrite(&line).map_err(BaseError::io("write", path))?;
        Ok(LockOutcome::Taken(lock))
    }

    /// Whether the next holder is told of the abandoned one again: it is, as long as not all that
    /// was left is cleared away.
    pub fn pass_on(&self, is_left: bool) {
        self.pass_on.set(is_left);
    }

    /// Never empty in between: one killed there would leave no sign of the one before it.
    fn rewrite(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(bytes)?;
        self.file.set_len(bytes.len() as u64)
    }
}

/// Behind it may stand the end of an older and longer one.
fn first_holder(text: &str) -> Option<Holder> {
    let mut holders = serde_json::Deserializer::from_str(text).into_iter();
    holders.next()?.ok()
}

impl Drop for FileLock {
    /// An empty file says that the holder ended in order.
    fn drop(&mut self) {
        if seams::is_dead() {
            return;
        }
        let abandoned = self.abandoned.as_ref().filter(|_| self.pass_on.get());
        let line = abandoned.and_then(|holder| serde_json::to_vec(holder).ok());
        self.rewrite(&line.unwrap_or_default()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(pid: u32) -> Holder {
        Holder {
            pid,
            command: "backup push".to_owned(),
            since: Timestamp::from_millis(5),
        }
    }

    #[test]
    fn a_second_taker_learns_who_holds_it() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let path = dir.path().join("lock");
        let first = FileLock::try_take(&path, &holder(1)).expect("no fault");
        let LockOutcome::Taken(first) = first else {
            panic!("it was free")
        };
        let second = FileLock::try_take(&path, &holder(2)).expect("no fault");
        let LockOutcome::Busy(Some(named)) = second else {
            panic!("it was held")
        };
        assert_eq!(named, holder(1));
        assert_eq!(
            FileLock::state(&path).expect("no fault"),
            LockState::HeldBy(holder(1))
        );
        drop(first);
        assert_eq!(FileLock::state(&path).expect("no fault"), LockState::Free);
        let third = FileLock::try_take(&path, &holder(3)).expect("no fault");
        let LockOutcome::Taken(third) = third else {
            panic!("it was let go")
        };
        assert_eq!(third.abandoned, None);
    }

    #[test]
    fn a_holder_that_died_is_named() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let path = dir.path().join("lock");
        std::fs::write(&path, serde_json::to_vec(&holder(7)).expect("plain data"))
            .expect("written");
        let taken = FileLock::try_take(&path, &holder(8)).expect("no fault");
        let LockOutcome::Taken(lock) = taken else {
            panic!("it was free")
        };
        assert_eq!(lock.abandoned, Some(holder(7)));
    }
}
