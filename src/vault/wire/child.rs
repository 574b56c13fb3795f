//! A conversation with a program of git over pipes: on this machine, or at the other end of ssh.

use std::io::{self, BufRead, BufReader, PipeReader, Write};
use std::process::{ChildStdin, ExitStatus};
use std::thread;
use std::time::Duration;

use crate::base::{Alive, Program, Running};
use crate::vault::WireError;

use super::advert::Advert;
use super::line::{Hear, Line, Say, of_both};
use super::settle::Heard;
use super::words::{Words, printable};
use super::{pkt, receive};

/// As much is shown of what is no word of git.
const NOISE: usize = 200;

/// Why nothing can be asked of a program.
#[derive(Debug)]
pub struct NoAnswer {
    /// It had told its refs before.
    pub had_begun: bool,
    pub status: Option<ExitStatus>,
    /// What it said to people.
    pub words: String,
    /// It was given up after so many seconds without a word.
    pub silent: Option<u64>,
    pub fault: io::Error,
}

impl NoAnswer {
    fn of(running: Running, fault: io::Error, idle: Duration) -> Self {
        let (status, words, was_silent) = running.finish();
        Self {
            had_begun: false,
            status,
            words: Words::of(words.as_bytes()).printable(),
            silent: was_silent.then_some(idle.as_secs()),
            fault,
        }
    }

    /// It is no word of git.
    pub fn is_noise(&self) -> bool {
        self.fault.kind() == io::ErrorKind::InvalidData
    }

    /// Its own words, as far as there are any.
    pub fn reason(&self) -> String {
        if self.is_noise() {
            return self.fault.to_string();
        }
        match (self.silent, self.words.is_empty()) {
            (Some(seconds), true) => format!("nothing was heard for {seconds} s"),
            (Some(seconds), false) => format!("nothing was heard for {seconds} s: {}", self.words),
            (None, true) => self.fault.to_string(),
            (None, false) => self.words.clone(),
        }
    }
}

/// What a fault of a program is called.
pub type Blame = Box<dyn Fn(&NoAnswer) -> WireError>;

/// A program that was started, and was not listened to yet.
pub struct ChildCall {
    running: Running,
    idle: Duration,
}

impl ChildCall {
    pub fn start(program: Program, idle: Duration) -> Result<Self, NoAnswer> {
        let running = program.start(idle).map_err(|fault| NoAnswer {
            had_begun: false,
            status: None,
            words: String::new(),
            silent: None,
            fault: io::Error::other(fault),
        })?;
        Ok(Self { running, idle })
    }

    /// Hears what it tells first.
    pub fn hear(self, blame: Blame) -> Result<(Advert, ChildLine), NoAnswer> {
        let Self { mut running, idle } = self;
        let pipes = (running.stdin.take(), running.stdout.take());
        let (Some(stdin), Some(stdout)) = pipes else {
            return Err(NoAnswer::of(
                running,
                io::ErrorKind::BrokenPipe.into(),
                idle,
            ));
        };
        let mut stdout = BufReader::new(stdout);
        let read = quiet(&mut stdout).and_then(|()| Advert::read(&mut stdout));
        match read {
            Ok(Some(advert)) => {
                let line = ChildLine {
                    running,
                    stdin,
                    stdout,
                    idle,
                    blame,
                };
                Ok((advert, line))
            }
            nothing => {
                let fault = nothing.err();
                let fault = fault.unwrap_or_else(|| io::Error::other("it said nothing"));
                // It waits for an end, or it would be waited for.
                drop((stdin, stdout));
                Err(NoAnswer::of(running, fault, idle))
            }
        }
    }
}

/// Where programs on the way print something of their own, git's words come too late to be understood.
fn quiet(stdout: &mut impl BufRead) -> io::Result<()> {
    let begun = stdout.fill_buf()?;
    let length = &begun[..begun.len().min(4)];
    if length.iter().all(u8::is_ascii_hexdigit) {
        return Ok(());
    }
    let noise = printable(&begun[..begun.len().min(NOISE)]);
    Err(pkt::odd(&format!(
        "something prints text there before git speaks, a start-up file of the shell perhaps: {noise}"
    )))
}

pub struct ChildLine {
    running: Running,
    stdin: Alive<ChildStdin>,
    stdout: BufReader<Alive<PipeReader>>,
    idle: Duration,
    blame: Blame,
}

impl Line for ChildLine {
    fn ask(mut self: Box<Self>, request: &[u8], hear: Hear<'_>) -> Result<(), WireError> {
        let said = self
            .stdin
            .write_all(request)
            .and_then(|()| self.stdin.flush());
        drop(self.stdin);
        // What it said before it closed its ear weighs more.
        let heard = hear(&mut self.stdout).map_err(|heard| match said {
            Err(fault) if heard.kind() == io::ErrorKind::UnexpectedEof => fault,
            _ => heard,
        });
        drop(self.stdout);
        match heard {
            Ok(()) => {
                drop(self.running.finish());
                Ok(())
            }
            Err(fault) => Err((self.blame)(&NoAnswer {
                had_begun: true,
                ..NoAnswer::of(self.running, fault, self.idle)
            })),
        }
    }

    fn send(self: Box<Self>, say: Say<'_>) -> Heard {
        let Self {
            running,
            mut stdin,
            mut stdout,
            idle,
            ..
        } = *self;
        let said = thread::scope(|scope| {
            let listening = scope.spawn(move || receive::listen(&mut stdout));
            let said = say(&mut stdin).and_then(|()| stdin.flush());
            drop(stdin);
            let died = || Err(io::Error::other("the listener died"));
            of_both(said, listening.join().unwrap_or_else(|_| died()))
        });
        let (_, words, was_silent) = running.finish();
        Heard {
            said,
            words: Words::of(words.as_bytes()).printable(),
            silent: was_silent.then_some(idle.as_secs()),
            fault: None,
        }
    }

    fn leave(mut self: Box<Self>) {
        pkt::flush(&mut self.stdin).ok();
        drop((self.stdin, self.stdout));
        drop(self.running.finish());
    }
}
