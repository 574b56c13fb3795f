//! The gate, and the guard against accidents.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::scene::{
    Scene, add, any_object_has, fails, is_there, pulled, pushed, remove, state, text, tip, utf8,
};

/// Put together at run time, so that this file holds no secret's shape.
pub fn planted() -> String {
    format!("ghp_{}", "aB3dE6gH9".repeat(4))
}

pub fn line_of<'d>(document: &'d serde_json::Value, path: &str) -> &'d serde_json::Value {
    let lines = document["data"]["withheld"].as_array().expect("a list");
    lines
        .iter()
        .find(|line| line["path"] == path)
        .unwrap_or_else(|| panic!("{path}: {document}"))
}

#[test]
fn a_planted_token_is_withheld_and_everything_else_goes() {
    let scene = Scene::with(&[("old", "1\n")]);
    let token = planted();
    scene
        .a
        .write(state("notes.md"), format!("first\nkey: {token}\n"));
    scene.a.write(state("other.md"), "fine\n");
    for _ in 0..2 {
        let ran = scene.a.run(&["backup", "push", "--json"]);
        assert_eq!(ran.code, 3, "{ran}");
        let document = ran.document();
        let line = line_of(&document, ".aigon/notes.md");
        assert_eq!(
            (
                line["reason"].as_str(),
                line["rule"].as_str(),
                line["line"].as_u64()
            ),
            (Some("holds_secret"), Some("github-token"), Some(2)),
            "{document}"
        );
        assert_eq!(document["data"]["pushed"], true, "{document}");
        assert!(!ran.stdout.contains(&token) && !ran.stderr.contains(&token));
        assert_eq!(scene.stored("other.md"), "fine\n");
        assert!(!any_object_has(&scene.bare, &token));
    }
    // The file stays where it is, through a pull too.
    scene.a.json(&["backup", "pull"]);
    assert!(text(&scene.a, state("notes.md")).contains(&token));
    scene.a.write(state("notes.md"), "first\n");
    pushed(&scene.a);
    assert_eq!(scene.stored("notes.md"), "first\n");
}

#[test]
fn a_token_that_comes_into_a_known_file_holds_back_the_change_alone() {
    let scene = Scene::with(&[("notes.md", "1\n")]);
    let token = planted();
    scene.a.write(state("notes.md"), format!("2 {token}\n"));
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(scene.stored("notes.md"), "1\n");
    assert!(!any_object_has(&scene.bare, &token));
    // Another machine goes on with the file; neither version is lost.
    scene.b.write(state("notes.md"), "3\n");
    pushed(&scene.b);
    scene.a.json(&["backup", "pull"]);
    assert!(text(&scene.a, state("notes.md")).contains(&token));
    assert_eq!(scene.stored("notes.md"), "3\n");
}

#[test]
fn a_token_never_leaves_inside_a_filed_conflict() {
    let scene = Scene::with(&[("notes.md", "1\n")]);
    let token = planted();
    scene.b.write(state("notes.md"), "2\n");
    pushed(&scene.b);
    scene.a.write(state("notes.md"), format!("3 {token}\n"));
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    line_of(&document, ".aigon/notes.md");
    assert!(!any_object_has(&scene.bare, &token));
    assert_eq!(scene.stored("notes.md"), "2\n");
}

#[test]
fn a_link_whose_target_is_a_token_does_not_leave() {
    let scene = Scene::with(&[("x", "1\n")]);
    let token = planted();
    std::os::unix::fs::symlink(&token, scene.a.home.join(state("link"))).expect("a link");
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    assert!(!any_object_has(&scene.bare, &token));
}

fn many(scene: &Scene) {
    for number in 0..60 {
        scene
            .a
            .write(state(&format!("many/{number}.md")), format!("{number}\n"));
    }
    pushed(&scene.a);
    pulled(&scene.b);
}

#[test]
fn losing_most_of_a_state_directory_is_asked_about() {
    let scene = Scene::with(&[("x", "1\n")]);
    many(&scene);
    fs::remove_dir_all(scene.a.home.join(state("many"))).expect("it can be deleted");
    let before = tip(&scene.bare);
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    let line = line_of(&document, ".aigon");
    assert_eq!(line["reason"], "mass_delete", "{document}");
    assert_eq!(tip(&scene.bare), before);
    let (code, document) = scene.a.json(&["backup", "push", "--allow-mass-delete"]);
    assert_eq!(code, 0, "{document}");
    assert!(!scene.vault().contains_key("projects/api/.aigon/many/1.md"));
    // The same question on the other side.
    let (code, document) = scene.b.json(&["backup", "pull"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(line_of(&document, ".aigon")["reason"], "mass_delete");
    assert!(is_there(&scene.b, state("many/1.md")));
    scene.b.ok(&["backup", "pull", "--allow-mass-delete"]);
    assert!(!is_there(&scene.b, state("many/1.md")));
    assert_eq!(text(&scene.b, state("x")), "1\n");
}

#[test]
fn a_state_directory_that_is_gone_is_not_a_deletion() {
    let scene = Scene::with(&[("x", "1\n")]);
    fs::rename(
        scene.a.home.join("code/api/.aigon"),
        scene.a.home.join("unmounted"),
    )
    .expect("it can be moved");
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(line_of(&document, ".aigon")["reason"], "missing");
    assert_eq!(scene.stored("x"), "1\n");
}

#[test]
fn a_checkout_that_is_gone_is_not_a_deletion() {
    let scene = Scene::with(&[("x", "1\n")]);
    fs::rename(
        scene.a.home.join("code/api"),
        scene.a.home.join("unmounted"),
    )
    .expect("it can be moved");
    for command in ["push", "pull"] {
        let (code, document) = scene.a.json(&["backup", command]);
        assert_eq!(code, 3, "{document}");
    }
    assert_eq!(scene.stored("x"), "1\n");
    assert!(!scene.a.home.join("code/api").exists());
}

#[test]
fn an_emptied_or_zeroed_log_is_withheld_as_damaged() {
    let scene = Scene::with(&[("events.jsonl", "{\"n\":1}\n"), ("s.json", "{}\n")]);
    for (name, bytes) in [("events.jsonl", &b""[..]), ("s.json", b"\0\0\0")] {
        scene.a.write(state(name), bytes);
        let (code, document) = scene.a.json(&["backup", "push"]);
        assert_eq!(code, 3, "{document}");
        let line = line_of(&document, &format!(".aigon/{name}"));
        assert_eq!(line["reason"], "damaged", "{document}");
    }
    assert_eq!(scene.stored("events.jsonl"), "{\"n\":1}\n");
    assert_eq!(scene.stored("s.json"), "{}\n");
}

#[test]
fn a_few_deletions_are_ordinary_work() {
    let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
    remove(&scene.a, state("x"));
    pushed(&scene.a);
    pulled(&scene.b);
    assert!(!is_there(&scene.b, state("x")));
    assert!(is_there(&scene.b, state("y")));
}

#[test]
fn an_unknown_project_is_not_found() {
    let scene = Scene::new();
    let message = fails(
        &scene.a,
        &["backup", "push", "--project", "nope"],
        (1, "not_found"),
    );
    assert!(message.contains("nope"), "{message}");
}

#[test]
fn a_token_in_a_name_is_withheld_like_one_in_a_content() {
    let scene = Scene::with(&[("old", "1\n")]);
    let token = planted();
    scene.a.write(state(&format!("{token}.md")), "named\n");
    scene.a.write(state(&format!("d-{token}/x")), "in it\n");
    scene.a.write(state("other.md"), "fine\n");
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(scene.stored("other.md"), "fine\n");
    assert!(!any_object_has(&scene.bare, &token));
    for args in [
        &["backup", "push"][..],
        &["backup", "push", "--json", "--verbose"],
        &["secret", "list"],
        &["backup", "status"],
    ] {
        let ran = scene.a.run(args);
        assert!(
            !ran.stdout.contains(&token) && !ran.stderr.contains(&token),
            "{ran}"
        );
        assert!(
            ran.stdout.contains("[secret ") || ran.stderr.contains("[secret "),
            "{ran}"
        );
    }
}

#[test]
fn a_link_that_is_named_by_the_token_it_leads_to_is_one_secret() {
    let scene = Scene::with(&[("old", "1\n")]);
    let token = planted();
    let link = scene.a.home.join(state(&format!("l-{token}")));
    std::os::unix::fs::symlink(&token, &link).expect("linked");
    scene.a.write(state("other.md"), "fine\n");
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    let lines = document["data"]["withheld"].as_array().expect("a list");
    assert_eq!(lines.len(), 1, "{document}");
    assert_eq!(scene.stored("other.md"), "fine\n");
    assert!(!any_object_has(&scene.bare, &token));
}

#[test]
fn a_name_that_is_secret_for_the_word_before_it_is_told_nowhere_either() {
    let scene = Scene::with(&[("old", "1\n")]);
    let value = "Xk39fjq0Zr8LmQ2vT5";
    scene
        .a
        .write(state(&format!("password={value}")), "named\n");
    for args in [
        &["backup", "push", "--json", "--verbose"][..],
        &["backup", "push"],
        &["backup", "push", "--dry-run"],
        &["secret", "list"],
        &["backup", "status"],
    ] {
        let ran = scene.a.run(args);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!said.contains(value), "{args:?}: {said}");
        assert!(
            said.contains(".aigon/password=[secret "),
            "{args:?}: {said}"
        );
    }
    assert!(!any_object_has(&scene.bare, value));
}

#[test]
fn a_name_that_only_the_projects_record_would_tell_is_withheld_alone() {
    let scene = Scene::with(&[("old", "1\n")]);
    let token = planted();
    fs::create_dir(scene.a.home.join(state(&token))).expect("it can be made");
    let private = state(&format!("{token}.key"));
    scene.a.write(&private, "private\n");
    let mode = fs::Permissions::from_mode(0o600);
    fs::set_permissions(scene.a.home.join(&private), mode).expect("a mode can be set");
    scene.a.write(state("other.md"), "fine\n");
    for round in 0..3 {
        if round == 2 {
            scene.a.write(state("other.md"), "more\n");
        }
        let (code, document) = scene.a.json(&["backup", "push"]);
        assert_eq!(code, 3, "{document}");
        let lines = document["data"]["withheld"].as_array().expect("a list");
        assert_eq!(lines.len(), 2, "the directory and the file: {document}");
        assert!(lines.iter().all(|line| line["reason"] == "holds_secret"));
    }
    assert_eq!(scene.stored("other.md"), "more\n");
    assert!(!any_object_has(&scene.bare, &token));
    // Nothing was agreed about the directory, so the vault has not deleted it either.
    scene.a.run(&["backup", "pull"]);
    assert!(is_there(&scene.a, state(&token)));
}

#[test]
fn without_a_state_directory_that_can_be_looked_at_nothing_of_a_project_is_read() {
    let scene = Scene::with(&[("old", "1\n")]);
    let private = "nobody asked for this";
    scene.a.write("code/api/notes.txt", private);
    let holds_it = || any_object_has(&scene.a.home.join("holdall/data/vault.git"), private);
    scene.a.write(state(".holdallignore"), "[\n");
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(document["data"]["files"]["scanned"], 0, "{document}");
    assert!(!holds_it());
    fs::remove_dir_all(scene.a.home.join("code/api/.aigon")).expect("it can be deleted");
    scene.a.run(&["backup", "push"]);
    scene.a.run(&["backup", "status"]);
    let other = scene.a.checkout("bare", "https://github.com/team/bare");
    scene.a.write(other.join("notes.txt"), private);
    add(&scene.a, &other);
    scene.a.run(&["backup", "push"]);
    assert!(!holds_it());
}

#[test]
fn a_machine_is_not_named_by_a_secret() {
    let scene = Scene::with(&[("old", "1\n")]);
    let name = format!("m-{}", planted());
    let message = fails(
        &scene.a,
        &["config", "set", "machine.name", &name],
        (1, "refused"),
    );
    assert!(!message.contains(&name), "{message}");
    scene.a.ok(&["config", "set", "machine.name", "workshop"]);
}

#[test]
fn a_project_whose_record_would_carry_a_token_waits_alone() {
    let scene = Scene::with(&[("old", "1\n")]);
    let token = planted();
    let dir = scene.a.checkout("named", None);
    scene.a.write(dir.join(".aigon/x"), "x\n");
    let add = |more: &[&str]| {
        scene
            .a
            .ok(&[&["project", "add", utf8(&dir)], more].concat())
    };
    add(&["--name", &token]);
    scene.a.write(state("old"), "2\n");
    for args in [
        &["backup", "push", "--dry-run"][..],
        &["backup", "status"],
        &["backup", "push"],
    ] {
        let (code, document) = scene.a.json(args);
        let skipped = &document["data"]["skipped"][0];
        assert_eq!(skipped["reason"], "holds_secret", "{document}");
        assert!(document["hints"].to_string().contains("waits as a whole"));
        assert_eq!(code, if args[1] == "status" { 0 } else { 3 }, "{document}");
    }
    assert_eq!(scene.stored("old"), "2\n");
    assert!(!any_object_has(&scene.bare, &token));
    scene.a.ok(&["project", "remove", &token]);
    add(&[]);
    pushed(&scene.a);
    assert!(scene.vault().contains_key("projects/named/.aigon/x"));
    // A state directory of that name has one that the vault knows wait, and forgets nothing.
    let api = scene.a.home.join("code/api");
    scene.a.write(format!("code/api/.{token}/y"), "in it\n");
    scene.a.ok(&[
        "project",
        "add",
        utf8(&api),
        "--state",
        &format!(".{token}"),
    ]);
    scene.a.write(state("old"), "3\n");
    scene.a.write(dir.join(".aigon/x"), "y\n");
    assert_eq!(scene.a.run(&["backup", "push"]).code, 3);
    assert_eq!(scene.stored("old"), "2\n");
    assert_eq!(scene.vault()["projects/named/.aigon/x"], b"y\n");
    assert!(!any_object_has(&scene.bare, &token));
}

#[test]
fn a_dry_run_says_what_the_gate_would_hold_back() {
    let scene = Scene::with(&[("old", "1\n")]);
    let token = planted();
    scene.a.write(state("notes.md"), format!("key: {token}\n"));
    let before = tip(&scene.bare);
    let (code, document) = scene.a.json(&["backup", "push", "--dry-run"]);
    assert_eq!(code, 3, "{document}");
    let line = line_of(&document, ".aigon/notes.md");
    assert_eq!(line["rule"], "github-token", "{document}");
    assert_eq!(document["data"]["files"]["added"], 0, "{document}");
    assert_eq!(tip(&scene.bare), before);
}

#[test]
fn a_secret_one_level_below_its_name_stays_out_of_the_settings_too() {
    let scene = Scene::with(&[("old", "1\n")]);
    let config = ".aigon/config.json";
    let value = "Xk39fjq0Zr8LmQ2vT5";
    scene.a.write(
        config,
        format!("{{\"a\": 1, \"password\": {{\"value\": \"{value}\", \"by\": \"ada\"}}}}\n"),
    );
    scene.a.json(&["backup", "push"]);
    assert_eq!(
        scene.vault()["settings/aigon/config.json"],
        b"{\"a\": 1, \"password\": {\"by\": \"ada\"}}\n"
    );
    scene
        .a
        .write(config, format!("{{\"password\": [\"{value}\"]}}\n"));
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(line_of(&document, "config.json")["rule"], "password");
    assert!(!any_object_has(&scene.bare, value));
}
