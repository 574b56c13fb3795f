//! Tools that come and go, are switched off and on, and what a person added to them.

use std::fs;

use crate::kit::Machine;

use super::scene::{Scene, is_there, pushed, text};
use super::settings::{CONFIG, codex_in_vault};

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
fn a_tool_that_was_away_is_where_it_was_when_it_is_back() {
    let away: [fn(&Machine, bool); 2] = [
        |machine, is_gone| {
            let (from, to) = (machine.home.join(".codex"), machine.home.join("kept"));
            let (from, to) = if is_gone { (from, to) } else { (to, from) };
            fs::rename(from, to).expect("it can be moved");
        },
        |machine, is_gone| {
            let word = if is_gone { "remove" } else { "add" };
            machine.ok(&["settings", word, "codex"]);
        },
    ];
    for away in away {
        let scene = Scene::new();
        scene.a.write(".codex/config.toml", "model = 'one'\n");
        scene.a.write(".codex/prompts/p.md", "one\n");
        pushed(&scene.a);
        away(&scene.a, true);
        pushed(&scene.a);
        away(&scene.a, false);
        scene.a.write(".codex/config.toml", "model = 'two'\n");
        fs::remove_file(scene.a.home.join(".codex/prompts/p.md")).expect("removed");
        let data = pushed(&scene.a);
        assert_eq!(data["files"]["changed"], 1, "{data}");
        assert_eq!(codex_in_vault(&scene), "model = 'two'\n");
        assert_eq!(data["files"]["removed"], 0, "what it lacks is not deleted");
        scene.a.ok(&["backup", "pull"]);
        assert_eq!(text(&scene.a, ".codex/prompts/p.md"), "one\n");
        fs::remove_file(scene.a.home.join(".codex/prompts/p.md")).expect("removed");
        assert_eq!(pushed(&scene.a)["files"]["removed"], 1);
    }
}

#[test]
fn a_tool_that_is_gone_as_a_whole_comes_back_with_a_pull() {
    for push_first in [false, true] {
        let scene = Scene::new();
        let files = [".aider.conf.yml", ".codex/config.toml"];
        let write = |text| {
            scene.a.write(files[0], format!("model: {text}\n"));
            scene.a.write(files[1], format!("model = '{text}'\n"));
            pushed(&scene.a);
        };
        write("one");
        scene.b.ok(&["backup", "pull"]);
        fs::remove_file(scene.b.home.join(files[0])).expect("removed");
        fs::remove_dir_all(scene.b.home.join(".codex")).expect("removed");
        if push_first {
            scene.b.ok(&["backup", "push"]);
        }
        write("two");
        scene.b.ok(&["backup", "pull"]);
        for file in files {
            assert!(text(&scene.b, file).contains("two"), "{file}");
        }
    }
}

#[test]
fn what_others_added_is_named_and_comes_where_it_is_asked_for() {
    let scene = Scene::new();
    scene.a.write("cfg/a", "1\n");
    scene.a.write("cfg/in/b", "1\n");
    scene.a.write(".codex/config.toml", "model = 'one'\n");
    scene.a.write(".codex/extra/notes.md", "1\n");
    for path in ["~/cfg", "~/.codex/extra"] {
        scene.a.ok(&["settings", "add", path]);
    }
    pushed(&scene.a);
    scene.b.ok(&["backup", "pull"]);
    let ran = scene.b.ok(&["backup", "pull"]);
    for (path, files) in [("cfg", "2 files"), (".codex/extra/notes.md", "1 file")] {
        let path = scene.b.home.join(path);
        let line = format!("not asked for  {}: {files} in the vault", path.display());
        assert!(ran.stdout.contains(&line), "{ran}");
        assert!(!path.exists());
        scene
            .b
            .ok(&["settings", "add", path.to_str().expect("text")]);
    }
    let ran = scene.b.ok(&["backup", "pull"]);
    assert!(!ran.stdout.contains("not asked for"), "{ran}");
    assert_eq!(text(&scene.b, "cfg/in/b"), "1\n");
    assert_eq!(text(&scene.b, ".codex/extra/notes.md"), "1\n");
    let gone = ["settings", "add", "~/nowhere"];
    assert_eq!(scene.b.run(&gone).code, 1);
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
