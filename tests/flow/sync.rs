//! `sync`: both directions in one run, on one look at the remote.

use crate::kit::Sandbox;

use super::scene::{API, Scene, add, connect, fails, pulled, pushed, state, text};

#[test]
fn a_sync_takes_in_and_sends() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write(state("from-a"), "a\n");
    pushed(&scene.a);
    scene.b.write(state("from-b"), "b\n");
    let (code, document) = scene.b.json(&["sync"]);
    let data = &document["data"];
    assert_eq!(code, 0, "{document}");
    assert_eq!(document["command"], "sync");
    assert_eq!(data["pull"]["applied"], true, "{data}");
    assert_eq!(data["push"]["pushed"], true, "{data}");
    assert_eq!(text(&scene.b, state("from-a")), "a\n");
    assert_eq!(scene.stored("from-b"), "b\n");
    let (code, document) = scene.b.json(&["sync"]);
    assert_eq!(code, 0, "{document}");
    assert_eq!(document["data"]["pull"]["applied"], false, "{document}");
    assert_eq!(document["data"]["push"]["committed"], false, "{document}");
}

#[test]
fn the_first_sync_of_all_fills_the_vault_and_the_next_machine_takes_it() {
    let scene = Scene::new();
    scene.a.write(state("x"), "1\n");
    let (code, document) = scene.a.json(&["sync"]);
    assert_eq!(code, 0, "{document}");
    assert!(document["data"]["pull"].is_null(), "{document}");
    assert_eq!(document["data"]["push"]["pushed"], true, "{document}");
    assert_eq!(scene.b.json(&["sync"]).0, 0);
    assert_eq!(text(&scene.b, state("x")), "1\n");
}

#[test]
fn a_sync_asks_the_remote_once_for_what_it_has() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write(state("x"), "2\n");
    pushed(&scene.a);
    scene.b.write(state("y"), "b\n");
    let asked = |args: &[&str]| {
        let said = scene.b.run(args).stderr;
        said.matches("asking").count()
    };
    let said = scene.b.run(&["sync", "--verbose", "--dry-run"]);
    assert_eq!(asked(&["sync", "--verbose"]), 1, "{said}");
}

#[test]
fn a_rehearsed_sync_changes_nothing() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write(state("x"), "2\n");
    pushed(&scene.a);
    scene.b.write(state("from-b"), "b\n");
    let before = scene.vault();
    let (code, document) = scene.b.json(&["sync", "--dry-run"]);
    assert_eq!(code, 0, "{document}");
    let data = &document["data"];
    assert_eq!(data["pull"]["projects"][0]["changed"], 1, "{data}");
    assert_eq!(data["push"]["files"]["added"], 1, "{data}");
    assert_eq!(text(&scene.b, state("x")), "1\n");
    assert_eq!(scene.vault(), before);
}

#[test]
fn a_sync_with_a_conflict_sends_the_rest_and_ends_with_3() {
    let scene = Scene::with(&[("x.bin", "1\n")]);
    scene.a.write(state("x.bin"), "\0a\n");
    pushed(&scene.a);
    scene.b.write(state("x.bin"), "\0b\n");
    scene.b.write(state("y"), "b\n");
    let (code, document) = scene.b.json(&["sync"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(scene.stored("y"), "b\n");
    assert_eq!(text(&scene.b, state("x.bin")), "\0b\n");
    let conflict = &document["data"]["push"]["conflicts"][0];
    assert_eq!(conflict["filed"], true, "{document}");
}

#[test]
fn a_sync_with_nobody_there_says_so_and_changes_nothing() {
    let scene = Scene::with(&[("x", "1\n")]);
    std::fs::rename(&scene.bare, scene.sandbox.path().join("away.git")).expect("it moves");
    scene.b.write(state("y"), "b\n");
    fails(&scene.b, &["sync"], (4, "unreachable"));
}

/// What was published in a vault of its own is new to the vault that its machine joins.
#[test]
fn a_pull_from_a_vault_that_is_joined_takes_no_project_out() {
    for first in ["pull", "sync"] {
        let scene = Scene::with(&[("shared", "theirs\n")]);
        let tower = scene.sandbox.machine("tower");
        let url = "https://git.example.com/me/alone.git";
        let dir = tower.checkout("alone", url);
        tower.write("code/alone/.aigon/x", "mine\n");
        add(&tower, &dir);
        tower.ok(&["backup", "push"]);
        connect(&tower, &scene.bare);
        if first == "pull" {
            pulled(&tower);
            pushed(&tower);
        } else {
            assert_eq!(tower.json(&["sync"]).0, 0);
        }
        let files = scene.vault();
        assert_eq!(files["projects/alone/.aigon/x"], b"mine\n", "after {first}");
    }
}

#[test]
fn a_sync_without_a_remote_keeps_the_vault_here() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let dir = machine.checkout("api", API);
    machine.write(state("x"), "1\n");
    add(&machine, &dir);
    let (code, document) = machine.json(&["sync"]);
    assert_eq!(code, 0, "{document}");
    assert_eq!(document["data"]["push"]["committed"], true, "{document}");
    assert_eq!(machine.json(&["sync"]).0, 0);
}
