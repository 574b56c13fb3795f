//! A log in the middle of a line: its full lines travel, and the rest is named wherever it is left.

use serde_json::{Value, json};

use crate::kit::Machine;

use super::scene::{Scene, pushed, state, text};

const LOG: &str = "h.jsonl";

fn reason(machine: &Machine, args: &[&str], list: &str) -> Value {
    let (code, document) = machine.json(args);
    assert_eq!(code, 0, "{document}");
    let lines = document["data"][list].as_array().expect("a list").iter();
    let mut of_log = lines.filter(|line| line["path"] == ".aigon/h.jsonl");
    of_log
        .next()
        .map_or(Value::Null, |line| line["reason"].clone())
}

/// A pull and its dry run leave the log as it is, and say why.
#[track_caller]
fn keeps_the_log(machine: &Machine) {
    for args in [&["backup", "pull", "--dry-run"][..], &["backup", "pull"]] {
        let (_, document) = machine.json(args);
        let kept = &document["data"]["projects"][0]["kept_paths"];
        let line = json!([{"path": ".aigon/h.jsonl", "why": "half_line"}]);
        assert_eq!(*kept, line, "{document}");
    }
}

#[test]
fn push_and_status_name_a_half_line_and_do_not_count_it() {
    let scene = Scene::with(&[("x", "1\n")]);
    for log in ["l1\nl2part", "l2part"] {
        scene.a.write(state(LOG), log);
        for args in [
            ["backup", "push", "--dry-run"].as_slice(),
            &["backup", "push"],
        ] {
            assert_eq!(reason(&scene.a, args, "left"), "half_line", "{log}");
        }
        let ran = scene.a.ok(&["backup", "push"]);
        let line = "stays here  api/.aigon/h.jsonl: its last line is not ended yet";
        assert!(ran.stdout.contains(line), "{ran}");
        let status = ["backup", "status"];
        assert_eq!(
            reason(&scene.a, &status, "half_lines"),
            "half_line",
            "{log}"
        );
        let (_, document) = scene.a.json(&status);
        assert_eq!(document["data"]["pending"]["files"], 0, "{document}");
        let ran = scene.a.ok(&status);
        assert!(ran.stdout.contains(line), "{ran}");
        assert!(!ran.stderr.contains("backup push"), "{ran}");
    }
    assert_eq!(scene.stored(LOG), "l1\n");
}

#[test]
fn a_pull_keeps_a_log_that_is_being_written_and_says_why() {
    let scene = Scene::with(&[(LOG, "l1\n"), ("x", "1\n")]);
    scene.b.write(state(LOG), "l1\nl2part");
    let (_, document) = scene.b.json(&["backup", "pull"]);
    assert_eq!(document["data"]["projects"][0]["kept"], 0, "{document}");
    scene.a.write(state(LOG), "l1\nl3\n");
    pushed(&scene.a);
    keeps_the_log(&scene.b);
    assert_eq!(text(&scene.b, state(LOG)), "l1\nl2part");
}

fn append(machine: &Machine, tail: &str) {
    let mut log = text(machine, state(LOG));
    log.push_str(tail);
    machine.write(state(LOG), log);
}

#[test]
fn a_line_that_the_vault_has_is_not_taken_back_because_it_is_young_here() {
    let large = format!("{}l2", "a line of a large log\n".repeat(60_000));
    for log in ["l1\nl2", &large] {
        let scene = Scene::with(&[("x", "1\n")]);
        scene.a.write(state(LOG), log);
        let old = std::time::SystemTime::now() - std::time::Duration::from_mins(10);
        let file = std::fs::File::options()
            .append(true)
            .open(scene.a.home.join(state(LOG)));
        file.and_then(|file| file.set_modified(old))
            .expect("a time");
        pushed(&scene.a);
        assert_eq!(scene.stored(LOG), log, "it was at rest");
        scene.b.ok(&["backup", "pull"]);
        for tail in ["", "x", "\nl3"] {
            append(&scene.b, tail);
            scene.b.ok(&["backup", "push"]);
            let kept = scene.stored(LOG);
            assert!(kept.starts_with(log), "{tail:?}: {} bytes", kept.len());
        }
        assert_eq!(scene.stored(LOG), format!("{log}x\n"));
    }
}

#[test]
fn a_log_that_is_half_a_line_waits_for_what_the_vault_has_and_says_so() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write(state(LOG), "l1\n");
    pushed(&scene.a);
    scene.b.write(state(LOG), "l2part");
    keeps_the_log(&scene.b);
}
