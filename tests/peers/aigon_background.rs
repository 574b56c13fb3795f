//! Aigon, of what runs by itself: 12, 14 and 16. How often an hourly push comes `background::day` shows.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::kit::{Machine, Sandbox};

fn connected(sandbox: &Sandbox, bare: &Path, name: &str) -> Machine {
    let machine = sandbox.machine(name);
    let project = machine.checkout("api", "https://git.example.com/team/api.git");
    machine.write("code/api/.aigon/state.json", "{\"of\": \"nobody\"}\n");
    machine.ok(&["project", "add", utf8(&project)]);
    machine.ok(&["backup", "configure", utf8(bare)]);
    machine
}

/// 14
#[test]
fn while_a_push_hangs_everything_else_goes_on() {
    let sandbox = Sandbox::new();
    let bare = sandbox.bare("vault.git");
    let machine = connected(&sandbox, &bare, "laptop");
    let gate = sandbox.path().join("gate");
    fs::write(&gate, "").expect("written");
    let hook = bare.join("hooks/pre-receive");
    let script = format!(
        "#!/bin/sh\ntouch '{gate}.reached'\nwhile test -e '{gate}'; do sleep 0.1; done\n",
        gate = gate.display()
    );
    fs::create_dir_all(bare.join("hooks")).expect("made");
    fs::write(&hook, script).expect("written");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("set");
    let push = machine.spawn(&["backup", "push"]);
    let since = Instant::now();
    while !gate.with_extension("reached").exists() {
        assert!(
            since.elapsed() < Duration::from_mins(1),
            "the hook is not reached"
        );
        thread::sleep(Duration::from_millis(20));
    }

    machine.ok(&["task", "add", "While it hangs"]);
    assert!(
        machine
            .ok(&["task", "list"])
            .stdout
            .contains("While it hangs")
    );
    machine.ok(&["backup", "status", "--offline"]);
    machine.ok(&["project", "list"]);
    machine.ok(&["backup", "schedule", "daily"]);
    let second = machine.run(&["backup", "push"]);
    assert_eq!(second.code, 4, "{second}");
    assert!(
        second
            .stderr
            .contains("another holdall is at work here: `backup push`"),
        "{second}"
    );
    let timer = machine.run(&["daemon", "run", "--once"]);
    assert_eq!(timer.code, 4, "{timer}");

    fs::remove_file(&gate).expect("there");
    let ran = push.finish();
    assert_eq!(ran.code, 0, "{ran}");
}

/// 16
#[test]
fn a_pull_leaves_no_archive_and_switches_no_schedule_off() {
    let sandbox = Sandbox::new();
    let bare = sandbox.bare("vault.git");
    let (laptop, desk) = (
        connected(&sandbox, &bare, "laptop"),
        connected(&sandbox, &bare, "desk"),
    );
    laptop.ok(&["backup", "push"]);
    desk.ok(&["backup", "schedule", "hourly", "--pull"]);
    desk.ok(&["sync"]);
    let before = beside_the_store(&desk);
    for round in 0..3 {
        laptop.write("code/api/.aigon/notes.md", format!("{round}\n"));
        laptop.ok(&["backup", "push"]);
        desk.ok(&["backup", "pull"]);
    }
    desk.ok(&["backup", "undo"]);
    assert_eq!(desk.read("code/api/.aigon/notes.md"), b"1\n");
    let paused = desk.home.join("holdall/state/pulls-paused");
    let after: BTreeSet<_> = beside_the_store(&desk)
        .into_iter()
        .filter(|path| *path != paused)
        .collect();
    assert_eq!(after, before);
    assert!(
        desk.ok(&["backup", "schedule"])
            .stdout
            .starts_with("sync  hourly\n")
    );

    // What was undone does not come back by itself, while pushes go on; and the next pull ends that.
    desk.ok(&["task", "add", "By the way"]);
    let (_, answer) = desk.json(&["daemon", "run", "--once"]);
    assert_eq!(answer["data"]["ran"], "push");
    assert_eq!(desk.read("code/api/.aigon/notes.md"), b"1\n");
    let (_, status) = desk.json(&["backup", "status"]);
    assert!(status["data"]["pulls_paused"].is_string(), "{status}");
    desk.ok(&["backup", "pull"]);
    desk.ok(&["task", "add", "And after"]);
    let (_, answer) = desk.json(&["daemon", "run", "--once"]);
    assert_eq!(answer["data"]["ran"], "sync");
}

/// Every file of holdall's own but those of its copy of the vault.
fn beside_the_store(machine: &Machine) -> BTreeSet<PathBuf> {
    let home = machine.home.join("holdall");
    let files = walkdir::WalkDir::new(&home).into_iter().flatten();
    let files = files
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path);
    files
        .filter(|path| !path.starts_with(home.join("data/vault.git")))
        .filter(|path| !path.to_string_lossy().contains("/seen/"))
        .collect()
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("the sandbox has a UTF-8 path")
}
