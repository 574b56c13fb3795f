//! What a pull wrote is taken back, and what was edited since stays.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::kit::{Machine, tree};

use super::logs::rest;
use super::scene::{
    Scene, as_if_killed, fails, is_there, pulled, pushed, remove, state, text, tip,
};

/// Undoes, and fails the test unless all went well; what was reported.
#[track_caller]
pub fn undone(machine: &Machine, more: &[&str]) -> Value {
    let (code, document) = machine.json(&[&["backup", "undo"], more].concat());
    assert_eq!(code, 0, "{document}");
    document["data"].clone()
}

/// The second machine pulled a change, an addition and a deletion.
pub fn pulled_scene() -> (Scene, Value) {
    let scene = Scene::with(&[("x", "1\n"), ("gone", "1\n"), ("same", "1\n")]);
    scene.a.write(state("x"), "2\n");
    scene.a.write(state("dir/new"), "2\n");
    remove(&scene.a, state("gone"));
    pushed(&scene.a);
    let data = pulled(&scene.b);
    (scene, data)
}

#[test]
fn what_a_pull_wrote_goes_back_and_no_push_reverts_the_vault() {
    let (scene, data) = pulled_scene();
    let id = data["undo"].as_str().expect("an id").to_owned();
    let after = tree(&scene.b.home.join("code"));
    let data = undone(&scene.b, &[]);
    assert_eq!(
        (&data["undone"], &data["applied"]),
        (&id.into(), &true.into()),
        "{data}"
    );
    assert_eq!(text(&scene.b, state("x")), "1\n");
    assert_eq!(text(&scene.b, state("gone")), "1\n");
    assert!(!is_there(&scene.b, state("dir")), "the directory goes too");
    let tip_before = tip(&scene.bare);
    let (code, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(
        (code, &document["data"]["committed"]),
        (0, &false.into()),
        "{document}"
    );
    assert_eq!(tip(&scene.bare), tip_before);
    let data = pulled(&scene.b);
    assert_eq!(data["applied"], true, "{data}");
    assert_eq!(tree(&scene.b.home.join("code")), after);
}

#[test]
fn an_undo_is_undone_by_its_own_number() {
    let (scene, _) = pulled_scene();
    let after = tree(&scene.b.home.join("code"));
    let data = undone(&scene.b, &[]);
    let id = data["undo"].as_str().expect("an id");
    undone(&scene.b, &[id]);
    assert_eq!(tree(&scene.b.home.join("code")), after);
    assert_eq!(pulled(&scene.b)["applied"], false);
    let (_, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(document["data"]["committed"], false, "{document}");
    // And the pull is what a plain undo takes back again.
    undone(&scene.b, &[]);
    assert_eq!(text(&scene.b, state("x")), "1\n");
}

#[test]
fn edits_made_since_stay_and_are_named() {
    let (scene, _) = pulled_scene();
    scene.b.write(state("x"), "mine\n");
    let data = undone(&scene.b, &[]);
    assert_eq!(text(&scene.b, state("x")), "mine\n");
    assert_eq!(text(&scene.b, state("gone")), "1\n");
    let kept = &data["projects"][0]["kept_paths"];
    assert_eq!(kept[0]["why"], "edited_since", "{data}");
    assert_eq!(kept.as_array().map(Vec::len), Some(1), "{data}");
    let data = pushed(&scene.b);
    assert_eq!(data["files"]["changed"], 1, "{data}");
    assert_eq!(scene.stored("x"), "mine\n");
    assert!(!scene.vault().contains_key("projects/api/.aigon/gone"));
    assert_eq!(scene.stored("dir/new"), "2\n");
}

#[test]
fn each_undo_goes_one_run_further_back() {
    let scene = Scene::with(&[("x", "1\n")]);
    for version in ["2\n", "3\n"] {
        scene.a.write(state("x"), version);
        pushed(&scene.a);
        pulled(&scene.b);
    }
    for version in ["2\n", "1\n"] {
        undone(&scene.b, &[]);
        assert_eq!(text(&scene.b, state("x")), version);
    }
    // The first pull of all.
    undone(&scene.b, &[]);
    assert!(!is_there(&scene.b, state("x")));
    fails(&scene.b, &["backup", "undo"], (1, "not_found"));
    fails(&scene.b, &["backup", "undo", "99"], (1, "not_found"));
    fails(&scene.b, &["backup", "undo", "1"], (1, "refused"));
    assert_eq!(pulled(&scene.b)["applied"], true);
    assert_eq!(text(&scene.b, state("x")), "3\n");
}

#[test]
fn a_dry_run_names_the_paths_and_changes_nothing() {
    let (scene, _) = pulled_scene();
    let before = tree(&scene.b.home);
    let data = undone(&scene.b, &["--dry-run"]);
    let changes = data["projects"][0]["changes"].as_array().expect("a list");
    assert_eq!(
        (changes.len(), &data["applied"]),
        (3, &false.into()),
        "{data}"
    );
    let mut after = tree(&scene.b.home);
    after.retain(|path, _| before.contains_key(path));
    assert_eq!(after, before);
    let ran = scene.b.ok(&["backup", "undo", "--dry-run"]);
    assert!(ran.stdout.contains("- api/.aigon/dir/new"), "{ran}");
}

#[test]
fn the_list_says_what_is_undone() {
    let (scene, _) = pulled_scene();
    undone(&scene.b, &[]);
    let (_, document) = scene.b.json(&["backup", "undo", "--list"]);
    let entries = document["data"]["entries"].as_array().expect("a list");
    let said: Vec<_> = entries
        .iter()
        .map(|entry| {
            [
                &entry["id"],
                &entry["command"],
                &entry["undoes"],
                &entry["undone_by"],
            ]
        })
        .map(|words| words.map(|word| word.as_str().unwrap_or("-")).join(" "))
        .collect();
    assert_eq!(said, ["3 undo 2 -", "2 pull - 3", "1 pull - -"]);
    let ran = scene.b.ok(&["backup", "undo", "--list"]);
    assert!(ran.stdout.contains("undone by 3"), "{ran}");
}

#[test]
fn no_pull_comes_by_itself_after_an_undo_until_a_person_pulls() {
    let (scene, _) = pulled_scene();
    let paused = || {
        let (_, document) = scene.b.json(&["backup", "status"]);
        !document["data"]["pulls_paused"].is_null()
    };
    assert!(!paused());
    undone(&scene.b, &["--dry-run"]);
    assert!(!paused());
    undone(&scene.b, &[]);
    assert!(paused());
    let ran = scene.b.ok(&["backup", "status"]);
    assert!(ran.stdout.contains("none comes by itself"), "{ran}");
    scene.b.ok(&["backup", "pull", "--dry-run"]);
    assert!(paused());
    pulled(&scene.b);
    assert!(!paused());
}

#[test]
fn modes_and_empty_directories_go_back_with_what_is_agreed_of_them() {
    let scene = Scene::with(&[("x", "1\n"), ("full/y", "1\n")]);
    let mode = |machine: &Machine, to| {
        let file = machine.home.join(state("x"));
        fs::set_permissions(&file, fs::Permissions::from_mode(to)).expect("a mode");
    };
    mode(&scene.a, 0o600);
    fs::create_dir(scene.a.home.join(state("empty"))).expect("made");
    scene.a.write(state("secret"), "2\n");
    fs::set_permissions(
        scene.a.home.join(state("secret")),
        fs::Permissions::from_mode(0o600),
    )
    .expect("a mode");
    remove(&scene.a, state("full/y"));
    pushed(&scene.a);
    pulled(&scene.b);
    let is = |name: &str| {
        let found = fs::metadata(scene.b.home.join(state(name)));
        found.expect("it is there").permissions().mode() & 0o777
    };
    assert_eq!((is("x"), is("secret")), (0o600, 0o600));
    assert!(is_there(&scene.b, state("empty")));
    let id = undone(&scene.b, &[])["undo"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_ne!(is("x"), 0o600);
    assert!(!is_there(&scene.b, state("empty")) && !is_there(&scene.b, state("secret")));
    assert_eq!(text(&scene.b, state("full/y")), "1\n");
    let (_, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(document["data"]["committed"], false, "{document}");
    undone(&scene.b, &[&id]);
    assert_eq!((is("x"), is("secret")), (0o600, 0o600));
    assert!(is_there(&scene.b, state("empty")));
    let (_, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(document["data"]["committed"], false, "{document}");
}

#[test]
fn settings_go_back_byte_for_byte_with_this_machines_own_keys() {
    let scene = Scene::with(&[("x", "1\n")]);
    let file = ".aigon/config.json";
    scene
        .a
        .write(file, "{\"theme\": \"dark\", \"serverPort\": 1}\n");
    scene
        .b
        .write(file, "{ \"theme\":\"light\",   \"serverPort\": 2 }\n");
    pushed(&scene.a);
    scene.b.json(&["backup", "pull"]);
    // Both had it from the start: what the second one has counts as the older from now on.
    scene
        .b
        .write(file, "{\"theme\": \"dark\",   \"serverPort\": 2}\n");
    scene.b.json(&["backup", "pull"]);
    let before = text(&scene.b, file);
    scene
        .a
        .write(file, "{\"theme\": \"blue\", \"serverPort\": 1}\n");
    pushed(&scene.a);
    let data = pulled(&scene.b);
    let pulled_text = text(&scene.b, file);
    assert!(
        pulled_text.contains("blue") && pulled_text.contains(": 2"),
        "{data}"
    );
    undone(&scene.b, &[]);
    assert_eq!(text(&scene.b, file), before);
    let (_, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(document["data"]["committed"], false, "{document}");
}

#[test]
fn what_is_not_where_it_was_is_said_and_stops_nothing_else() {
    let (scene, _) = pulled_scene();
    fs::rename(
        scene.b.home.join("code/api"),
        scene.b.home.join("code/moved"),
    )
    .expect("moved");
    let data = undone(&scene.b, &[]);
    assert_eq!(data["skipped"][0]["reason"], "not_here", "{data}");
    assert_eq!(text(&scene.b, "code/moved/.aigon/x"), "2\n");
    // A place where its disk is missing is no place to write to.
    fs::create_dir(scene.b.home.join("code/api")).expect("made");
    undone(&scene.b, &[]);
    assert!(!is_there(&scene.b, state("gone")));
}

#[test]
fn edits_of_other_lines_are_merged_with_the_way_back() {
    let lines = |first: &str, last: &str| {
        let middle: Vec<String> = (0..9).map(|number: u8| number.to_string()).collect();
        format!("{first}\n{}\n{last}\n", middle.join("\n"))
    };
    let scene = Scene::with(&[("x.md", &lines("1", "1")), ("x.jsonl", "{\"n\":1}\n")]);
    scene.a.write(state("x.md"), lines("theirs", "1"));
    scene.a.write(state("x.jsonl"), "{\"n\":1}\n{\"n\":2}\n");
    pushed(&scene.a);
    pulled(&scene.b);
    scene.b.write(state("x.md"), lines("theirs", "mine"));
    scene
        .b
        .write(state("x.jsonl"), "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
    rest(&scene.b, state("x.jsonl"));
    let data = undone(&scene.b, &[]);
    assert_eq!(data["projects"][0]["kept"], 0, "{data}");
    assert_eq!(text(&scene.b, state("x.md")), lines("1", "mine"));
    assert_eq!(text(&scene.b, state("x.jsonl")), "{\"n\":1}\n{\"n\":3}\n");
    // The vault gets the edit alone.
    pushed(&scene.b);
    assert_eq!(scene.stored("x.md"), lines("theirs", "mine"));
    let log = scene.stored("x.jsonl");
    assert!(["1", "2", "3"].iter().all(|n| log.contains(n)), "{log}");
    // And the way back of the way back takes the edit along.
    undone(&scene.b, &[data["undo"].as_str().expect("an id")]);
    assert_eq!(text(&scene.b, state("x.md")), lines("theirs", "mine"));
}

#[test]
fn an_undo_that_finds_every_file_edited_pauses_nothing_and_names_the_run_before() {
    let (scene, first) = pulled_scene();
    scene.a.write(state("same"), "\0 2\n");
    pushed(&scene.a);
    pulled(&scene.b);
    scene.b.write(state("same"), "\0 mine\n");
    let data = undone(&scene.b, &[]);
    assert_eq!(data["applied"], false, "{data}");
    assert_eq!(data["earlier"], first["undo"], "{data}");
    let (_, status) = scene.b.json(&["backup", "status"]);
    assert!(status["data"]["pulls_paused"].is_null(), "{status}");
    assert_eq!(text(&scene.b, state("same")), "\0 mine\n");
}

#[test]
fn status_counts_what_the_vault_has_for_this_disk() {
    let (scene, _) = pulled_scene();
    let incoming =
        |machine: &Machine| machine.json(&["backup", "status"]).1["data"]["incoming"].clone();
    assert_eq!(incoming(&scene.b), 0);
    undone(&scene.b, &[]);
    assert_eq!(incoming(&scene.b), 3);
    pulled(&scene.b);
    assert_eq!(incoming(&scene.b), 0);
}

/// What it says is done, and the run before it stays.
#[test]
fn a_killed_undo_is_taken_back_by_the_number_that_is_said() {
    let (scene, _) = pulled_scene();
    let after = tree(&scene.b.home.join("code"));
    let data = undone(&scene.b, &[]);
    let number = data["undo"].as_str().expect("an id");
    as_if_killed(&scene.b, number);
    let data = undone(&scene.b, &["1"]);
    assert_eq!(data["finished"]["id"], number, "{data}");
    let first = data["undo"].as_str().expect("an id");
    undone(&scene.b, &[first]);
    fs::remove_file(scene.b.home.join("holdall/state/pulls-paused")).expect("paused");
    as_if_killed(&scene.b, number);
    let ran = scene.b.ok(&["backup", "push"]);
    let said = format!("`holdall backup undo {number}`");
    assert!(ran.stderr.contains(&said), "{ran}");
    let (_, document) = scene.b.json(&["backup", "status"]);
    assert!(document["data"]["pulls_paused"].is_string(), "{document}");
    undone(&scene.b, &[number]);
    assert_eq!(tree(&scene.b.home.join("code")), after);
}

/// It came back to the vault as another one: what is agreed of that is not what the pull was about.
#[test]
fn an_undo_writes_nothing_into_what_is_another_project_by_now() {
    let (scene, data) = pulled_scene();
    let number = data["undo"].as_str().expect("an id").to_owned();
    scene.b.ok(&["project", "remove", "api", "--from-vault"]);
    scene.b.ok(&["project", "add", "code/api"]);
    pushed(&scene.b);
    let before = tip(&scene.bare);
    let data = undone(&scene.b, &[&number]);
    assert_eq!(data["skipped"][0]["reason"], "not_here", "{data}");
    assert_eq!(text(&scene.b, state("x")), "2\n");
    pushed(&scene.b);
    assert_eq!(tip(&scene.bare), before);
}
