//! What comes by itself: set, seen and refused.

use std::fs;

use serde_json::{Value, json};

use crate::kit::{Machine, Sandbox};

fn shown(machine: &Machine, args: &[&str]) -> Value {
    let (code, document) = machine.json(args);
    assert_eq!(code, 0, "{document}");
    document["data"].clone()
}

#[test]
fn a_schedule_is_set_shown_with_the_next_runs_and_switched_off() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let ran = machine.ok(&["backup", "schedule"]);
    assert_eq!(ran.stdout, "no push comes by itself\n");
    assert!(
        ran.stderr.contains("holdall backup schedule hourly"),
        "{ran}"
    );

    let set = shown(&machine, &["backup", "schedule", "hourly"]);
    assert_eq!(
        (&set["schedule"], &set["pull"], &set["changed"]),
        (&json!("hourly"), &json!(false), &json!(true))
    );
    assert_eq!(set["next_runs"].as_array().map(Vec::len), Some(3), "{set}");
    let again = shown(&machine, &["backup", "schedule", "hourly"]);
    assert_eq!(again["changed"], json!(false));
    let status = shown(&machine, &["backup", "status"]);
    assert_eq!(status["schedule"], json!("hourly"));
    assert!(status["next_run"].is_string(), "{status}");
    let text = machine.ok(&["backup", "schedule"]).stdout;
    assert!(text.starts_with("push  hourly\n"), "{text}");
    assert!(
        text.contains("due now") && text.contains("none went well yet"),
        "{text}"
    );

    let cron = ["backup", "schedule", "0  9,17 * * mon-fri", "--pull"];
    let set = shown(&machine, &cron);
    assert_eq!(
        (&set["schedule"], &set["pull"]),
        (&json!("0 9,17 * * mon-fri"), &json!(true))
    );
    let config = fs::read_to_string(machine.home.join("holdall/config.toml")).expect("read");
    assert!(config.contains("push = \"0 9,17 * * mon-fri\""), "{config}");

    let off = shown(&machine, &["backup", "schedule", "off"]);
    assert_eq!(
        (&off["schedule"], &off["pull"]),
        (&json!(null), &json!(false))
    );
    assert_eq!(off["next_runs"], json!([]));
    assert_eq!(
        shown(&machine, &["backup", "status"])["next_run"],
        json!(null)
    );
}

#[test]
fn a_push_by_hand_moves_the_next_one_and_failures_are_counted() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let remote = sandbox.bare("vault");
    let url = remote.to_str().expect("test paths are UTF-8");
    machine.ok(&["backup", "configure", url]);
    machine.ok(&["task", "add", "One"]);
    machine.ok(&["backup", "schedule", "hourly"]);
    machine.ok(&["backup", "push"]);
    let after = shown(&machine, &["backup", "schedule"]);
    let (good, next) = (&after["last_ok"], &after["next_runs"][0]);
    assert!(good.as_str() < next.as_str(), "{after}");

    let away = remote.with_extension("away");
    fs::rename(&remote, &away).expect("moved");
    for _ in 0..2 {
        machine.run(&["backup", "push"]);
    }
    let after = shown(&machine, &["backup", "schedule"]);
    assert_eq!((&after["failures"], &after["last_ok"]), (&json!(2), good));
    let text = machine.ok(&["backup", "schedule"]).stdout;
    assert!(text.contains("and 2 runs failed since"), "{text}");
    fs::rename(&away, &remote).expect("moved");
    machine.ok(&["sync"]);
    assert_eq!(
        shown(&machine, &["backup", "schedule"])["failures"],
        json!(0)
    );
}

#[test]
fn what_is_no_schedule_is_refused_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    machine.ok(&["backup", "schedule", "daily"]);
    for (text, word) in [
        ("often", "is no schedule: there is no such word"),
        ("61 * * * *", "is no schedule"),
        ("0 0 30 2 *", "a time that never comes"),
        ("* * * * * *", "it has 6 fields, and a line of cron has 5"),
    ] {
        for args in [
            &["backup", "schedule", text][..],
            &["config", "set", "schedule.push", text],
        ] {
            let ran = machine.run(args);
            assert_eq!(ran.code, 1, "{ran}");
            assert!(ran.stderr.contains(word), "{ran}");
            assert!(ran.stderr.contains("0 9 * * MON-FRI"), "{ran}");
        }
    }
    assert_eq!(machine.run(&["backup", "schedule", "--pull"]).code, 2);
    assert_eq!(
        shown(&machine, &["backup", "schedule"])["schedule"],
        json!("daily")
    );

    // A file that somebody wrote by hand.
    let file = machine.home.join("holdall/config.toml");
    fs::write(&file, "[schedule]\npush = \"now and then\"\n").expect("written");
    let ran = machine.run(&["backup", "schedule"]);
    assert_eq!(ran.code, 1, "{ran}");
    let ran = machine.ok(&["backup", "status"]);
    assert!(
        ran.stderr.contains("no push comes by itself") && ran.stderr.contains("config.toml"),
        "{ran}"
    );
    machine.ok(&["backup", "schedule", "weekly"]);
}
