//! What can lie in the way of a pull.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

use crate::kit::Machine;

use super::scene::state;

pub fn at(machine: &Machine, name: &str) -> PathBuf {
    machine.home.join(state(name))
}

pub fn rm(machine: &Machine, name: &str) {
    let path = at(machine, name);
    if path.is_dir() && !path.is_symlink() {
        fs::remove_dir_all(path).expect("removed");
    } else {
        fs::remove_file(path).expect("removed");
    }
}

pub fn mkdir(machine: &Machine, name: &str) {
    fs::create_dir_all(at(machine, name)).expect("made");
}

pub fn link(machine: &Machine, target: &str, name: &str) {
    symlink(target, at(machine, name)).expect("linked");
}

pub fn fifo(machine: &Machine, name: &str) {
    let made = Command::new("mkfifo").arg(at(machine, name)).status();
    assert!(made.expect("mkfifo can be run").success());
}

/// What the vault had, what a machine then did to it, what another one had done to its disk, and the
/// words of a pull there.
pub struct Case {
    pub what: &'static str,
    pub had: &'static [&'static str],
    pub there: fn(&Machine),
    pub here: fn(&Machine),
    pub words: &'static [(&'static str, &'static str)],
}

fn nothing(_: &Machine) {}

pub const CASES: &[Case] = &[
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
        words: &[("a", "in_the_way"), ("d/x", "in_the_way")],
    },
    Case {
        what: "a fifo stands in the place of a file that changed, and of one that did not",
        had: &["a", "b", "k"],
        there: |it| it.write(state("a"), "newer"),
        here: |it| {
            for name in ["a", "b"] {
                rm(it, name);
                fifo(it, name);
            }
        },
        words: &[("a", "in_the_way")],
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
