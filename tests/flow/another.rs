//! Another repository where a registered project was.

use std::fs;

use serde_json::Value;

use crate::kit::{Machine, git};

use super::scene::{Scene, add, fails, is_there, pulled, pushed, state, text, tip, utf8};

const OTHER: &str = "git@github.com:team/other.git";

/// The second machine moved the project away and has another repository in its place.
fn scene() -> Scene {
    let scene = Scene::with(&[("x", "api\n"), ("y", "api\n")]);
    let place = scene.b.home.join("code/api");
    fs::rename(&place, scene.b.home.join("code/api-moved")).expect("it can be moved");
    scene.b.checkout("api", OTHER);
    scene.b.write(state("x"), "other\n");
    scene
}

/// Runs something that has to leave the project's state directory alone; what it reports.
fn withheld(machine: &Machine, args: &[&str]) -> Value {
    let (code, document) = machine.json(args);
    assert_eq!(code, 3, "{document}");
    let data = &document["data"];
    let data = data.get("pull").unwrap_or(data);
    let line = &data["withheld"][0];
    assert_eq!(line["path"], ".aigon", "{document}");
    assert_eq!(line["reason"], "other_repository", "{document}");
    document
}

#[test]
fn another_repository_at_the_path_of_a_project_is_not_taken_for_it() {
    let scene = scene();
    let before = tip(&scene.bare);
    withheld(&scene.b, &["backup", "push"]);
    assert_eq!(tip(&scene.bare), before);
    scene.a.write(state("x"), "api again\n");
    scene.a.write(state("sub/z"), "api\n");
    pushed(&scene.a);
    withheld(&scene.b, &["backup", "pull"]);
    withheld(&scene.b, &["sync"]);
    let past = ["backup", "restore", "--at", &before];
    withheld(&scene.b, &past);
    assert_eq!(text(&scene.b, state("x")), "other\n");
    assert!(!is_there(&scene.b, state("y")) && !is_there(&scene.b, state("sub")));
    let (code, document) = scene.b.json(&["backup", "undo"]);
    assert_eq!(
        (code, &document["data"]["applied"]),
        (0, &false.into()),
        "{document}"
    );
    assert_eq!(
        document["data"]["skipped"][0]["reason"], "not_here",
        "{document}"
    );
    assert_eq!(text(&scene.b, state("x")), "other\n");
}

#[test]
fn a_project_that_moved_goes_on_though_another_repository_has_its_place() {
    let scene = scene();
    let place = scene.b.home.join("code/api");
    let message = fails(&scene.b, &["project", "add", utf8(&place)], (1, "refused"));
    assert!(message.contains("another repository"), "{message}");
    add(&scene.b, &scene.b.home.join("code/api-moved"));
    scene.b.write("code/api-moved/.aigon/x", "moved\n");
    pushed(&scene.b);
    assert_eq!(scene.stored("x"), "moved\n");
    // Now the place is free for a project of its own.
    add(&scene.b, &place);
    pushed(&scene.b);
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("x")), "moved\n");
    let list = scene.b.ok(&["project", "list", "--json"]).document();
    let projects = list["data"]["projects"].as_array().expect("a list");
    let remotes: Vec<_> = projects.iter().map(|it| &it["remotes"]).collect();
    assert_eq!(
        remotes,
        [
            &serde_json::json!(["github.com/team/api"]),
            &serde_json::json!(["github.com/team/other"])
        ]
    );
}

#[test]
fn a_scan_finds_the_project_where_it_is_now() {
    let scene = scene();
    let code = scene.b.home.join("code");
    let scan = scene
        .b
        .ok(&["project", "scan", utf8(&code), "--json"])
        .document();
    let found = &scan["data"]["registered"];
    assert_eq!(found[0]["path"], utf8(&code.join("api-moved")), "{scan}");
    scene.b.write("code/api-moved/.aigon/x", "moved\n");
    pushed(&scene.b);
    assert_eq!(scene.stored("x"), "moved\n");
}

#[test]
fn a_project_with_a_new_address_goes_on_once_a_person_says_that_it_is_the_same() {
    let scene = Scene::with(&[("x", "1\n")]);
    let dir = scene.b.home.join("code/api");
    git(&["remote", "set-url", "origin", OTHER], &dir);
    scene.b.write(state("x"), "2\n");
    // A fork has the same first commits.
    withheld(&scene.b, &["backup", "push"]);
    scene.b.ok(&["project", "link", utf8(&dir), "api"]);
    pushed(&scene.b);
    assert_eq!(scene.stored("x"), "2\n");
    // The vault knows the new address by now.
    git(
        &["remote", "set-url", "origin", OTHER],
        &scene.a.home.join("code/api"),
    );
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("x")), "2\n");
}

#[test]
fn a_project_without_an_address_is_known_by_its_first_commit() {
    let scene = Scene::new();
    let dir = scene.a.checkout("alone", None);
    scene.a.write(dir.join(".aigon/x"), "1\n");
    add(&scene.a, &dir);
    pushed(&scene.a);
    git(&["commit", "-q", "--allow-empty", "-m", "more"], &dir);
    scene.a.write(dir.join(".aigon/x"), "2\n");
    pushed(&scene.a);
    fs::remove_dir_all(dir.join(".git")).expect("it can be deleted");
    scene.a.write(dir.join(".aigon/x"), "3\n");
    pushed(&scene.a);
    git(&["init", "-q"], &dir);
    scene.a.write(dir.join(".aigon/x"), "4\n");
    pushed(&scene.a);
    git(&["commit", "-q", "--allow-empty", "-m", "new"], &dir);
    scene.a.write(dir.join(".aigon/x"), "5\n");
    withheld(&scene.a, &["backup", "push"]);
}

#[test]
fn an_undo_reaches_a_project_where_it_is_now() {
    let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
    scene.a.write(state("x"), "2\n");
    pushed(&scene.a);
    pulled(&scene.b);
    let (old, new) = (
        scene.b.home.join("code/api"),
        scene.b.home.join("code/moved"),
    );
    fs::rename(&old, &new).expect("it can be moved");
    // Whoever is told that it is gone is told what helps.
    let ran = scene.b.run(&["backup", "push"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(ran.stderr.contains("`holdall project add PATH`"), "{ran}");
    assert!(!ran.stderr.contains("--allow-mass-delete"), "{ran}");
    add(&scene.b, &new);
    let undo = scene.b.ok(&["backup", "undo", "--json"]).document();
    assert_eq!(undo["data"]["projects"][0]["path"], utf8(&new), "{undo}");
    assert_eq!(text(&scene.b, "code/moved/.aigon/x"), "1\n");
    assert!(!old.exists());
    let id = undo["data"]["undo"].as_str().expect("an id");
    scene.b.ok(&["backup", "undo", id]);
    assert_eq!(text(&scene.b, "code/moved/.aigon/x"), "2\n");
}
