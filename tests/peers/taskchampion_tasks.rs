//! A sync of task lists in which edits were called sent, gave way to a deletion, or stayed where they were.

use std::fs;

use serde_json::json;

use crate::flow::scene::{copy_dir, fails};
use crate::kit::Machine;

use super::desks::{Desks, add, data, edit, logged, shown, titles};

/// 1
#[test]
fn an_edit_that_could_not_be_sent_waits_and_arrives() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let task = add(a, &["Begun"]);
    desks.agree(&[0, 1]);
    edit(a, &task, &["--title", "Not sent"]);
    let gone = desks.bare.with_extension("off");
    fs::rename(&desks.bare, &gone).expect("moved");
    for command in [&["sync"][..], &["backup", "push"], &["backup", "pull"]] {
        fails(a, command, (4, "unreachable"));
    }
    let status = data(a, &["backup", "status"]);
    assert_eq!(status["pending"]["ops"], 1, "{status}");
    assert_eq!(shown(a, &task)["title"], "Not sent");
    fs::rename(&gone, &desks.bare).expect("moved");
    edit(b, &task, &["--priority", "low"]);
    let found = desks.agree(&[1, 0]);
    assert_eq!(
        (&found["title"], &found["priority"]),
        (&"Not sent".into(), &"low".into())
    );
}

/// 8
#[test]
fn a_deletion_does_not_beat_a_later_edit_and_what_lost_is_in_the_log() {
    for order in [[0, 1], [1, 0]] {
        let desks = Desks::new(&["laptop", "desktop"]);
        let [a, b] = desks.two();
        let task = add(a, &["Begun"]);
        desks.agree(&[0, 1]);
        a.ok(&["task", "delete", &task]);
        edit(b, &task, &["--title", "Later"]);
        let found = desks.agree(&order);
        assert_eq!(
            (&found["title"], &found["deleted"]),
            (&"Later".into(), &false.into())
        );
        assert_eq!(found["conflicts"], json!(["deleted"]));
        for machine in [a, b] {
            let log = data(machine, &["task", "log", &task]);
            let verbs: Vec<_> = log["entries"]
                .as_array()
                .expect("a log")
                .iter()
                .map(|it| &it["verb"])
                .collect();
            assert!(
                verbs.contains(&&json!("delete")) && verbs.contains(&&json!("set")),
                "{log}"
            );
            let list = machine.ok(&["task", "list"]).stdout;
            assert!(
                list.contains("Later") && list.contains("conflict: deleted"),
                "{list}"
            );
        }
        // Whoever decides has decided for both.
        if order[0] == 0 {
            b.ok(&["task", "restore", &task]);
            assert_eq!(desks.agree(&order)["conflicts"], json!([]));
        } else {
            b.ok(&["task", "delete", &task]);
            assert_eq!(desks.agree_on_all(&order), json!([]));
        }
    }
}

/// 8
#[test]
fn a_value_that_lost_is_in_the_log_of_both() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let task = add(&desks.all[0], &["Begun"]);
    desks.agree(&[0, 1]);
    for (machine, value) in desks.two().into_iter().zip(["2030-01-01", "2031-01-01"]) {
        edit(machine, &task, &["--due", value]);
    }
    desks.agree(&[1, 0]);
    edit(&desks.all[0], &task, &["--due", "none"]);
    assert_eq!(desks.agree(&[0, 1])["conflicts"], json!([]));
    for machine in &desks.all {
        assert_eq!(logged(machine, &task, "due"), ["2030-01-01", "2031-01-01"]);
    }
}

/// 8
#[test]
fn what_was_sent_long_ago_can_still_be_undone_and_is_undone_everywhere() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let task = add(a, &["Begun", "--label", "web"]);
    desks.agree(&[0, 1]);
    edit(a, &task, &["--title", "Renamed", "--unlabel", "web"]);
    a.ok(&["task", "delete", &task]);
    desks.meet(&[0, 1]);
    assert_eq!(titles(b), [""; 0]);
    edit_elsewhere(b);
    desks.meet(&[1, 0]);
    a.ok(&["task", "undo"]);
    let all = desks.agree_on_all(&[0, 1]);
    assert_eq!(
        all[0]["title"].as_str().max(all[1]["title"].as_str()),
        Some("Renamed")
    );
    a.ok(&["task", "undo"]);
    desks.agree_on_all(&[0, 1]);
    let found = shown(b, &task);
    assert_eq!(
        (&found["title"], &found["labels"]),
        (&"Begun".into(), &json!(["web"]))
    );
    assert_eq!(found["conflicts"], json!([]));
}

/// Something of one's own in between.
fn edit_elsewhere(machine: &Machine) {
    add(machine, &["Mine"]);
    edit(
        machine,
        &add(machine, &["And mine"]),
        &["--priority", "low"],
    );
}

/// 10
#[test]
fn two_machines_of_one_name_and_one_id_share_what_they_write() {
    let mut desks = Desks::new(&["laptop"]);
    add(&desks.all[0], &["Before"]);
    // The image of a disk, before anything was ever sent from it.
    let twin = desks.sandbox.machine("twin");
    copy_dir(
        &desks.all[0].home.join("holdall"),
        &twin.home.join("holdall"),
    );
    desks.all.push(twin);
    let [a, twin] = desks.two();
    for (machine, title) in [(a, "By one"), (twin, "By the other")] {
        add(machine, &[title]);
    }
    let started = desks.two().map(|machine| machine.spawn(&["sync"]));
    for run in started {
        let ran = run.finish();
        assert_eq!(ran.code, 0, "{ran}");
    }
    add(twin, &["Later"]);
    desks.agree_on_all(&[0, 1]);
    assert_eq!(titles(a), ["Before", "By one", "By the other", "Later"]);
    desks.are_quiet();
}

/// 10
#[test]
fn a_copied_configuration_is_all_that_a_second_machine_needs() {
    let mut desks = Desks::new(&["laptop"]);
    add(&desks.all[0], &["By one"]);
    let second = desks.sandbox.machine("second");
    second.write(
        "holdall/config.toml",
        desks.all[0].read("holdall/config.toml"),
    );
    add(&second, &["By the other"]);
    desks.all.push(second);
    desks.agree_on_all(&[1, 0]);
    assert_eq!(titles(&desks.all[0]), ["By one", "By the other"]);
    let status = data(&desks.all[0], &["backup", "status"]);
    assert_eq!(
        status["machines"].as_array().map(Vec::len),
        Some(2),
        "{status}"
    );
}
