//! Settings travel without what belongs to one machine.

use std::fs;

use serde_json::Value;

use crate::kit::{Machine, git};

use super::scene::{Scene, any_object_has, by_hand, pushed, text, tip};

pub const CONFIG: &str = ".aigon/config.json";

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
    let settings = &document["data"]["settings"][0];
    assert_eq!(settings["changes"], serde_json::json!([]), "{document}");
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
        let document = withheld(&scene.a, "push", "damaged");
        if broken.starts_with('{') {
            let hint = document["hints"][0].as_str().expect("a hint");
            assert!(
                hint.starts_with("mend ") && !hint.contains("delete"),
                "{hint}"
            );
        }
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
        for command in ["pull", "push"] {
            let document = withheld(&scene.b, command, "damaged_in_vault");
            let hint = document["hints"][0].as_str().expect("a hint");
            assert!(hint.contains("settings/aigon/config.json"), "{hint}");
            assert!(!hint.contains("delete"), "nothing is wrong here: {hint}");
        }
        assert_eq!(text(&scene.b, CONFIG), local, "{broken:?}");
    }
}

const CODEX: &str = ".codex/config.toml";

pub fn codex_in_vault(scene: &Scene) -> String {
    git(&["show", "main:settings/codex/config.toml"], &scene.bare)
}

#[test]
fn toml_settings_travel_without_the_tables_of_this_machine() {
    let scene = Scene::new();
    let key = token();
    let local = format!(
        "# my codex\nmodel = \"o5\" # best\n\n[projects.\"/home/ada/api\"]\ntrust_level = \"trusted\"\n\n[mcp_servers.x]\ncommand = 'npx'\nenv = {{ KEY = \"{key}\" }}\n"
    );
    scene.a.write(CODEX, &local);
    pushed(&scene.a);
    assert_eq!(
        codex_in_vault(&scene),
        "# my codex\nmodel = \"o5\" # best\n\n[mcp_servers.x]\ncommand = 'npx'\nenv = {}\n"
    );
    for gone in ["/home/ada", "trust_level", &key] {
        assert!(!any_object_has(&scene.bare, gone), "{gone}");
    }
    scene.b.write(
        CODEX,
        "[projects.\"/home/bob\"]\ntrust_level = \"trusted\"\n",
    );
    scene.b.ok(&["backup", "pull"]);
    assert_eq!(
        text(&scene.b, CODEX),
        format!(
            "{}\n[projects.\"/home/bob\"]\ntrust_level = \"trusted\"\n",
            codex_in_vault(&scene)
        )
    );
    let before = tip(&scene.bare);
    pushed(&scene.b);
    assert_eq!(tip(&scene.bare), before, "nothing is different now");
    scene
        .b
        .write(CODEX, text(&scene.b, CODEX).replace("o5", "o6"));
    pushed(&scene.b);
    scene.a.ok(&["backup", "pull"]);
    let after = text(&scene.a, CODEX);
    for kept in ["o6", "# best", "[projects.\"/home/ada/api\"]", &key] {
        assert!(after.contains(kept), "{kept}: {after}");
    }
    let before = tip(&scene.bare);
    pushed(&scene.a);
    assert_eq!(tip(&scene.bare), before, "nothing is different now");
}

#[test]
fn yaml_settings_in_the_home_itself_travel_without_their_keys() {
    const FILE: &str = ".aider.conf.yml";
    let scene = Scene::new();
    scene.a.write(
        FILE,
        "# mine\nmodel: x\nopenai-api-key: 0123456789\ndark-mode: true\n",
    );
    pushed(&scene.a);
    assert_eq!(
        git(
            &["show", "main:settings/aider/.aider.conf.yml"],
            &scene.bare
        ),
        "# mine\nmodel: x\ndark-mode: true\n"
    );
    scene.b.ok(&["backup", "pull"]);
    assert_eq!(text(&scene.b, FILE), "# mine\nmodel: x\ndark-mode: true\n");
    scene.b.write(FILE, "# mine\nmodel: y\ndark-mode: true\n");
    pushed(&scene.b);
    scene.a.ok(&["backup", "pull"]);
    assert_eq!(
        text(&scene.a, FILE),
        "# mine\nmodel: y\ndark-mode: true\nopenai-api-key: 0123456789\n"
    );
}

#[test]
fn a_secret_in_settings_is_named_by_its_line_in_the_file_as_it_is_here() {
    let scene = Scene::with(&[("x", "1\n")]);
    let left = "[projects.\"/home/ada/api\"]\ntrust_level = \"trusted\"\n\n";
    let token = super::gate::planted();
    scene.a.write(
        CODEX,
        format!("{left}[mcp_servers.q]\nargs = [\"--token\", \"{token}\"]\n"),
    );
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    let line = super::gate::line_of(&document, "config.toml");
    assert_eq!(
        (line["line"].as_u64(), &line["reason"]),
        (Some(5), &"holds_secret".into())
    );
    let (_, listed) = scene.a.json(&["secret", "list"]);
    assert_eq!(listed["data"]["found"][0]["line"], 5, "{listed}");
}

#[test]
fn a_corrupt_toml_file_is_withheld_with_its_place_and_changes_nothing() {
    let scene = Scene::new();
    for machine in [&scene.a, &scene.b] {
        machine.write(CODEX, "model = \"x\"\n");
    }
    pushed(&scene.a);
    scene.b.ok(&["backup", "pull"]);
    scene.a.write(CODEX, "model = \"x\"\nmodel = \"y\"\n");
    let (code, document) = scene.a.json(&["backup", "push"]);
    let line = &document["data"]["withheld"][0];
    assert_eq!(
        (code, line["reason"].as_str()),
        (3, Some("damaged")),
        "{document}"
    );
    assert!(
        line["detail"]
            .as_str()
            .is_some_and(|rule| rule.starts_with("line 2, column")),
        "{document}"
    );
    assert_eq!(codex_in_vault(&scene), "model = \"x\"\n");
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::write(dir.join("settings/codex/config.toml"), "model = \n").expect("it can be written");
    });
    let (code, document) = scene.b.json(&["backup", "pull"]);
    assert_eq!(code, 3, "{document}");
    let rule = document["data"]["withheld"][0]["detail"].as_str();
    assert!(
        rule.is_some_and(|rule| rule.contains("line 1")),
        "{document}"
    );
    assert_eq!(text(&scene.b, CODEX), "model = \"x\"\n");
}

#[test]
fn paths_below_the_home_directory_come_back_as_those_of_each_machine() {
    const FILE: &str = ".claude/settings.json";
    let scene = Scene::new();
    let settings = |command: &str, theme: &str| {
        format!(
            "{{\n  \"hooks\": {{\"Stop\": [{{\"hooks\": [{{\"command\": \"{command}\"}}]}}]}},\n  \"theme\": \"{theme}\"\n}}\n"
        )
    };
    let [home_a, home_b] = [&scene.a, &scene.b].map(|machine| machine.home.display().to_string());
    let command = |home: &str| format!("sh {home}/bin/done --log={home}/x");
    scene.a.write(FILE, settings(&command(&home_a), "dark"));
    pushed(&scene.a);
    let stored = git(&["show", "main:settings/claude/settings.json"], &scene.bare);
    assert_eq!(stored, settings(&command("~"), "dark"));
    assert!(!any_object_has(&scene.bare, &format!("{home_a}/bin")));
    scene.b.ok(&["backup", "pull"]);
    assert_eq!(text(&scene.b, FILE), settings(&command(&home_b), "dark"));
    let before = tip(&scene.bare);
    pushed(&scene.b);
    assert_eq!(
        tip(&scene.bare),
        before,
        "the same in other words is no change"
    );
    // What says `~` here goes on saying so.
    scene.b.write(FILE, settings(&command("~"), "light"));
    pushed(&scene.b);
    scene.a.ok(&["backup", "pull"]);
    assert_eq!(text(&scene.a, FILE), settings(&command(&home_a), "light"));
    scene.a.write(FILE, settings(&command(&home_a), "dim"));
    pushed(&scene.a);
    scene.b.ok(&["backup", "pull"]);
    assert_eq!(text(&scene.b, FILE), settings(&command("~"), "dim"));
}
