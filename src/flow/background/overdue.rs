//! Whether a push is overdue: what a person should hear without asking.
//!
//! One failure on a train is none of it. What may pass by itself is worth a word after a day without a
//! good push, and so is what a person saw fail who pushes by hand; everything else at once, where pushes
//! are to come by themselves. A moment that is far off in the future is as little of today as one in the
//! past: so a clock that was set back silences nothing for long, and one that was set a little says nothing.

use std::time::UNIX_EPOCH;

use serde::Serialize;

use crate::base::Timestamp;
use crate::runs::{History, Run, Runs};
use crate::schedule::{Cadence, Facts, Spread, upcoming};

use super::super::{ErrorKind, FlowError, Session};

pub const HOUR: i64 = 60 * 60 * 1000;
pub const DAY: i64 = 24 * HOUR;

/// No push failed, and none came.
pub const MISSED: &str = "missed";

/// What may pass by itself; and what is a slip of whoever typed it, or of a machine that has nothing yet.
const PASSING: [ErrorKind; 5] = [
    ErrorKind::Unreachable,
    ErrorKind::Unconfirmed,
    ErrorKind::Busy,
    ErrorKind::NotFound,
    ErrorKind::Usage,
];

/// A push that should have gone well by now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overdue {
    /// When the last one began that did.
    pub last_ok: Option<Timestamp>,
    /// How many failed since.
    pub failures: u32,
    /// The kind of the last failure, or [`MISSED`].
    pub kind: String,
    pub message: String,
}

/// The judgement on this machine, now.
pub fn overdue(session: &Session<'_>) -> Result<Option<Overdue>, FlowError> {
    overdue_by(session, session.config.schedule.as_deref())
}

/// The same by this schedule.
pub fn overdue_by(
    session: &Session<'_>,
    schedule: Option<&str>,
) -> Result<Option<Overdue>, FlowError> {
    let history = Runs::load(&session.places.runs())?.of("push");
    let machine = session.machine()?;
    let wanted = schedule.map(|schedule| Wanted {
        schedule,
        spread: machine.map_or_else(Spread::default, |machine| Spread::of(&machine)),
        set: configured(session),
    });
    Ok(judge(&history, wanted.as_ref(), session.edges.clock.now()))
}

/// What is to come by itself.
struct Wanted<'a> {
    schedule: &'a str,
    spread: Spread,
    /// When that was said, at the latest.
    set: Option<Timestamp>,
}

/// When the configuration was last written.
#[must_use]
pub fn configured(session: &Session<'_>) -> Option<Timestamp> {
    let meta = std::fs::metadata(&session.places.config_file).ok()?;
    let since = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let millis = i64::try_from(since.as_millis()).ok()?;
    Some(Timestamp::from_millis(millis))
}

/// Whether two moments are less than so many milliseconds apart, whichever came first.
#[must_use]
pub const fn is_within(one: Timestamp, other: Timestamp, millis: i64) -> bool {
    (one.millis() - other.millis()).abs() < millis
}

fn judge(history: &History, wanted: Option<&Wanted<'_>>, now: Timestamp) -> Option<Overdue> {
    let last_ok = history.last_ok.as_ref().map(|run| run.began);
    let of = |kind: &str, message: String| Overdue {
        last_ok,
        failures: history.failures,
        kind: kind.to_owned(),
        message,
    };
    let Some(failed) = history.last.as_ref().filter(|run| !run.ok) else {
        let message = missed(last_ok, wanted?, now)?;
        return Some(of(MISSED, message));
    };
    let is_of_today = |moment| is_within(moment, now, DAY);
    let speaks = match wanted {
        None => !is_of_today(failed.began),
        Some(_) if may_pass(failed) => {
            !is_of_today(last_ok.or(history.failing_since).unwrap_or(failed.began))
        }
        Some(_) => true,
    };
    let kind = failed.kind.as_deref().unwrap_or("failed");
    let message = failed.message.as_deref().unwrap_or("it failed");
    speaks.then(|| of(kind, message.to_owned()))
}

fn may_pass(run: &Run) -> bool {
    let is = |kind: &ErrorKind| run.kind.as_deref() == Some(kind.word());
    PASSING.iter().any(is)
}

/// What to say where two in a row did not come, and an hour went by: nobody is at work there. What was
/// set a moment ago has missed nothing.
fn missed(last: Option<Timestamp>, wanted: &Wanted<'_>, now: Timestamp) -> Option<String> {
    let cadence = Cadence::parse(wanted.schedule).ok()?;
    let last = last.max(wanted.set.filter(|set| *set <= now))?;
    let is_missed = if last > now {
        // Whoever is at work pushes as soon as the clock is set back.
        !is_within(last, now, DAY)
    } else {
        let facts = Facts {
            last_ok: Some(last),
            failed: None,
        };
        let second = upcoming(&cadence, &facts, wanted.spread, &last.local()).nth(1);
        second.is_some_and(|second| now.millis() - second.millis() > HOUR)
    };
    is_missed.then(|| format!("the schedule is `{cadence}`, and no push came by itself"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_222_923_123);

    fn ago(millis: i64) -> Timestamp {
        Timestamp::from_millis(NOW.millis() - millis)
    }

    fn run(began: Timestamp, kind: Option<ErrorKind>) -> Run {
        Run {
            began,
            ended: began,
            ok: kind.is_none(),
            kind: kind.map(|kind| kind.word().to_owned()),
            message: kind.map(|_| "no".to_owned()),
        }
    }

    /// One that went well so long ago, if any did, and one that failed so long ago.
    fn failed(good: Option<i64>, kind: ErrorKind, bad: i64) -> History {
        History {
            last: Some(run(ago(bad), Some(kind))),
            last_ok: good.map(|good| run(ago(good), None)),
            failures: 3,
            failing_since: Some(ago(bad)),
        }
    }

    fn good(millis: i64) -> History {
        let run = run(ago(millis), None);
        History {
            last: Some(run.clone()),
            last_ok: Some(run),
            ..History::default()
        }
    }

    /// The kind that is told.
    fn told(history: &History, schedule: Option<&str>) -> Option<String> {
        told_since(history, schedule, None)
    }

    /// The same of a schedule that was set then.
    fn told_since(
        history: &History,
        schedule: Option<&str>,
        set: Option<Timestamp>,
    ) -> Option<String> {
        let wanted = schedule.map(|schedule| wanted(schedule, set));
        judge(history, wanted.as_ref(), NOW).map(|found| found.kind)
    }

    fn wanted(schedule: &str, set: Option<Timestamp>) -> Wanted<'_> {
        Wanted {
            schedule,
            spread: Spread::default(),
            set,
        }
    }

    const MINUTES: i64 = 5 * 60 * 1000;
    const HOURLY: Option<&str> = Some("hourly");

    #[test]
    fn a_failure_on_a_train_is_worth_a_word_after_a_day() {
        use ErrorKind::{Busy, Unconfirmed, Unreachable};
        for kind in [Unreachable, Unconfirmed, Busy] {
            assert_eq!(told(&failed(Some(HOUR), kind, MINUTES), HOURLY), None);
            let long = failed(Some(DAY), kind, MINUTES);
            assert_eq!(told(&long, HOURLY).as_deref(), Some(kind.word()));
        }
    }

    #[test]
    fn what_does_not_pass_by_itself_is_told_at_once() {
        let history = failed(Some(HOUR), ErrorKind::Auth, MINUTES);
        let found = judge(&history, Some(&wanted("hourly", None)), NOW);
        let expected = Overdue {
            last_ok: Some(ago(HOUR)),
            failures: 3,
            kind: "auth".to_owned(),
            message: "no".to_owned(),
        };
        assert_eq!(found, Some(expected));
        // A schedule that cannot be read is meant all the same.
        assert!(told(&history, Some("now and then")).is_some());
    }

    #[test]
    fn a_slip_of_whoever_typed_it_is_forgotten_with_the_next_good_push() {
        let slip = failed(Some(HOUR), ErrorKind::NotFound, MINUTES);
        assert_eq!(told(&slip, HOURLY), None);
    }

    #[test]
    fn who_pushes_by_hand_is_reminded_a_day_later() {
        for kind in [ErrorKind::Auth, ErrorKind::Unreachable] {
            assert_eq!(told(&failed(Some(9 * DAY), kind, 23 * HOUR), None), None);
            assert!(told(&failed(Some(9 * DAY), kind, DAY), None).is_some());
        }
        assert_eq!(told(&good(99 * DAY), None), None);
    }

    #[test]
    fn where_none_went_well_yet_the_first_failure_counts() {
        let mut history = failed(None, ErrorKind::Unreachable, MINUTES);
        assert_eq!(told(&history, HOURLY), None);
        history.failing_since = Some(ago(DAY));
        assert!(told(&history, HOURLY).is_some());
        assert_eq!(told(&History::default(), HOURLY), None);
    }

    #[test]
    fn two_that_did_not_come_and_an_hour_say_that_nobody_is_at_work() {
        for (schedule, quiet, long) in [
            ("hourly", 3 * HOUR, 3 * HOUR + 1),
            ("* * * * *", HOUR, HOUR + MINUTES),
            // Where they come by the clock on the wall, the first may come at once.
            ("daily", 23 * HOUR, 2 * DAY + 4 * HOUR),
            ("weekly", 6 * DAY, 14 * DAY + 4 * HOUR),
        ] {
            assert_eq!(told(&good(quiet), Some(schedule)), None, "{schedule}");
            let long = told(&good(long), Some(schedule));
            assert_eq!(long.as_deref(), Some(MISSED), "{schedule}");
        }
        assert_eq!(told(&good(9 * DAY), Some("now and then")), None);
    }

    #[test]
    fn a_schedule_has_missed_nothing_from_before_it_was_set() {
        let set = |millis| Some(ago(millis));
        let long = good(99 * DAY);
        assert_eq!(told_since(&long, HOURLY, set(3 * HOUR)), None);
        assert!(told_since(&long, HOURLY, set(4 * HOUR)).is_some());
        // Nor has one that nobody ever followed gone well.
        let never = History::default();
        assert_eq!(told_since(&never, HOURLY, set(3 * HOUR)), None);
        assert!(told_since(&never, HOURLY, set(4 * HOUR)).is_some());
        assert!(told_since(&long, HOURLY, set(-HOUR)).is_some());
    }

    #[test]
    fn a_clock_that_was_set_back_silences_nothing_and_makes_nothing_up() {
        use ErrorKind::Unreachable;
        // By an hour: nothing is known to be wrong.
        assert_eq!(told(&good(-HOUR), HOURLY), None);
        assert_eq!(
            told(&failed(Some(-HOUR), Unreachable, -MINUTES), HOURLY),
            None
        );
        assert_eq!(told(&failed(None, Unreachable, -HOUR), None), None);
        // By a year: whoever is at work would have pushed since.
        let year = -365 * DAY;
        assert_eq!(told(&good(year), HOURLY).as_deref(), Some(MISSED));
        assert!(told(&failed(Some(year), Unreachable, MINUTES), HOURLY).is_some());
        assert!(told(&failed(Some(year), Unreachable, year), None).is_some());
        assert!(told(&failed(Some(year), ErrorKind::Auth, year), HOURLY).is_some());
    }
}
