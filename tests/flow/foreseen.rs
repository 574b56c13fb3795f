//! A dry run of a pull says what the pull then does, whatever lies in its way.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::kit::{Machine, Rng, scale, seed};

use super::scene::{Scene, by_hand, pushed, state};

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

fn at(machine: &Machine, name: &str) -> PathBuf {
    machine.home.join(state(name))
}

fn rm(machine: &Machine, name: &str) {
    let path = at(machine, name);
    if path.is_dir() && !path.is_symlink() {
        fs::remove_dir_all(path).expect("removed");
    } else {
        fs::remove_file(path).expect("removed");
    }
}

fn mkdir(machine: &Machine, name: &str) {
    fs::create_dir_all(at(machine, name)).expect("made");
}

fn link(machine: &Machine, target: &str, name: &str) {
    symlink(target, at(machine, name)).expect("linked");
}

fn fifo(machine: &Machine, name: &str) {
    let made = Command::new("mkfifo").arg(at(machine, name)).status();
    assert!(made.expect("mkfifo can be run").success());
}

/// What the vault had, what a machine then did to it, what another one had done to its disk, and the
/// words of a pull there.
struct Case {
    what: &'static str,
    had: &'static [&'static str],
    there: fn(&Machine),
    here: fn(&Machine),
    words: &'static [(&'static str, &'static str)],
}

fn nothing(_: &Machine) {}

const CASES: &[Case] = &[
    Case {
        what: "a file becomes a directory",
        had: &["a", "k"],
        there: |it| {
            rm(it, "a");
            it.write(state("a/x/y"), "new");
        },
        here: nothing,
        words: &[("a", "removed"), ("a/x/y", "added")],
    },
    Case {
        what: "a directory becomes a file",
        had: &["a/x", "a/b/y", "k"],
        there: |it| {
            rm(it, "a");
            it.write(state("a"), "new");
        },
        here: nothing,
        words: &[("a/b/y", "removed"), ("a/x", "removed"), ("a", "added")],
    },
    Case {
        what: "a directory that is to become a file holds something of this machine",
        had: &["a/x", "a/b/y", "k"],
        there: |it| {
            rm(it, "a");
            it.write(state("a"), "new");
        },
        here: |it| {
            it.write(state("a/b/pid.lock"), "1");
            mkdir(it, "a/empty");
        },
        words: &[
            ("a/b/y", "removed"),
            ("a/x", "removed"),
            ("a", "in_the_way"),
        ],
    },
    Case {
        what: "a fifo stands where a file goes, and one where a directory goes",
        had: &["k"],
        there: |it| {
            it.write(state("a"), "new");
            it.write(state("d/x"), "new");
        },
        here: |it| {
            for name in ["a", "d"] {
                fifo(it, name);
            }
        },
        // The scan has said so already.
        words: &[],
    },
    Case {
        what: "an empty directory stands where a file goes, and a file where an empty directory goes",
        had: &["k"],
        there: |it| {
            it.write(state("a"), "new");
            mkdir(it, "e");
        },
        here: |it| {
            mkdir(it, "a");
            it.write(state("e"), "mine");
        },
        words: &[],
    },
    Case {
        what: "a link stands on the way",
        had: &["k"],
        there: |it| it.write(state("a/x"), "new"),
        here: |it| {
            fs::create_dir(it.home.join("elsewhere")).expect("made");
            link(it, "../../../elsewhere", "a");
        },
        words: &[("a/x", "in_the_way")],
    },
    Case {
        what: "links that lead out, that stay, and that go by way of another one",
        had: &["k"],
        there: |it| {
            link(it, "../../../outside", "out");
            link(it, "k", "in");
            link(it, "../.git/hooks", "hooks");
            link(it, "in", "by");
        },
        here: |it| link(it, "/etc", "etc"),
        words: &[
            ("by", "added"),
            ("in", "added"),
            ("hooks", "link_leaves"),
            ("out", "link_leaves"),
        ],
    },
    Case {
        what: "a link becomes a directory that another link goes through",
        had: &["k", "t/x"],
        there: |it| {
            rm(it, "t");
            link(it, "k", "t");
            link(it, "t", "u");
        },
        here: nothing,
        words: &[("t/x", "removed"), ("t", "added"), ("u", "added")],
    },
    Case {
        what: "a program has a database open",
        had: &["k"],
        there: |it| it.write(state("s.db"), "SQLite format 3\0 and so on"),
        here: |it| it.write(state("s.db-wal"), ""),
        words: &[("s.db", "database_in_use")],
    },
    Case {
        what: "empty directories go, one of them with something in it",
        had: &["k", "e1/x", "e2/x"],
        there: |it| {
            rm(it, "e1");
            rm(it, "e2");
            mkdir(it, "e3/e4");
        },
        here: |it| it.write(state("e2/pid.lock"), "1"),
        words: &[
            ("e1/x", "removed"),
            ("e2/x", "removed"),
            ("e3/e4", "dir_made"),
        ],
    },
    Case {
        what: "what is to be deleted changed, is a directory, or is gone",
        had: &["k", "l", "m", "gone", "changed", "dir"],
        there: |it| {
            for name in ["gone", "changed", "dir"] {
                rm(it, name);
            }
            it.write(state("k"), "newer");
        },
        here: |it| {
            rm(it, "gone");
            it.write(state("changed"), "mine");
            rm(it, "dir");
            it.write(state("dir/x"), "mine");
        },
        words: &[("k", "changed")],
    },
    Case {
        what: "modes and files of one directory change at once",
        had: &["k", "p/a", "p/b", "q"],
        there: |it| {
            for name in ["p/a", "p/b", "q"] {
                let mode = Permissions::from_mode(0o600);
                fs::set_permissions(at(it, name), mode).expect("set");
            }
            it.write(state("p/b"), "new");
            fs::set_permissions(at(it, "k"), Permissions::from_mode(0o755)).expect("set");
        },
        here: |it| {
            fs::set_permissions(at(it, "q"), Permissions::from_mode(0o600)).expect("set");
        },
        words: &[("p/a", "mode"), ("p/b", "changed"), ("k", "changed")],
    },
];

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
