//! Whether a run is due: a function of what is known.

use chrono::{DateTime, Duration, TimeZone};

use crate::base::{MachineId, Timestamp};

use super::Cadence;

/// Whoever asks once a minute asks a moment too early every other time: so near counts as there.
pub const SLACK: Duration = Duration::seconds(30);

/// How long nothing is tried after so many failures in a row, in minutes.
const PAUSES: [i64; 5] = [1, 2, 5, 15, 60];

/// What came of the runs so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// When the last one began that went well.
    pub last_ok: Option<Timestamp>,
    /// How many failed since, and when the last of them ended.
    pub failed: Option<(u32, Timestamp)>,
}

/// What tells this machine's moments from those of others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread(pub(super) u32);

impl Spread {
    #[must_use]
    pub fn of(machine: &MachineId) -> Self {
        let hash = blake3::hash(machine.as_str().as_bytes());
        let [a, b, c, d, ..] = *hash.as_bytes();
        Self(u32::from_le_bytes([a, b, c, d]))
    }
}

/// Whether a run is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Now,
    /// Not before.
    From(Timestamp),
}

/// Whether a run is due now. However many were missed, one makes up for all of them.
pub fn due<Z: TimeZone>(
    cadence: &Cadence,
    facts: &Facts,
    spread: Spread,
    now: &DateTime<Z>,
) -> Due {
    let moment = moment(cadence, facts, spread, now);
    if moment <= now.clone() + SLACK {
        Due::Now
    } else {
        Due::From(stamp(&moment))
    }
}

/// Whether enough time went by since the last failure for another try.
pub fn rested<Z: TimeZone>(facts: &Facts, now: &DateTime<Z>) -> Due {
    match pause(facts, now) {
        Some(end) if end > now.clone() + SLACK => Due::From(stamp(&end)),
        _ => Due::Now,
    }
}

/// The next runs, each of which goes well.
pub fn upcoming<Z: TimeZone>(
    cadence: &Cadence,
    facts: &Facts,
    spread: Spread,
    now: &DateTime<Z>,
) -> impl Iterator<Item = Timestamp> {
    let first = moment(cadence, facts, spread, now).max(now.clone());
    let runs = std::iter::successors(Some(first), move |last| after(cadence, last, spread));
    runs.map(|run| stamp(&run))
}

/// From when on a run is due: one that was missed was due long ago.
fn moment<Z: TimeZone>(
    cadence: &Cadence,
    facts: &Facts,
    spread: Spread,
    now: &DateTime<Z>,
) -> DateTime<Z> {
    let last = facts.last_ok.and_then(|it| past(it, now));
    let wanted = last.and_then(|last| after(cadence, &last, spread));
    let wanted = wanted.unwrap_or_else(|| now.clone());
    pause(facts, now).map_or(wanted.clone(), |pause| pause.max(wanted))
}

/// Until when nothing is tried, because something failed.
fn pause<Z: TimeZone>(facts: &Facts, now: &DateTime<Z>) -> Option<DateTime<Z>> {
    let (times, ended) = facts.failed?;
    past(ended, now)?.checked_add_signed(pause_after(times))
}

/// A moment that was. What lies in the future says that the clock was set back, and nothing else.
fn past<Z: TimeZone>(stamp: Timestamp, now: &DateTime<Z>) -> Option<DateTime<Z>> {
    time(stamp, now).filter(|moment| *moment <= now.clone() + SLACK)
}

/// The next moment once a run began at this one. A run that began a little early was that of the moment to come.
fn after<Z: TimeZone>(
    cadence: &Cadence,
    last: &DateTime<Z>,
    spread: Spread,
) -> Option<DateTime<Z>> {
    match cadence {
        Cadence::Hourly => cadence.next(last, spread),
        _ => cadence.next(&(last.clone() + SLACK), spread),
    }
}

fn pause_after(times: u32) -> Duration {
    let step = usize::try_from(times).unwrap_or(usize::MAX);
    match step.checked_sub(1) {
        None => Duration::zero(),
        Some(step) => Duration::minutes(PAUSES[step.min(PAUSES.len() - 1)]),
    }
}

fn time<Z: TimeZone>(stamp: Timestamp, now: &DateTime<Z>) -> Option<DateTime<Z>> {
    now.timezone().timestamp_millis_opt(stamp.millis()).single()
}

fn stamp<Z: TimeZone>(moment: &DateTime<Z>) -> Timestamp {
    Timestamp::from_millis(moment.timestamp_millis())
}
