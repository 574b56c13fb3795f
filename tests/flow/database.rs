//! SQLite databases, while a program has them open. That program is this test.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;

use crate::kit::Machine;

use super::scene::{Scene, is_there, pulled, pushed, state, text, utf8};

fn open(machine: &Machine, name: &str) -> Connection {
    Connection::open(machine.home.join(state(name))).expect("opened")
}

/// A database with one row, in write-ahead mode, and its program.
fn begun(machine: &Machine, name: &str) -> Connection {
    let program = open(machine, name);
    let setup = "PRAGMA journal_mode = WAL; CREATE TABLE t (n); INSERT INTO t VALUES (1)";
    program.execute_batch(setup).expect("written");
    program
}

/// The rows of a database as it lies there.
fn rows(bytes: &[u8]) -> i64 {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("x.db");
    fs::write(&path, bytes).expect("written");
    let found = Connection::open(path).expect("opened");
    let check: String = found
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("readable");
    assert_eq!(check, "ok");
    found
        .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
        .expect("the table is there")
}

#[track_caller]
fn waits(machine: &Machine, command: &str) -> Value {
    let (code, document) = machine.json(&["backup", command]);
    assert_eq!(code, 3, "{document}");
    document
}

fn stored(scene: &Scene, name: &str) -> Option<Vec<u8>> {
    let path = format!("projects/api/.aigon/{name}");
    scene.vault().remove(&path)
}

#[test]
fn a_database_in_use_is_withheld_with_the_rule_that_has_it_travel() {
    let scene = Scene::with(&[("x", "1\n")]);
    let program = begun(&scene.a, "s.db");
    scene.a.write(state("y"), "goes\n");
    for _ in 0..2 {
        let document = waits(&scene.a, "push");
        let withheld = &document["data"]["withheld"];
        assert_eq!(withheld[0]["path"], ".aigon/s.db", "{document}");
        assert_eq!(withheld[0]["reason"], "database_in_use");
        assert_eq!(withheld.as_array().map(Vec::len), Some(1), "{document}");
        let hints = document["hints"].to_string();
        assert!(hints.contains("s.db :sqlite"), "{hints}");
    }
    let reason = |name: &str| {
        let path = scene.a.home.join(state(name));
        let (_, document) = scene.a.json(&["project", "explain", utf8(&path)]);
        document["data"]["reason"].clone()
    };
    assert_eq!(reason("s.db"), "database_in_use");
    assert_eq!(reason("s.db-wal"), "beside_database");
    assert_eq!(stored(&scene, "y").as_deref(), Some(&b"goes\n"[..]));
    assert_eq!(stored(&scene, "s.db"), None);
    drop(program);
    // Long enough that what is read now is remembered.
    std::thread::sleep(Duration::from_millis(100));
    pushed(&scene.a);
    assert_eq!(rows(&stored(&scene, "s.db").expect("it travels")), 1);
    // What was read at rest is not believed once a program has it open again.
    let program = open(&scene.a, "s.db");
    program
        .execute_batch("INSERT INTO t VALUES (2)")
        .expect("written");
    waits(&scene.a, "push");
    assert_eq!(rows(&stored(&scene, "s.db").expect("the last good one")), 1);
}

#[test]
fn a_rule_has_a_copy_of_the_moment_travel() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write(state(".holdallignore"), "*.db :sqlite\n");
    let program = begun(&scene.a, "s.db");
    let big = "CREATE TABLE big (b); INSERT INTO big VALUES (randomblob(3000000))";
    program.execute_batch(big).expect("written");
    program
        .execute_batch("BEGIN; INSERT INTO t VALUES (2)")
        .expect("written");
    pushed(&scene.a);
    assert_eq!(rows(&stored(&scene, "s.db").expect("it travels")), 1);
    assert_eq!(pushed(&scene.a)["committed"], false, "nothing changed");
    program
        .execute_batch("COMMIT")
        .expect("the program goes on");
    pushed(&scene.a);
    assert_eq!(rows(&stored(&scene, "s.db").expect("it travels")), 2);
    for beside in ["s.db-wal", "s.db-shm"] {
        assert!(is_there(&scene.a, state(beside)));
        assert!(stored(&scene, beside).is_none(), "{beside}");
    }
    let left = scene.a.home.join(".holdall/state/seen");
    let temp = fs::read_dir(left).into_iter().flatten().flatten();
    let temp = temp.filter(|entry| entry.file_name().to_string_lossy().contains("tmp"));
    assert_eq!(temp.count(), 0, "the copy goes");
    pulled(&scene.b);
    assert_eq!(rows(&scene.b.read(state("s.db"))), 2);
}

#[test]
fn a_pull_writes_nothing_beneath_an_open_database() {
    let scene = Scene::with(&[("x", "1\n")]);
    drop(begun(&scene.a, "s.db"));
    pushed(&scene.a);
    pulled(&scene.b);
    for with_rule in [false, true] {
        if with_rule {
            scene.b.write(state(".holdallignore"), "s.db :sqlite\n");
            pushed(&scene.b);
            pulled(&scene.a);
        }
        let program = open(&scene.b, "s.db");
        // It only reads: nothing is in its log, and the file is as it was.
        let seen: i64 = program
            .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .expect("readable");
        open(&scene.a, "s.db")
            .execute_batch("INSERT INTO t VALUES (9)")
            .expect("written");
        pushed(&scene.a);
        let document = waits(&scene.b, "pull");
        let kept = &document["data"]["projects"][0]["kept_paths"][0];
        assert_eq!(kept["why"], "database_in_use", "{document}");
        program
            .execute_batch("BEGIN; UPDATE t SET n = n; ROLLBACK")
            .expect("the program goes on");
        drop(program);
        pulled(&scene.b);
        assert_eq!(rows(&scene.b.read(state("s.db"))), seen + 1);
    }
}

#[test]
fn what_lies_beside_a_database_never_travels_and_its_namesakes_do() {
    let scene = Scene::with(&[("x", "1\n")]);
    let rules = "s.db :sqlite\n*-wal :keep\n*-shm :keep\n*-journal :keep\n";
    scene.a.write(state(".holdallignore"), rules);
    scene.a.write(state("notes"), "plain\n");
    scene.a.write(state("notes-journal"), "a diary\n");
    scene.a.write(state("lone-wal"), "of nothing\n");
    let program = begun(&scene.a, "s.db");

    pushed(&scene.a);
    let mut names: Vec<String> = scene.vault().into_keys().collect();
    names.retain(|name| name.starts_with("projects/api/.aigon/"));
    let names: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
    let names: Vec<&str> = names
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
        .collect();
    let expected = [
        ".holdallignore",
        "lone-wal",
        "notes",
        "notes-journal",
        "s.db",
        "x",
    ];
    assert_eq!(names, expected);
    drop(program);
    // Put there by hand it reaches no disk either.
    super::scene::by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::write(dir.join("projects/api/.aigon/s.db-wal"), "evil").expect("written");
    });
    let data = pulled(&scene.b);
    assert_eq!(
        data["projects"][0]["kept_paths"][0]["why"], "beside_database",
        "{data}"
    );
    assert!(!is_there(&scene.b, state("s.db-wal")));
    assert_eq!(text(&scene.b, state("notes-journal")), "a diary\n");
}

#[test]
fn a_lock_alone_says_that_a_database_is_in_use() {
    let scene = Scene::with(&[("x", "1\n")]);
    let program = open(&scene.a, "s.db");
    program
        .execute_batch("PRAGMA journal_mode = MEMORY; CREATE TABLE t (n); BEGIN EXCLUSIVE")
        .expect("written");
    let document = waits(&scene.a, "push");
    assert_eq!(document["data"]["withheld"][0]["reason"], "database_in_use");
    assert!(document["hints"].to_string().contains(":sqlite"));
    scene.a.write(state(".holdallignore"), "*.db :sqlite\n");
    let document = waits(&scene.a, "push");
    assert_eq!(document["data"]["withheld"][0]["reason"], "database_in_use");
    let hints = document["hints"].to_string();
    assert!(!hints.contains(":sqlite"), "that rule is there: {hints}");
    program.execute_batch("COMMIT").expect("it goes on");
    // It is open still, but nobody writes.
    pushed(&scene.a);
    assert_eq!(rows(&stored(&scene, "s.db").expect("it travels")), 0);
}

/// What keeps it passes, and then the same undo does it.
#[test]
fn an_undo_that_an_open_database_kept_is_still_to_be_had() {
    let scene = Scene::with(&[("x", "1\n")]);
    drop(begun(&scene.a, "s.db"));
    pushed(&scene.a);
    pulled(&scene.b);
    let before = scene.b.read(state("s.db"));
    open(&scene.a, "s.db")
        .execute_batch("INSERT INTO t VALUES (9)")
        .expect("written");
    pushed(&scene.a);
    let number = pulled(&scene.b)["undo"].as_str().expect("an id").to_owned();
    let program = open(&scene.b, "s.db");
    let seen: i64 = program
        .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
        .expect("readable");
    assert_eq!(seen, 2);
    let document = waits(&scene.b, "undo");
    assert_eq!(document["data"]["undo"], Value::Null, "{document}");
    let hint = document["hints"][0].as_str().expect("a hint");
    let again = format!("`holdall backup undo {number}`");
    assert!(hint.contains("close") && hint.contains(&again), "{hint}");
    let (_, status) = scene.b.json(&["backup", "status"]);
    assert_eq!(status["data"]["pulls_paused"], Value::Null, "{status}");
    drop(program);
    let (code, document) = scene.b.json(&["backup", "undo"]);
    assert_eq!(
        (code, &document["data"]["undone"]),
        (0, &number.into()),
        "{document}"
    );
    assert_eq!(scene.b.read(state("s.db")), before);
}
