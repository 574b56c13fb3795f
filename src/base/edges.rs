//! The edges of the process: everything that is not a function of its arguments comes in here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{BaseError, Timestamp};

/// Where the time comes from.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Where chance comes from.
pub trait Random: Send + Sync {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BaseError>;
}

/// The clock of the machine.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock: everything else takes it as an argument"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(millis_of(SystemTime::now()))
    }
}

/// Milliseconds since 1970, and before it: a clock that was lost says anything.
fn millis_of(time: SystemTime) -> i64 {
    let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => millis(since),
        Err(before) => -millis(before.duration()),
    }
}

/// As much is drawn at once: of many ids few ask the system.
const DRAWN: usize = 256;

/// The random source of the machine.
pub struct OsRandom {
    /// What was drawn, and how much of that was given out.
    ahead: Mutex<([u8; DRAWN], usize)>,
}

impl Default for OsRandom {
    fn default() -> Self {
        Self {
            ahead: Mutex::new(([0; DRAWN], DRAWN)),
        }
    }
}

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BaseError> {
        if bytes.len() > DRAWN {
            return draw(bytes);
        }
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let (drawn, given) = &mut *ahead;
        if drawn.len() - *given < bytes.len() {
            draw(drawn)?;
            *given = 0;
        }
        let end = *given + bytes.len();
        bytes.copy_from_slice(&drawn[*given..end]);
        *given = end;
        Ok(())
    }
}

fn draw(bytes: &mut [u8]) -> Result<(), BaseError> {
    getrandom::fill(bytes).map_err(|fault| BaseError::Random {
        reason: fault.to_string(),
    })
}

/// The environment as it was when the process began, read once by the command line.
#[derive(Clone, Debug, Default)]
pub struct Env {
    vars: BTreeMap<String, OsString>,
    pub cwd: PathBuf,
    pub host_name: String,
    /// Somebody sits at the terminal and can be asked.
    pub attended: bool,
}

impl Env {
    #[must_use]
    pub fn new(
        vars: impl IntoIterator<Item = (String, OsString)>,
        cwd: PathBuf,
        host_name: String,
    ) -> Self {
        Self {
            vars: vars.into_iter().collect(),
            cwd,
            host_name,
            attended: false,
        }
    }

    /// The value of a variable; an empty one counts as not set.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&OsString> {
        self.vars.get(name).filter(|value| !value.is_empty())
    }

    /// All variables.
    pub fn all(&self) -> impl Iterator<Item = (&String, &OsString)> {
        self.vars.iter()
    }

    /// A variable that holds an absolute path, else nothing.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.var(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    }
}

/// Clock, chance and environment, handed down from `main`.
pub struct Edges {
    pub clock: Box<dyn Clock>,
    pub random: Box<dyn Random>,
    pub env: Env,
}

impl Edges {
    /// The real ones.
    #[must_use]
    pub fn system(env: Env) -> Self {
        Self {
            clock: Box::new(SystemClock),
            random: Box::new(OsRandom::default()),
            env,
        }
    }

    /// A clock that stands still and a source that counts: for tests.
    #[must_use]
    pub fn fixed(millis: i64) -> Self {
        Self {
            clock: Box::new(FixedClock(Timestamp::from_millis(millis))),
            random: Box::new(CountingRandom(AtomicU64::new(0))),
            env: Env::default(),
        }
    }
}

struct FixedClock(Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

struct CountingRandom(AtomicU64);

impl Random for CountingRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BaseError> {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        for (place, byte) in bytes
            .iter_mut()
            .rev()
            .zip(count.to_le_bytes().into_iter().chain(std::iter::repeat(0)))
        {
            *place = byte;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_say_anything() {
        let at = |seconds| Duration::from_secs(seconds);
        for (time, millis) in [
            (UNIX_EPOCH, 0),
            (UNIX_EPOCH + at(7), 7_000),
            (UNIX_EPOCH - at(315_619_200), -315_619_200_000),
            (UNIX_EPOCH + at(400_000_000_000), 400_000_000_000_000),
        ] {
            assert_eq!(millis_of(time), millis);
            let shown = Timestamp::from_millis(millis_of(time)).to_string();
            assert!(Timestamp::parse(&shown).is_ok(), "{shown}");
        }
    }
}
