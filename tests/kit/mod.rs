//! What the tests stand on: a sandbox with machines in it, real git repositories, and numbers.
//!
//! Everything lies in one temporary directory; nothing of the user's environment reaches a child
//! but `PATH`, and every child has a time limit.

mod fixture;
mod git;
mod hub;
mod machine;
mod ordinary;
mod proof;
mod random;
mod terminal;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

pub use fixture::{Shape, write_fixture};
pub use git::{clone, commits, fsck, git, git_takes_all, is_linear, try_git};
pub use hub::{Hub, copy_program, program};
pub use machine::{Machine, Ran, Started, in_own_mounts};
pub use ordinary::ordinary_file;
pub use random::Rng;
pub use terminal::{answered, answered_late, terminal};

/// One temporary directory for a whole test; gone when it is dropped.
pub struct Sandbox {
    dir: TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("holdall-test-")
            .tempdir()
            .expect("a temporary directory can be made");
        fs::create_dir(dir.path().join("tmp")).expect("the sandbox takes a directory");
        Self { dir }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A machine of its own home; the same name is the same machine.
    pub fn machine(&self, name: &str) -> Machine {
        Machine::new(self.path(), name)
    }

    /// A bare repository, empty, on `main`.
    pub fn bare(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(&path).expect("the sandbox takes a directory");
        git(&["init", "-q", "--bare", "-b", "main"], &path);
        path
    }
}

/// Tells past the test runner, which keeps what passing tests say to itself.
pub fn say_left_out(what: &str) {
    let words = format!("\nLEFT OUT: {what}\n");
    io::stderr().write_all(words.as_bytes()).ok();
}

/// All files below a directory by relative path. A link is its target after `-> `. Directories
/// named `.git` are left out; start inside one to see it.
pub fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let walk = walkdir::WalkDir::new(dir).min_depth(1).into_iter();
    for entry in walk.filter_entry(|entry| entry.file_name() != ".git") {
        let entry = entry.expect("the directory can be walked");
        let name = entry.path().strip_prefix(dir).expect("it lies below");
        let name = name.to_str().map_or_else(
            || name.as_os_str().as_bytes().escape_ascii().to_string(),
            str::to_owned,
        );
        if entry.file_type().is_symlink() {
            let target = fs::read_link(entry.path()).expect("the link can be read");
            let shown = [b"-> ", target.as_os_str().as_bytes()].concat();
            files.insert(name, shown);
        } else if !entry.file_type().is_dir() {
            files.insert(name, fs::read(entry.path()).expect("the file can be read"));
        }
    }
    files
}

/// How many seeds, kills or races: all of them when `HOLDALL_TEST_FULL=1`, else a twentieth.
pub fn scale(full: usize) -> usize {
    scaled(
        full,
        std::env::var("HOLDALL_TEST_FULL").is_ok_and(|value| value == "1"),
    )
}

fn scaled(full: usize, all: bool) -> usize {
    if all { full } else { (full / 20).max(1) }
}

/// Random numbers of the `number`th run of a test; a failure names the number.
pub const fn seed(number: u64) -> Rng {
    Rng::new(number)
}
