//! A disk that is full, and has room again.

use std::fs;

use serde_json::Value;

use crate::kit::{Machine, Rng, Sandbox, fsck, git, in_own_mounts, say_left_out};

use super::scene::utf8;

/// What holdall has is on a disk of one megabyte, which gets more; in the end a part of it has little again.
/// What each command comes to is kept beside it.
const SCRIPT: &str = r#"
mount -t tmpfs -o size=1m none "$HOLDALL_HOME" || exit 99
step() { name=$1; shift; "$@" > "$HOME/$name.out" 2> "$HOME/$name.err"; echo $? > "$HOME/$name.code"; }
step add "$0" project add "$1"
step connect "$0" backup configure "$2"
step task "$0" task add 'Make room'
step full "$0" backup push
step told "$0" doctor --json
mount -o remount,size=100m "$HOLDALL_HOME"
step little "$0" doctor --json
step again "$0" backup push
mount -o remount,size=3g "$HOLDALL_HOME"
step well "$0" doctor --json
mount -t tmpfs -o size=1m none "$HOLDALL_HOME/state"
step apart "$0" doctor --json
"#;

#[test]
fn a_full_disk_is_told_loses_nothing_and_the_next_push_brings_all() {
    let sandbox = Sandbox::new();
    let bare = sandbox.bare("vault.git");
    let mut machine = sandbox.machine("laptop");
    let project = machine.checkout("api", "https://git.example.com/team/api.git");
    let big = Rng::new(7).bytes(3 << 20);
    machine.write("code/api/.aigon/big.bin", &big);
    fs::create_dir_all(machine.home.join("holdall")).expect("made");
    let words = [
        SCRIPT,
        env!("CARGO_BIN_EXE_holdall"),
        utf8(&project),
        utf8(&bare),
    ];
    let ran = in_own_mounts(&mut machine, &words).finish();
    if ran.code == 99 || !machine.home.join("well.code").exists() {
        return say_left_out(&format!("a disk that is full ({})", ran.stderr.trim()));
    }

    assert_eq!(code(&machine, "task"), 0);
    assert_eq!(code(&machine, "full"), 1);
    let said = text(&machine, "full.err");
    assert!(said.contains("No space left on device"), "{said}");
    assert_eq!(room(&machine, "told"), "fail");
    assert_eq!(room(&machine, "little"), "warn");
    assert_eq!(
        code(&machine, "again"),
        0,
        "{}",
        text(&machine, "again.err")
    );
    assert_eq!(room(&machine, "well"), "ok");
    assert_eq!(
        room(&machine, "apart"),
        "fail",
        "the state has a disk of its own"
    );
    fsck(&bare);
    let there = git(&["ls-tree", "-r", "-l", "main"], &bare);
    assert!(there.contains(&format!("{}\t", big.len())), "{there}");
}

fn text(machine: &Machine, name: &str) -> String {
    String::from_utf8_lossy(&machine.read(name)).into_owned()
}

fn code(machine: &Machine, step: &str) -> i32 {
    let text = text(machine, &format!("{step}.code"));
    text.trim().parse().expect("a number")
}

/// What the doctor thought of the room.
fn room(machine: &Machine, step: &str) -> String {
    let bytes = machine.read(format!("{step}.out"));
    let document: Value = serde_json::from_slice(&bytes).expect("a document");
    let checks = document["data"]["checks"].as_array().expect("a table");
    let found = checks.iter().find(|it| it["name"] == "disk_space");
    let found = found.expect("every check is there");
    found["verdict"].as_str().expect("a verdict").to_owned()
}
