//! What became of a push. The ref decides; what was said only explains it.

use std::io;
use std::thread;
use std::time::Duration;

use crate::base::ObjectId;
use crate::vault::WireError;

use super::receive::Said;
use super::{PushOutcome, Update};

/// How a conversation about a push went.
#[derive(Debug)]
pub struct Heard {
    pub said: io::Result<Said>,
    /// What the program beside it said, for people.
    pub words: String,
    /// It was given up, because nothing was heard for so many seconds.
    pub silent: Option<u64>,
    /// What is wrong, where the way there has a name for it.
    pub fault: Option<WireError>,
}

/// Another push may hold the ref's lock for a moment: the answer is no, and the ref moves just after.
const LOOK_AGAIN: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(20),
    Duration::from_millis(60),
    Duration::from_millis(150),
];

/// What the ref says, looked at until it says something or that was long enough. Nothing where it
/// still is what it was.
pub fn by_ref(
    update: Update,
    tip: &dyn Fn() -> Result<Option<ObjectId>, WireError>,
    is_grown: &dyn Fn(ObjectId) -> bool,
) -> Result<Option<PushOutcome>, WireError> {
    for pause in LOOK_AGAIN {
        thread::sleep(pause);
        let now = tip().map_err(lost)?;
        if now == Some(update.to) {
            return Ok(Some(PushOutcome::Accepted));
        }
        if now != update.from {
            return Ok(Some(moved_or_grown(now, is_grown)));
        }
    }
    Ok(None)
}

/// Our commit may have arrived, and another machine's on top of it, before the ref was read.
pub fn moved_or_grown(now: Option<ObjectId>, is_grown: &dyn Fn(ObjectId) -> bool) -> PushOutcome {
    if now.is_some_and(is_grown) {
        PushOutcome::Accepted
    } else {
        PushOutcome::Moved
    }
}

impl Heard {
    /// What is to be said where the ref stayed what it was.
    pub fn unmoved(self, url: &str) -> Result<PushOutcome, WireError> {
        match self.said {
            Ok(said) if said.ok => Ok(PushOutcome::Refused {
                reason: "it said that it took the push, and its branch is where it was".to_owned(),
            }),
            Ok(said) if said.refused => Ok(PushOutcome::Refused {
                reason: said.reason,
            }),
            said => Err(match self.fault {
                Some(fault) => lost(fault),
                None => unknown(url, &said, &self.words, self.silent),
            }),
        }
    }
}

/// It was asked to move the ref and never said what became of it: it may still move.
fn unknown(url: &str, said: &io::Result<Said>, words: &str, silent: Option<u64>) -> WireError {
    let what = match (said, silent) {
        (_, Some(seconds)) => {
            format!("it was silent for {seconds} s, so the push was given up")
        }
        (Ok(said), _) if !said.reason.is_empty() => {
            format!("it did not say whether it took the push: {}", said.reason)
        }
        (Ok(_), _) => "it did not say whether it took the push".to_owned(),
        (Err(fault), _) => fault.to_string(),
    };
    let colon = if words.is_empty() { "" } else { ": " };
    WireError::Unconfirmed {
        url: url.to_owned(),
        reason: format!("{what}{colon}{words}"),
    }
}

/// Whoever could still have taken it is gone.
pub fn over(fault: WireError) -> WireError {
    match fault {
        WireError::Unconfirmed { url, reason } => WireError::Unreachable { url, reason },
        other => other,
    }
}

/// It was sent, and then nobody answered any more: it may have arrived all the same.
pub fn lost(fault: WireError) -> WireError {
    match fault {
        WireError::Unreachable { url, reason } => WireError::Unconfirmed { url, reason },
        other => other,
    }
}
