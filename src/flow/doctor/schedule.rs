//! What comes by itself, and how the last runs went.

use crate::base::{FileLock, LockState};
use crate::runs::{History, Runs};
use crate::vault::RefName;

use super::super::background::overdue::configured;
use super::super::background::schedule::show;
use super::super::hints::quoted;
use super::super::{ErrorKind, FlowError};
use super::Background;
use super::found::{Found, counted};
use super::ground::Ground;

/// What a run of either direction says of the remote: when one goes well, it is over for both.
const OF_REMOTE: [&str; 4] = ["unreachable", "unconfirmed", "busy", "auth"];
/// There was nothing to do: that is no fault of anything.
const NOTHING: &str = "not_found";

/// What comes by itself can be read.
pub fn schedule(ground: &Ground<'_>) -> Result<Found, Found> {
    ground.config()?;
    let report = match show(ground.session) {
        Ok(report) => report,
        Err(fault @ FlowError::Schedule(_)) => {
            let message = fault.message();
            return Ok(Found::fail(message, "holdall backup schedule hourly"));
        }
        Err(fault) => return Err(Found::of(&fault)),
    };
    let Some(cadence) = report.schedule else {
        return Ok(Found::ok("no push comes by itself"));
    };
    let now = ground.session.edges.clock.now();
    if let Some(overdue) = &report.overdue {
        let what = if overdue.failures == 0 {
            "no push went well for too long"
        } else {
            "the last push failed"
        };
        let message = format!("{cadence}, and {what}");
        return Ok(Found::warn(message, "holdall backup push"));
    }
    let next = report.next_runs.first().map_or_else(String::new, |next| {
        if *next <= now {
            ", due now".to_owned()
        } else {
            format!(", next at {}", next.locally_readable())
        }
    });
    Ok(Found::ok(format!("{cadence}{next}")))
}

/// The last push and the last pull went well.
pub fn runs(ground: &Ground<'_>) -> Found {
    let file = ground.session.places.runs();
    let runs = match Runs::read(&file) {
        Ok(Some(runs)) => runs,
        Ok(None) => {
            return Found::warn(
                format!("{file} is damaged: what it says counts as never"),
                format!("rm {}", quoted(&file.to_string())),
            );
        }
        Err(fault) => return Found::of(&fault.into()),
    };
    if let Some(run) = interrupted(ground) {
        return run;
    }
    let (push, pull) = (runs.of("push"), runs.of("pull"));
    let failed = [("push", &push, &pull), ("pull", &pull, &push)];
    let mut failed = failed
        .into_iter()
        .filter(|(_, own, other)| is_failing(own, other));
    let Some((command, history, _)) = failed.next() else {
        let last = [&push, &pull].map(|it| it.last_ok.as_ref().map(|run| run.began));
        let last = last.into_iter().flatten().max();
        return Found::ok(last.map_or_else(
            || "none yet".to_owned(),
            |last| format!("the last good one began at {}", last.locally_readable()),
        ));
    };
    let times = counted(history.failures.into(), "time");
    let why = history.last.as_ref().and_then(|run| run.message.as_deref());
    let why = why.unwrap_or("nobody knows why");
    let fix = match failed.next() {
        Some(_) => "holdall sync".to_owned(),
        None => format!("holdall backup {command}"),
    };
    let good = history.last_ok.as_ref().map(|run| run.began);
    let good = good.map_or_else(
        || "none went well yet".to_owned(),
        |at| format!("the last good one began at {}", at.locally_readable()),
    );
    let message = format!("the last {command} failed ({times} in a row): {why}; {good}");
    // A laptop on a train is none that is broken; that a push is overdue is told by the schedule. What is
    // damaged has checks of its own, and may be mended since.
    if is_of_remote(history) || is_of_damage(history) {
        Found::warn(message, fix)
    } else if is_before_settings(ground, history) {
        let message =
            format!("{message}; the settings were changed since, and it was not tried again");
        Found::warn(message, fix)
    } else {
        Found::fail(message, fix)
    }
}

/// A run that was killed while it wrote onto this disk. One that is at it right now holds the lock.
fn interrupted(ground: &Ground<'_>) -> Option<Found> {
    let run = ground.status().ok()?.interrupted.as_ref()?;
    let store = ground.store().ok()??;
    let lock = ground.session.places.run_lock();
    let is_free = || matches!(FileLock::state(lock.as_path()), Ok(LockState::Free));
    let is_open = || matches!(store.read_ref(RefName::Landing), Ok(Some(_)));
    let is_left = is_free() && is_open() && is_free();
    is_left.then(|| {
        let at = run.at.locally_readable();
        let message = format!("a {} of {at} was killed while it wrote", run.command);
        Found::warn(message, "holdall backup pull")
    })
}

fn is_failing(own: &History, other: &History) -> bool {
    let Some(last) = own.last.as_ref().filter(|run| !run.ok) else {
        return false;
    };
    let later = other
        .last_ok
        .as_ref()
        .is_some_and(|run| run.began > last.began);
    last.kind.as_deref() != Some(NOTHING) && !(later && is_of_remote(own))
}

/// Another remote may be configured by now, or what was wrong was mended.
fn is_before_settings(ground: &Ground<'_>, history: &History) -> bool {
    let failed = history.last.as_ref().map(|run| run.ended);
    failed < configured(ground.session)
}

fn is_of_remote(history: &History) -> bool {
    last_kind(history).is_some_and(|kind| OF_REMOTE.contains(&kind))
}

fn is_of_damage(history: &History) -> bool {
    last_kind(history) == Some(ErrorKind::Corrupt.word())
}

fn last_kind(history: &History) -> Option<&str> {
    history.last.as_ref().and_then(|run| run.kind.as_deref())
}

/// Somebody runs what is to come by itself.
pub fn background(ground: &Ground<'_>) -> Result<Found, Found> {
    let is_set = ground.config()?.schedule.is_some();
    Ok(of_background(is_set, ground.background()))
}

fn of_background(is_set: bool, background: Background) -> Found {
    if let Some(fault) = background.fault {
        let message = format!("the service is installed, and {fault}");
        return Found::warn(message, "holdall daemon repair");
    }
    match (is_set, background.running) {
        (_, true) => Found::ok("runs"),
        (false, false) => Found::ok("nothing has to run"),
        (true, false) => Found::warn(
            "nothing runs what the schedule says",
            "holdall daemon install",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::found::Verdict;
    use super::*;
    use crate::base::Timestamp;
    use crate::runs::Run;

    fn run(began: i64, kind: Option<&str>) -> Run {
        Run {
            began: Timestamp::from_millis(began),
            ended: Timestamp::from_millis(began + 1),
            ok: kind.is_none(),
            kind: kind.map(str::to_owned),
            message: None,
        }
    }

    fn history(last: Run) -> History {
        History {
            last_ok: last.ok.then(|| last.clone()),
            last: Some(last),
            failures: 1,
            failing_since: None,
        }
    }

    #[test]
    fn a_failure_counts_until_the_same_or_what_shows_as_much_went_well() {
        let never = History::default();
        let failing = |kind, other: &History| is_failing(&history(run(5, Some(kind))), other);
        assert!(failing("io", &never) && failing("unreachable", &never));
        assert!(failing("io", &history(run(9, None))));
        assert!(!failing("unreachable", &history(run(9, None))));
        assert!(failing("unreachable", &history(run(1, None))));
        assert!(!failing("not_found", &never));
        assert!(!is_failing(&history(run(5, None)), &never) && !is_failing(&never, &never));
    }

    #[test]
    fn what_nobody_runs_is_a_warning_only_where_something_is_to_come() {
        let state = |running, fault| Background { running, fault };
        let broken = Some("not at work");
        let install = Some("holdall daemon install");
        let repair = Some("holdall daemon repair");
        for (is_set, background, verdict, fix) in [
            (false, state(false, None), Verdict::Ok, None),
            (true, state(false, None), Verdict::Warn, install),
            (true, state(true, None), Verdict::Ok, None),
            (true, state(false, broken), Verdict::Warn, repair),
            (true, state(true, broken), Verdict::Warn, repair),
            (false, state(false, broken), Verdict::Warn, repair),
        ] {
            let found = of_background(is_set, background);
            assert_eq!(
                (found.verdict, found.fix.as_deref()),
                (verdict, fix),
                "{background:?}"
            );
        }
    }
}
