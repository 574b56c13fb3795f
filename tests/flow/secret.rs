//! Values that the gate withholds, and a person's word on them.

use std::fs;

use crate::kit::git;

use super::gate::{line_of, planted};
use super::scene::{Scene, add, any_object_has, by_hand, pulled, pushed, state, text, tip};

fn hints_of(document: &serde_json::Value) -> String {
    document["hints"].to_string()
}

/// The fingerprints of what a push, pull or status withholds.
fn fingerprints(document: &serde_json::Value) -> Vec<String> {
    let lines = document["data"]["withheld"].as_array().expect("a list");
    let names = lines.iter().filter_map(|line| line["fingerprint"].as_str());
    names.map(str::to_owned).collect()
}

#[test]
fn a_value_of_settings_that_the_vault_has_is_not_said_to_stay_here() {
    let scene = Scene::with(&[("x", "1\n")]);
    let text = |n| format!("{{\"n\": {n}, \"env\": {{\"T\": \"{}\"}}}}\n", planted());
    scene.a.write(".claude/settings.json", text(1));
    pushed(&scene.a);
    let found = || scene.a.json(&["secret", "list"]).1["data"]["found"][0].clone();
    assert_eq!(found()["in_vault"], false);
    let name = found()["fingerprint"].as_str().expect("a name").to_owned();
    scene.a.ok(&["secret", "allow", &name]);
    pushed(&scene.a);
    scene.a.ok(&["secret", "revoke", &name]);
    assert_eq!(found()["in_vault"], true);
    let status = scene.a.ok(&["backup", "status"]);
    assert!(status.stdout.contains("1 decision on secrets"), "{status}");
    assert!(status.stderr.contains("backup push"), "{status}");
    let dry = scene.a.ok(&["backup", "push", "--dry-run"]);
    assert!(dry.stdout.contains("1 decision on secrets"), "{dry}");
    scene.a.write(".claude/settings.json", text(2));
    pushed(&scene.a);
    let list = scene.a.ok(&["secret", "list"]);
    assert!(list.stdout.contains("in the vault"), "{list}");
    assert!(!list.stderr.contains("stays here"), "{list}");
}

#[test]
fn an_allowed_value_goes_with_the_plain_next_push_and_for_every_machine() {
    let scene = Scene::with(&[("old", "1\n")]);
    let (one, two) = (
        planted(),
        format!("npm_{}", "x7Kq2Lw9".repeat(5)[..36].to_owned()),
    );
    scene
        .a
        .write(state("notes.md"), format!("first\nkey: {one}\n"));
    scene.a.write(state("more.md"), format!("{two}\n"));
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    let line = line_of(&document, ".aigon/notes.md");
    let fingerprint = line["fingerprint"].as_str().expect("it has one").to_owned();
    assert!(
        hints_of(&document).contains("holdall secret allow"),
        "{document}"
    );

    let (code, list) = scene.a.json(&["secret", "list"]);
    assert_eq!(code, 0, "{list}");
    assert_eq!(
        list["data"]["found"].as_array().map(Vec::len),
        Some(2),
        "{list}"
    );
    let (code, allowed) = scene.a.json(&["secret", "allow", &fingerprint[..8]]);
    assert_eq!(
        (code, &allowed["data"]["changed"]),
        (0, &true.into()),
        "{allowed}"
    );
    assert_eq!(allowed["data"]["places"][0]["line"], 2, "{allowed}");
    let (_, again) = scene.a.json(&["secret", "allow", &fingerprint]);
    assert_eq!(again["data"]["changed"], false, "{again}");

    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "the other one still waits: {document}");
    assert!(scene.stored("notes.md").contains(&one));
    assert!(!any_object_has(&scene.bare, &two));
    let record = String::from_utf8(scene.vault()["allowed.json"].clone()).expect("text");
    assert!(
        record.contains(&fingerprint) && !record.contains(&one),
        "{record}"
    );
    assert!(
        !scene.a.home.join("data/secret-decisions.json").exists() || {
            let (_, list) = scene.a.json(&["secret", "list"]);
            list["data"]["allowed"][0]["waits"].is_null()
        }
    );

    // The other machine reads it from the vault.
    pulled(&scene.b);
    scene.b.write(state("third.md"), format!("{one}\n"));
    pushed(&scene.b);
    assert!(scene.stored("third.md").contains(&one));
}

#[test]
fn a_revoked_value_stays_where_it_is_and_goes_nowhere_new() {
    let scene = Scene::with(&[("old", "1\n")]);
    let one = planted();
    scene.a.write(state("third.md"), format!("{one}\n"));
    let (_, document) = scene.a.json(&["backup", "push"]);
    let fingerprint = fingerprints(&document)[0].clone();
    scene.a.ok(&["secret", "allow", &fingerprint]);
    pushed(&scene.a);
    pulled(&scene.b);
    let (code, revoked) = scene.b.json(&["secret", "revoke", &fingerprint]);
    assert_eq!(
        (code, &revoked["data"]["changed"]),
        (0, &true.into()),
        "{revoked}"
    );
    scene
        .b
        .write(state("third.md"), format!("{one} and more\n"));
    pushed(&scene.b);
    scene.b.write(state("fourth.md"), format!("{one}\n"));
    let (code, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(fingerprints(&document), [fingerprint.as_str()]);
    let record = String::from_utf8(scene.vault()["allowed.json"].clone()).expect("text");
    assert!(!record.contains(&fingerprint), "{record}");
    assert!(scene.stored("third.md").contains("and more"));
}

#[test]
fn an_unknown_fingerprint_changes_nothing_and_near_ones_are_named() {
    let scene = Scene::with(&[("old", "1\n")]);
    scene.a.write(state("notes.md"), format!("{}\n", planted()));
    let (_, document) = scene.a.json(&["backup", "push"]);
    let fingerprint = fingerprints(&document)[0].clone();
    let mut slip = fingerprint.clone().into_bytes();
    slip[7] = if slip[7] == b'0' { b'1' } else { b'0' };
    let slip = String::from_utf8(slip).expect("digits");
    for command in ["allow", "revoke"] {
        let (code, document) = scene.a.json(&["secret", command, &slip]);
        assert_eq!(code, 1, "{document}");
        assert_eq!(document["error"]["kind"], "not_found", "{document}");
    }
    let (_, document) = scene.a.json(&["secret", "allow", &slip]);
    assert!(
        document["error"]["hints"]
            .to_string()
            .contains(&fingerprint),
        "{document}"
    );
    // Somebody pastes the value itself: it is not repeated.
    let ran = scene.a.run(&["secret", "allow", &planted()]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(
        !ran.stdout.contains(&planted()) && !ran.stderr.contains(&planted()),
        "{ran}"
    );
    let (code, _) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3);
}

#[test]
fn what_was_allowed_and_taken_back_before_a_push_leaves_no_trace() {
    let scene = Scene::with(&[("old", "1\n")]);
    scene.a.write(state("notes.md"), format!("{}\n", planted()));
    let (_, document) = scene.a.json(&["backup", "push"]);
    let fingerprint = fingerprints(&document)[0].clone();
    scene.a.ok(&["secret", "allow", &fingerprint]);
    let (_, list) = scene.a.json(&["secret", "list"]);
    assert_eq!(list["data"]["found"][0]["allowed"], true, "{list}");
    assert_eq!(list["data"]["allowed"][0]["waits"], "allow", "{list}");
    scene.a.ok(&["secret", "revoke", &fingerprint]);
    let before = tip(&scene.bare);
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(
        (code, &document["data"]["committed"]),
        (3, &false.into()),
        "{document}"
    );
    assert_eq!(tip(&scene.bare), before);
}

#[test]
fn a_dry_run_and_the_status_say_what_the_gate_will_withhold() {
    let scene = Scene::with(&[("old", "1\n")]);
    scene.a.write(state("notes.md"), format!("{}\n", planted()));
    for args in [
        &["backup", "push", "--dry-run"][..],
        &["backup", "status", "--offline"],
    ] {
        let (_, document) = scene.a.json(args);
        let line = line_of(&document, ".aigon/notes.md");
        assert_eq!(line["reason"], "holds_secret", "{document}");
        assert_eq!(
            line["fingerprint"].as_str().map(str::len),
            Some(16),
            "{document}"
        );
    }
}

#[test]
fn a_file_with_several_secrets_names_each_and_goes_when_all_are_allowed() {
    let scene = Scene::with(&[("old", "1\n")]);
    let text = format!(
        "{}\nnpm_{}\n",
        planted(),
        "x7Kq2Lw9".repeat(5)[..36].to_owned()
    );
    scene.a.write(state("notes.md"), &text);
    let (_, document) = scene.a.json(&["backup", "push"]);
    let names = fingerprints(&document);
    assert_eq!(names.len(), 2, "{document}");
    for name in names {
        let (code, document) = scene.a.json(&["backup", "push"]);
        assert_eq!(code, 3, "{document}");
        scene.a.ok(&["secret", "allow", &name]);
    }
    pushed(&scene.a);
    assert_eq!(scene.stored("notes.md"), text);
}

#[test]
fn a_secret_that_people_put_into_the_vault_is_not_found_anew() {
    let scene = Scene::with(&[("notes.md", "1\n")]);
    let token = planted();
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        let text = format!("{token}\n");
        fs::write(dir.join("projects/api/.aigon/notes.md"), text).expect("written");
    });
    pulled(&scene.a);
    scene
        .a
        .write(state("notes.md"), format!("{token}\nand a line\n"));
    pushed(&scene.a);
    assert!(scene.stored("notes.md").contains("and a line"));
    scene.a.write(state("copy.md"), format!("{token}\n"));
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
}

#[test]
fn a_tool_and_a_project_of_one_name_are_not_taken_for_each_other() {
    let scene = Scene::with(&[("old", "1\n")]);
    let dir = scene.a.checkout("claude", "git@github.com:team/claude.git");
    scene.a.write(dir.join(".claude/plan.md"), "plan\n");
    add(&scene.a, &dir);
    scene
        .a
        .write(".claude/CLAUDE.md", format!("use {}\n", planted()));
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    line_of(&document, "CLAUDE.md");
    assert!(!any_object_has(&scene.bare, &planted()));
}

#[test]
fn a_value_masked_in_settings_is_listed_by_its_key_and_can_be_let_through() {
    let scene = Scene::with(&[("x", "1\n")]);
    let value = "correct-horse-9";
    let config = |theme: &str| {
        format!("{{\"theme\": \"{theme}\", \"agents\": {{\"cx\": {{\"apiKey\": \"{value}\"}}}}}}\n")
    };
    scene.a.write(".aigon/config.json", config("dark"));
    pushed(&scene.a);
    let stored = || git(&["show", "main:settings/aigon/config.json"], &scene.bare);
    assert!(!stored().contains(value));
    let (code, list) = scene.a.json(&["secret", "list"]);
    assert_eq!(code, 0, "{list}");
    let found = &list["data"]["found"][0];
    assert_eq!(
        (
            &found["path"],
            &found["key"],
            &found["rule"],
            &found["line"]
        ),
        (
            &"config.json".into(),
            &"agents.cx.apiKey".into(),
            &"secret-key-name".into(),
            &serde_json::Value::Null
        ),
        "{list}"
    );
    assert!(!list.to_string().contains(value), "{list}");
    let said = scene.a.ok(&["secret", "list"]).stdout;
    assert!(said.contains("stays here"), "{said}");
    assert!(
        said.contains("aigon/config.json: agents.cx.apiKey"),
        "{said}"
    );
    // Let through it travels, also onto a machine that never had it.
    let name = found["fingerprint"].as_str().expect("a fingerprint");
    scene.a.ok(&["secret", "allow", name]);
    pushed(&scene.a);
    assert!(stored().contains(value), "{}", stored());
    pulled(&scene.b);
    assert!(text(&scene.b, ".aigon/config.json").contains(value));
    assert_eq!(pushed(&scene.b)["committed"], false);
    // Revoked it is sent no more; what the vault has of it stays.
    scene.a.ok(&["secret", "revoke", name]);
    scene.a.write(
        ".aigon/config.json",
        config("light").replace("horse-9", "horse-10"),
    );
    pushed(&scene.a);
    assert!(
        stored().contains("light") && stored().contains(value),
        "{}",
        stored()
    );
    assert!(!stored().contains("horse-10"), "{}", stored());
    pulled(&scene.b);
    let there = text(&scene.b, ".aigon/config.json");
    assert!(there.contains("light") && there.contains(value), "{there}");
}
