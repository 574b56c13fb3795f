//! What is said about a run is true, and says what to do next.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::kit::{Machine, Sandbox, git};

use super::gate::{line_of, planted};
use super::scene::{
    API, Scene, add, by_hand, connect, copy_dir, fails, pushed, remove, state, text, utf8,
};

/// Both machines changed one file; the first one has pushed its version.
fn at_odds() -> Scene {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.b.ok(&["config", "set", "machine.name", "desktop"]);
    scene.a.write(state("x"), "laptop\n");
    pushed(&scene.a);
    scene.b.write(state("x"), "desktop\n");
    scene
}

fn hints(machine: &Machine, args: &[&str]) -> String {
    let (_, document) = machine.json(args);
    let hints = match &document["hints"] {
        Value::Null => &document["error"]["hints"],
        hints => hints,
    };
    let hints = hints.as_array().expect("a list").iter();
    hints
        .map(|hint| hint.as_str().expect("a text"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_conflict_that_only_a_pull_found_is_on_this_disk_alone() {
    let scene = at_odds();
    let (code, document) = scene.b.json(&["backup", "pull"]);
    let line = &document["data"]["conflicts"][0];
    assert_eq!(code, 3, "{document}");
    assert_eq!(
        (&line["filed"], &line["here"]),
        (&false.into(), &true.into())
    );
    let ran = scene.b.run(&["backup", "pull"]);
    assert!(ran.stdout.contains("nobody else has it yet"), "{ran}");
    assert!(
        ran.stderr
            .contains("only on this disk: run `holdall backup push`"),
        "{ran}"
    );
    assert!(!ran.stderr.contains("to decide"), "{ran}");
}

#[test]
fn a_filed_conflict_names_where_the_versions_are() {
    let scene = at_odds();
    let (_, document) = scene.b.json(&["backup", "push"]);
    let line = &document["data"]["conflicts"][0];
    assert_eq!(line["filed"], true, "{document}");
    assert_eq!(line["machines"][0], "desktop", "{document}");
    let id = line["id"].as_str().expect("an id").to_owned();
    let ran = scene.b.run(&["backup", "pull"]);
    assert!(ran.stdout.contains("this disk keeps its version"), "{ran}");
    assert!(
        ran.stdout.contains(&format!("conflicts/{id} (desktop)")),
        "{ran}"
    );
    assert!(!ran.stderr.contains("only on this disk"), "{ran}");
    // The other machine has the vault's version: it keeps nothing of its own.
    let ran = scene.a.run(&["backup", "pull"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(!ran.stdout.contains("this disk keeps"), "{ran}");
    assert!(
        ran.stdout.contains(&format!("conflicts/{id} (desktop)")),
        "{ran}"
    );
}

#[test]
fn a_dry_push_of_a_conflict_says_that_nothing_is_filed_yet() {
    let scene = at_odds();
    let (_, document) = scene.b.json(&["backup", "push", "--dry-run"]);
    assert_eq!(
        document["data"]["conflicts"][0]["filed"], false,
        "{document}"
    );
}

#[test]
fn a_pull_from_a_rewound_remote_sends_nothing_and_says_so() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write(state("y"), "2\n");
    pushed(&scene.a);
    git(&["update-ref", "refs/heads/main", "main~1"], &scene.bare);
    let ran = scene.a.run(&["backup", "pull"]);
    assert!(ran.stdout.contains("the remote lost"), "{ran}");
    assert!(
        ran.stdout.contains("`holdall backup push` sends it again"),
        "{ran}"
    );
    assert!(!ran.stdout.contains("is there again"), "{ran}");
    let ran = scene.a.ok(&["backup", "push"]);
    assert!(ran.stdout.contains("is there again"), "{ran}");
}

#[test]
fn a_pull_that_wrote_nothing_says_what_stands_in_the_way() {
    let scene = Scene::with(&[("x", "1\n")]);
    let ran = scene.a.ok(&["backup", "pull"]);
    assert!(ran.stdout.contains("nothing new"), "{ran}");
    let fresh = scene.sandbox.machine("fresh");
    connect(&fresh, &scene.bare);
    let ran = fresh.ok(&["backup", "pull"]);
    assert!(
        ran.stdout
            .contains("nothing was written: 1 missing project"),
        "{ran}"
    );
    assert!(!ran.stdout.contains("nothing new"), "{ran}");
}

fn remote_fault(machine: &Machine) -> Value {
    let (code, document) = machine.json(&["backup", "status"]);
    assert_eq!(code, 0, "{document}");
    document["data"]["remote"]["error"].clone()
}

#[test]
fn status_judges_the_remote_as_a_push_would() {
    let scene = Scene::with(&[("x", "1\n")]);
    assert_eq!(remote_fault(&scene.a), Value::Null);
    let other = Scene::with(&[("y", "1\n")]);
    let aside = scene.sandbox.path().join("aside.git");
    fs::rename(&scene.bare, &aside).expect("moved");
    assert_eq!(remote_fault(&scene.a)["kind"], "unreachable");
    let ran = scene.a.ok(&["backup", "status"]);
    assert!(ran.stdout.starts_with("the remote "), "{ran}");
    copy_dir(&other.bare, &scene.bare);
    let fault = remote_fault(&scene.a);
    assert_eq!(fault["kind"], "other_vault", "{fault}");
    assert!(!hints(&scene.a, &["backup", "status"]).contains("backup pull"));
    fs::remove_dir_all(&scene.bare).expect("deleted");
    copy_dir(&aside, &scene.bare);
    by_hand(&scene.sandbox, &scene.bare, |vault| {
        fs::write(vault.join("vault.json"), "{").expect("written");
    });
    let fault = remote_fault(&scene.a);
    assert_eq!(fault["kind"], "corrupt", "{fault}");
}

#[test]
fn a_bad_record_names_the_remote_the_commit_and_the_path() {
    let scene = Scene::with(&[("x", "1\n")]);
    by_hand(&scene.sandbox, &scene.bare, |vault| {
        fs::write(vault.join("projects/api/project.json"), "{").expect("written");
    });
    let tip = git(&["rev-parse", "--short=10", "main"], &scene.bare);
    for args in [["backup", "push"], ["backup", "pull"]] {
        let message = fails(&scene.a, &args, (70, "corrupt"));
        for part in [utf8(&scene.bare), tip.trim(), "projects/api/project.json"] {
            assert!(message.contains(part), "{part}: {message}");
        }
        assert!(hints(&scene.a, &args).contains("backup log"));
    }
}

#[test]
fn the_log_of_what_never_was_is_an_error_and_the_log_says_whose_copy_it_is() {
    let scene = Scene::with(&[("x", "1\n")]);
    let message = fails(
        &scene.a,
        &["backup", "log", "--project", "nope"],
        (1, "not_found"),
    );
    assert!(message.contains("nope"), "{message}");
    fails(
        &scene.a,
        &["backup", "log", "--path", "nope"],
        (1, "not_found"),
    );
    assert!(hints(&scene.a, &["backup", "log", "--project", "nope"]).contains("api"));
    scene
        .a
        .ok(&["backup", "log", "--path", "projects/api/.aigon/x"]);
    remove(&scene.a, state("x"));
    pushed(&scene.a);
    let ran = scene
        .a
        .ok(&["backup", "log", "--project", "api", "--path", ".aigon/x"]);
    assert!(
        ran.stdout
            .contains("this machine's copy, last in step with"),
        "{ran}"
    );
}

#[test]
fn a_commit_names_the_conflicts_that_it_files_and_settles() {
    let scene = at_odds();
    scene.b.write(state("new"), "1\n");
    scene.b.run(&["backup", "push"]);
    let message = git(&["log", "-1", "--format=%B", "main"], &scene.bare);
    assert!(
        message.starts_with("desktop: 1 file in api, 1 conflict\n"),
        "{message}"
    );
    assert!(
        message.contains("\nconflict: api/.aigon/x, conflicts/"),
        "{message}"
    );
    scene.b.write(state("x"), "laptop\n");
    scene.b.run(&["backup", "push"]);
    let message = git(&["log", "-1", "--format=%B", "main"], &scene.bare);
    assert!(
        message.starts_with("desktop: 1 conflict settled\n"),
        "{message}"
    );
    assert!(message.contains("\nsettled: conflicts/"), "{message}");
}

#[test]
fn settings_behind_a_link_are_said_to_stay() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    machine.write("elsewhere/GEMINI.md", "x\n");
    fs::create_dir(machine.home.join(".gemini")).expect("made");
    symlink(
        machine.home.join("elsewhere/GEMINI.md"),
        machine.home.join(".gemini/GEMINI.md"),
    )
    .expect("linked");
    let list = machine.ok(&["settings", "list"]).stdout;
    assert!(list.contains("stays: a link"), "{list}");
    let status = machine.ok(&["backup", "status"]).stdout;
    assert!(
        status.contains("stays here  gemini/GEMINI.md: a link"),
        "{status}"
    );
}

#[test]
fn what_holds_holdall_itself_is_no_setting_and_no_project() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let holdall = machine.home.join("holdall");
    machine.ok(&["config", "set", "machine.name", "laptop"]);
    fs::create_dir_all(holdall.join("data")).expect("made");
    for path in [
        "~",
        "~/",
        "~/holdall",
        "~/holdall/data",
        "~/holdall/config.toml",
    ] {
        let message = fails(&machine, &["settings", "add", path], (1, "refused"));
        let full = path.replace('~', utf8(&machine.home));
        assert!(
            message.contains(full.trim_end_matches('/')),
            "{path}: {message}"
        );
    }
    for path in ["/", utf8(&machine.home), utf8(&holdall)] {
        let message = fails(&machine, &["project", "add", path], (1, "refused"));
        assert!(message.contains(path), "{message}");
    }
    fails(&machine, &["settings", "add", "~/nope"], (1, "not_found"));
    assert!(!hints(&machine, &["settings", "add", "~/nope"]).is_empty());
}

#[test]
fn the_first_configure_that_fails_hints_at_itself() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let nowhere = sandbox.path().join("nowhere.git");
    let hints = hints(&machine, &["backup", "configure", utf8(&nowhere)]);
    assert!(
        hints.contains(&format!("`holdall backup configure {}`", utf8(&nowhere))),
        "{hints}"
    );
    assert!(!hints.contains("backup push"), "{hints}");
}

#[test]
fn a_command_in_a_hint_can_be_typed_as_it_stands() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let nowhere = sandbox.path().join("no where's.git");
    let configure = hints(&machine, &["backup", "configure", utf8(&nowhere)]);
    let typed = format!("'{}'", utf8(&nowhere).replace('\'', r"'\''"));
    assert!(
        configure.contains(&format!("`holdall backup configure {typed}`")),
        "{configure}"
    );
    let dir = machine.checkout("my api", API);
    let add = hints(&machine, &["project", "add", utf8(&dir)]);
    assert!(
        add.contains(&format!(
            "`holdall project add '{}' --state DIR`",
            utf8(&dir)
        )),
        "{add}"
    );
}

#[test]
fn a_name_that_the_vault_cannot_hold_is_told_as_it_is_on_the_disk() {
    let scene = Scene::with(&[("%FF", "taken\n")]);
    let dir = scene.a.home.join("code/api/.aigon");
    fs::write(dir.join(OsStr::from_bytes(b"\xff")), "x\n").expect("written");
    let rename = hints(&scene.a, &["backup", "push"]);
    let wanted = format!("rename \\xff in {}, then", utf8(&dir));
    assert!(rename.contains(&wanted), "{rename}");
    // One that the vault can hold under another name is named by its own.
    let token = planted();
    fs::write(dir.join(OsStr::from_bytes(b"\xfe.md")), &token).expect("written");
    let (_, document) = scene.a.json(&["backup", "push"]);
    let line = line_of(&document, ".aigon/%FE.md");
    let file = line["file"].as_str().expect("a path");
    assert!(file.ends_with("/\u{fffd}.md"), "{document}");
}

#[test]
fn adding_a_project_says_what_came_of_it() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let dir = machine.checkout("api", API);
    let first = machine.ok(&["project", "add", utf8(&dir)]);
    assert!(
        first.stderr.contains("no state directory is in it yet"),
        "{first}"
    );
    assert!(!first.stderr.contains("send it"), "{first}");
    fs::create_dir(dir.join("src")).expect("made");
    let ran = machine.ok(&["project", "add", utf8(&dir), "--state", "src"]);
    assert!(ran.stdout.contains("added src"), "{ran}");
    let ran = machine.ok(&["project", "add", utf8(&dir), "--state", "nope"]);
    assert!(ran.stderr.contains("nope is not there yet"), "{ran}");
    let second = machine.checkout("second", API);
    fails(&machine, &["project", "add", utf8(&second)], (1, "refused"));
    assert!(hints(&machine, &["project", "add", utf8(&second)]).contains("--separate"));
}

#[test]
fn a_preset_that_is_none_cannot_be_switched_off() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let set = ["config", "set", "presets.off", "nope"];
    fails(&machine, &set, (1, "invalid"));
    assert!(hints(&machine, &set).contains("claude"));
    assert!(!machine.home.join("holdall/config.toml").exists());
    machine.ok(&["config", "set", "presets.off", "claude"]);
}

#[test]
fn a_preset_that_is_none_and_stands_in_the_file_is_warned_of() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    for key in ["presets", "settings"] {
        machine.write(
            "holdall/config.toml",
            format!("[{key}]\noff = [\"nope\"]\n"),
        );
        let ran = machine.ok(&["backup", "status"]);
        for part in [&format!("{key}.off"), "`nope`", "claude"] {
            assert!(ran.stderr.contains(part), "{part}: {ran}");
        }
    }
}

#[test]
fn a_pull_does_not_write_behind_a_link_and_says_so() {
    let scene = Scene::with(&[("x", "1\n")]);
    let [dir, real] = ["code/api/.aigon", "real"].map(|path| scene.b.home.join(path));
    fs::rename(&dir, &real).expect("moved");
    symlink(&real, &dir).expect("linked");
    scene.a.write(state("x"), "2\n");
    pushed(&scene.a);
    for args in [
        ["backup", "pull", "--dry-run"].as_slice(),
        &["backup", "pull"],
    ] {
        let ran = scene.b.run(args);
        assert_eq!(ran.code, 3, "{ran}");
        assert!(
            ran.stdout.contains("kept  api/.aigon: a link stands there"),
            "{ran}"
        );
        assert!(!ran.stdout.contains("nothing new"), "{ran}");
        assert!(ran.stderr.contains("in the place of the link"), "{ran}");
    }
    assert_eq!(text(&scene.b, "real/x"), "1\n");
    let ran = scene.b.run(&["backup", "push"]);
    assert!(
        ran.stdout.contains("stays here  api/.aigon: a link"),
        "{ran}"
    );
}

#[test]
fn a_corrupt_settings_file_is_named_with_its_place_and_cause() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let file = ".gemini/settings.json";
    machine.write(file, "{\n  \"theme\": }\n");
    let full = machine.home.join(file);
    let message = fails(&machine, &["backup", "push"], (1, "refused"));
    for part in [utf8(&full), "withheld", "line 2, column 12"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(hints(&machine, &["backup", "push"]).contains("not the keys that stay"));
    machine.write(".gemini/GEMINI.md", "x\n");
    let (code, document) = machine.json(&["backup", "push"]);
    let line = &document["data"]["withheld"][0];
    assert_eq!(
        (code, line["file"].as_str()),
        (3, Some(utf8(&full))),
        "{document}"
    );
    assert!(
        line["detail"]
            .as_str()
            .is_some_and(|it| it.contains("line 2")),
        "{document}"
    );
    let ran = machine.run(&["backup", "push"]);
    assert!(ran.stdout.contains("line 2, column 12"), "{ran}");
    assert!(ran.stderr.contains("not the keys that stay"), "{ran}");
}

#[test]
fn a_broken_place_of_holdall_is_corrupt_and_says_what_mends_it() {
    let scene = Scene::with(&[("x", "1\n")]);
    let data = scene.a.home.join("holdall/data");
    let branch = data.join("vault.git/refs/heads/main");
    let good = fs::read(&branch).expect("read");
    fs::write(&branch, "garbage\n").expect("written");
    let message = fails(&scene.a, &["backup", "push"], (70, "corrupt"));
    assert!(
        message.contains("vault.git") && !message.contains("class="),
        "{message}"
    );
    assert!(hints(&scene.a, &["backup", "push"]).contains("`holdall doctor --repair`"));
    fs::write(&branch, good).expect("written");
    fs::write(data.join("projects.json"), "{").expect("written");
    let message = fails(&scene.a, &["backup", "push"], (70, "corrupt"));
    assert!(message.contains("projects.json"), "{message}");
    assert!(hints(&scene.a, &["backup", "push"]).contains("holdall doctor --repair"));
    fs::remove_file(data.join("projects.json")).expect("deleted");
    add(&scene.a, &scene.a.home.join("code/api"));
    pushed(&scene.a);
    assert_eq!(text(&scene.a, state("x")), "1\n");
}
