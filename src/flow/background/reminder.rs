//! How often a person is told the same unasked: once a day.
//!
//! More often it would be read no more; and who was told in the morning and could do nothing about it
//! need not hear it with each command. Another cause is news. Who asks, with `backup status`, is always told.

use serde::{Deserialize, Serialize};

use crate::base::{HostPath, Timestamp, read_if_there, write_passing};

use super::super::{FlowError, Session};
use super::overdue::{DAY, HOUR, MISSED, Overdue, is_within, overdue};

/// What was found, and when it was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    cause: String,
    seen: Timestamp,
    told: Option<Timestamp>,
}

/// What is to be said now behind the answer to something else. From here on it is said.
pub fn remind(session: &Session<'_>) -> Result<Option<Overdue>, FlowError> {
    let found = overdue(session)?;
    let (file, now) = (session.places.reminded(), session.edges.clock.now());
    Ok(found.filter(|found| is_time(&file, found, now)))
}

/// Whether it is time to tell it in this way, and notes that it is told. Where nothing can be noted it
/// is told too often.
pub fn is_time(file: &HostPath, found: &Overdue, now: Timestamp) -> bool {
    let known = read(file).filter(|stamp| stamp.cause == cause(found));
    let mut stamp = known.clone().unwrap_or_else(|| Stamp {
        cause: cause(found),
        seen: now,
        told: None,
    });
    let is_time = match stamp.told {
        Some(told) => !is_within(told, now, DAY),
        // A machine that slept misses pushes until the moment it wakes. Who makes up for them comes first.
        None => found.kind != MISSED || !is_within(stamp.seen, now, HOUR),
    };
    if is_time {
        stamp.told = Some(now);
    }
    if known.as_ref() != Some(&stamp) {
        let bytes = serde_json::to_vec(&stamp).expect("plain data");
        write_passing(file.as_path(), &bytes).ok();
    }
    is_time
}

fn read(file: &HostPath) -> Option<Stamp> {
    let bytes = read_if_there(file.as_path(), 1 << 12).ok()??;
    serde_json::from_slice(&bytes).ok()
}

/// Pushes that are missed after a good one are another matter than those that were missed before it.
fn cause(found: &Overdue) -> String {
    match found.last_ok {
        Some(at) if found.kind == MISSED => format!("{MISSED} since {at}"),
        _ => found.kind.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: &str, last_ok: i64) -> Overdue {
        Overdue {
            last_ok: Some(Timestamp::from_millis(last_ok)),
            failures: 1,
            kind: kind.to_owned(),
            message: String::new(),
        }
    }

    /// Tells it at each of these moments, in hours, and says when it was time to.
    fn told(found: &[(i64, Overdue)]) -> Vec<i64> {
        let dir = tempfile::tempdir().expect("a temp dir");
        let file = HostPath::new(dir.path().join("state/stamp.json")).expect("absolute");
        let hours = found
            .iter()
            .filter(|(hours, found)| is_time(&file, found, Timestamp::from_millis(hours * HOUR)));
        hours.map(|(hours, _)| *hours).collect()
    }

    #[test]
    fn the_same_is_told_once_a_day_and_another_cause_at_once() {
        let auth = |hours| (hours, found("auth", 0));
        assert_eq!(
            told(&[auth(100), auth(101), auth(123), auth(124)]),
            [100, 124]
        );
        let other = (101, found("other_vault", 0));
        assert_eq!(told(&[auth(100), other, auth(102)]), [100, 101, 102]);
    }

    #[test]
    fn a_clock_that_was_set_back_ends_the_silence() {
        let auth = |hours| (hours, found("auth", 0));
        assert_eq!(told(&[auth(1000), auth(999), auth(100)]), [1000, 100]);
    }

    #[test]
    fn what_was_missed_in_sleep_is_told_when_nobody_made_up_for_it_in_an_hour() {
        let missed = |hours, last_ok| (hours, found(MISSED, last_ok));
        assert_eq!(
            told(&[missed(100, 0), missed(101, 0), missed(102, 0)]),
            [101]
        );
        // It was made up for, and the machine slept again.
        assert_eq!(
            told(&[missed(100, 0), missed(120, 1), missed(121, 1)]),
            [121]
        );
    }

    #[test]
    fn what_was_noted_and_cannot_be_read_is_told() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let file = HostPath::new(dir.path().join("stamp.json")).expect("absolute");
        std::fs::write(file.as_path(), "{").expect("written");
        let now = Timestamp::from_millis(DAY);
        assert!(is_time(&file, &found("auth", 0), now));
        assert!(!is_time(&file, &found("auth", 0), now));
    }
}
