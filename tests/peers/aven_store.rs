//! A task list that is synced op by op: its store is set back, damaged, or looked at by others.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::cli::doctor::not_well;
use crate::flow::scene::utf8;
use crate::kit::program;

use super::desks::{Desks, add, data, edit, everything, pushed, synced, titles, values};

/// 10
#[test]
fn a_list_that_is_set_back_to_a_backup_of_it_gets_back_what_it_lost_and_loses_nothing_new() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let task = add(a, &["Begun"]);
    desks.agree(&[0, 1]);
    let list = a.home.join("holdall/data/tasks.db");
    let backup = desks.sandbox.path().join("backup.db");
    fs::copy(&list, &backup).expect("copied");
    edit(a, &task, &["--title", "Lost"]);
    add(a, &["Added, and lost"]);
    pushed(a);
    // Nobody would think of what SQLite may have left beside it.
    fs::copy(&backup, &list).expect("copied");
    edit(a, &task, &["--title", "Since"]);
    add(a, &["Added since"]);
    edit(b, &task, &["--priority", "high"]);
    let all = desks.agree_on_all(&[0, 1]);
    assert_eq!(titles(b), ["Added since", "Added, and lost", "Since"]);
    let found = all
        .as_array()
        .expect("a list")
        .iter()
        .find(|it| it["id"] == task.as_str());
    let found = found.expect("it is there");
    assert_eq!(
        (&found["priority"], &found["conflicts"]),
        (&"high".into(), &json!(["title"]))
    );
    assert_eq!(values(a, &task, "title"), ["Lost", "Since"]);
    desks.are_quiet();
}

/// 11
#[test]
fn a_damaged_list_is_no_success_and_comes_back_as_the_words_say() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    add(a, &["Begun"]);
    desks.agree(&[0, 1]);
    let file = b.home.join("holdall/data/tasks.db");
    fs::write(&file, "no database\n".repeat(1_000)).expect("written");
    for args in [&["backup", "push"][..], &["backup", "pull"], &["sync"]] {
        let ran = b.run(args);
        assert_eq!(ran.code, 3, "{ran}");
        assert!(
            ran.stderr.contains("tasks do not travel in this run"),
            "{ran}"
        );
        assert!(ran.stderr.contains("`holdall doctor --repair`"), "{ran}");
    }
    assert!(data(b, &["backup", "push"])["ops"]["fault"].is_string());
    b.run(&["doctor", "--repair"]);
    synced(b);
    assert_eq!(everything(a), everything(b));
}

/// 11
#[test]
fn two_who_read_the_same_and_show_something_else_are_told() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    add(a, &["Begun"]);
    desks.agree(&[0, 1]);
    desks.are_quiet();
    let db = rusqlite::Connection::open(b.home.join("holdall/data/tasks.db")).expect("opened");
    db.execute("UPDATE replica SET digest = zeroblob(32)", [])
        .expect("written");
    drop(db);
    add(b, &["Since"]);
    pushed(b);
    let ran = a.run(&["backup", "pull"]);
    let alarm = "have read the same ops and came to something else";
    assert!(ran.stderr.contains(alarm), "{ran}");
}

/// 11
#[test]
fn the_doctor_finds_nothing_on_a_healthy_second_machine_and_fails_on_real_damage() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let task = add(a, &["Begun", "--description", &"long ".repeat(20_000)]);
    desks.agree(&[0, 1]);
    edit(b, &task, &["--priority", "high"]);
    desks.agree(&[1, 0]);
    for machine in [a, b] {
        pushed(machine);
        let found = not_well(machine, &["--integrity"]);
        assert!(found.is_empty(), "{found:?}");
    }
    // One letter of an op, and one of a page of the file.
    let file = b.home.join("holdall/data/tasks.db");
    let whole = fs::read(&file).expect("read");
    let places = |needle: &[u8]| {
        let windows = whole.windows(needle.len()).enumerate();
        let found = windows.filter(move |(_, at)| *at == needle);
        found.map(|(place, _)| place).collect::<Vec<_>>()
    };
    let letters = places(b"Begun");
    assert!(letters.len() > 1, "{letters:?}");
    let pages = (1..whole.len() / 4096).map(|page| page * 4096);
    for place in letters.into_iter().chain(pages.take(8)) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x15;
        fs::write(&file, &bytes).expect("written");
        let (code, document) = b.json(&["doctor", "--integrity"]);
        assert_eq!(code, 1, "at {place}: {document}");
    }
    fs::write(&file, whole).expect("written");
    assert!(not_well(b, &["--integrity"]).is_empty());
}

/// What anybody else of this system may read or list.
fn open_to_others(dir: &Path) -> Vec<String> {
    let mut walk = walkdir::WalkDir::new(dir).into_iter();
    let mut open = Vec::new();
    while let Some(entry) = walk.next() {
        let entry = entry.expect("it can be listed");
        let mode = entry.metadata().expect("it is there").permissions().mode();
        if mode & 0o077 != 0 {
            open.push(format!("{:o} {}", mode & 0o7777, entry.path().display()));
        } else if entry.file_name() == "vault.git" {
            // Nobody gets past it, whatever stands in it.
            walk.skip_current_dir();
        }
    }
    open
}

/// 12
#[test]
fn nobody_else_may_read_what_holdall_keeps() {
    let desks = Desks::new(&["laptop"]);
    let mut machine = desks.sandbox.machine("shared");
    // Whoever set this up thought of nobody else.
    let script = desks.sandbox.path().join("careless.sh");
    let run = format!(
        "#!/bin/sh\numask 000\nexec {} \"$@\"\n",
        env!("CARGO_BIN_EXE_holdall")
    );
    program(&script, &run);
    machine.stand_in(script, Duration::from_mins(1));
    let home = machine.home.join("holdall");
    add(
        &machine,
        &[
            "Before anything else",
            "--description",
            &"long ".repeat(20_000),
        ],
    );
    machine.ok(&["backup", "configure", utf8(&desks.bare)]);
    machine.ok(&["config", "set", "remote.idle_timeout", "9"]);
    pushed(&machine);
    machine.ok(&["task", "add", "Later"]);
    synced(&machine);
    machine.ok(&["task", "list"]);
    assert_eq!(open_to_others(&home), [""; 0]);
}
