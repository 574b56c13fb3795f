//! Decisions about what is more than a plain text: settings, binaries, what is absent, directories.

use serde_json::{Value, json};

use crate::kit::Machine;

use super::conflicts::{X, disputed, has_conflict, id, resolved};
use super::scene::{Scene, fails, is_there, pulled, pushed, remove, state, text};

#[test]
fn what_was_absent_can_be_chosen_and_takes_the_file_away() {
    let scene = Scene::with(&[("y", "1\n")]);
    scene.a.write(state("x"), "a\n");
    pushed(&scene.a);
    scene.b.write(state("x"), "b\n");
    assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
    let lines = resolved(&scene.b, &[X, "--use", "base"]);
    assert_eq!(lines[0]["deletes"], true, "{lines}");
    assert!(!is_there(&scene.b, state("x")));
    pushed(&scene.b);
    assert!(!scene.vault().contains_key("projects/api/.aigon/x"));
    assert!(!has_conflict(&scene));
    pulled(&scene.a);
    assert!(!is_there(&scene.a, state("x")));
    assert_eq!(pushed(&scene.a)["committed"], false);
}

#[test]
fn deleted_and_executable_and_binary_versions_keep_what_they_are() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
    scene.a.write(state("x"), b"a\0\xff");
    pushed(&scene.a);
    scene.b.write(state("x"), b"b\0\xfe");
    let file = scene.b.home.join(state("x"));
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(file, mode).expect("a mode can be set");
    assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
    assert_eq!(scene.a.run(&["backup", "pull"]).code, 3);
    let (_, document) = scene.a.json(&["conflict", "diff", X]);
    let conflict = &document["data"]["conflict"];
    assert_eq!(conflict["variants"][0]["value"], Value::Null);
    assert_eq!(
        conflict["variants"][0]["local"],
        json!({"kind": "exec", "size": 3})
    );
    assert_eq!(document["data"]["diffs"][0]["patch"], Value::Null);
    resolved(&scene.a, &[X, "--use", "local"]);
    pushed(&scene.a);
    assert_eq!(scene.a.read(state("x")), b"b\0\xfe");
    let meta = std::fs::metadata(scene.a.home.join(state("x"))).expect("it is there");
    assert_eq!(meta.permissions().mode() & 0o111, 0o111);
    pulled(&scene.b);
    assert!(!has_conflict(&scene));
}

#[test]
fn settings_keep_the_keys_of_this_machine_when_a_choice_is_written() {
    let scene = Scene::with(&[("y", "1\n")]);
    let file = ".claude/settings.json";
    scene.a.write(file, "{\"model\": \"a\"}\n");
    pushed(&scene.a);
    scene.b.write(
        file,
        "{\"model\": \"b\", \"apiToken\": \"k3J9dkW0qLmZx81v\"}\n",
    );
    let (code, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    resolved(&scene.b, &["claude:settings.json", "--use", "vault"]);
    let here = text(&scene.b, file);
    assert!(
        here.contains("\"a\"") && here.contains("k3J9dkW0qLmZx81v"),
        "{here}"
    );
    pushed(&scene.b);
    assert!(!has_conflict(&scene));
    assert_eq!(pushed(&scene.b)["committed"], false);
    assert_eq!(text(&scene.b, file), here);
}

#[test]
fn a_settings_text_of_ones_own_goes_without_what_belongs_to_this_machine() {
    let scene = Scene::with(&[("y", "1\n")]);
    let file = ".claude/settings.json";
    scene.a.write(file, "{\"model\": \"a\"}\n");
    pushed(&scene.a);
    scene.b.write(file, "{\"model\": \"b\"}\n");
    assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
    let resolve = [
        "conflict",
        "resolve",
        "claude:settings.json",
        "--file",
        "own",
    ];
    scene.b.write("own", "{\"model\": ");
    fails(&scene.b, &resolve, (1, "refused"));
    scene.b.write(
        "own",
        "{\"model\": \"c\", \"apiToken\": \"k3J9dkW0qLmZx81v\"}\n",
    );
    scene.b.ok(&resolve);
    pushed(&scene.b);
    let stored = scene.vault()["settings/claude/settings.json"].clone();
    let stored = String::from_utf8(stored).expect("text");
    assert!(
        stored.contains("\"c\"") && !stored.contains("k3J9"),
        "{stored}"
    );
    pulled(&scene.a);
    assert!(text(&scene.a, file).contains("\"c\""));
}

#[test]
fn a_file_where_the_vault_has_a_directory_waits_for_another_name() {
    let scene = Scene::with(&[("y", "1\n")]);
    scene.a.write(state("thing/inner"), "inner\n");
    pushed(&scene.a);
    scene.b.write(state("thing"), "file\n");
    assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
    let id = id(&scene.b);
    let local = ["conflict", "resolve", &id, "--use", "local"];
    let message = fails(&scene.b, &local, (1, "refused"));
    assert!(message.contains("no place in the vault"), "{message}");
    assert_eq!(text(&scene.b, state("thing")), "file\n");
    resolved(&scene.b, &[&id, "--use", "vault"]);
    assert!(!is_there(&scene.b, state("thing")));
    pushed(&scene.b);
    assert!(!has_conflict(&scene));
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("thing/inner")), "inner\n");
    assert_eq!(pushed(&scene.b)["committed"], false);
}

/// What the first conflict that a run tells of says of this disk.
fn first(machine: &Machine, args: &[&str]) -> (bool, bool) {
    let (_, document) = machine.json(args);
    let data = &document["data"];
    let list = data.get("conflict_list").unwrap_or(&data["conflicts"]);
    let line = &list[0];
    let is = |field: &str| line[field].as_bool().expect("a conflict");
    (is("here"), is("filed"))
}

#[test]
fn a_disk_that_is_in_step_is_not_told_that_it_keeps_a_version() {
    let scene = Scene::with(&[("na", "1\n"), ("x", "1\n")]);
    remove(&scene.a, state("na"));
    scene.a.write(state("na/f"), "a\n");
    pushed(&scene.a);
    scene.b.write(state("na"), "b\n");
    assert_eq!(scene.b.run(&["sync"]).code, 3);
    for args in [
        &["backup", "pull"][..],
        &["backup", "push"],
        &["backup", "status"],
    ] {
        assert_eq!(first(&scene.a, args), (false, true), "{args:?}");
        assert_eq!(first(&scene.b, args), (true, true), "{args:?}");
    }
}

#[test]
fn an_edit_of_what_the_vault_has_is_no_version_of_a_conflict() {
    let scene = disputed();
    scene.a.write(state("x"), "a again\n");
    for args in [&["backup", "pull"][..], &["backup", "status"]] {
        assert_eq!(first(&scene.a, args), (false, true), "{args:?}");
    }
    scene.b.write(state("x"), "b again\n");
    for args in [&["backup", "pull"][..], &["backup", "status"]] {
        assert_eq!(first(&scene.b, args), (true, false), "{args:?}");
    }
    scene.a.run(&["backup", "push"]);
    assert_eq!(scene.stored("x"), "a again\n");
}

#[test]
fn the_plan_of_a_new_machine_ends_as_its_run_does() {
    let scene = disputed();
    let new = scene.sandbox.machine("new");
    let code = new.checkout("api", super::scene::API);
    let code = code.parent().expect("it has one").display().to_string();
    let bare = scene.bare.display().to_string();
    for more in ["--dry-run", "--yes"] {
        let (code, document) = new.json(&["restore", &bare, "--into", &code, more]);
        assert_eq!(code, 3, "{more}: {document}");
        assert_eq!(document["data"]["conflicts"], 1, "{more}: {document}");
    }
}
