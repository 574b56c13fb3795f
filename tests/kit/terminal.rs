//! A terminal, for what only a person sees or answers.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

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
    typed_at(machine.command(args), typed, Duration::ZERO)
}

/// The same for one that has the terminal to itself, as programs need that ask there for a secret; and
/// so long nothing is typed.
#[track_caller]
pub fn answered_late(machine: &Machine, args: &[&str], typed: &str, after: Duration) -> Ran {
    let plain = machine.command(args);
    let mut command = Command::new("setsid");
    command.args(["--ctty", "--wait"]).arg(plain.get_program());
    command.args(plain.get_args()).env_clear();
    let vars = plain.get_envs();
    command.envs(vars.filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(&machine.home);
    typed_at(command, typed, after)
}

fn typed_at(mut command: Command, typed: &str, after: Duration) -> Ran {
    let (ours, theirs) = terminal();
    command
        .env("TERM", "dumb")
        .stdin(theirs.try_clone().expect("another handle"))
        .stderr(theirs)
        .stdout(Stdio::piped());
    let mut keys = File::from(ours.try_clone().expect("another handle"));
    let child = command.spawn().expect("it can be started");
    let typed = typed.to_owned();
    let typist = thread::spawn(move || {
        thread::sleep(after);
        // Whoever is gone reads nothing.
        keys.write_all(typed.as_bytes()).ok();
    });
    // The other end is closed here, so that the reader learns of the end.
    drop(command);
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        // A terminal whose other end is closed answers with an error.
        File::from(ours).read_to_end(&mut bytes).ok();
        bytes
    });
    let mut output = child.wait_with_output().expect("it ends");
    typist.join().expect("a typist does not panic");
    output.stderr = reader.join().expect("a reader does not panic");
    Ran::from(output)
}
