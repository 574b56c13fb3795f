//! A person decides a conflict, on any machine, and every machine has the decision.

use serde_json::{Value, json};

use crate::kit::Machine;

use super::scene::{
    Scene, add, by_hand, connect, fails, is_there, pulled, pushed, remove, state, text, tip, utf8,
};

pub const X: &str = "code/api/.aigon/x";
pub const QUEUE: &str = "holdall/data/conflict-decisions.json";

/// Both changed `x`: `a` was first, and `b` filed its version.
pub fn disputed() -> Scene {
    let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
    scene.a.write(state("x"), "a\n");
    pushed(&scene.a);
    scene.b.write(state("x"), "b\n");
    assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
    assert_eq!(scene.a.run(&["backup", "pull"]).code, 3);
    scene
}

pub fn list(machine: &Machine) -> Vec<Value> {
    let (code, document) = machine.json(&["conflict", "list"]);
    assert_eq!(code, 0, "{document}");
    let list = document["data"]["conflicts"].as_array();
    list.expect("a list").clone()
}

pub fn id(machine: &Machine) -> String {
    let list = list(machine);
    assert_eq!(list.len(), 1, "{list:?}");
    list[0]["id"].as_str().expect("an id").to_owned()
}

#[track_caller]
pub fn resolved(machine: &Machine, args: &[&str]) -> Value {
    let (code, document) = machine.json(&[&["conflict", "resolve"], args].concat());
    assert_eq!(code, 0, "{document}");
    document["data"]["resolved"].clone()
}

pub fn has_conflict(scene: &Scene) -> bool {
    let files = scene.vault();
    files.keys().any(|path| path.starts_with("conflicts/"))
}

/// Everybody has this text, and nothing is left to do.
#[track_caller]
pub fn is_settled(scene: &Scene, expected: &str) {
    assert_eq!(scene.stored("x"), expected);
    assert!(!has_conflict(scene));
    for machine in [&scene.a, &scene.b] {
        pulled(machine);
        assert_eq!(text(machine, state("x")), expected);
        assert!(list(machine).is_empty());
    }
    let before = tip(&scene.bare);
    for machine in [&scene.a, &scene.b] {
        assert_eq!(pushed(machine)["committed"], false);
        assert_eq!(pulled(machine)["applied"], false);
    }
    assert_eq!(tip(&scene.bare), before, "quiet stays quiet");
}

#[test]
fn every_machine_sees_what_there_is_to_choose_from() {
    let scene = disputed();
    for machine in [&scene.a, &scene.b] {
        let conflict = &list(machine)[0];
        assert_eq!(conflict["kind"], "file");
        assert_eq!(conflict["ref"], "api:.aigon/x");
        assert_eq!(conflict["field"], Value::Null);
        assert_eq!(conflict["project"], "api");
        assert_eq!(conflict["path"], ".aigon/x");
        assert_eq!(conflict["base"], "1\n");
        assert_eq!(conflict["vault"], json!({"kind": "file", "size": 2}));
        assert_eq!(conflict["here"], true);
        let variants = conflict["variants"].as_array().expect("a list");
        assert_eq!(variants.len(), 1, "{conflict}");
        assert_eq!(variants[0]["value"], "b\n");
        assert_eq!(variants[0]["machine"], scene_name(&scene.b));
        assert_eq!(variants[0]["filed"], true);
    }
    assert_eq!(
        list(&scene.a)[0]["variants"],
        list(&scene.b)[0]["variants"],
        "a token is the same everywhere"
    );
}

fn scene_name(machine: &Machine) -> String {
    let (_, document) = machine.json(&["backup", "status"]);
    let machines = document["data"]["machines"].as_array().expect("a list");
    let this = machines.iter().find(|it| it["this"] == true);
    this.expect("this machine")["name"]
        .as_str()
        .expect("a name")
        .to_owned()
}

#[test]
fn the_machine_without_the_version_takes_it_for_all() {
    let scene = disputed();
    let lines = resolved(&scene.a, &[&id(&scene.a), "--use", "local"]);
    assert_eq!(lines[0]["written"], true, "{lines}");
    assert_eq!(text(&scene.a, state("x")), "b\n");
    assert_eq!(scene.stored("x"), "a\n", "the vault hears of it by a push");
    let before = tip(&scene.bare);
    let data = pushed(&scene.a);
    assert_eq!(data["resolved"][0]["outcome"], "carried", "{data}");
    assert_eq!(data["conflicts"], json!([]), "{data}");
    assert_eq!(
        crate::kit::git(&["rev-parse", "main~1"], &scene.bare).trim(),
        before,
        "the content and the conflict in one commit"
    );
    is_settled(&scene, "b\n");
}

#[test]
fn the_machine_that_filed_takes_the_vaults_version() {
    let scene = disputed();
    resolved(&scene.b, &["api:.aigon/x", "--use", "vault"]);
    assert_eq!(text(&scene.b, state("x")), "a\n");
    pushed(&scene.b);
    is_settled(&scene, "a\n");
}

#[test]
fn a_content_of_ones_own_goes_everywhere_and_the_filer_takes_it_over() {
    for from_filer in [true, false] {
        let scene = disputed();
        let machine = if from_filer { &scene.b } else { &scene.a };
        machine.write("merged", "both\n");
        resolved(machine, &[X, "--file", "merged"]);
        pushed(machine);
        is_settled(&scene, "both\n");
    }
}

#[test]
fn a_version_that_was_never_filed_can_be_decided_about() {
    for (choice, expected) in [("local", "b\n"), ("vault", "a\n"), ("base", "1\n")] {
        let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
        scene.a.write(state("x"), "a\n");
        pushed(&scene.a);
        scene.b.write(state("x"), "b\n");
        assert_eq!(scene.b.run(&["backup", "pull"]).code, 3);
        assert_eq!(list(&scene.b)[0]["variants"][0]["filed"], false);
        resolved(&scene.b, &[X, "--use", choice]);
        assert_eq!(text(&scene.b, state("x")), expected);
        // What the choice replaced can still be chosen.
        let conflict = &list(&scene.b)[0];
        assert_eq!(conflict["variants"][0]["value"], "b\n", "{conflict}");
        pushed(&scene.b);
        is_settled(&scene, expected);
        let log = scene.b.ok(&["backup", "log", "--json"]).document();
        let log = log["data"].to_string();
        assert!(!log.contains("settled: conflicts/"), "{log}");
    }
}

#[test]
fn a_machine_without_the_project_decides_for_the_others() {
    for (choice, expected) in [("local", "b\n"), ("vault", "a\n")] {
        let scene = disputed();
        let other = scene.sandbox.machine("office");
        connect(&other, &scene.bare);
        assert_eq!(other.run(&["backup", "pull"]).code, 3);
        let lines = resolved(&other, &[&id(&other)[..6], "--use", choice]);
        assert_eq!(
            (&lines[0]["written"], &lines[0]["file"]),
            (&json!(false), &Value::Null)
        );
        pushed(&other);
        is_settled(&scene, expected);
    }
}

#[test]
fn of_several_versions_one_is_named_by_its_token() {
    let scene = disputed();
    let other = scene.sandbox.machine("office");
    connect(&other, &scene.bare);
    let dir = other.checkout("api", super::scene::API);
    other.write(state("x"), "c\n");
    super::scene::add(&other, &dir);
    assert_eq!(other.run(&["backup", "push"]).code, 3);
    let before = text(&other, state("x"));
    let message = fails(
        &other,
        &["conflict", "resolve", X, "--use", "local"],
        (1, "refused"),
    );
    assert!(message.contains("has 2 versions"), "{message}");
    fails(
        &other,
        &["conflict", "resolve", X, "--use", "00"],
        (1, "not_found"),
    );
    fails(
        &other,
        &["conflict", "resolve", "--all", "--yes", "--use", "local"],
        (1, "refused"),
    );
    assert_eq!(text(&other, state("x")), before);
    let variants = list(&other)[0]["variants"].clone();
    let b = variants
        .as_array()
        .expect("a list")
        .iter()
        .find(|it| it["value"] == "b\n");
    let token = b.expect("the desktop's")["token"]
        .as_str()
        .expect("a token");
    resolved(&other, &[X, "--use", &token[..4]]);
    pushed(&other);
    is_settled(&scene, "b\n");
    pulled(&other);
    assert_eq!(text(&other, state("x")), "b\n");
}

#[test]
fn all_at_once_wants_a_yes() {
    let scene = disputed();
    let all = ["conflict", "resolve", "--all", "--use", "vault"];
    fails(&scene.b, &all, (2, "usage"));
    assert_eq!(text(&scene.b, state("x")), "b\n");
    let (code, document) = scene.b.json(&[&all[..], &["--dry-run"]].concat());
    assert_eq!((code, &document["data"]["dry_run"]), (0, &json!(true)));
    assert_eq!(text(&scene.b, state("x")), "b\n");
    assert!(!is_there(&scene.b, QUEUE), "a dry run changes nothing");
    scene.b.ok(&[&all[..], &["--yes"]].concat());
    pushed(&scene.b);
    is_settled(&scene, "a\n");
}

#[test]
fn bad_input_changes_nothing() {
    let scene = disputed();
    scene
        .b
        .write("marked", "<<<<<<< a\n1\n=======\n2\n>>>>>>> b\n");
    for (args, end) in [
        (
            &["ffffffffffffffff", "--use", "vault"][..],
            (1, "not_found"),
        ),
        (&["api:.aigon/y", "--use", "vault"], (1, "not_found")),
        (&["code/api/.aigon/y", "--use", "vault"], (1, "not_found")),
        (&[X, "--use", "vault", "--file", "y"], (2, "usage")),
        (&[X, "--file", "nowhere"], (1, "not_found")),
        (&[X, "--file", "marked"], (1, "refused")),
        (&[X], (2, "usage")),
        (&["--all", "--use", "base"], (2, "usage")),
        (&[], (2, "usage")),
    ] {
        fails(&scene.b, &[&["conflict", "resolve"], args].concat(), end);
    }
    assert_eq!(text(&scene.b, state("x")), "b\n");
    assert!(!is_there(&scene.b, QUEUE));
}

#[test]
fn versions_become_files_and_nothing_is_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let scene = disputed();
    let dir = scene.a.home.join("versions");
    let export = ["conflict", "export", X, "--dir", utf8(&dir)];
    let (code, document) = scene.a.json(&export);
    assert_eq!(code, 0, "{document}");
    let files = document["data"]["files"].as_array().expect("a list");
    let sides: Vec<(String, String)> = files
        .iter()
        .map(|file| {
            let path = file["file"].as_str().expect("a path");
            let mode = std::fs::metadata(path).expect("it is there").permissions();
            assert_eq!(mode.mode() & 0o777, 0o600);
            let side = file["side"].as_str().expect("a side").to_owned();
            (side, text(&scene.a, path))
        })
        .collect();
    assert_eq!(sides[0], ("vault".to_owned(), "a\n".to_owned()));
    assert_eq!(sides[1], ("base".to_owned(), "1\n".to_owned()));
    assert_eq!((sides.len(), sides[2].1.as_str()), (3, "b\n"));
    fails(&scene.a, &export, (1, "refused"));
}

#[test]
fn a_conflict_that_was_written_to_mislead_is_named_and_not_decided() {
    let scene = disputed();
    let real = id(&scene.a);
    by_hand(&scene.sandbox, &scene.bare, |clone| {
        let dir = clone.join("conflicts/0011223344556677");
        std::fs::create_dir_all(&dir).expect("made");
        let record = clone.join("conflicts").join(&real).join("conflict.json");
        std::fs::copy(record, dir.join("conflict.json")).expect("copied");
    });
    scene.a.run(&["backup", "pull"]);
    let (_, document) = scene.a.json(&["conflict", "list"]);
    assert_eq!(document["data"]["unreadable"], json!(["0011223344556677"]));
    assert_eq!(id(&scene.a), real);
    fails(
        &scene.a,
        &["conflict", "resolve", "0011223344556677", "--use", "vault"],
        (1, "not_found"),
    );
}

#[test]
fn a_file_that_is_gone_here_meanwhile_is_brought_back_by_the_choice() {
    let scene = disputed();
    remove(&scene.a, state("x"));
    let lines = resolved(&scene.a, &[X, "--use", "vault"]);
    assert_eq!(lines[0]["written"], true, "{lines}");
    assert_eq!(text(&scene.a, state("x")), "a\n");
    pushed(&scene.a);
    is_settled(&scene, "a\n");
}

#[test]
fn a_fork_of_a_machines_directory_is_a_version_too() {
    let scene = disputed();
    by_hand(&scene.sandbox, &scene.bare, |clone| {
        let dir = clone.join("conflicts").join(id(&scene.b));
        let entries = std::fs::read_dir(&dir).expect("listed").flatten();
        let filed = entries.map(|entry| entry.path()).find(|path| path.is_dir());
        let filed = filed.expect("one machine filed");
        let fork = format!("{}~0a1b", utf8(&filed));
        super::scene::copy_dir(&filed, fork.as_ref());
        std::fs::write(format!("{fork}/local"), "lost\n").expect("written");
    });
    assert_eq!(scene.a.run(&["backup", "pull"]).code, 3);
    let variants = list(&scene.a)[0]["variants"].clone();
    let variants = variants.as_array().expect("a list");
    assert_eq!(variants.len(), 2);
    let lost = variants.iter().find(|it| it["value"] == "lost\n");
    let token = lost.expect("the fork")["token"].as_str().expect("a token");
    resolved(&scene.a, &[X, "--use", token]);
    pushed(&scene.a);
    is_settled(&scene, "lost\n");
}

/// The second project comes after one that takes no part in the pull.
#[test]
fn a_conflict_is_told_of_its_own_project_also_behind_one_that_was_taken_out() {
    let scene = Scene::with(&[("x", "1\n")]);
    for machine in [&scene.a, &scene.b] {
        let web = machine.checkout("web", "https://github.com/team/web");
        machine.write(web.join(".aigon/y.bin"), "1\0");
        add(machine, &web);
    }
    pushed(&scene.a);
    pulled(&scene.b);
    scene.a.ok(&["project", "remove", "api", "--from-vault"]);
    scene.a.write("code/web/.aigon/y.bin", "a\0");
    pushed(&scene.a);
    scene.b.write("code/web/.aigon/y.bin", "b\0");
    let (code, document) = scene.b.json(&["backup", "pull"]);
    assert_eq!(code, 3, "{document}");
    let told = &document["data"]["conflicts"][0];
    assert_eq!(told["project"], "web", "{document}");
    assert_eq!(told["id"], id(&scene.b), "{document}");
}
