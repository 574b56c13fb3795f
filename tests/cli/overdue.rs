//! Pushes that fail or do not come: who is told, when, and who is left alone.

use std::fs;
use std::time::{Duration, SystemTime};

use holdall::base::Timestamp;
use serde_json::{Value, json};

use crate::flow::scene::{Scene, pushed, utf8};
use crate::kit::{Machine, Ran, Sandbox, answered};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// So many seconds ago.
fn ago(seconds: i64) -> Timestamp {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.unwrap_or(Duration::ZERO).as_millis();
    let now = i64::try_from(now).expect("a clock of this time");
    Timestamp::from_millis(now - seconds * 1000)
}

/// What the last pushes came to: one that went well so long ago, then one that failed.
fn history(machine: &Machine, good: i64, failed: Option<(i64, &str)>) {
    let ok = json!({"began": ago(good), "ended": ago(good), "ok": true});
    let bad = failed.map(|(seconds, kind)| {
        json!({
            "began": ago(seconds), "ended": ago(seconds), "ok": false,
            "kind": kind, "message": "the vault is on the moon"
        })
    });
    let failures = i32::from(bad.is_some());
    let last = bad.unwrap_or_else(|| ok.clone());
    let runs = json!({"push": {"last": last, "last_ok": ok, "failures": failures}});
    machine.write("holdall/state/runs.json", runs.to_string());
}

/// A machine whose pushes come by themselves and are not let in.
fn failing(sandbox: &Sandbox) -> Machine {
    let machine = sandbox.machine("laptop");
    machine.ok(&["backup", "schedule", "hourly"]);
    history(&machine, 3 * DAY, Some((60, "auth")));
    machine
}

/// As if the schedule had been set so long ago.
fn set_long_ago(machine: &Machine, seconds: u64) {
    let file = machine.home.join("holdall/config.toml");
    let file = fs::File::options().append(true).open(file).expect("opened");
    let then = SystemTime::now() - Duration::from_secs(seconds);
    file.set_modified(then).expect("set");
}

/// What a person sees at a terminal.
#[track_caller]
fn seen(machine: &Machine, args: &[&str]) -> Ran {
    let ran = answered(machine, args, "");
    assert_eq!(ran.code, 0, "{ran}");
    ran
}

const TOLD: &str = "warning: last good push 3 days ago: the vault is on the moon\r\n\
    hint: push now, and see: `holdall backup push`\r\n";

#[test]
fn the_next_command_at_a_terminal_says_it_behind_its_answer_once_a_day() {
    let sandbox = Sandbox::new();
    let machine = failing(&sandbox);
    let ran = seen(&machine, &["task", "list"]);
    assert!(ran.stderr.ends_with(TOLD), "{ran}");
    for args in [&["task", "list"][..], &["config", "list"]] {
        let ran = seen(&machine, args);
        assert!(!ran.stderr.contains("last good push"), "{ran}");
    }
    // Another cause is news.
    history(&machine, 3 * DAY, Some((60, "other_vault")));
    let ran = seen(&machine, &["config", "list"]);
    assert!(ran.stderr.ends_with(TOLD), "{ran}");
    // A day later it is said again.
    let file = "holdall/state/reminded.json";
    let mut stamp: Value = serde_json::from_slice(&machine.read(file)).expect("JSON");
    stamp["told"] = json!(ago(DAY));
    machine.write(file, stamp.to_string());
    let ran = seen(&machine, &["config", "list"]);
    assert!(ran.stderr.ends_with(TOLD), "{ran}");
}

#[test]
fn nobody_hears_it_but_who_reads_along() {
    let sandbox = Sandbox::new();
    let machine = failing(&sandbox);
    let ran = machine.ok(&["task", "list"]);
    assert!(!ran.stderr.contains("last good push"), "{ran}");
    for flag in ["--quiet", "--json"] {
        let ran = seen(&machine, &["task", "list", flag]);
        assert!(!ran.stderr.contains("last good push"), "{ran}");
    }
    // Those that say it themselves, and those that are no moment for it.
    for args in [
        &["backup", "schedule"][..],
        &["backup", "status", "--offline"],
        &["completions", "bash"],
        &["man"],
    ] {
        let ran = seen(&machine, args);
        assert!(!ran.stderr.contains("warning: last good push"), "{ran}");
    }
    let ran = answered(&machine, &["task", "show", "NO-SUCH"], "");
    assert_ne!(ran.code, 0, "{ran}");
    assert!(!ran.stderr.contains("last good push"), "{ran}");
    // None of them counted as told.
    let ran = seen(&machine, &["task", "list"]);
    assert!(ran.stderr.ends_with(TOLD), "{ran}");
}

#[test]
fn it_stops_no_command() {
    let sandbox = Sandbox::new();
    let machine = failing(&sandbox);
    // No stamp can be written: it is said each time.
    fs::create_dir_all(machine.home.join("holdall/state/reminded.json/x")).expect("made");
    for _ in 0..2 {
        let ran = seen(&machine, &["task", "list"]);
        assert!(ran.stderr.ends_with(TOLD), "{ran}");
    }
    // Nothing can be found out: nothing is said.
    for text in ["{", "[]", "{\"push\": 7}"] {
        machine.write("holdall/state/runs.json", text);
        let ran = seen(&machine, &["task", "list"]);
        assert!(!ran.stderr.contains("push"), "{ran}");
    }
}

#[test]
fn who_asks_is_always_told() {
    let sandbox = Sandbox::new();
    let machine = failing(&sandbox);
    for _ in 0..2 {
        let ran = machine.ok(&["backup", "status", "--offline"]);
        let line = ran.stdout.lines().find(|line| line.starts_with("overdue"));
        let said = "last good push 3 days ago: the vault is on the moon";
        assert!(line.is_some_and(|line| line.ends_with(said)), "{ran}");
        assert!(
            ran.stdout.contains(" failed 1 minute ago (auth)\n"),
            "{ran}"
        );
        assert!(ran.stderr.contains("`holdall backup push`"), "{ran}");
        let ran = machine.ok(&["backup", "schedule"]);
        assert!(ran.stdout.ends_with(&format!("overdue  {said}\n")), "{ran}");
        assert!(ran.stderr.contains("`holdall backup push`"), "{ran}");
    }
    for args in [
        &["backup", "status", "--offline"][..],
        &["backup", "schedule"],
    ] {
        let (code, document) = machine.json(args);
        assert_eq!(code, 0, "{document}");
        let overdue = &document["data"]["overdue"];
        assert_eq!(
            (&overdue["kind"], &overdue["failures"]),
            (&json!("auth"), &json!(1)),
            "{document}"
        );
        assert!(overdue["last_ok"].is_string(), "{document}");
    }
}

#[test]
fn a_failure_on_a_train_is_told_to_nobody_before_a_day_is_over() {
    let sandbox = Sandbox::new();
    let machine = failing(&sandbox);
    history(&machine, 2 * HOUR, Some((60, "unreachable")));
    let ran = seen(&machine, &["task", "list"]);
    assert!(!ran.stderr.contains("last good push"), "{ran}");
    let (_, document) = machine.json(&["backup", "status", "--offline"]);
    assert_eq!(document["data"]["overdue"], json!(null));
    history(&machine, 3 * DAY, Some((60, "unreachable")));
    assert!(seen(&machine, &["task", "list"]).stderr.ends_with(TOLD));
}

#[test]
fn pushes_that_do_not_come_are_told_when_nobody_made_up_for_them() {
    let sandbox = Sandbox::new();
    let machine = failing(&sandbox);
    history(&machine, 3 * DAY, None);
    let (_, document) = machine.json(&["backup", "status", "--offline"]);
    assert_eq!(
        document["data"]["overdue"],
        json!(null),
        "it was set just now"
    );
    set_long_ago(&machine, 9 * 86_400);
    // As it is when a laptop wakes.
    let ran = seen(&machine, &["task", "list"]);
    assert!(!ran.stderr.contains("last good push"), "{ran}");
    let ran = machine.ok(&["backup", "schedule"]);
    let said = "last good push 3 days ago: the schedule is `hourly`, and no push came by itself";
    assert!(ran.stdout.contains(said), "{ran}");
    // An hour later it still is.
    let file = "holdall/state/reminded.json";
    let mut stamp: Value = serde_json::from_slice(&machine.read(file)).expect("JSON");
    assert_eq!(stamp["told"], json!(null));
    stamp["seen"] = json!(ago(HOUR));
    machine.write(file, stamp.to_string());
    let ran = seen(&machine, &["task", "list"]);
    assert!(
        ran.stderr.contains(&format!("warning: {said}\r\n")),
        "{ran}"
    );
    // Without a schedule nothing is missed.
    machine.ok(&["backup", "schedule", "off"]);
    let (_, document) = machine.json(&["backup", "status", "--offline"]);
    assert_eq!(document["data"]["overdue"], json!(null));
}

#[test]
fn a_push_that_fails_is_told_until_one_goes_well() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.ok(&["backup", "schedule", "hourly"]);
    // Another vault stands in the place of the known one.
    let other = Scene::with(&[("x", "2\n")]);
    let away = scene.bare.with_extension("away");
    fs::rename(&scene.bare, &away).expect("moved");
    fs::rename(&other.bare, &scene.bare).expect("moved");
    let ran = scene.a.run(&["backup", "push"]);
    assert_eq!(ran.code, 6, "{ran}");
    let ran = seen(&scene.a, &["project", "list"]);
    let said = format!("{} holds another vault", utf8(&scene.bare));
    assert!(
        ran.stderr.contains("warning: last good push") && ran.stderr.contains(&said),
        "{ran}"
    );
    fs::rename(&scene.bare, &other.bare).expect("moved");
    fs::rename(&away, &scene.bare).expect("moved");
    pushed(&scene.a);
    let (_, document) = scene.a.json(&["backup", "status"]);
    assert_eq!(document["data"]["overdue"], json!(null));
}
