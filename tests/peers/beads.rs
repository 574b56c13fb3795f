//! Issues in a database and in lines, carried by the project's own repository.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, SystemTime};

use crate::flow::scene::{
    Files, Scene, fails, hook, is_there, pulled, pushed, remove, state, text, tip,
};
use crate::kit::{Machine, git, tree};

/// Everything that the project's own git has, and all files but the state.
fn repository(machine: &Machine) -> (Files, Files) {
    let dir = machine.home.join("code/api");
    let mut files = tree(&dir);
    files.retain(|path, _| !path.starts_with(".aigon/"));
    (files, tree(&dir.join(".git")))
}

/// 3
#[test]
fn the_projects_own_repository_is_read_and_never_written() {
    let scene = Scene::with(&[("x", "1\n")]);
    for machine in [&scene.a, &scene.b] {
        let dir = machine.home.join("code/api");
        machine.write(dir.join("staged.rs"), "staged\n");
        git(&["add", "staged.rs"], &dir);
        machine.write(dir.join("README.md"), "not committed\n");
        machine.write(dir.join("untracked.rs"), "untracked\n");
    }
    let before = [&scene.a, &scene.b].map(repository);
    for round in ["2\n", "3\n"] {
        scene.a.write(state("x"), round);
        pushed(&scene.a);
        pulled(&scene.b);
        scene.b.write(state("y"), round);
        pushed(&scene.b);
        pulled(&scene.a);
        scene.a.ok(&["backup", "status"]);
    }
    assert_eq!([&scene.a, &scene.b].map(repository), before);
    let worktrees = git(&["worktree", "list"], &scene.a.home.join("code/api"));
    assert_eq!(worktrees.lines().count(), 1, "{worktrees}");
    let files = scene.vault();
    assert!(
        files.keys().all(|path| !path.contains(".rs")),
        "{:?}",
        files.keys()
    );
}

fn set_time(machine: &Machine, name: &str, when: SystemTime) {
    let path: PathBuf = machine.home.join(state(name));
    let file = fs::File::options()
        .write(true)
        .open(path)
        .expect("it opens");
    file.set_modified(when).expect("a time can be set");
}

/// 4
#[test]
fn a_stale_side_with_a_newer_time_overwrites_nothing() {
    let scene = Scene::with(&[("issues.jsonl", "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n")]);
    // Fewer lines, an old time: and yet it is the newer state.
    scene.a.write(state("issues.jsonl"), "{\"id\":1}\n");
    set_time(&scene.a, "issues.jsonl", SystemTime::UNIX_EPOCH);
    pushed(&scene.a);
    let future = SystemTime::now() + Duration::from_hours(24);
    set_time(&scene.b, "issues.jsonl", future);
    let before = tip(&scene.bare);
    let data = pushed(&scene.b);
    assert_eq!(data["committed"], false, "{data}");
    assert_eq!(tip(&scene.bare), before);
    // A log is replaced once nothing is written to it: of a time to come, only the disk knows since when.
    thread::sleep(Duration::from_millis(2_100));
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("issues.jsonl")), "{\"id\":1}\n");
    assert_eq!(scene.stored("issues.jsonl"), "{\"id\":1}\n");
}

/// 4
#[test]
fn an_edit_that_keeps_time_and_size_is_seen() {
    let scene = Scene::with(&[("issues.jsonl", "{\"id\":1}\n")]);
    let path = scene.a.home.join(state("issues.jsonl"));
    let time = fs::metadata(&path).and_then(|meta| meta.modified());
    let time = time.expect("it has a time");
    pushed(&scene.a);
    scene.a.write(state("issues.jsonl"), "{\"id\":2}\n");
    set_time(&scene.a, "issues.jsonl", time);
    pushed(&scene.a);
    assert_eq!(scene.stored("issues.jsonl"), "{\"id\":2}\n");
}

/// 4
#[test]
fn a_pull_never_replaces_an_edit_whatever_its_time() {
    let scene = Scene::with(&[("issues.jsonl", "{\"id\":1}\n")]);
    scene.a.write(state("issues.jsonl"), "{\"id\":2}\n");
    pushed(&scene.a);
    scene.b.write(state("issues.jsonl"), "{\"id\":3}\n");
    set_time(&scene.b, "issues.jsonl", SystemTime::UNIX_EPOCH);
    pulled(&scene.b);
    let both = "{\"id\":2}\n{\"id\":3}\n";
    assert_eq!(text(&scene.b, state("issues.jsonl")), both);
    pushed(&scene.b);
    assert_eq!(scene.stored("issues.jsonl"), both);
}

/// 5
#[test]
fn what_is_called_pushed_is_in_a_fresh_clone() {
    let scene = Scene::new();
    let on_disk = || -> Files {
        let files = tree(&scene.a.home.join("code/api/.aigon"));
        let named =
            |(path, bytes): (String, Vec<u8>)| (format!("projects/api/.aigon/{path}"), bytes);
        files.into_iter().map(named).collect()
    };
    let in_clone = || -> Files {
        let mut files = scene.vault();
        files.retain(|path, _| path.starts_with("projects/api/.aigon/"));
        files
    };
    let mut rng = crate::kit::seed(5);
    for round in 0..8 {
        for _ in 0..5 {
            let name = format!("d{}/f{}", rng.below(3), rng.below(6));
            let length = rng.between(0, 2_000);
            scene.a.write(state(&name), rng.bytes(length));
        }
        if round % 3 == 2 {
            let first = on_disk().into_keys().next().expect("there are files");
            let name = first.trim_start_matches("projects/api/.aigon/").to_owned();
            remove(&scene.a, state(&name));
        }
        pushed(&scene.a);
        assert_eq!(in_clone(), on_disk(), "round {round}");
    }
}

/// 5
#[test]
fn a_remote_that_says_yes_and_keeps_nothing_is_not_pushed() {
    let scene = Scene::with(&[("x", "1\n")]);
    let before = tip(&scene.bare);
    let lying = hook(
        &scene.bare,
        "post-receive",
        &format!("git update-ref refs/heads/main {before}"),
    );
    scene.a.write(state("x"), "2\n");
    let message = fails(&scene.a, &["backup", "push"], (1, "refused"));
    assert!(!message.is_empty());
    let (_, document) = scene.a.json(&["backup", "status"]);
    assert_eq!(document["data"]["pending"]["files"], 1, "{document}");
    fs::remove_file(lying).expect("it can be deleted");
    pushed(&scene.a);
    assert_eq!(scene.stored("x"), "2\n");
}

/// 5
#[test]
fn without_a_remote_nothing_is_called_pushed() {
    let scene = Scene::new();
    let tower = scene.sandbox.machine("tower");
    let dir = tower.checkout("web", None);
    tower.write(dir.join(".aigon/x"), "1\n");
    tower.ok(&["project", "add", dir.to_str().expect("UTF-8")]);
    let (code, document) = tower.json(&["backup", "push"]);
    assert_eq!(
        (code, &document["data"]["pushed"]),
        (0, &false.into()),
        "{document}"
    );
    assert_eq!(document["data"]["committed"], true);
    let said = tower.run(&["backup", "push"]);
    let all = format!("{}{}", said.stdout, said.stderr);
    assert!(all.contains("holdall backup configure"), "{said}");
    assert!(is_there(&tower, "code/web/.aigon/x"));
}

/// 3
#[test]
fn whoever_writes_tasks_in_a_project_writes_nothing_into_its_repository() {
    let scene = Scene::with(&[("x", "1\n")]);
    let before = [&scene.a, &scene.b].map(repository);
    for machine in [&scene.a, &scene.b] {
        for args in [
            &["task", "add", "In the project", "--label", "x"][..],
            &["task", "list"],
            &["sync"],
        ] {
            let ran = machine.run_in("code/api", args);
            assert_eq!(ran.code, 0, "{ran}");
        }
    }
    assert_eq!([&scene.a, &scene.b].map(repository), before);
    assert_eq!(tree(&scene.a.home.join("code/api/.aigon")).len(), 1);
}
