//! An older state of the vault comes back: in its place as an edit, or in a directory of its own.

use std::fs;

use serde_json::Value;

use crate::kit::{Machine, git, tree};

use super::scene::{API, Scene, fails, is_there, pulled, pushed, remove, state, text, tip, utf8};

#[track_caller]
fn restored(machine: &Machine, more: &[&str]) -> Value {
    let (code, document) = machine.json(&[&["backup", "restore"], more].concat());
    assert_eq!(code, 0, "{document}");
    document["data"].clone()
}

/// The commits of the vault, the oldest first.
fn commits(scene: &Scene) -> Vec<String> {
    let list = git(&["rev-list", "--reverse", "main"], &scene.bare);
    list.lines().map(str::to_owned).collect()
}

/// The first machine pushed a state, and then a change, an addition and a deletion.
fn changed() -> (Scene, String) {
    let scene = Scene::with(&[("x", "1\n"), ("gone", "1\n"), ("dir/same", "1\n")]);
    let then = tip(&scene.bare);
    scene.a.write(state("x"), "2\n");
    scene.a.write(state("new/y"), "2\n");
    remove(&scene.a, state("gone"));
    pushed(&scene.a);
    (scene, then)
}

#[test]
fn an_older_state_comes_back_as_an_edit_that_travels() {
    let (scene, then) = changed();
    let data = restored(&scene.a, &["--at", &then[..10]]);
    assert_eq!(
        (&data["commit"], &data["applied"]),
        (&then.into(), &true.into()),
        "{data}"
    );
    assert_eq!(text(&scene.a, state("x")), "1\n");
    assert_eq!(text(&scene.a, state("gone")), "1\n");
    assert_eq!(
        text(&scene.a, state("new/y")),
        "2\n",
        "what was not there then stays"
    );
    let data = pushed(&scene.a);
    assert_eq!(data["files"]["changed"], 1, "{data}");
    assert_eq!(data["files"]["added"], 1, "{data}");
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("x")), "1\n");
    assert_eq!(text(&scene.b, state("new/y")), "2\n");
}

#[test]
fn with_delete_what_was_not_there_then_goes() {
    let (scene, then) = changed();
    restored(&scene.a, &["--at", &then, "--delete"]);
    assert!(!is_there(&scene.a, state("new")));
    assert_eq!(text(&scene.a, state("gone")), "1\n");
    pushed(&scene.a);
    assert!(!scene.vault().contains_key("projects/api/.aigon/new/y"));
}

#[test]
fn a_restore_is_undone_before_and_after_a_push() {
    for pushes in [false, true] {
        let (scene, then) = changed();
        let before = tree(&scene.a.home.join("code"));
        let data = restored(&scene.a, &["--at", &then, "--delete"]);
        assert!(data["undo"].is_string(), "{data}");
        if pushes {
            pushed(&scene.a);
        }
        let (code, document) = scene.a.json(&["backup", "undo"]);
        assert_eq!(code, 0, "{document}");
        assert_eq!(tree(&scene.a.home.join("code")), before);
        assert_eq!(
            scene.a.json(&["backup", "status"]).1["data"]["pulls_paused"],
            Value::Null
        );
        // The way back is an edit as well.
        let data = pushed(&scene.a);
        assert_eq!(data["committed"], pushes, "{data}");
        pulled(&scene.b);
        assert_eq!(text(&scene.b, state("x")), "2\n");
        assert!(!is_there(&scene.b, state("gone")));
    }
}

#[test]
fn edits_since_the_last_push_are_in_the_snapshot_of_the_undo() {
    let (scene, then) = changed();
    scene.a.write(state("x"), "never pushed\n");
    scene.a.write(state("gone"), "mine\n");
    restored(&scene.a, &["--at", &then]);
    assert_eq!(text(&scene.a, state("x")), "1\n");
    scene.a.ok(&["backup", "undo"]);
    assert_eq!(text(&scene.a, state("x")), "never pushed\n");
    assert_eq!(text(&scene.a, state("gone")), "mine\n");
}

#[test]
fn a_part_of_it_is_a_part_of_it() {
    let (scene, then) = changed();
    for path in [
        ["--path", ".aigon/x", "--project", "api"],
        ["--path", "projects/api/.aigon/x", "--at", &then],
    ] {
        scene.a.write(state("x"), "2\n");
        let data = restored(
            &scene.a,
            &[
                &["--at", &then],
                &path[..if path[2] == "--at" { 2 } else { 4 }],
            ]
            .concat(),
        );
        assert_eq!(
            data["projects"][0]["changes"].as_array().map(Vec::len),
            Some(1),
            "{data}"
        );
        assert_eq!(text(&scene.a, state("x")), "1\n");
        assert!(!is_there(&scene.a, state("gone")));
    }
    fails(
        &scene.a,
        &["backup", "restore", "--at", &then, "--project", "no"],
        (1, "not_found"),
    );
    fails(
        &scene.a,
        &["backup", "restore", "--at", &then, "--path", "../x"],
        (1, "invalid"),
    );
}

#[test]
fn a_dry_run_says_what_would_come_and_changes_nothing() {
    let (scene, then) = changed();
    let before = tree(&scene.a.home.join("code"));
    let data = restored(&scene.a, &["--at", &then, "--delete", "--dry-run"]);
    assert_eq!(
        data["projects"][0]["changes"].as_array().map(Vec::len),
        Some(3),
        "{data}"
    );
    assert_eq!(tree(&scene.a.home.join("code")), before);
    let to = scene.a.home.join("then");
    restored(&scene.a, &["--at", &then, "--to", utf8(&to), "--dry-run"]);
    assert!(!to.exists());
}

#[test]
fn a_moment_is_the_last_commit_until_then() {
    let (scene, then) = changed();
    let last = tip(&scene.bare);
    // All of it was a moment ago.
    assert_eq!(
        restored(&scene.a, &["--at", "0s", "--dry-run"])["commit"],
        last.as_str()
    );
    fails(
        &scene.a,
        &["backup", "restore", "--at", "3d"],
        (1, "not_found"),
    );
    fails(
        &scene.a,
        &["backup", "restore", "--at", "no such thing"],
        (1, "not_found"),
    );
    let first = &commits(&scene)[0];
    assert_eq!(
        restored(&scene.a, &["--at", &format!("{then}~0"), "--dry-run"])["commit"],
        then
    );
    assert_eq!(
        restored(&scene.a, &["--at", first, "--dry-run"])["commit"],
        first.as_str()
    );
}

#[test]
fn settings_come_back_with_this_machines_own_keys() {
    let scene = Scene::with(&[("x", "1\n")]);
    let file = ".aigon/config.json";
    scene
        .a
        .write(file, "{\"theme\": \"dark\", \"serverPort\": 1}\n");
    pushed(&scene.a);
    let then = tip(&scene.bare);
    scene
        .a
        .write(file, "{\"theme\": \"blue\", \"serverPort\": 2}\n");
    pushed(&scene.a);
    restored(&scene.a, &["--at", &then]);
    let now = text(&scene.a, file);
    assert!(
        now.contains("dark") && now.contains("\"serverPort\": 2"),
        "{now}"
    );
    scene.a.ok(&["backup", "undo"]);
    assert!(text(&scene.a, file).contains("blue"));
}

#[test]
fn in_a_directory_of_its_own_it_is_laid_out_as_the_vault_is() {
    let (scene, then) = changed();
    scene
        .a
        .write(".aigon/config.json", "{\"theme\": \"dark\"}\n");
    pushed(&scene.a);
    let before = tree(&scene.a.home.join("code"));
    let to = scene.a.home.join("deep/then");
    let data = restored(&scene.a, &["--at", &then, "--to", utf8(&to)]);
    assert!(data["undo"].is_null(), "{data}");
    let files = tree(&to);
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    let api = [
        "projects/api/.aigon/dir/same",
        "projects/api/.aigon/gone",
        "projects/api/.aigon/x",
    ];
    assert_eq!(names, api);
    assert_eq!(files["projects/api/.aigon/x"], b"1\n");
    fails(
        &scene.a,
        &["backup", "restore", "--at", &then, "--to", utf8(&to)],
        (1, "refused"),
    );
    let now = scene.a.home.join("now");
    restored(&scene.a, &["--at", "HEAD", "--to", utf8(&now)]);
    assert!(tree(&now).contains_key("settings/aigon/config.json"));
    let inside = scene.a.home.join("holdall/data/x");
    fails(
        &scene.a,
        &["backup", "restore", "--at", &then, "--to", utf8(&inside)],
        (1, "refused"),
    );
    assert_eq!(tree(&scene.a.home.join("code")), before);
}

#[test]
fn a_project_that_is_not_here_is_restored_beside_and_named_otherwise() {
    let (scene, then) = changed();
    let other = scene.sandbox.machine("other");
    super::scene::connect(&other, &scene.bare);
    let web = other.checkout("web", "git@github.com:team/web.git");
    other.write(web.join(".aigon/w"), "1\n");
    super::scene::add(&other, &web);
    other.json(&["backup", "pull"]);
    pushed(&other);
    let data = restored(&other, &["--at", &then]);
    assert_eq!(data["missing"][0], "api", "{data}");
    let to = other.home.join("then");
    restored(
        &other,
        &[
            "--at",
            &then,
            "--to",
            utf8(&to),
            "--project",
            "api",
            "--path",
            ".aigon/dir",
        ],
    );
    assert_eq!(tree(&to).len(), 1);
    fails(
        &other,
        &[
            "backup",
            "restore",
            "--at",
            &then,
            "--to",
            utf8(&to.join("no")),
            "--project",
            "web",
        ],
        (1, "not_found"),
    );
    assert!(!API.is_empty() && !fs::exists(to.join("no")).expect("asked"));
}

#[test]
fn a_path_that_was_not_there_then_is_no_restored_one() {
    let (scene, then) = changed();
    for place in [&[][..], &["--to", "elsewhere"]] {
        let args = [
            &["backup", "restore", "--at", &then, "--path", ".aigon/new"],
            place,
        ]
        .concat();
        let said = fails(&scene.a, &args, (1, "not_found"));
        assert!(said.contains(".aigon/new was not in the vault"), "{said}");
    }
    // Below the project or in the vault: both are the same path.
    for path in [".aigon/gone", "projects/api/.aigon/x"] {
        restored(&scene.a, &["--at", &then, "--path", path]);
    }
    assert_eq!(text(&scene.a, state("gone")), "1\n");
    assert_eq!(text(&scene.a, state("x")), "1\n");
}

#[test]
fn what_is_restored_is_no_old_version_to_the_next_run_where_the_vault_has_a_newer_one() {
    for pushes_first in [true, false] {
        let scene = Scene::with(&[("x", "1\n")]);
        let then = tip(&scene.bare);
        scene.a.write(state("x"), "a\n");
        pushed(&scene.a);
        scene.b.write(state("x"), "b\n");
        assert_eq!(scene.b.run(&["backup", "pull"]).code, 3);
        restored(&scene.b, &["--at", &then]);
        // The disk never had the newer one: both are seen.
        if pushes_first {
            assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
        }
        assert_eq!(scene.b.run(&["backup", "pull"]).code, 3);
        assert_eq!(text(&scene.b, state("x")), "1\n", "{pushes_first}");
        assert_eq!(scene.stored("x"), "a\n");
        scene.b.run(&["backup", "push"]);
        let files = scene.vault();
        let is_filed =
            |(path, text): (&String, &Vec<u8>)| path.ends_with("/local") && text == b"1\n";
        assert!(
            files.iter().any(is_filed),
            "it travelled: {:?}",
            files.keys()
        );
    }
}
