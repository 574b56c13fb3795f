//! What changes beside the files, empty directories and modes, is counted and named like files.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::kit::Machine;

use super::scene::{Scene, pushed, remove, state};

fn data(machine: &Machine, args: &[&str]) -> Value {
    let (code, document) = machine.json(args);
    assert_eq!(code, 0, "{document}");
    document["data"].clone()
}

/// The changes of the one project: the kinds by path.
fn changes(data: &Value) -> Value {
    let list = data["projects"][0]["changes"].as_array().expect("a list");
    let pair = |change: &Value| {
        let path = change["path"].as_str().expect("a path").to_owned();
        (path, change["change"].clone())
    };
    Value::Object(list.iter().map(pair).collect())
}

fn close(machine: &Machine, name: &str, mode: u32) {
    fs::set_permissions(machine.home.join(state(name)), Permissions::from_mode(mode))
        .expect("a mode can be set");
}

fn mkdir(machine: &Machine, name: &str) {
    fs::create_dir_all(machine.home.join(state(name))).expect("made");
}

/// One empty directory went, one came, and one of two files became private.
fn scene() -> Scene {
    let scene = Scene::with(&[("k", "1\n"), ("l", "1\n")]);
    mkdir(&scene.a, "e1");
    pushed(&scene.a);
    scene.b.ok(&["backup", "pull"]);
    fs::remove_dir(scene.a.home.join(state("e1"))).expect("removed");
    mkdir(&scene.a, "e2");
    close(&scene.a, "k", 0o600);
    scene
}

fn expected() -> Value {
    json!({".aigon/e1": "dir_removed", ".aigon/e2": "dir_made", ".aigon/k": "mode"})
}

#[test]
fn a_push_and_its_forecasts_count_and_name_directories_and_modes() {
    let scene = scene();
    let status = data(&scene.a, &["backup", "status"]);
    let pending = &status["pending"];
    assert_eq!(
        (&pending["files"], &pending["dirs"], &pending["modes"]),
        (&json!(0), &json!(2), &json!(1))
    );
    assert_eq!(status["projects"][0]["pending"], 3);
    let ran = scene.a.ok(&["backup", "status"]);
    assert!(ran.stdout.contains("2 directories, 1 mode"), "{ran}");
    assert!(ran.stderr.contains("`holdall backup push`"), "{ran}");
    let ran = scene.a.ok(&["backup", "push", "--dry-run"]);
    for line in [
        "- api/.aigon/e1/\n",
        "+ api/.aigon/e2/\n",
        "~ api/.aigon/k (mode)\n",
    ] {
        assert!(ran.stdout.contains(line), "{line}: {ran}");
    }
    let push = data(&scene.a, &["backup", "push"]);
    assert_eq!(changes(&push), expected());
    assert_eq!(
        (&push["files"]["dirs"], &push["files"]["modes"]),
        (&json!(2), &json!(1))
    );
    let status = data(&scene.a, &["backup", "status"]);
    assert_eq!(status["projects"][0]["pending"], 0, "{status}");
}

#[test]
fn a_pull_and_its_dry_run_count_and_name_directories_and_modes() {
    let scene = scene();
    pushed(&scene.a);
    let dry = data(&scene.b, &["backup", "pull", "--dry-run"]);
    assert_eq!(changes(&dry), expected());
    let pull = data(&scene.b, &["backup", "pull"]);
    assert_eq!(changes(&pull), expected());
    assert_eq!(pull["applied"], true);
    let again = data(&scene.b, &["backup", "pull"]);
    assert_eq!(again["applied"], false);
    assert_eq!(changes(&again), json!({}));
}

#[test]
fn a_directory_that_gains_or_loses_files_is_told_by_these() {
    let scene = Scene::with(&[("d/x", "1\n"), ("k", "1\n")]);
    remove(&scene.a, state("d/x"));
    let removed = json!({".aigon/d/x": "removed"});
    assert_eq!(changes(&data(&scene.a, &["backup", "push"])), removed);
    let dry = data(&scene.b, &["backup", "pull", "--dry-run"]);
    assert_eq!(changes(&dry), removed);
    assert_eq!(changes(&data(&scene.b, &["backup", "pull"])), removed);
    assert!(scene.b.home.join(state("d")).is_dir());
    scene.a.write(state("d/y"), "1\n");
    let added = json!({".aigon/d/y": "added"});
    assert_eq!(changes(&data(&scene.a, &["backup", "push"])), added);
    let dry = data(&scene.b, &["backup", "pull", "--dry-run"]);
    assert_eq!(changes(&dry), added);
    assert_eq!(changes(&data(&scene.b, &["backup", "pull"])), added);
}

#[test]
fn a_directory_that_becomes_private_names_the_files_whose_mode_changes() {
    let scene = Scene::with(&[("d/x", "1\n"), ("d/y", "1\n"), ("k", "1\n")]);
    close(&scene.a, "d/x", 0o600);
    pushed(&scene.a);
    scene.b.ok(&["backup", "pull"]);
    close(&scene.a, "d/y", 0o600);
    let mode = json!({".aigon/d/y": "mode"});
    assert_eq!(changes(&data(&scene.a, &["backup", "push"])), mode);
    assert_eq!(changes(&data(&scene.b, &["backup", "pull"])), mode);
}

#[test]
fn a_directory_that_holds_only_what_stays_here_is_as_empty_as_the_vault_has_it() {
    let scene = Scene::with(&[("k", "1\n")]);
    mkdir(&scene.a, "e");
    scene.a.write(state("e/c.log"), "it stays here\n");
    scene.a.write(state(".holdallignore"), "*.log\n");
    scene.a.ok(&["backup", "push"]);
    scene.b.ok(&["backup", "pull"]);
    mkdir(&scene.b, "e");
    let push = data(&scene.b, &["backup", "push"]);
    assert_eq!(changes(&push), json!({".aigon/e": "dir_made"}));
    scene.a.ok(&["backup", "pull"]);
    let push = data(&scene.a, &["backup", "push"]);
    assert_eq!(push["committed"], false, "{push}");

    // Once nothing is in it, it is an empty directory like others; it comes and goes with them.
    remove(&scene.a, state("e/c.log"));
    assert_eq!(data(&scene.a, &["backup", "push"])["committed"], false);
    fs::remove_dir(scene.b.home.join(state("e"))).expect("removed");
    scene.b.ok(&["backup", "push"]);
    let pull = data(&scene.a, &["backup", "pull"]);
    assert_eq!(changes(&pull), json!({".aigon/e": "dir_removed"}));
}

#[test]
fn a_directory_that_is_gone_elsewhere_keeps_what_stays_here() {
    let scene = Scene::with(&[("k", "1\n")]);
    mkdir(&scene.a, "e");
    scene.a.write(state(".holdallignore"), "*.log\n");
    pushed(&scene.a);
    scene.b.ok(&["backup", "pull"]);
    scene.a.write(state("e/c.log"), "it stays here\n");
    fs::remove_dir(scene.b.home.join(state("e"))).expect("removed");
    pushed(&scene.b);
    let pull = data(&scene.a, &["backup", "pull"]);
    assert_eq!(pull["applied"], false, "{pull}");
    let push = data(&scene.a, &["backup", "push"]);
    assert_eq!(push["committed"], false, "{push}");
    assert!(scene.a.home.join(state("e/c.log")).exists());
}
