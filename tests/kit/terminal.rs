//! A terminal, for what only a person sees or answers.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::thread;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::machine::{Machine, Ran};

/// Both ends of a new terminal of 80 columns.
pub fn terminal() -> (OwnedFd, OwnedFd) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal can be had");
    grantpt(&ours).expect("granted");
    unlockpt(&ours).expect("unlocked");
    let name = ptsname(&ours, Vec::new()).expect("it has a name");
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let theirs = rustix::fs::open(name.as_c_str(), flags, Mode::empty()).expect("opened");
    let size = Winsize {
        ws_row: 24,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&ours, size).expect("it has a size");
    (ours, theirs)
}

/// Runs at a terminal where these lines are typed. What the terminal shows is in `stderr`.
#[track_caller]
pub fn answered(machine: &Machine, args: &[&str], typed: &str) -> Ran {
    let (ours, theirs) = terminal();
    let mut command = machine.command(args);
    command
        .env("TERM", "dumb")
        .stdin(theirs.try_clone().expect("another handle"))
        .stderr(theirs)
        .stdout(Stdio::piped());
    let mut keys = File::from(ours.try_clone().expect("another handle"));
    keys.write_all(typed.as_bytes()).expect("it can be typed");
    let child = command.spawn().expect("it can be started");
    // The other end is closed here, so that the reader learns of the end.
    drop(command);
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        // A terminal whose other end is closed answers with an error.
        File::from(ours).read_to_end(&mut bytes).ok();
        bytes
    });
    let mut output = child.wait_with_output().expect("it ends");
    output.stderr = reader.join().expect("a reader does not panic");
    Ran::from(output)
}
