//! A dry run of a pull says what the pull then does, whatever lies in its way.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::kit::{Machine, Rng, scale, seed};

use super::obstacles::{CASES, at, fifo, link, mkdir, rm};
use super::scene::{Scene, bound, by_hand, pushed, state};

/// Everything on a machine: what it is, how long, and when and by which file it was last changed.
fn listing(machine: &Machine) -> BTreeMap<PathBuf, (u32, u64, i64, i64, u64)> {
    let code = machine.home.join("code");
    let all = walkdir::WalkDir::new(code).into_iter();
    all.map(|entry| {
        let entry = entry.expect("it can be walked");
        let seen = entry.path().symlink_metadata().expect("it is there");
        let stamp = (seen.mtime(), seen.mtime_nsec());
        let facts = (seen.mode(), seen.len(), stamp.0, stamp.1, seen.ino());
        (entry.path().to_owned(), facts)
    })
    .collect()
}

/// What a pull says of each project and tool.
fn said(machine: &Machine, args: &[&str]) -> Value {
    let (code, document) = machine.json(args);
    assert!([0, 3].contains(&code), "{document}");
    let units = |list: &str| -> Vec<Value> {
        let units = document["data"][list].as_array().expect("a list");
        let lists = [
            "name",
            "changes",
            "added",
            "changed",
            "removed",
            "kept",
            "kept_paths",
        ];
        units
            .iter()
            .map(|unit| lists.map(|list| unit[list].clone()).into())
            .collect()
    };
    json!({"code": code, "projects": units("projects"), "settings": units("settings")})
}

/// Foresees a pull, pulls, and fails the test where the two differ. What was said.
#[track_caller]
fn comes_as_foreseen(machine: &Machine, what: &str) -> Value {
    let before = listing(machine);
    let dry = said(machine, &["backup", "pull", "--dry-run"]);
    assert_eq!(
        listing(machine),
        before,
        "{what}: a dry run changes nothing"
    );
    let real = said(machine, &["backup", "pull"]);
    assert_eq!(dry, real, "{what}");
    real
}

/// What a pull said of each path of the state directory.
fn words(said: &Value) -> BTreeMap<String, String> {
    let unit = said["projects"][0].as_array().expect("one project");
    let lists = [(&unit[1], "change"), (&unit[6], "why")];
    let mut words = BTreeMap::new();
    for (list, word) in lists {
        for line in list.as_array().into_iter().flatten() {
            let path = line["path"].as_str().expect("a path");
            let path = path.strip_prefix(".aigon/").unwrap_or(path);
            words.insert(
                path.to_owned(),
                line[word].as_str().expect("a word").to_owned(),
            );
        }
    }
    words
}

#[test]
fn a_pull_comes_as_its_dry_run_said() {
    let mut wrong = Vec::new();
    for case in CASES {
        let files: Vec<_> = case.had.iter().map(|name| (*name, "old\n")).collect();
        let scene = Scene::with(&files);
        (case.there)(&scene.a);
        pushed(&scene.a);
        (case.here)(&scene.b);
        let words = words(&comes_as_foreseen(&scene.b, case.what));
        for (path, word) in case.words {
            let found = words.get(*path).map(String::as_str);
            if found != Some(*word) {
                wrong.push(format!("{}: {path} of {words:?}", case.what));
            }
        }
        comes_as_foreseen(&scene.b, &format!("{}, again", case.what));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_comes_beside_a_database_and_what_a_link_stands_for_is_foreseen() {
    let scene = Scene::with(&[("k", "1\n")]);
    by_hand(&scene.sandbox, &scene.bare, |clone| {
        let dir = clone.join("projects/api/.aigon");
        fs::write(dir.join("s.db"), "SQLite format 3\0 and so on").expect("written");
        fs::write(dir.join("s.db-wal"), "more").expect("written");
    });
    let words = words(&comes_as_foreseen(&scene.b, "a database and its log"));
    assert_eq!(words["s.db"], "added");
    assert_eq!(words["s.db-wal"], "beside_database");
}

#[test]
fn a_state_directory_that_is_a_link_is_foreseen() {
    let scene = Scene::new();
    scene.a.write(state("k"), "1\n");
    scene
        .a
        .write(".claude/settings.json", "{\"model\":\"x\"}\n");
    pushed(&scene.a);
    fs::create_dir(scene.b.home.join("elsewhere")).expect("made");
    symlink("../../elsewhere", scene.b.home.join("code/api/.aigon")).expect("linked");
    let said = comes_as_foreseen(&scene.b, "a linked root, and settings of a new tool");
    assert_eq!(words(&said)[".aigon"], "linked");
    assert_eq!(said["settings"][0][1][0]["change"], "added", "{said}");
}

#[test]
fn a_directory_that_may_not_be_written_is_foreseen() {
    let mut scene = Scene::with(&[("d/x", "1\n"), ("e/x", "1\n"), ("k", "1\n")]);
    scene.a.write(state("d/y"), "2\n");
    scene.a.write(state("d/n/z"), "2\n");
    rm(&scene.a, "e/x");
    scene.a.write(state("k"), "2\n");
    pushed(&scene.a);
    let set = |machine: &Machine, mode: u32| {
        for name in ["d", "e"] {
            let mode = Permissions::from_mode(mode);
            fs::set_permissions(at(machine, name), mode).expect("set");
        }
    };
    set(&scene.b, 0o555);
    bound(&scene.sandbox, &mut scene.b);
    let words = words(&comes_as_foreseen(&scene.b, "closed directories"));
    set(&scene.b, 0o755);
    for (path, word) in [
        ("d/y", "not_allowed"),
        ("d/n/z", "not_allowed"),
        ("e/x", "not_allowed"),
        ("k", "changed"),
    ] {
        assert_eq!(words.get(path).map(String::as_str), Some(word), "{words:?}");
    }
}

/// Does something to a disk; the other machine does not know of it.
fn disturb(machine: &Machine, rng: &mut Rng, is_here: bool) {
    const NAMES: [&str; 12] = [
        "a", "b", "c", "a/x", "a/y", "b/x", "b/x/z", "c/d/e", "c/d", "s.db", "s.db-wal", "a/x/k",
    ];
    const TARGETS: [&str; 6] = ["a", "b/x", "../.git", "../../..", "c/d/../..", "/etc"];
    let name = NAMES[rng.below(NAMES.len())];
    let path = at(machine, name);
    let free = || {
        let above = path.parent().expect("it has one");
        fs::create_dir_all(above).is_ok() && !above.is_symlink() && path.symlink_metadata().is_err()
    };
    match rng.below(if is_here { 8 } else { 7 }) {
        0 | 1 => {
            let is_file = path.symlink_metadata().is_ok_and(|it| it.is_file());
            if is_file || free() {
                let head = ["", "SQLite format 3\0"][rng.below(2)];
                fs::write(&path, format!("{head}{}\n", rng.below(9))).expect("written");
            }
        }
        2 | 3 if path.symlink_metadata().is_ok() => rm(machine, name),
        4 if free() => link(machine, TARGETS[rng.below(TARGETS.len())], name),
        5 if free() => mkdir(machine, name),
        6 if path.is_file() => {
            let mode = [0o600, 0o644, 0o755][rng.below(3)];
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("set");
        }
        7 if free() => fifo(machine, name),
        _ => {}
    }
}

#[test]
fn any_pull_comes_as_its_dry_run_said() {
    for number in 0..scale(100) as u64 {
        let mut rng = seed(8_000 + number);
        let scene = Scene::with(&[("k", "1\n"), ("a/x", "1\n"), ("b/x/z", "1\n")]);
        for round in 0..4 {
            for _ in 0..rng.between(1, 10) {
                disturb(&scene.a, &mut rng, false);
            }
            let ran = scene.a.run(&["backup", "push"]);
            assert!([0, 3].contains(&ran.code), "{ran}");
            for _ in 0..rng.below(8) {
                disturb(&scene.b, &mut rng, true);
            }
            comes_as_foreseen(&scene.b, &format!("seed {number}, round {round}"));
        }
    }
}
