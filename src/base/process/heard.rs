//! A child that is heard out: it is told something, has so long in all, and the end of what it says is kept.
//!
//! Both of its streams are one, as on a terminal, and one loop serves all of them without waiting for
//! any: it may read nothing, write without end, or leave somebody behind who holds its streams open.

use std::io::{self, ErrorKind, PipeReader, Read, Write};
use std::process::{Child, ChildStdin, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionbio;
use rustix::process::{Pid, Signal, kill_process_group};

use super::guard::Guard;

/// As much of its words is kept, from the end.
const MAX_WORDS: usize = 64 * 1024;
/// As often it is listened to before the time is looked at.
const MOST_READS: usize = 64;
/// How long nothing is done where there was nothing to do, at first and in the end.
const FIRST_PAUSE: Duration = Duration::from_micros(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// What came of it.
#[derive(Debug)]
pub struct Heard {
    /// How it ended; nothing where its time was up.
    pub status: Option<ExitStatus>,
    /// The end of what it said.
    pub words: String,
}

/// Hears out a child in a guarded process group. When its time is up it is ended with all that it
/// started; what it leaves behind when it ends by itself is its own affair.
pub fn hear_out(
    (mut child, guard): (Child, &Guard),
    mut voice: PipeReader,
    said: &[u8],
    limit: Duration,
) -> io::Result<Heard> {
    let mut words = Vec::new();
    let status = see_through(&mut child, (&mut voice, &mut words), said, limit);
    if !matches!(status, Ok(Some(_))) {
        end(&mut child, guard);
    }
    hear(&mut voice, &mut words);
    let from = words.len().saturating_sub(MAX_WORDS);
    Ok(Heard {
        status: status?,
        words: String::from_utf8_lossy(&words[from..]).into_owned(),
    })
}

fn see_through(
    child: &mut Child,
    (voice, words): (&mut PipeReader, &mut Vec<u8>),
    mut said: &[u8],
    limit: Duration,
) -> io::Result<Option<ExitStatus>> {
    let began = Instant::now();
    let mut ear = child.stdin.take();
    ioctl_fionbio(&*voice, true)?;
    if let Some(ear) = &ear {
        ioctl_fionbio(ear, true)?;
    }
    let mut pause = FIRST_PAUSE;
    while began.elapsed() < limit {
        let (told, heard) = (tell(&mut ear, &mut said), hear(voice, words));
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if told || heard {
            pause = FIRST_PAUSE;
        } else {
            thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
    Ok(None)
}

/// Tells it a little more; its stdin ends with what is said. Whether it listens is its own affair.
fn tell(ear: &mut Option<ChildStdin>, said: &mut &[u8]) -> bool {
    let Some(open) = ear else {
        return false;
    };
    match open.write(said) {
        Ok(told) => *said = &said[told..],
        Err(fault) if is_for_later(&fault) => return false,
        Err(_) => *said = &[],
    }
    if said.is_empty() {
        *ear = None;
    }
    true
}

/// Hears what it said since.
fn hear(voice: &mut PipeReader, words: &mut Vec<u8>) -> bool {
    let mut piece = [0; 16 * 1024];
    for turn in 0..MOST_READS {
        match voice.read(&mut piece) {
            Ok(heard) if heard > 0 => words.extend_from_slice(&piece[..heard]),
            _ => return turn > 0,
        }
        if words.len() > 2 * MAX_WORDS {
            words.drain(..words.len() - MAX_WORDS);
        }
    }
    true
}

fn is_for_later(fault: &io::Error) -> bool {
    matches!(fault.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn end(child: &mut Child, guard: &Guard) {
    if let Some(group) = Pid::from_raw(guard.group()) {
        kill_process_group(group, Signal::KILL).ok();
    }
    child.kill().ok();
    child.wait().ok();
}
