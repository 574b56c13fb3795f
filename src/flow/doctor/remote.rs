//! The remote: whether it is there for this machine, and whether it has what it was seen to have.

use crate::base::Timestamp;
use crate::layout::MachineRecord;

use super::super::hints::quoted;
use super::super::records::AHEAD;
use super::super::{ErrorKind, FlowError, Healed, offline};
use super::asked::Standing;
use super::found::{Found, counted};
use super::ground::Ground;

/// It answers, and lets this machine read and write.
pub fn remote(ground: &Ground<'_>) -> Result<Found, Found> {
    ground.config()?;
    match ground.asked() {
        Ok(None) => Ok(Found::warn(
            "none: the vault is on this machine alone",
            "holdall backup configure URL",
        )),
        Ok(Some(asked)) => Ok(Found {
            ms: Some(asked.ms),
            ..Found::ok(format!("{} answers", asked.url))
        }),
        Err(fault) => Ok(of_remote(ground, fault)),
    }
}

/// A remote that does not answer may be back any moment, or have another address by now.
fn of_remote(ground: &Ground<'_>, fault: &FlowError) -> Found {
    let url = ground.session.config.remote_url.as_deref();
    match (fault.kind(), url) {
        (ErrorKind::Unreachable, Some(url)) => Found::fail(
            fault.message(),
            format!(
                "when it is there again, or with its new address: `holdall backup configure {}`",
                quoted(url)
            ),
        ),
        _ => ground.of_remote(fault).unwrap_or_else(|| Found::of(fault)),
    }
}

/// It has what it was seen to have, and neither side lacks anything of the other.
pub fn in_step(ground: &Ground<'_>) -> Result<Found, Found> {
    ground.config()?;
    let asked = ground.asked().map_err(|_| Found::waits("remote"))?;
    let Some(asked) = asked else {
        return Ok(Found::ok("there is no remote"));
    };
    Ok(match &asked.standing {
        Ok(standing) => of_standing(*standing, kept(ground)?),
        Err(fault) => ground.of_content(fault),
    })
}

/// How many commits were kept here while the remote was away.
fn kept(ground: &Ground<'_>) -> Result<usize, Found> {
    let store = ground.store()?;
    // A store whose refs cannot be read is told of by its own check.
    Ok(store.map_or(0, |store| offline::waiting(store).unwrap_or(0)))
}

fn of_standing(standing: Standing, kept: usize) -> Found {
    let (push, pull) = ("holdall backup push", "holdall backup pull");
    match standing {
        Standing::Empty => Found::warn("nothing was pushed there yet", push),
        Standing::Unmet => Found::warn("nothing of the vault was taken in here yet", pull),
        Standing::Apart { ahead, behind } => {
            let commits = |count: usize| counted(count as u64, "commit");
            match (ahead + kept, behind) {
                (0, 0) => Found::ok("the remote and this machine have the same"),
                (0, _) => Found::warn(format!("{} to take in", commits(behind)), pull),
                (ahead, 0) => Found::warn(format!("{} to send", commits(ahead)), push),
                (ahead, _) => Found::warn(
                    format!("{} to send, {} to take in", commits(ahead), commits(behind)),
                    "holdall sync",
                ),
            }
        }
        // This machine has all of it, and a push brings it back.
        Standing::Lost(healed) => {
            let message = match healed {
                Healed::Emptied => "the remote is empty, and was not when it was seen last",
                Healed::Rewound => "the remote is older than it was when it was seen last",
                Healed::Diverged => "the remote went another way than what was seen of it",
            };
            Found::fail(message, push)
        }
    }
}

/// Nobody writes from the future: times order what people are shown.
pub fn clock(ground: &Ground<'_>) -> Result<Found, Found> {
    let Some(tip) = ground.tip()? else {
        return Ok(Found::ok("nobody wrote yet"));
    };
    let now = ground.session.edges.clock.now();
    let own = ground.session.machine().ok().flatten();
    Ok(match ahead(&tip.machines, now) {
        Some(other) if own.as_ref() == Some(&other.machine) => Found::warn(
            format!(
                "this machine last pushed at {}, which is still to come",
                other.last_push.locally_readable()
            ),
            "see that the clock of this machine is right, and then: `holdall backup push`",
        ),
        Some(other) => Found::warn(
            format!(
                "{} last pushed at {}, which is still to come here",
                other.name,
                other.last_push.locally_readable()
            ),
            format!(
                "set the clock of {} or of this machine, and push there",
                other.name
            ),
        ),
        None => Found::ok("no machine is ahead of this one"),
    })
}

/// The machine that is the furthest ahead of now, and by more than a little.
fn ahead(machines: &[MachineRecord], now: Timestamp) -> Option<&MachineRecord> {
    let last = machines.iter().max_by_key(|it| it.last_push)?;
    (last.last_push.millis().saturating_sub(now.millis()) > AHEAD).then_some(last)
}
