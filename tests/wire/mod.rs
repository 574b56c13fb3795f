//! Remotes as people have them: the same scenarios over every way to a git server, and what is
//! particular to one of them. The servers are real and run on loopback.

mod calls;
mod conformance;
mod gate;
mod hosted;
mod https_faults;
mod over_https;
mod over_ssh;
mod relay;
mod silent;
mod sshd;
mod told;
mod web;

use std::net::{TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::thread;
use std::time::{Duration, Instant};

use crate::kit::{Machine, Rng, say_left_out};

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

fn say_what_is_left_out(name: &str) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        say_left_out(&format!(
            "tests that need a server ({name} is not installed)"
        ));
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

/// Text that no packing makes small.
fn noise(seed: u64, length: usize) -> String {
    let mut rng = Rng::new(seed);
    let letters = b"abcdefghijklmnopqrstuvwxyz234567";
    let letter = |_| char::from(letters[rng.below(32)]);
    (0..length).map(letter).collect()
}

/// Waits for a server that was started. `words` are what it said meanwhile.
fn until_it_listens(port: u16, words: &dyn Fn() -> String) {
    let since = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let is_late = since.elapsed() > Duration::from_secs(20);
        assert!(!is_late, "no server: {}", words());
        thread::sleep(Duration::from_millis(20));
    }
}

/// The command lines of what runs with a machine's home, as `ps` shows them to everybody.
fn running(machine: &Machine) -> Vec<String> {
    let home = [b"HOME=", machine.home.as_os_str().as_bytes()].concat();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = processes.filter_map(|process| {
        let read = |name: &str| std::fs::read(process.path().join(name)).ok();
        let vars = read("environ")?;
        let is_ours = vars.split(|byte| *byte == 0).any(|var| var == home);
        let line = read("cmdline").filter(|line| is_ours && !line.is_empty())?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    });
    lines.collect()
}

/// What a run started is gone with it, or just after.
#[track_caller]
fn nothing_runs(machine: &Machine) {
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(3) {
        if running(machine).is_empty() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("still there: {:#?}", running(machine));
}
