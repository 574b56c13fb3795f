//! A day on a fast clock, minute by minute, with a real vault: the machine sleeps, the network goes and
//! comes, the clock is set. What is due is pushed, once.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use holdall::base::{Clock, Edges, Env, OsRandom, Timestamp};
use holdall::flow::background::{Mood, Plan, plan};
use holdall::flow::push::{PushOptions, push};
use holdall::flow::{Event, Session, Watch, Writer};

use crate::kit::{Machine, Sandbox, commits};

/// A Monday, at midnight.
const START: i64 = 1_796_601_600_000;
const MINUTE: i64 = 60_000;

struct Fast(Arc<AtomicI64>);

impl Clock for Fast {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// A push takes its time.
struct Slow<'a>(&'a AtomicI64, i64);

impl Watch for Slow<'_> {
    fn tell(&self, event: &Event<'_>) {
        if matches!(event, Event::Pushing { .. }) {
            self.0.fetch_add(self.1 * MINUTE, Ordering::Relaxed);
        }
    }
}

struct Day {
    _sandbox: Sandbox,
    machine: Machine,
    bare: PathBuf,
    away: PathBuf,
    clock: Arc<AtomicI64>,
    edges: Edges,
    /// So many minutes a push takes.
    takes: i64,
    /// By minute, what was tried, and whether it went well.
    tried: Vec<(i64, bool)>,
}

impl Day {
    fn new(cadence: &str) -> Self {
        let sandbox = Sandbox::new();
        let bare = sandbox.bare("vault.git");
        let machine = sandbox.machine("laptop");
        let project = machine.checkout("api", None);
        machine.write("code/api/.aigon/state.json", "{}\n");
        let path = |path: &PathBuf| path.to_str().expect("UTF-8").to_owned();
        machine.ok(&["project", "add", &path(&project)]);
        machine.ok(&["backup", "configure", &path(&bare)]);
        machine.ok(&["backup", "schedule", cadence]);
        let clock = Arc::new(AtomicI64::new(START));
        let vars = [
            ("HOME", machine.home.clone().into_os_string()),
            (
                "HOLDALL_HOME",
                machine.home.join("holdall").into_os_string(),
            ),
            ("PATH", OsString::from("/usr/bin:/bin")),
        ];
        let vars = vars.map(|(name, value)| (name.to_owned(), value));
        let edges = Edges {
            clock: Box::new(Fast(Arc::clone(&clock))),
            random: Box::new(OsRandom::default()),
            env: Env::new(vars, machine.home.clone(), "laptop".to_owned()),
        };
        Self {
            away: sandbox.path().join("away.git"),
            _sandbox: sandbox,
            machine,
            bare,
            clock,
            edges,
            takes: 0,
            tried: Vec::new(),
        }
    }

    /// These minutes pass: each begins with a heartbeat, as the daemon's does.
    fn pass(&mut self, minutes: std::ops::Range<i64>) {
        for minute in minutes {
            // No two heartbeats are just a minute apart.
            let late = (minute * 7_919) % 4_000;
            self.clock
                .store(START + minute * MINUTE + late, Ordering::Relaxed);
            self.beat(minute, Mood::default());
        }
    }

    fn beat(&mut self, minute: i64, mood: Mood) {
        let ok = {
            let slow = Slow(&self.clock, self.takes);
            let session = Session::open(&self.edges, None, "daemon run", &slow).expect("opened");
            let Plan::Run(_) = plan(&session, mood).expect("planned") else {
                return;
            };
            let text = format!("{{\"minute\": {minute}}}\n");
            self.machine.write("code/api/.aigon/state.json", text);
            let writer = Writer::take(&session).expect("nobody else is at work");
            push(&writer, &PushOptions::default()).is_ok()
        };
        self.tried.push((minute, ok));
    }

    fn network(&self, is_there: bool) {
        let (from, to) = if is_there {
            (&self.away, &self.bare)
        } else {
            (&self.bare, &self.away)
        };
        fs::rename(from, to).expect("moved");
    }

    fn good(&self) -> Vec<i64> {
        let good = self.tried.iter().filter(|(_, ok)| *ok);
        good.map(|(minute, _)| *minute).collect()
    }

    /// Each is one commit, also one that was tried offline, and there is no other.
    fn judge(&self) {
        assert_eq!(
            commits(&self.bare).len(),
            self.tried.len(),
            "{:?}",
            self.tried
        );
    }
}

#[test]
fn a_day_of_hours_with_sleeps_and_outages_is_pushed_as_due() {
    let mut day = Day::new("hourly");
    day.pass(0..300);
    assert_eq!(day.good(), [0, 60, 120, 180, 240]);
    assert_eq!(day.tried.len(), 5);

    // The lid is shut for three hours and a half: one makes up for them.
    day.tried.clear();
    day.pass(510..600);
    assert_eq!(day.tried, [(510, true), (570, true)]);

    // An outage of two hours and a half, in which it waits longer and longer.
    day.tried.clear();
    day.network(false);
    day.pass(600..780);
    assert!(day.good().is_empty(), "{:?}", day.tried);
    let tried: Vec<i64> = day.tried.iter().map(|(minute, _)| *minute).collect();
    assert_eq!(tried, [630, 631, 633, 638, 653, 713, 773]);
    day.network(true);
    day.pass(780..900);
    assert_eq!(day.good(), [833, 893]);

    // The rest of the day.
    day.tried.clear();
    day.pass(900..1440);
    assert_eq!(day.good(), (953..1440).step_by(60).collect::<Vec<_>>());
    // What was tried in the outage is in the history as well.
    assert_eq!(commits(&day.bare).len(), 5 + 2 + 7 + 2 + 9);
}

#[test]
fn a_clock_that_was_ahead_is_no_matter_any_more_with_the_next_push() {
    let mut day = Day::new("hourly");
    day.clock.store(4_000_000_000_000, Ordering::Relaxed);
    day.beat(0, Mood::default());
    let clock = || {
        let (_, report) = day.machine.json(&["doctor"]);
        let checks = report["data"]["checks"].as_array().expect("a table");
        let found = checks.iter().find(|it| it["name"] == "clock");
        found.expect("it is there").clone()
    };
    let found = clock();
    assert_eq!(found["verdict"], "warn", "{found}");
    assert!(found["fix"].to_string().contains("holdall backup push"));
    // Nothing changed since.
    day.machine.ok(&["backup", "push"]);
    assert_eq!(clock()["verdict"], "ok");
    let before = commits(&day.bare).len();
    day.machine.ok(&["backup", "push"]);
    assert_eq!(commits(&day.bare).len(), before);
}

#[test]
fn who_comes_back_from_an_outage_with_something_new_need_not_wait_for_an_hour() {
    let mut day = Day::new("hourly");
    day.pass(0..60);
    day.network(false);
    day.pass(60..240);
    day.network(true);
    let last = day.tried.last().expect("it was tried").0;
    let minute = last + 2;
    day.clock.store(START + minute * MINUTE, Ordering::Relaxed);
    day.beat(
        minute,
        Mood {
            woken: true,
            fresh: false,
        },
    );
    assert_eq!(
        day.tried.last().expect("tried").0,
        last,
        "it waits on by itself"
    );
    day.beat(
        minute,
        Mood {
            woken: true,
            fresh: true,
        },
    );
    assert_eq!(day.tried.last(), Some(&(minute, true)));
    day.judge();
}

#[test]
fn a_clock_that_is_set_back_or_forward_neither_stops_it_nor_makes_it_run_on_and_on() {
    let mut day = Day::new("hourly");
    day.pass(0..61);
    // A year ahead, and back again.
    let year = 365 * 24 * 60;
    day.pass(year..year + 61);
    day.pass(100..230);
    assert_eq!(day.good(), [0, 60, year, year + 60, 100, 160, 220]);
    day.judge();
}

#[test]
fn a_daily_push_comes_once_a_day() {
    let mut day = Day::new("daily");
    day.pass(0..3 * 1440);
    let good = day.good();
    assert!((3..=4).contains(&good.len()), "{good:?}");
    let apart: Vec<i64> = good.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(
        apart
            .iter()
            .skip(1)
            .all(|minutes| (1430..=1450).contains(minutes)),
        "{good:?}"
    );
    day.judge();
}

/// Aigon 12: measured from the end of the last push, an hourly one came every two hours.
#[test]
fn hourly_means_every_hour_however_long_a_push_takes() {
    let mut day = Day::new("hourly");
    day.takes = 20;
    let mut minute = 0;
    while minute < 600 {
        let tried = day.tried.len();
        day.pass(minute..minute + 1);
        minute += if day.tried.len() > tried {
            day.takes
        } else {
            1
        };
    }
    assert_eq!(day.good(), (0..600).step_by(60).collect::<Vec<_>>());
    day.judge();
}
