//! What this disk was seen to hold, through everything that may happen between two looks.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::kit::{Machine, git};

use super::scene::{
    API, Scene, add, by_hand, connect, copy_dir, is_there, pulled, pushed, remove, state, text,
    tip, utf8,
};

fn conflicts(document: &serde_json::Value) -> usize {
    let list = document["data"]["conflicts"].as_array();
    list.expect("a list").len()
}

#[test]
fn a_project_that_is_added_again_after_its_removal_loses_no_file() {
    let many: Vec<String> = (0..12).map(|n| format!("f{n}")).collect();
    let files: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "1\n")).collect();
    let scene = Scene::with(&files);
    scene.b.ok(&["project", "remove", "api", "--from-vault"]);
    add(&scene.a, &scene.a.home.join("code/api"));
    let data = pushed(&scene.a);
    assert_eq!(data["files"]["added"], 12, "{data}");
    pulled(&scene.a);
    assert!(many.iter().all(|name| is_there(&scene.a, state(name))));
}

#[test]
fn a_project_that_came_back_to_the_vault_takes_no_file_from_a_disk_that_slept() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write(state("late"), "1\n");
    pushed(&scene.a);
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::remove_dir_all(dir.join("projects/api")).expect("it is there");
    });
    // It has not seen what came late, and puts back what it has.
    add(&scene.b, &scene.b.home.join("code/api"));
    pushed(&scene.b);
    pulled(&scene.a);
    assert!(is_there(&scene.a, state("late")));
    pushed(&scene.a);
    assert_eq!(scene.stored("late"), "1\n");
}

#[test]
fn what_was_pushed_while_no_remote_was_configured_is_not_undone_by_one() {
    for others_push in [false, true] {
        let scene = Scene::with(&[("x", "1\n"), ("gone", "1\n")]);
        scene.a.ok(&["config", "unset", "remote.url"]);
        scene.a.write(state("x"), "2\n");
        scene.a.write(state("new"), "2\n");
        remove(&scene.a, state("gone"));
        scene.a.ok(&["backup", "push"]);
        if others_push {
            scene.b.write(state("other"), "b\n");
            pushed(&scene.b);
        }
        connect(&scene.a, &scene.bare);
        pulled(&scene.a);
        assert_eq!(text(&scene.a, state("x")), "2\n");
        assert!(is_there(&scene.a, state("new")) && !is_there(&scene.a, state("gone")));
        let data = pushed(&scene.a);
        assert_eq!(data["healed"].is_null(), !others_push, "{data}");
        assert_eq!(scene.stored("x"), "2\n");
        assert_eq!(scene.stored("new"), "2\n");
        assert!(!scene.vault().contains_key("projects/api/.aigon/gone"));
        assert_eq!(
            scene.vault().contains_key("projects/api/.aigon/other"),
            others_push
        );
    }
}

/// Three files in conflict, of which the first machine filed its versions.
fn three_in_conflict() -> Scene {
    let scene = Scene::with(&[("x", "1\n"), ("y", "1\n"), ("z", "1\n")]);
    for (machine, who) in [(&scene.b, "b\n"), (&scene.a, "a\n")] {
        for name in ["x", "y", "z"] {
            machine.write(state(name), who);
        }
        let (_, document) = machine.json(&["backup", "push"]);
        assert_eq!(document["data"]["pushed"], true, "{document}");
    }
    scene
}

#[test]
fn a_conflict_that_somebody_decided_is_over_also_for_a_machine_that_only_pulls() {
    let scene = three_in_conflict();
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        for name in ["x", "y", "z"] {
            fs::write(dir.join("projects/api/.aigon").join(name), "decided\n").expect("written");
        }
        fs::remove_dir_all(dir.join("conflicts")).expect("deleted");
    });
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("x")), "decided\n");
    scene.a.write(state("x"), "edited\n");
    remove(&scene.a, state("y"));
    scene.a.write(state("z"), "a\n");
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("x")), "edited\n");
    assert!(!is_there(&scene.a, state("y")), "a deletion came back");
    assert_eq!(text(&scene.a, state("z")), "a\n", "an edit was overwritten");
    pushed(&scene.a);
    assert_eq!(scene.stored("x"), "edited\n");
    assert_eq!(scene.stored("z"), "a\n");
}

#[test]
fn a_version_that_another_one_replaced_on_file_is_not_decided_with_it() {
    let scene = three_in_conflict();
    let twin = scene.sandbox.machine("twin");
    fs::remove_dir_all(&twin.home).expect("it can be deleted");
    // A clone, which speaks of the same checkout under the same id.
    copy_dir(&scene.a.home, &twin.home);
    scene.a.write(state("x"), "twin\n");
    assert_eq!(twin.run(&["backup", "push"]).code, 3);
    scene.a.write(state("x"), "a\n");
    assert_eq!(scene.b.run(&["backup", "pull"]).code, 3);
    scene
        .b
        .ok(&["conflict", "resolve", "--all", "--yes", "--use", "vault"]);
    pushed(&scene.b);
    let (code, document) = scene.a.json(&["backup", "pull"]);
    assert_eq!((code, conflicts(&document)), (3, 1), "{document}");
    assert_eq!(text(&scene.a, state("x")), "a\n", "nobody saw it");
    assert_eq!(
        text(&scene.a, state("y")),
        "b\n",
        "what was seen is decided"
    );
    assert_eq!(scene.a.run(&["backup", "push"]).code, 3);
    let filed = scene.vault();
    let is_filed = |(path, bytes): (&String, &Vec<u8>)| path.ends_with("/local") && bytes == b"a\n";
    assert!(filed.iter().any(is_filed), "{:?}", filed.keys());
}

#[test]
fn a_machine_under_a_new_name_still_has_its_conflicts() {
    let scene = three_in_conflict();
    // A copy of the first machine's home pushes something under the same name.
    let copy = scene.sandbox.machine("copy");
    for part in ["holdall", "code"] {
        fs::remove_dir_all(copy.home.join(part)).ok();
        copy_dir(&scene.a.home.join(part), &copy.home.join(part));
    }
    let registry = copy.home.join("holdall/data/projects.json");
    let moved = fs::read_to_string(&registry).expect("readable");
    let moved = moved.replace(utf8(&scene.a.home), utf8(&copy.home));
    fs::write(&registry, moved).expect("written");
    copy.write(state("n"), "new\n");
    copy.run(&["backup", "push"]);
    assert_eq!(scene.stored("n"), "new\n");
    scene.a.write(state("m"), "mine\n");
    assert_eq!(scene.a.run(&["backup", "push"]).code, 3);
    let (code, document) = scene.a.json(&["backup", "pull"]);
    assert_eq!((code, conflicts(&document)), (3, 3), "{document}");
    assert_eq!(
        text(&scene.a, state("x")),
        "a\n",
        "this disk keeps its version"
    );
}

#[test]
fn a_pull_into_a_state_directory_that_is_gone_brings_all_of_it_back() {
    let many: Vec<String> = (0..12).map(|n| format!("f{n}")).collect();
    let files: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "1\n")).collect();
    let scene = Scene::with(&files);
    scene.b.write(state("f1"), "2\n");
    pushed(&scene.b);
    fs::remove_dir_all(scene.a.home.join("code/api/.aigon")).expect("deleted");
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "a push only says that it is gone: {document}");
    let data = pulled(&scene.a);
    assert_eq!(data["projects"][0]["added"], 12, "{data}");
    assert_eq!(text(&scene.a, state("f1")), "2\n");
    let data = pushed(&scene.a);
    assert_eq!(data["files"]["removed"], 0, "{data}");
}

#[test]
fn an_empty_place_is_no_deletion_of_everything_in_it() {
    let many: Vec<String> = (0..12).map(|n| format!("f{n}")).collect();
    let files: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "1\n")).collect();
    // The state directory without its disk, and the whole project without its disk.
    for (emptied, whole) in [("code/api/.aigon", false), ("code/api", true)] {
        let scene = Scene::with(&files);
        fs::remove_dir_all(scene.a.home.join(emptied)).expect("deleted");
        fs::create_dir(scene.a.home.join(emptied)).expect("made");
        scene.b.write(state("f1"), "2\n");
        pushed(&scene.b);
        for command in ["push", "pull", "push"] {
            let (code, document) = scene.a.json(&["backup", command]);
            assert_eq!(code, 3, "{command}, whole {whole}: {document}");
        }
        assert_eq!(scene.stored("f0"), "1\n");
        assert!(
            !is_there(&scene.a, state("f1")),
            "nothing is written in its place"
        );
    }
}

/// The first machine as it will be in the middle of a pull that the system ends.
fn limited(scene: &Scene, machine: &mut Machine) {
    let script = scene.sandbox.path().join("limited.sh");
    let program = env!("CARGO_BIN_EXE_holdall");
    let text = format!("#!/bin/sh\nulimit -f 1000\nexec {program} \"$@\"\n");
    fs::write(&script, text).expect("written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("made runnable");
    machine.stand_in(script, Duration::from_mins(1));
}

#[test]
fn what_a_pull_wrote_before_it_was_killed_is_known_to_the_next_run() {
    let mut scene = Scene::with(&[("x1", "1\n"), ("x2", "1\n"), ("x3", "1\n")]);
    for name in ["x1", "x2", "x3"] {
        scene.b.write(state(name), "2\n");
    }
    // More than wait together: those before the big one have their names when it ends the run.
    for number in 0..500 {
        scene.b.write(state(&format!("y{number}")), "1\n");
    }
    scene.b.write(state("zbig"), vec![b'z'; 3_000_000]);
    pushed(&scene.b);
    let mut a = std::mem::replace(&mut scene.a, scene.sandbox.machine("nobody"));
    limited(&scene, &mut a);
    assert_ne!(a.run(&["backup", "pull"]).code, 0);
    assert_eq!(text(&a, state("x1")), "2\n", "the pull got some way");
    for name in ["x1", "x2", "x3"] {
        scene.b.write(state(name), "3\n");
    }
    pushed(&scene.b);
    a.stand_in(
        Path::new(env!("CARGO_BIN_EXE_holdall")),
        Duration::from_mins(1),
    );
    pulled(&a);
    for name in ["x1", "x2", "x3"] {
        assert_eq!(text(&a, state(name)), "3\n");
    }
    pushed(&a);
}

#[test]
fn a_conflict_record_that_nobody_can_read_stops_no_pull() {
    let scene = three_in_conflict();
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        let conflict = fs::read_dir(dir.join("conflicts")).expect("listed").next();
        let conflict = conflict.expect("one").expect("readable").path();
        fs::write(conflict.join("conflict.json"), "{\"broken").expect("written");
        fs::write(dir.join("projects/api/.aigon/free"), "free\n").expect("written");
    });
    let (code, document) = scene.b.json(&["backup", "pull"]);
    assert_eq!((code, conflicts(&document)), (3, 3), "{document}");
    assert_eq!(text(&scene.b, state("free")), "free\n");
    assert_eq!(scene.b.run(&["backup", "status"]).code, 0);
}

#[test]
fn a_file_that_was_closed_here_stays_closed_when_its_content_comes_from_elsewhere() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.b.write(state("x"), "2\n");
    pushed(&scene.b);
    let file = scene.a.home.join(state("x"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("ours");
    pulled(&scene.a);
    let mode = |file: &Path| fs::metadata(file).expect("there").permissions().mode() & 0o777;
    assert_eq!(
        (text(&scene.a, state("x")).as_str(), mode(&file)),
        ("2\n", 0o600)
    );
    pushed(&scene.a);
    pulled(&scene.b);
    assert_eq!(mode(&scene.b.home.join(state("x"))), 0o600);
}

#[test]
fn settings_that_were_switched_off_and_on_are_met_anew() {
    let scene = Scene::new();
    for name in ["g1", "g2", "g3", "g4"] {
        scene
            .a
            .write(format!(".claude/agents/{name}.md"), "agent\n");
    }
    pushed(&scene.a);
    pulled(&scene.b);
    scene.a.ok(&["settings", "remove", "claude"]);
    pushed(&scene.a);
    for name in ["g1", "g2", "g3"] {
        remove(&scene.a, format!(".claude/agents/{name}.md"));
    }
    scene.a.ok(&["settings", "add", "claude"]);
    let data = pushed(&scene.a);
    assert_eq!(data["files"]["removed"], 0, "{data}");
    pulled(&scene.b);
    assert!(is_there(&scene.b, ".claude/agents/g1.md"));
}

#[test]
fn a_project_that_was_removed_here_leaves_nothing_for_a_push_that_arrives_later() {
    let scene = Scene::new();
    for name in ["f1", "f2", "f3", "f4"] {
        scene.a.write(state(name), "1\n");
    }
    // The ref has moved, and the answer is kept back until the run is dead.
    let hook = super::scene::hook(
        &scene.bare,
        "post-receive",
        "cat > /dev/null; : > held; for n in $(seq 500); do test -e held || exit 0; sleep 0.02; done",
    );
    let run = scene.a.spawn(&["backup", "push"]);
    let held = scene.bare.join("held");
    while !held.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    run.kill_9();
    fs::remove_file(hook).expect("deleted");
    fs::remove_file(held).expect("deleted");
    scene.a.ok(&["project", "remove", "api"]);
    fs::remove_dir_all(scene.a.home.join("code/api")).expect("deleted");
    let dir = scene.a.checkout("api", API);
    scene.a.write(state("other"), "other\n");
    add(&scene.a, &dir);
    let data = pushed(&scene.a);
    assert_eq!(data["files"]["removed"], 0, "{data}");
    assert_eq!(scene.stored("f1"), "1\n");
    pulled(&scene.a);
    assert!(is_there(&scene.a, state("f1")) && is_there(&scene.a, state("other")));
}

#[test]
fn of_two_pushes_that_were_killed_the_first_may_still_arrive() {
    let scene = Scene::with(&[("x", "1\n")]);
    let id = scene.a.read("holdall/data/this-machine.json");
    super::scene::hook(
        &scene.bare,
        "pre-receive",
        "cat > /dev/null; if mkdir first 2>/dev/null; then for n in $(seq 500); do test -e go && exit 0; sleep 0.02; done; fi; : > second; sleep 0.3; exit 1",
    );
    for (name, mark) in [("2\n", "first"), ("3\n", "second")] {
        scene.a.write(state("x"), name);
        let run = scene.a.spawn(&["backup", "push"]);
        while !scene.bare.join(mark).exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        run.kill_9();
    }
    let before = tip(&scene.bare);
    fs::write(scene.bare.join("go"), "").expect("written");
    while tip(&scene.bare) == before {
        std::thread::sleep(Duration::from_millis(5));
    }
    fs::remove_file(scene.bare.join("hooks/pre-receive")).expect("deleted");
    scene.a.write(state("x"), "4\n");
    pushed(&scene.a);
    assert_eq!(scene.stored("x"), "4\n");
    assert_eq!(
        scene.a.read("holdall/data/this-machine.json"),
        id,
        "it is no clone"
    );
}

#[test]
fn whoever_loses_the_store_and_not_what_was_seen_of_the_disk_sends_all_of_it_again() {
    let scene = Scene::with(&[("x", "1\n")]);
    let path = scene.a.home.join(".claude/CLAUDE.md");
    scene.a.write(".claude/CLAUDE.md", "be kind\n");
    let file = fs::File::open(&path).expect("it is there");
    let long_ago = SystemTime::now() - Duration::from_hours(1);
    file.set_modified(long_ago).expect("a time can be set");
    pushed(&scene.a);
    // Seen again, when nothing was new.
    pushed(&scene.a);
    let store = scene.a.home.join("holdall/data/vault.git");
    fs::remove_dir_all(store).expect("deleted");
    let other = scene.sandbox.bare("other.git");
    scene
        .a
        .ok(&["backup", "configure", utf8(&other), "--replace"]);
    pushed(&scene.a);
    pushed(&scene.a);
    let kept = git(&["show", "main:settings/claude/CLAUDE.md"], &other);
    assert_eq!(kept, "be kind\n");
}
