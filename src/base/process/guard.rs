//! Who ends a process group should we be gone before it, whatever ended us.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};

use crate::base::Env;

use super::Program;

/// It waits for a line of ours, and where we are gone there is none. It leads the group, and stands
/// before anybody else is in it: nobody is left behind, however early we are gone.
const SCRIPT: &str = "trap '' TERM; read -r _ || { kill -TERM 0; sleep 1; kill -KILL 0; }";

/// The guard of a process group. Let go, it leaves the group to itself.
pub struct Guard(Child);

impl Guard {
    pub fn stand() -> io::Result<Self> {
        let mut guard = Program::new("/bin/sh", &Env::default())
            .args(["-c", SCRIPT])
            .command;
        guard.process_group(0).stdin(Stdio::piped());
        guard.stdout(Stdio::null()).stderr(Stdio::null());
        guard.spawn().map(Self)
    }

    /// The number of the group, for those who join it.
    pub fn group(&self) -> i32 {
        self.0.id().cast_signed()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(mut ear) = self.0.stdin.take() {
            ear.write_all(b"\n").ok();
        }
        self.0.wait().ok();
    }
}
