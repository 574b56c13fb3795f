//! Settings that cannot come here as they are: nothing of this machine is lost, and it is said what is
//! the matter.

use serde_json::Value;

use crate::kit::{Machine, git};

use super::scene::{Scene, pushed, text};

const CLAUDE: &str = ".claude/settings.json";
const CURSOR: &str = ".cursor/mcp.json";

/// What a run says of the one path that it withholds, and its first hint.
#[track_caller]
fn withheld(machine: &Machine, command: &str) -> (String, String, String) {
    let (code, document) = machine.json(&["backup", command]);
    let lines = document["data"]["withheld"].as_array().expect("a list");
    // A status answers; the others want a decision.
    let expected = if command == "status" { 0 } else { 3 };
    assert_eq!((code, lines.len()), (expected, 1), "{document}");
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let hints = document["hints"].as_array().expect("a list");
    let hints: Vec<String> = hints.iter().map(word).collect();
    (
        word(&lines[0]["reason"]),
        word(&lines[0]["detail"]),
        hints.join("\n"),
    )
}

#[test]
fn a_local_key_in_a_list_that_changed_over_there_keeps_its_file_until_a_person_decides() {
    let scene = Scene::new();
    let local =
        "{\"m\":1,\"hooks\":{\"Stop\":[{\"command\":\"x\",\"api_token\":\"0123456789ab\"}]}}\n";
    scene.a.write(CLAUDE, local);
    pushed(&scene.a);
    scene.b.write(CLAUDE, "{}\n");
    scene.b.ok(&["backup", "pull"]);
    scene.b.write(CLAUDE, "{\"m\":3,\"hooks\":{\"Stop\":[]}}\n");
    pushed(&scene.b);
    for command in ["pull", "push", "status", "pull"] {
        let (reason, detail, hints) = withheld(&scene.a, command);
        assert_eq!(reason, "no_place", "{command}");
        assert!(detail.contains("hooks.Stop.[0].api_token"), "{detail}");
        assert!(!hints.contains("or delete"), "{command}: {hints}");
        assert_eq!(text(&scene.a, CLAUDE), local, "{command}");
    }
    // Whoever takes the key out has decided.
    let without = local.replace(",\"api_token\":\"0123456789ab\"", "");
    scene.a.write(CLAUDE, without);
    scene.a.ok(&["backup", "pull"]);
    assert_eq!(text(&scene.a, CLAUDE), text(&scene.b, CLAUDE));
    pushed(&scene.a);
}

#[test]
fn what_was_deleted_over_there_does_not_come_back_for_a_local_key_in_it() {
    let scene = Scene::new();
    let server = |value: &str| {
        format!(
            "{{\"mcpServers\":{{\"gh\":{{\"command\":\"npx\",\"env\":{{\"K\":\"{value}\"}}}}}}}}\n"
        )
    };
    scene.a.write(CURSOR, server("a"));
    pushed(&scene.a);
    scene.b.ok(&["backup", "pull"]);
    scene.b.write(CURSOR, server("b"));
    pushed(&scene.b);
    scene.a.write(CURSOR, "{\"mcpServers\":{}}\n");
    pushed(&scene.a);
    let (reason, detail, _) = withheld(&scene.b, "pull");
    assert_eq!(reason, "no_place");
    assert!(detail.contains("mcpServers.gh.env.K"), "{detail}");
    assert_eq!(text(&scene.b, CURSOR), server("b"), "no husk, and no loss");
    let (reason, ..) = withheld(&scene.b, "push");
    assert_eq!(reason, "no_place");
    assert_eq!(
        git(&["show", "main:settings/cursor/mcp.json"], &scene.bare),
        "{\"mcpServers\":{}}\n"
    );
    // The server goes here too once its key is let go.
    scene
        .b
        .write(CURSOR, server("b").replace("\"K\":\"b\"", ""));
    scene.b.ok(&["backup", "pull"]);
    assert_eq!(text(&scene.b, CURSOR), "{\"mcpServers\":{}}\n");
}

#[test]
fn what_was_there_for_local_keys_alone_is_made_again() {
    const CODEX: &str = ".codex/config.toml";
    let scene = Scene::new();
    let local = "model = \"x\"\n\n[projects.\"/b\"]\ntrust_level = \"trusted\"\n";
    scene.a.write(CODEX, "model = \"x\"\n");
    scene.b.write(CODEX, local);
    pushed(&scene.a);
    pushed(&scene.b);
    scene.a.write(CODEX, "model = \"y\"\n");
    pushed(&scene.a);
    scene.b.ok(&["backup", "pull"]);
    assert_eq!(text(&scene.b, CODEX), local.replace("\"x\"", "\"y\""));
}

#[test]
fn a_file_in_a_form_that_cannot_be_edited_is_not_called_damaged() {
    for (path, content) in [
        (".gemini/settings.json", "{\n  // mine\r  \"a\": 1\n}\n"),
        (
            ".aider.conf.yml",
            "openai-api-key: &k plainkeyvalue1234\nother-thing: *k\n",
        ),
    ] {
        let scene = Scene::new();
        scene.a.write(path, content);
        let (reason, detail, hints) = withheld(&scene.a, "push");
        assert_eq!(reason, "not_editable", "{detail}");
        assert!(!hints.contains("or delete"), "{hints}");
        assert_eq!(text(&scene.a, path), content);
    }
}

#[test]
fn a_byte_order_mark_travels_with_the_settings_behind_it() {
    let scene = Scene::new();
    scene.a.write(
        CLAUDE,
        "\u{feff}{\"model\":\"m\",\"apiToken\":\"0123456789ab\"}",
    );
    pushed(&scene.a);
    assert_eq!(
        git(&["show", "main:settings/claude/settings.json"], &scene.bare),
        "\u{feff}{\"model\":\"m\"}"
    );
    scene.b.ok(&["backup", "pull"]);
    scene.b.write(CLAUDE, "\u{feff}{\"model\":\"n\"}");
    pushed(&scene.b);
    scene.a.ok(&["backup", "pull"]);
    assert_eq!(
        text(&scene.a, CLAUDE),
        "\u{feff}{\"model\":\"n\", \"apiToken\":\"0123456789ab\"}"
    );
}

#[test]
fn a_secret_in_a_list_of_settings_withholds_the_file() {
    let scene = Scene::new();
    let token = format!("ghp_{}", "aB3dE6".repeat(6));
    let local = format!("{{\"permissions\":{{\"allow\":[\"Read\",\"Bash(curl {token})\"]}}}}\n");
    scene.a.write(CLAUDE, &local);
    let (reason, ..) = withheld(&scene.a, "push");
    assert_eq!(reason, "holds_secret");
}
