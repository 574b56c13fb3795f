//! Remotes as people have them: the same scenarios over every way to a git server, and what is
//! particular to one of them. The servers are real and run on loopback.

mod conformance;
mod https_faults;
mod over_https;
mod over_ssh;
mod relay;
mod sshd;
mod web;

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

/// A program of the system that a server needs; nothing where it is not installed.
fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let known = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let mut places = std::env::split_paths(&path).chain(known);
    let found = places.find_map(|dir| Some(dir.join(name)).filter(|file| file.is_file()));
    if found.is_none() {
        say_what_is_left_out(name);
    }
    found
}

/// Past the test runner, which keeps what passing tests say to itself.
fn say_what_is_left_out(name: &str) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let words = format!("\nLEFT OUT: tests that need a server ({name} is not installed)\n");
        std::io::stderr().write_all(words.as_bytes()).ok();
    });
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("test paths are UTF-8")
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}
