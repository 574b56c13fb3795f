//! The time that a new op gets: the clock's, as far as that agrees with what was written before.

use crate::base::Timestamp;
use crate::layout::OpTime;

/// Behind the replica's own last op and behind those that the new one supersedes, whatever the clock
/// says: so what is shown last was written last, where somebody saw both. Other machines' clocks drag
/// nobody along.
#[must_use]
pub fn next_time(now: Timestamp, before: impl IntoIterator<Item = OpTime>) -> OpTime {
    let now = OpTime::first_of(now);
    match before.into_iter().max() {
        Some(last) if last >= now => last.following(),
        _ => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> OpTime {
        OpTime::first_of(Timestamp::from_millis(millis))
    }

    #[test]
    fn a_clock_that_goes_back_changes_no_order() {
        let mut last = next_time(Timestamp::from_millis(1_000), []);
        assert_eq!(last, at(1_000));
        for now in [1_000, 0, 999, -1_000_000] {
            let next = next_time(Timestamp::from_millis(now), [last]);
            assert!(next > last);
            last = next;
        }
        assert_eq!(next_time(Timestamp::from_millis(1_001), [last]), at(1_001));
    }

    #[test]
    fn it_is_behind_what_it_supersedes_and_ends_with_time_itself() {
        let ahead = at(9_000);
        assert!(next_time(Timestamp::from_millis(1), [at(0), ahead]) > ahead);
        let end = OpTime::parse("9999-12-31T23:59:59.9999999Z").expect("a time");
        assert_eq!(next_time(Timestamp::from_millis(1), [end]), end);
    }

    #[test]
    fn ten_thousand_ops_of_one_moment_run_into_the_next() {
        let mut last = at(5);
        for _ in 0..10_000 {
            let next = last.following();
            assert!(next > last);
            last = next;
        }
        assert_eq!(last, at(6));
    }
}
