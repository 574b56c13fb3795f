//! A settings file has one owner: what a preset speaks of travels by that preset's rules, however it
//! was named.

use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::kit::{Machine, git};

use super::scene::{Scene, any_object_has, fails, pushed, text, utf8};

const AIDER: &str = ".aider.conf.yml";
const LOGIN: &str = "c2Vzc2lvbi1jb29raWU";

fn explain(machine: &Machine, path: &str) -> Value {
    let path = machine.home.join(path);
    let (code, document) = machine.json(&["project", "explain", utf8(&path)]);
    assert_eq!(code, 0, "{document}");
    document["data"].clone()
}

/// As an older version would have written it, or a person.
fn add_by_hand(machine: &Machine, path: &str) {
    machine.ok(&["config", "set", "settings.add", path]);
}

#[test]
fn what_a_preset_carries_cannot_be_added_again() {
    let scene = Scene::new();
    scene.a.write(AIDER, "model: x\n");
    scene.a.write(".codex/prompts/a.md", "x\n");
    scene.a.write(".codex/auth.json", "{}\n");
    scene.a.write("code/api/.aigon/x", "x\n");
    for (path, said) in [
        ("~/code", "state of a project"),
        ("~/code/api/.aigon/x", "state of a project"),
        ("~/.aider.conf.yml", "`aider`"),
        ("~/.codex", "`codex`"),
        ("~/.codex/prompts", "`codex`"),
        ("~/.codex/prompts/a.md", "`codex`"),
        ("~/.codex/auth.json", "/auth.json"),
    ] {
        let message = fails(&scene.a, &["settings", "add", path], (1, "refused"));
        assert!(message.contains(said), "{path}: {message}");
    }
}

#[test]
fn what_is_added_is_no_link_and_travels_once() {
    let scene = Scene::new();
    scene.a.write("real/f", "x\n");
    symlink("real", scene.a.home.join("linked")).expect("linked");
    symlink("f", scene.a.home.join("real/in")).expect("linked");
    let add = |path| ["settings", "add", path];
    for path in ["~/linked", "~/linked/f", "~/real/in"] {
        let message = fails(&scene.a, &add(path), (1, "refused"));
        assert!(message.contains("is a link"), "{path}: {message}");
    }
    scene.a.ok(&add("~/real/f"));
    scene.a.ok(&add("~/real"));
    let added = scene.a.ok(&["config", "get", "settings.add"]);
    assert_eq!(added.stdout.trim(), "~/real", "its file travels with it");
    let message = fails(&scene.a, &add("~/real/f"), (1, "refused"));
    assert!(message.contains("with ~/real"), "{message}");
}

#[test]
fn a_rule_that_lets_go_what_a_preset_keeps_is_no_reason_to_say_it_stays() {
    let scene = Scene::new();
    scene.a.write(".codex/config.toml", "model = 'x'\n");
    scene.a.write(".codex/sessions/s", "x\n");
    let stays = || {
        scene
            .a
            .ok(&["settings", "list"])
            .stdout
            .contains("/sessions/")
    };
    assert!(stays());
    scene.a.ok(&["config", "set", "rules", "!/sessions/"]);
    assert!(!stays());
}

#[test]
fn a_path_in_a_tools_home_travels_beside_its_settings_and_under_its_rules() {
    let scene = Scene::new();
    for machine in [&scene.a, &scene.b] {
        machine.write(".codex/extra/notes.md", "mine\n");
        machine.write(".codex/extra/state.sqlite", "x\n");
        machine.ok(&["settings", "add", "~/.codex/extra"]);
    }
    let data = explain(&scene.a, ".codex/extra/notes.md");
    assert_eq!(
        (&data["travels"], &data["owner"]),
        (&true.into(), &"codex".into()),
        "{data}"
    );
    assert_eq!(
        explain(&scene.a, ".codex/extra/state.sqlite")["reason"],
        "machine_local"
    );
    pushed(&scene.a);
    let vault = scene.vault();
    assert!(vault.contains_key("settings/codex/extra/notes.md"));
    assert!(!vault.keys().any(|path| path.contains("sqlite")));
    scene.b.ok(&["backup", "pull"]);
    scene.b.write(".codex/extra/notes.md", "changed\n");
    pushed(&scene.b);
    scene.a.ok(&["backup", "pull"]);
    assert_eq!(text(&scene.a, ".codex/extra/notes.md"), "changed\n");
    scene.a.ok(&["settings", "remove", "~/.codex/extra"]);
    assert_eq!(
        explain(&scene.a, ".codex/extra/notes.md")["reason"],
        "not_listed"
    );
}

#[test]
fn a_file_of_a_tool_that_is_switched_off_travels_without_the_keys_of_its_preset() {
    let scene = Scene::new();
    scene
        .a
        .write(AIDER, "model: x\nopenai-api-key: 0123456789\n");
    scene.a.ok(&["settings", "remove", "aider"]);
    scene.a.ok(&["settings", "add", "~/.aider.conf.yml"]);
    pushed(&scene.a);
    assert_eq!(
        git(
            &["show", "main:settings/aider/.aider.conf.yml"],
            &scene.bare
        ),
        "model: x\n"
    );
    assert!(!any_object_has(&scene.bare, "0123456789"));
}

#[test]
fn what_was_added_by_hand_though_a_preset_speaks_of_it_is_not_sent_twice_and_that_is_said() {
    let scene = Scene::new();
    scene
        .a
        .write(AIDER, "model: x\nopenai-api-key: 0123456789\n");
    scene
        .a
        .write(".codex/auth.json", format!("{{\"x\":\"{LOGIN}\"}}"));
    scene
        .a
        .write(".codex/sessions/s.jsonl", "{\"my\":\"words\"}\n");
    for path in ["~/.aider.conf.yml", "~/.codex"] {
        add_by_hand(&scene.a, path);
        let said = pushed(&scene.a);
        let left = said["left"].as_array().expect("a list");
        let line = left.iter().find(|line| line["reason"] == "of_preset");
        let line = line.unwrap_or_else(|| panic!("{said}"));
        assert_eq!(
            format!("~/{}", line["path"].as_str().expect("a path")),
            path
        );
        let (_, list) = scene.a.json(&["settings", "list"]);
        let tools = list["data"]["tools"].as_array().expect("a list");
        let home = tools.iter().find(|tool| tool["tool"] == "home");
        let home = home.unwrap_or_else(|| panic!("{list}"));
        assert_eq!(
            (
                home["paths"].as_array().map(Vec::len),
                home["of_presets"].as_array().map(Vec::len)
            ),
            (Some(0), Some(1))
        );
        let (_, status) = scene.a.json(&["backup", "status"]);
        assert_eq!(status["data"]["linked"][0]["reason"], "of_preset");
        let vault = scene.vault();
        assert!(!vault.keys().any(|path| path.starts_with("settings/home")));
        for gone in [LOGIN, "words", "0123456789"] {
            assert!(!any_object_has(&scene.bare, gone), "{gone}");
        }
    }
    let data = explain(&scene.a, ".codex/auth.json");
    assert_eq!(
        (&data["reason"], &data["rule"]["pattern"]),
        (&"not_listed".into(), &"/auth.json".into()),
        "{data}"
    );
    assert_eq!(data["change"], Value::Null, "no command lets it travel");
}

#[test]
fn explain_says_what_a_push_does_with_settings() {
    let scene = Scene::new();
    let token = format!("ghp_{}", "aB3dE6".repeat(6));
    let config = format!(
        "[projects.\"/x\"]\ntrust_level = \"trusted\"\n\n[mcp_servers.q]\nargs = [\"{token}\"]\n"
    );
    scene.a.write(".codex/config.toml", config);
    let data = explain(&scene.a, ".codex/config.toml");
    assert_eq!(
        (&data["travels"], &data["reason"], &data["line"]),
        (&false.into(), &"holds_secret".into(), &5.into()),
        "{data}"
    );
    scene.a.write(".codex/config.toml", "model = \n");
    assert_eq!(explain(&scene.a, ".codex/config.toml")["reason"], "damaged");
    let masked = format!("[mcp_servers.q]\nauth_token = \"{token}\"\n");
    scene.a.write(".codex/config.toml", masked);
    assert_eq!(explain(&scene.a, ".codex/config.toml")["travels"], true);
    assert_eq!(
        explain(&scene.a, ".claude/settings.json")["reason"],
        "no_tool"
    );
    scene.a.ok(&["settings", "remove", "claude"]);
    assert_eq!(
        explain(&scene.a, ".claude/settings.json")["reason"],
        "switched_off"
    );
}
