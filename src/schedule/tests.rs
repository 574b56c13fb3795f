use chrono::{DateTime, Duration, TimeZone, Utc};
use chrono_tz::Tz;
use chrono_tz::{America::Sao_Paulo, Asia::Tokyo, Australia::Lord_Howe, Europe::Berlin, UTC};
use proptest::prelude::*;

use super::*;
use crate::base::{MachineId, Timestamp};

/// A machine that asks once a minute, and how its runs went.
struct Machine {
    cadence: Cadence,
    facts: Facts,
    zone: Tz,
    now: DateTime<Utc>,
    runs: Vec<DateTime<Utc>>,
    is_online: bool,
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

fn stamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp::from_millis(time.timestamp_millis())
}

#[test]
fn names_go_round_and_a_comma_stands_between_two() {
    let days = |text: &str| {
        let cadence = Cadence::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        let facts = Facts::default();
        // A Sunday, and the year after it.
        let now = at("2026-11-22T00:00:00Z");
        let runs = upcoming(&cadence, &facts, Spread::default(), &now)
            .skip(1)
            .take(9);
        runs.map(|run| run.to_string()[..10].to_owned())
            .collect::<Vec<_>>()
    };
    for (round, up) in [
        ("0 9 * * FRI-MON", "0 9 * * 5,6,0,1"),
        ("0 9 * * fri-sun", "0 9 * * 5,6,0"),
        ("0 9 * * 6-1,3", "0 9 * * 6,0,1,3"),
        ("0 9 1 NOV-FEB *", "0 9 1 11,12,1,2 *"),
        ("0 9 * * MON-FRI", "0 9 * * 1,2,3,4,5"),
    ] {
        assert_eq!(days(round), days(up), "{round}");
    }
    for text in ["0 1,2,,3 * * *", "0 1, * * *", "0 ,1 * * *", "0 22-3 * * *"] {
        assert!(Cadence::parse(text).is_err(), "{text}");
    }
}

impl Machine {
    fn new(cadence: &str, zone: Tz, now: &str) -> Self {
        Self {
            cadence: Cadence::parse(cadence).expect("a schedule"),
            facts: Facts::default(),
            zone,
            now: at(now),
            runs: Vec::new(),
            is_online: true,
        }
    }

    fn due(&self) -> Due {
        let now = self.now.with_timezone(&self.zone);
        due(&self.cadence, &self.facts, Spread::default(), &now)
    }

    fn runs(&mut self) {
        self.runs.push(self.now);
        if self.is_online {
            self.facts.last_ok = Some(stamp(self.now));
            self.facts.failed = None;
        } else {
            let times = self.facts.failed.map_or(0, |(times, _)| times);
            self.facts.failed = Some((times + 1, stamp(self.now)));
        }
    }

    /// It is awake for so long, and asks each minute, never quite on time.
    fn is_awake(&mut self, span: Duration) -> &mut Self {
        let until = self.now + span;
        let mut beat = 0;
        while self.now < until {
            match self.due() {
                Due::Now => self.runs(),
                // Nobody need ask before.
                Due::From(moment) => {
                    let ahead = moment.millis() - self.now.timestamp_millis();
                    let left = (until - self.now).num_minutes();
                    self.now += Duration::minutes((ahead / 60_000 - 3).clamp(0, left));
                }
            }
            beat += 1;
            self.now += Duration::minutes(1) + Duration::milliseconds([30, -25, 5, -10][beat % 4]);
        }
        self
    }

    fn sleeps(&mut self, span: Duration) -> &mut Self {
        self.now += span;
        self
    }

    /// The runs as the clock on the wall had them.
    fn seen(&self) -> Vec<String> {
        let runs = self.runs.iter().map(|run| run.with_timezone(&self.zone));
        runs.map(|run| (run + Duration::seconds(30)).format("%d %H:%M").to_string())
            .collect()
    }

    fn apart(&self) -> Vec<i64> {
        let pairs = self.runs.windows(2);
        pairs
            .map(|two| (two[1] - two[0] + Duration::seconds(30)).num_minutes())
            .collect()
    }
}

#[test]
fn hourly_means_every_hour() {
    let mut machine = Machine::new("hourly", Berlin, "2026-11-22T08:00:00Z");
    machine.is_awake(Duration::days(2));
    assert_eq!(machine.apart(), [60; 47]);
}

#[test]
fn a_sleep_of_three_days_is_one_run() {
    for cadence in ["hourly", "daily", "weekly", "*/10 * * * *"] {
        let mut machine = Machine::new(cadence, Berlin, "2026-11-20T21:51:00Z");
        machine.is_awake(Duration::minutes(2));
        assert_eq!(machine.runs.len(), 1, "{cadence}");
        machine
            .sleeps(Duration::days(3))
            .is_awake(Duration::minutes(5));
        assert_eq!(machine.runs.len(), 2, "{cadence}");
    }
}

#[test]
fn each_day_has_one_run_whatever_its_length() {
    // Two nights of spring in which an hour is missing, two of autumn in which one comes twice, and a zone that
    // moves by half an hour.
    for (zone, from) in [
        (Berlin, "2026-03-27T12:00:00Z"),
        (Berlin, "2026-10-23T12:00:00Z"),
        (Sao_Paulo, "2018-11-02T12:00:00Z"),
        (Sao_Paulo, "2019-02-15T12:00:00Z"),
        (Lord_Howe, "2026-04-03T12:00:00Z"),
        (Lord_Howe, "2026-10-02T12:00:00Z"),
    ] {
        for cadence in ["daily", "30 0 * * *", "30 2 * * *", "15 1 * * *"] {
            let mut machine = Machine::new(cadence, zone, from);
            machine.is_awake(Duration::days(4));
            let days = machine.seen();
            // The first made up for none at all, and each midnight since had one.
            assert_eq!(days.len(), 5, "{zone} {cadence}: {days:?}");
            let apart = machine.apart();
            assert!(
                apart[1..].iter().all(|it| (1380..=1500).contains(it)),
                "{zone} {cadence}: {apart:?}"
            );
        }
    }
}

#[test]
fn what_runs_every_quarter_of_an_hour_does_so_while_the_clock_is_changed() {
    for from in ["2026-03-28T22:00:00Z", "2026-10-24T22:00:00Z"] {
        let mut machine = Machine::new("*/15 * * * *", Berlin, from);
        machine.is_awake(Duration::hours(6));
        assert_eq!(machine.apart(), [15; 23], "{:?}", machine.seen());
    }
    // Every six hours, by the wall: two of the spans are longer and shorter.
    let mut machine = Machine::new("0 */6 * * *", Berlin, "2026-10-24T22:00:00Z");
    machine.is_awake(Duration::days(1) + Duration::hours(2));
    assert_eq!(
        machine.seen(),
        ["25 00:00", "25 06:00", "25 12:00", "25 18:00", "26 00:00"]
    );
}

#[test]
fn a_clock_that_is_set_back_or_forward_stops_nothing() {
    for cadence in ["hourly", "daily"] {
        let mut machine = Machine::new(cadence, Berlin, "2026-11-22T08:00:00Z");
        machine.is_awake(Duration::minutes(5));
        // Set back by ten years: what it knew lies in the future, and says nothing.
        machine
            .sleeps(-Duration::days(3650))
            .is_awake(Duration::minutes(5));
        assert_eq!(machine.runs.len(), 2, "{cadence}");
        machine
            .sleeps(Duration::days(3650))
            .is_awake(Duration::minutes(5));
        assert_eq!(machine.runs.len(), 3, "{cadence}");
        machine.is_awake(Duration::hours(25));
        let more = if cadence == "hourly" { 25 } else { 1 };
        assert_eq!(machine.runs.len(), 3 + more, "{cadence}");
    }
}

#[test]
fn who_travels_has_a_run_in_each_night_that_passes() {
    let mut machine = Machine::new("0 3 * * *", Berlin, "2026-11-20T10:00:00Z");
    machine.is_awake(Duration::hours(24));
    machine.zone = Tokyo;
    machine.is_awake(Duration::hours(24));
    machine.zone = Berlin;
    machine.is_awake(Duration::hours(24));
    let utc = machine.runs.iter().map(|run| *run + Duration::seconds(30));
    let utc = utc.map(|run| run.format("%dT%H").to_string());
    assert_eq!(
        utc.collect::<Vec<_>>(),
        ["20T10", "21T02", "21T18", "22T10", "23T02"]
    );
}

#[test]
fn after_failures_it_waits_longer_and_longer_and_is_back_at_once() {
    let mut machine = Machine::new("hourly", UTC, "2026-11-22T08:00:00Z");
    machine.is_online = false;
    machine.is_awake(Duration::hours(5));
    assert_eq!(machine.apart(), [1, 2, 5, 15, 60, 60, 60, 60]);
    machine.is_online = true;
    machine.is_awake(Duration::hours(3));
    assert_eq!(machine.facts.failed, None);
    assert_eq!(machine.apart()[8..], [60, 60, 60]);
}

#[test]
fn a_failure_that_the_clock_has_not_come_to_holds_nothing_up() {
    let mut machine = Machine::new("hourly", UTC, "2026-11-22T08:00:00Z");
    machine.facts.failed = Some((9, stamp(at("2031-01-01T00:00:00Z"))));
    assert_eq!(machine.due(), Due::Now);
}

#[test]
fn a_run_by_hand_counts() {
    let mut machine = Machine::new("hourly", UTC, "2026-11-22T08:00:00Z");
    machine.is_awake(Duration::minutes(30));
    machine.runs();
    machine.is_awake(Duration::minutes(59));
    assert_eq!(machine.runs.len(), 2);
    machine.is_awake(Duration::minutes(3));
    assert_eq!(machine.runs.len(), 3);
}

#[test]
fn machines_have_moments_of_their_own_and_keep_them() {
    let machines = ["k7f3q2hm9x", "4zt8w2n6pa", "947dw1jhnb", "7r1chs6h4d"]
        .map(|name| MachineId::parse(name).expect("an id"));
    let now = at("2026-11-22T08:00:00Z").with_timezone(&Berlin);
    let facts = Facts {
        last_ok: Some(stamp(at("2026-11-22T07:00:00Z"))),
        failed: None,
    };
    let cadence = Cadence::Daily;
    let first = |machine| {
        let all = upcoming(&cadence, &facts, Spread::of(machine), &now);
        all.take(3).collect::<Vec<_>>()
    };
    let mut moments: Vec<_> = machines.iter().map(first).collect();
    for runs in &moments {
        assert!(runs[0] >= stamp(at("2026-11-22T23:00:00Z")));
        assert!(runs[0] < stamp(at("2026-11-23T00:00:00Z")));
        let day = 86_400_000;
        assert_eq!(runs[1].millis() - runs[0].millis(), day);
        assert_eq!(runs[2].millis() - runs[1].millis(), day);
    }
    moments.dedup();
    assert_eq!(moments.len(), 4);
}

#[test]
fn the_next_runs_are_those_that_come() {
    for cadence in [
        "hourly",
        "*/15 9-17 * * MON-FRI",
        "weekly",
        "@daily",
        "0 0 L * *",
    ] {
        let mut machine = Machine::new(cadence, Berlin, "2026-10-22T08:00:00Z");
        machine.runs();
        let now = machine.now.with_timezone(&Berlin);
        let all = upcoming(&machine.cadence, &machine.facts, Spread::default(), &now);
        let foretold: Vec<_> = all.take(3).map(Timestamp::millis).collect();
        machine.is_awake(Duration::days(40));
        let came: Vec<_> = machine.runs[1..].iter().take(3).collect();
        assert_eq!(came.len(), foretold.len().min(came.len()), "{cadence}");
        for (one, other) in foretold.iter().zip(came) {
            assert!(
                (one - other.timestamp_millis()).abs() <= 60_000,
                "{cadence}: {foretold:?}"
            );
        }
    }
}

#[test]
fn what_is_no_schedule_is_told_and_why() {
    for text in [
        "",
        "often",
        "60 * * * *",
        "* * * *",
        "* * * * * *",
        "@reboot",
        "5/0 * * * *",
    ] {
        let fault = Cadence::parse(text).expect_err("none");
        assert!(matches!(fault, ScheduleError::Unreadable { .. }), "{text}");
    }
    for text in ["0 0 30 2 *", "0 0 31 4,6 *"] {
        let fault = Cadence::parse(text).expect_err("none");
        assert!(matches!(fault, ScheduleError::NeverComes { .. }), "{text}");
    }
    for (text, read) in [
        (" Hourly ", "hourly"),
        ("@weekly", "weekly"),
        ("0  9 * *   mon-fri", "0 9 * * mon-fri"),
        ("0 0 29 2 *", "0 0 29 2 *"),
    ] {
        assert_eq!(Cadence::parse(text).expect("read").to_string(), read);
    }
}

proptest! {
    #[test]
    fn nothing_that_somebody_writes_breaks_it(text in "[-*/,0-9a-zA-Z#@?+ ]{0,40}") {
        if let Ok(cadence) = Cadence::parse(&text) {
            prop_assert_eq!(&Cadence::parse(&cadence.to_string()).expect("read again"), &cadence);
        }
    }

    #[test]
    fn a_run_that_is_due_is_due_until_it_ran(last in 0_i64..4_000_000_000, after in 0_i64..10_000_000, hour in 0_u32..24) {
        let cadence = Cadence::parse(&format!("{} {hour} * * *", last % 60)).expect("read");
        let facts = Facts { last_ok: Some(Timestamp::from_millis(last * 1000)), failed: None };
        let now = |secs| Berlin.timestamp_opt(secs, 0).single().expect("a moment");
        let is_due = |secs| due(&cadence, &facts, Spread::default(), &now(secs)) == Due::Now;
        if is_due(last + after) {
            prop_assert!(is_due(last + after + 3600));
            let ran = Facts { last_ok: Some(Timestamp::from_millis((last + after) * 1000)), failed: None };
            let again = due(&cadence, &ran, Spread::default(), &now(last + after));
            prop_assert!(again != Due::Now);
        }
    }
}
