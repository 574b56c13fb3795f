//! Settings travel without what belongs to one machine.

use std::fs;

use serde_json::Value;

use crate::kit::{Machine, git};

use super::scene::{Scene, any_object_has, by_hand, is_there, pushed, text, tip};

const CONFIG: &str = ".aigon/config.json";

fn in_vault(scene: &Scene) -> String {
    git(&["show", "main:settings/aigon/config.json"], &scene.bare)
}

fn token() -> String {
    format!("sk-proj-{}", "aB3dE6gH9".repeat(6))
}

fn both(a: &str, b: &str) -> Scene {
    let scene = Scene::new();
    scene.a.write(CONFIG, a);
    scene.b.write(CONFIG, b);
    scene
}

/// A run that goes on but wants a decision about the settings file, which it leaves as it is.
#[track_caller]
fn withheld(machine: &Machine, command: &str, reason: &str) -> Value {
    let before = machine.read(CONFIG);
    let (code, document) = machine.json(&["backup", command]);
    assert_eq!(code, 3, "{document}");
    let lines = document["data"]["withheld"].as_array().expect("a list");
    let line = lines.iter().find(|line| line["path"] == "config.json");
    let line = line.unwrap_or_else(|| panic!("{document}"));
    assert_eq!(
        (line["project"].as_str(), line["reason"].as_str()),
        (Some("aigon"), Some(reason)),
        "{document}"
    );
    assert_eq!(machine.read(CONFIG), before);
    document
}

#[test]
fn a_file_of_local_keys_alone_has_nothing_to_disagree_about() {
    let scene = both(
        "{\"theme\": \"dark\", \"repos\": [\"/a\"]}\n",
        "{\"repos\": [\"/b\"]}\n",
    );
    pushed(&scene.b);
    assert!(
        !scene.vault().contains_key("settings/aigon/config.json"),
        "an empty file was sent"
    );
    pushed(&scene.a);
    let (code, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(code, 0, "{document}");
    let (code, document) = scene.b.json(&["backup", "pull"]);
    assert_eq!(code, 0, "{document}");
    let merged: Value = serde_json::from_str(&text(&scene.b, CONFIG)).expect("JSON");
    assert_eq!(
        merged,
        serde_json::json!({"theme": "dark", "repos": ["/b"]})
    );
    let before = tip(&scene.bare);
    pushed(&scene.b);
    assert_eq!(tip(&scene.bare), before, "a second look is no change");
}

#[test]
fn the_same_settings_in_other_words_are_no_difference() {
    let scene = both(
        "{\n  \"repos\": [\"/a\"],\n  \"theme\": \"dark\",\n  \"size\": 3\n}\n",
        "{\"size\":3,\"theme\":\"dark\",\"repos\":[\"/b\"]}",
    );
    pushed(&scene.a);
    let before = tip(&scene.bare);
    pushed(&scene.b);
    let (code, document) = scene.b.json(&["backup", "pull"]);
    assert_eq!(code, 0, "{document}");
    pushed(&scene.b);
    // The first push of a machine has its record to write, and no other file.
    assert_eq!(
        git(
            &["diff", "--name-only", &before, "main", "--", "settings"],
            &scene.bare
        ),
        ""
    );
}

#[test]
fn a_key_that_reached_the_vault_by_hand_stays_there_and_comes_to_no_disk() {
    let scene = both(
        "{\n  \"theme\": \"dark\"\n}\n",
        "{\n  \"theme\": \"dark\"\n}\n",
    );
    pushed(&scene.a);
    let token = "0123456789abcdef";
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        let text = format!("{{\n  \"theme\": \"light\",\n  \"apiToken\": \"{token}\"\n}}\n");
        fs::write(dir.join("settings/aigon/config.json"), text).expect("it can be written");
    });
    let (code, document) = scene.a.json(&["backup", "pull"]);
    assert_eq!(code, 0, "{document}");
    assert_eq!(text(&scene.a, CONFIG), "{\n  \"theme\": \"light\"\n}\n");
    pushed(&scene.a);
    assert!(in_vault(&scene).contains(token), "it is not ours to delete");
    scene.a.write(CONFIG, "{\n  \"theme\": \"blue\"\n}\n");
    pushed(&scene.a);
    let stored = in_vault(&scene);
    assert!(
        stored.contains(token) && stored.contains("blue"),
        "{stored}"
    );
}

#[test]
fn local_keys_and_secrets_stay_here_byte_for_byte() {
    let secret = token();
    let local = format!(
        "{{\n  \"repos\": [ \"/home/ada/api\" ],\n  \"theme\": \"dark\",\n  \"serverPort\":4100,\n  \"agents\": {{ \"cx\": {{ \"env\": {{ \"OPENAI_API_KEY\": \"{secret}\" }} }} }}\n}}\n"
    );
    let scene = Scene::new();
    scene.a.write(CONFIG, &local);
    pushed(&scene.a);
    let stored = in_vault(&scene);
    for gone in [
        "\"repos\"",
        "serverPort",
        "OPENAI_API_KEY",
        "/home/ada",
        &secret,
    ] {
        assert!(!stored.contains(gone), "{gone}: {stored}");
        assert!(!any_object_has(&scene.bare, gone), "{gone}");
    }
    assert!(stored.contains("\"theme\": \"dark\""), "{stored}");
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        let path = dir.join("settings/aigon/config.json");
        let changed = stored.replace("\"dark\"", "\"light\"");
        fs::write(path, changed).expect("it can be written");
    });
    let (code, document) = scene.a.json(&["backup", "pull"]);
    assert_eq!(code, 0, "{document}");
    let after: Value = serde_json::from_str(&text(&scene.a, CONFIG)).expect("JSON");
    let mut expected: Value = serde_json::from_str(&local).expect("JSON");
    expected["theme"] = "light".into();
    assert_eq!(after, expected);
    for kept in ["[ \"/home/ada/api\" ]", &secret, "4100"] {
        assert!(text(&scene.a, CONFIG).contains(kept), "{kept}");
    }
    let before = tip(&scene.bare);
    pushed(&scene.a);
    assert_eq!(tip(&scene.bare), before, "nothing is different now");
}

#[test]
fn an_unchanged_settings_file_is_not_touched_by_a_pull() {
    let local = "{ \"repos\":[\"/x\"],\r\n\t\"theme\" : \"dark\" }";
    let scene = both(local, local);
    pushed(&scene.a);
    let (code, document) = scene.b.json(&["backup", "pull"]);
    assert_eq!(code, 0, "{document}");
    assert_eq!(text(&scene.b, CONFIG), local);
    assert_eq!(document["data"]["applied"], false, "{document}");
}

#[test]
fn each_machine_keeps_its_own_local_keys() {
    let scene = both(
        "{\"serverPort\": 1, \"theme\": \"dark\"}\n",
        "{\"serverPort\": 2, \"theme\": \"dark\"}\n",
    );
    pushed(&scene.a);
    pushed(&scene.b);
    scene
        .a
        .write(CONFIG, "{\"serverPort\": 1, \"theme\": \"light\"}\n");
    pushed(&scene.a);
    scene.b.ok(&["backup", "pull"]);
    let after: Value = serde_json::from_str(&text(&scene.b, CONFIG)).expect("JSON");
    assert_eq!(
        after,
        serde_json::json!({"serverPort": 2, "theme": "light"})
    );
}

#[test]
fn a_machine_without_the_file_gets_it_without_foreign_keys() {
    let scene = Scene::new();
    scene
        .a
        .write(CONFIG, "{\"repos\": [\"/a\"], \"theme\": \"dark\"}\n");
    scene
        .a
        .write(".aigon/workflow-definitions/review.yaml", "steps: []\n");
    pushed(&scene.a);
    fs::create_dir(scene.b.home.join(".aigon")).expect("a directory");
    scene.b.ok(&["backup", "pull"]);
    let after: Value = serde_json::from_str(&text(&scene.b, CONFIG)).expect("JSON");
    assert_eq!(after, serde_json::json!({"theme": "dark"}));
    assert_eq!(
        text(&scene.b, ".aigon/workflow-definitions/review.yaml"),
        "steps: []\n"
    );
}

#[test]
fn a_corrupt_local_file_changes_nothing_in_the_vault() {
    let scene = both("{\"theme\": \"dark\"}\n", "{\"theme\": \"dark\"}\n");
    pushed(&scene.a);
    let before = in_vault(&scene);
    for broken in ["{\"theme\": ", "", "{\"theme\":1,\"theme\":2}", "\0\0\0\0"] {
        scene.a.write(CONFIG, broken);
        withheld(&scene.a, "push", "damaged");
        assert_eq!(in_vault(&scene), before, "{broken:?}");
        withheld(&scene.a, "pull", "damaged");
    }
}

#[test]
fn a_corrupt_file_in_the_vault_changes_nothing_here() {
    let local = "{\"theme\": \"dark\", \"repos\": [\"/b\"]}\n";
    let scene = both(local, local);
    pushed(&scene.a);
    scene.b.ok(&["backup", "pull"]);
    for broken in ["{\"theme\": ", "", "[1,", "{\"a\":1,\"a\":2}"] {
        by_hand(&scene.sandbox, &scene.bare, |dir| {
            let path = dir.join("settings/aigon/config.json");
            fs::write(path, broken).expect("it can be written");
        });
        withheld(&scene.b, "pull", "damaged");
        assert_eq!(text(&scene.b, CONFIG), local, "{broken:?}");
    }
}

#[test]
fn settings_that_are_switched_off_do_not_travel_and_come_back_when_asked() {
    let scene = Scene::new();
    scene.a.write(CONFIG, "{\"theme\": \"dark\"}\n");
    scene.a.ok(&["settings", "remove", "aigon"]);
    pushed(&scene.a);
    assert!(!scene.vault().contains_key("settings/aigon/config.json"));
    scene.a.ok(&["settings", "add", "aigon"]);
    pushed(&scene.a);
    assert!(scene.vault().contains_key("settings/aigon/config.json"));
    scene.a.ok(&["settings", "remove", "aigon"]);
    pushed(&scene.a);
    assert!(
        scene.vault().contains_key("settings/aigon/config.json"),
        "what is in the vault stays there"
    );
    assert!(is_there(&scene.a, CONFIG));
}

#[test]
fn an_added_path_travels_to_the_same_place() {
    let scene = Scene::new();
    for machine in [&scene.a, &scene.b] {
        machine.write(".toolrc", "mine\n");
        machine.ok(&["settings", "add", "~/.toolrc"]);
    }
    pushed(&scene.a);
    scene.b.ok(&["backup", "pull"]);
    scene.a.write(".toolrc", "changed\n");
    pushed(&scene.a);
    scene.b.ok(&["backup", "pull"]);
    assert_eq!(text(&scene.b, ".toolrc"), "changed\n");
}
