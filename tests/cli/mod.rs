//! The command line as a terminal or a script meets it: the real program, its streams, its exit code.

mod alone;
mod anew;
mod closed;
mod config;
mod conflict;
mod conflict_fields;
mod daemon;
mod demo;
pub mod doctor;
mod frame;
mod gone;
mod hooks;
mod overdue;
mod progress;
mod reference;
mod repair;
mod repair_alone;
mod repair_gone;
mod repair_halfway;
mod repair_lists;
mod repair_other;
mod repair_packs;
mod repair_remote;
mod schedule;
mod settings;
mod task;
mod task_many;
mod task_undo;
mod two_machines;
mod verify;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The real program in a clean environment, with a home of its own.
pub fn holdall(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdall"));
    command
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home)
        .stdin(Stdio::null())
        .args(args);
    command
}

/// What one run said, and how it ended.
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }
}

/// Runs the program in a fresh home.
pub fn say(args: &[&str]) -> Said {
    let home = tempfile::tempdir().expect("a directory for the test");
    holdall(home.path(), args).output().expect("it runs").into()
}
