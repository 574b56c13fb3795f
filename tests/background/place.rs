//! A place with a vault, machines, and daemons on them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::kit::{Machine, Sandbox, Started, try_git};

const URL: &str = "https://git.example.com/team/api.git";
/// How long something may take that takes a second or two: the tests share their cores.
pub const SOON: Duration = Duration::from_secs(30);
/// A heartbeat, and what it brings about.
pub const A_BEAT: Duration = Duration::from_secs(100);

pub struct Place {
    pub sandbox: Sandbox,
    pub bare: PathBuf,
}

impl Place {
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let bare = sandbox.bare("vault.git");
        Self { sandbox, bare }
    }

    /// A machine with the project, connected.
    pub fn machine(&self, name: &str) -> Machine {
        let machine = self.sandbox.machine(name);
        let project = machine.checkout("api", URL);
        machine.write("code/api/.aigon/state.json", "{}\n");
        machine.ok(&["project", "add", utf8(&project)]);
        machine.ok(&["backup", "configure", utf8(&self.bare)]);
        machine
    }

    pub fn tip(&self) -> String {
        try_git(&["rev-parse", "-q", "--verify", "main"], &self.bare).stdout
    }

    /// Every push waits there until the file is gone.
    pub fn hold_pushes(&self) -> PathBuf {
        let gate = self.sandbox.path().join("gate");
        fs::write(&gate, "").expect("written");
        let hook = self.bare.join("hooks/pre-receive");
        let script = format!(
            "#!/bin/sh\nwhile test -e '{}'; do sleep 0.1; done\n",
            gate.display()
        );
        fs::create_dir_all(self.bare.join("hooks")).expect("made");
        fs::write(&hook, script).expect("written");
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("set");
        gate
    }
}

/// Waits until it is so.
#[track_caller]
pub fn until(what: &str, limit: Duration, machine: &Machine, is: impl Fn() -> bool) {
    let since = Instant::now();
    while !is() {
        if since.elapsed() > limit {
            let log = machine.run(&["daemon", "logs"]);
            panic!("{what}: not within {limit:?}: {log}");
        }
        thread::sleep(Duration::from_millis(50));
    }
}

pub fn logged(machine: &Machine, words: &str) -> bool {
    machine
        .run(&["daemon", "logs", "-n", "1000"])
        .stdout
        .contains(words)
}

#[track_caller]
pub fn daemon(machine: &Machine) -> Started {
    let started = machine.spawn(&["--no-input", "daemon", "run"]);
    until("it runs", SOON, machine, || {
        let (_, status) = machine.json(&["daemon", "status"]);
        status["data"]["running"] == true && logged(machine, "began")
    });
    started
}

pub fn utf8(path: &Path) -> &str {
    path.to_str().expect("the sandbox has a UTF-8 path")
}
