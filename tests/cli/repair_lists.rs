//! What `doctor --repair` makes of a list of projects that is there and cannot be read.

use std::fs;

use serde_json::{Value, json};

use super::doctor::{data, examined};
use super::repair::{
    REPAIR, all_arrives, is_listed_again, is_named, overwritten, prepare, repaired, store, tasks,
};
use crate::flow::scene::{Scene, add, pushed, state};
use crate::kit::Machine;

/// A list that nobody can read any more, and what is left of it.
const UNREADABLE: [&[u8]; 2] = [b"", b"\0garbage"];

fn damaged_list(machine: &Machine, bytes: &[u8]) {
    overwritten(&data(machine, "projects.json"), bytes);
}

#[track_caller]
fn is_aside(machine: &Machine, report: &Value, bytes: &[u8]) {
    let aside = data(machine, "projects.json.damaged");
    assert_eq!(report["projects_damaged"], json!(aside), "{report}");
    assert_eq!(fs::read(aside).expect("kept"), bytes);
}

#[test]
fn a_list_of_projects_that_cannot_be_read_is_made_again() {
    for bytes in UNREADABLE {
        let scene = prepare();
        damaged_list(&scene.b, bytes);
        let (code, document) = scene.b.json(&["backup", "push"]);
        assert_eq!(
            (code, &document["error"]["hints"][0]),
            (70, &json!(REPAIR)),
            "{document}"
        );
        is_named(&scene.b, "projects");
        let report = repaired(&scene.b);
        is_aside(&scene.b, &report, bytes);
        is_listed_again(&scene.b, &report);
        all_arrives(&scene);
    }
}

#[test]
fn a_list_that_cannot_be_read_holds_up_no_repair_of_the_store() {
    let scene = prepare();
    damaged_list(&scene.b, b"");
    fs::remove_dir_all(data(&scene.b, "vault.git/objects")).expect("removed");
    let ran = scene.b.run(&["doctor", "--repair"]);
    for told in [
        "the list of projects could not be read: the file is ",
        "`holdall project add PATH` for each, before the next push",
    ] {
        assert!(ran.stdout.contains(told), "{ran}");
    }
    add(&scene.b, &scene.b.home.join("code/api"));
    let ran = scene.b.run(&["sync"]);
    assert!(ran.code == 0 || ran.code == 3, "{ran}");
}

#[test]
fn a_list_of_which_nothing_travelled_goes_aside_and_is_told() {
    let scene = Scene::new();
    damaged_list(&scene.a, b"{");
    is_named(&scene.a, "projects");
    let report = repaired(&scene.a);
    is_aside(&scene.a, &report, b"{");
    add(&scene.a, &scene.a.home.join("code/api"));
    scene.a.write(state("x"), "1\n");
    pushed(&scene.a);
    assert!(
        examined(&scene.a, &[])
            .iter()
            .all(|it| it["verdict"] != "fail")
    );
}

#[test]
fn a_machine_that_lost_its_name_with_its_tasks_goes_on_under_another_and_says_so() {
    let scene = prepare();
    let file = data(&scene.b, "this-machine.json");
    let before = fs::read(&file).expect("read");
    fs::remove_file(&file).expect("removed");
    fs::remove_file(data(&scene.b, "tasks.db")).expect("removed");
    fs::remove_dir_all(store(&scene.b)).expect("removed");
    let ran = scene.b.run(&["doctor", "--repair"]);
    for told in [
        "it goes on under a new name",
        "how much no push took, and could not be read, is not known",
    ] {
        assert!(ran.stdout.contains(told), "{ran}");
    }
    assert_ne!(fs::read(&file).expect("it has one"), before);
    assert!(tasks(&scene.b).contains("Renew"), "{}", tasks(&scene.b));
    let ran = scene.b.run(&["sync"]);
    assert!(ran.code == 0 || ran.code == 3, "{ran}");
    assert_eq!(repaired(&scene.b), json!({"store": null, "tasks": null}));
}

#[test]
fn the_new_name_is_in_the_document() {
    let scene = prepare();
    fs::remove_file(data(&scene.b, "this-machine.json")).expect("removed");
    fs::remove_dir_all(store(&scene.b)).expect("removed");
    let (_, document) = scene.b.json(&["doctor", "--repair"]);
    let report = &document["data"]["repaired"];
    assert_eq!(report["machine_is_new"], true, "{document}");
    let text = fs::read_to_string(data(&scene.b, "this-machine.json")).expect("read");
    let name = report["machine"].as_str().expect("a name");
    assert!(text.contains(name), "{text}");
    // The list of its tasks is there.
    assert_eq!(report["tasks"], Value::Null, "{document}");
    assert!(tasks(&scene.b).contains("Unsent"));
}
