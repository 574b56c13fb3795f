//! `project explain`: the answer is what a push would do.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use serde_json::Value;

use crate::kit::{Machine, git};

use super::gate::planted;
use super::scene::{Scene, pushed, state, utf8};

fn explain(machine: &Machine, path: impl AsRef<Path>) -> Value {
    let path = machine.home.join(path);
    let (code, document) = machine.json(&["project", "explain", utf8(&path)]);
    assert_eq!(code, 0, "{document}");
    document["data"].clone()
}

#[track_caller]
fn stays(machine: &Machine, path: impl AsRef<Path>, reason: &str) -> Value {
    let data = explain(machine, path);
    assert_eq!(data["travels"], false, "{data}");
    assert_eq!(data["reason"], reason, "{data}");
    data
}

#[track_caller]
fn travels(machine: &Machine, path: impl AsRef<Path>) -> Value {
    let data = explain(machine, path);
    assert_eq!(
        (&data["travels"], &data["reason"]),
        (&true.into(), &Value::Null),
        "{data}"
    );
    data
}

#[test]
fn a_secret_in_a_name_and_in_a_link_is_found_too() {
    let scene = Scene::with(&[("x", "1\n")]);
    let token = planted();
    scene.a.write(state(&format!("{token}.md")), "x\n");
    symlink(&token, scene.a.home.join(state("link"))).expect("linked");
    for name in [format!("{token}.md"), "link".to_owned()] {
        stays(&scene.a, state(&name), "holds_secret");
    }
}

#[test]
fn the_deciding_rule_is_named_with_its_place_and_the_line_that_changes_it() {
    let scene = Scene::with(&[("x", "1\n")]);
    let own = scene.a.home.join(state(".holdallignore"));
    // Whether it exists or not, and below a directory that is out.
    for path in ["sessions/deep/a.json", "sessions/"] {
        let data = stays(&scene.a, state(path), "disposable");
        assert_eq!(data["class"], "disposable");
        assert_eq!(data["rule"]["pattern"], "sessions/");
        assert_eq!(data["rule"]["place"]["preset"], "aigon");
        assert_eq!(data["rule"]["matched"], ".aigon/sessions");
        assert_eq!(data["change"]["line"], "!/sessions/");
        assert_eq!(data["change"]["file"], utf8(&own));
    }
    let data = travels(&scene.a, state("x"));
    assert_eq!(data["change"]["line"], "/x");
    assert_eq!(data["owner"], "api");
    assert_eq!(data["below"], ".aigon/x");
    // The line does what was said.
    scene.a.write(state("sessions/a b.json"), "1\n");
    scene
        .a
        .write(&own, "!/sessions/\n/x\nn.jsonl :keep :union\n");
    travels(&scene.a, state("sessions/a b.json"));
    let data = stays(&scene.a, state("x"), "machine_local");
    assert_eq!(data["rule"]["place"]["file"], ".aigon/.holdallignore");
    assert_eq!(data["rule"]["place"]["line"], 2);
    let data = travels(&scene.a, state("n.jsonl"));
    assert_eq!(
        (&data["class"], &data["merge"]),
        (&"keep".into(), &"union".into())
    );
    scene.a.ok(&["config", "set", "rules", "*.bak :local"]);
    let data = stays(&scene.a, state("old.bak"), "machine_local");
    assert!(data["rule"]["place"]["line"].is_u64(), "{data}");
    pushed(&scene.a);
    assert_eq!(scene.stored("sessions/a b.json"), "1\n");
}

#[test]
fn every_other_reason_is_found_too() {
    let scene = Scene::with(&[("x", "1\n")]);
    let a = &scene.a;
    let dir = a.home.join("code/api");
    a.write(state("tracked.md"), "1\n");
    git(&["add", "-f", ".aigon/tracked.md"], &dir);
    stays(a, state("tracked.md"), "tracked");
    a.write(state("large"), vec![b'x'; 3000]);
    a.ok(&["config", "set", "limits.max_file", "2000"]);
    let data = stays(a, state("large"), "too_large");
    assert_eq!(data["change"]["line"], "!/large");
    a.write(state("repo/.git/config"), "x");
    stays(a, state("repo/.git/config"), "nested");
    travels(a, state("repo/file"));
    let _socket = UnixListener::bind(a.home.join(state("s"))).expect("a socket");
    stays(a, state("s"), "not_a_file");
    let tag = "Signature: 8a477f597d28d172789f06886806bc55\n";
    a.write(state("made/CACHEDIR.TAG"), tag);
    let data = stays(a, state("made/deep/x"), "cache_dir");
    assert_eq!(data["change"]["line"], "!/made/");
    stays(a, state(".holdall-tmp-1"), "temporary");
    let token = format!("ghp_{}", "aB3dE6gH9".repeat(4));
    a.write(state("token.md"), format!("a\n{token}\n"));
    let data = stays(a, state("token.md"), "holds_secret");
    assert_eq!(data["line"], 2);
    assert!(!data.to_string().contains(&token));
    a.write(state(".holdallignore"), "ok\nx :kep\n");
    let data = stays(a, state("x"), "bad_rules");
    assert_eq!(data["line"], 2);
    assert!(data["detail"].as_str().expect("text").contains("`:kep`"));
    let data = stays(a, "code/api/src/main.rs", "outside_state");
    let run = data["change"]["run"].as_str().expect("a command");
    assert!(run.ends_with(" --state src"), "{run}");
    let other = a.checkout("other", None);
    let data = stays(a, other.join(".aigon/x"), "not_registered");
    assert_eq!(
        data["change"]["run"],
        format!("holdall project add {}", utf8(&other))
    );
    git(&["worktree", "add", "-q", "../linked"], &dir);
    let data = stays(a, "code/linked/.aigon/x", "linked_worktree");
    assert_eq!(data["owner"], "api");
    symlink("/", a.home.join("code/api/.gemini")).expect("a link");
    stays(a, "nowhere/at/all", "not_registered");
}

#[test]
fn settings_are_explained_with_the_keys_that_stay() {
    let scene = Scene::new();
    let a = &scene.a;
    a.write(".aigon/config.json", "{}\n");
    let data = travels(a, ".aigon/config.json");
    assert_eq!(data["owner"], "aigon");
    assert!(
        data["local_keys"].to_string().contains("serverPort"),
        "{data}"
    );
    let file = data["change"]["file"].as_str().expect("a file");
    assert!(file.ends_with("config.toml"), "{file}");
    let data = stays(a, ".aigon/other.json", "not_listed");
    let run = data["change"]["run"].as_str().expect("a command");
    assert!(run.starts_with("holdall settings add "), "{run}");
    a.ok(&["settings", "remove", "aigon"]);
    let data = stays(a, ".aigon/config.json", "switched_off");
    assert_eq!(data["change"]["run"], "holdall settings add aigon");
    a.write(".tool/x.conf", "1\n");
    a.ok(&["settings", "add", utf8(&a.home.join(".tool"))]);
    travels(a, ".tool/x.conf");
    stays(a, ".tool/x.log", "disposable");
}

#[test]
fn a_path_is_read_from_where_the_person_stands_and_through_links() {
    let scene = Scene::with(&[("x", "1\n")]);
    let ran = scene
        .a
        .run_in("code/api", &["project", "explain", "./.aigon/../.aigon/x"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stdout.contains("/code/api/.aigon/x travels\n"), "{ran}");
    symlink("code/api", scene.a.home.join("short")).expect("a link");
    travels(&scene.a, "short/.aigon/x");
    let ran = scene
        .a
        .run_in("short/.aigon", &["project", "explain", "gone.log"]);
    for words in [
        "stays here: made again when needed",
        "rule  *.log (preset aigon): a log of this machine",
        "to let it travel: add the line `!/gone.log` to ",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {ran}");
    }
}

#[test]
fn what_lies_behind_a_link_stays_and_the_link_travels() {
    let scene = Scene::with(&[("x", "1\n")]);
    symlink("/etc", scene.a.home.join(state("out"))).expect("a link");
    travels(&scene.a, state("out"));
    stays(&scene.a, state("out/passwd"), "linked_root");
}

#[test]
fn a_command_is_written_for_a_shell_and_only_where_it_helps() {
    let scene = Scene::with(&[("x", "1\n")]);
    let dir = scene.a.home.join("code/api");
    scene.a.write("code/api/own.md", "1\n");
    git(&["add", "-f", "own.md"], &dir);
    let command = |name: &str| {
        let data = stays(&scene.a, dir.join(name), "outside_state");
        data["change"]["run"].as_str().map(str::to_owned)
    };
    for (name, end) in [
        ("my notes/n", " --state 'my notes'"),
        ("it's/n", r" --state 'it'\''s'"),
        ("-dash", " --state=-dash"),
    ] {
        let run = command(name).expect("a command");
        assert!(run.ends_with(end), "{run}");
    }
    for name in [
        "own.md",
        ".git/config",
        ".claude/settings.local.json",
        "a\nb/x",
    ] {
        assert_eq!(command(name), None, "{name}");
    }
}
