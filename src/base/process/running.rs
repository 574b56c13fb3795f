//! A child that runs: its streams, and the watch over its silence.

use std::io::{self, PipeReader, Read, Write};
use std::process::{Child, ChildStdin, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use rustix::termios::{LocalModes, tcgetattr};

use super::family;

/// As much of a child's stderr as is kept.
const MAX_STDERR: u64 = 64 * 1024;

/// How a child stands to the terminal, and to us.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// It leads a process group of its own.
    pub leads: bool,
    /// It may ask on the terminal.
    pub asks: bool,
}

/// A stream whose every piece is a sign of life, so that only silence ends the child.
pub struct Alive<S>(S, Pulse);

impl<S: Read> Read for Alive<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.0.read(buffer)?;
        self.1.beat();
        Ok(got)
    }
}

impl<S: Write> Write for Alive<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let put = self.0.write(bytes)?;
        self.1.beat();
        Ok(put)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A running child. Dropping it ends it.
pub struct Running {
    pub stdin: Option<Alive<ChildStdin>>,
    pub stdout: Option<Alive<PipeReader>>,
    watch: Watch,
    words: Option<JoinHandle<String>>,
}

impl Running {
    pub fn over(
        mut child: Child,
        (stdout, stderr): (PipeReader, PipeReader),
        manner: Manner,
        idle: Duration,
    ) -> Self {
        let stdin = child.stdin.take();
        let watch = Watch::over(child, manner, idle);
        let alive = || Pulse(Arc::clone(&watch.state));
        let mut heard = Alive(stderr, alive());
        let words = thread::spawn(move || {
            let mut text = Vec::new();
            heard.by_ref().take(MAX_STDERR).read_to_end(&mut text).ok();
            io::copy(&mut heard, &mut io::sink()).ok();
            String::from_utf8_lossy(&text).into_owned()
        });
        Self {
            stdin: stdin.map(|stdin| Alive(stdin, alive())),
            stdout: Some(Alive(stdout, alive())),
            watch,
            words: Some(words),
        }
    }

    #[must_use]
    pub fn ender(&self) -> Ender {
        Ender(Arc::clone(&self.watch.state))
    }

    /// Waits for the end: how it ended, what it said on stderr, and whether silence ended it.
    #[must_use]
    pub fn finish(mut self) -> (Option<ExitStatus>, String, bool) {
        drop(self.stdin.take());
        drop(self.stdout.take());
        let status = self.watch.wait();
        let words = self.words.take().and_then(|thread| thread.join().ok());
        (status, words.unwrap_or_default(), self.watch.was_silent())
    }
}

/// Keeps a child from being ended.
struct Pulse(Arc<Mutex<State>>);

impl Pulse {
    fn beat(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last = Instant::now();
    }
}

struct State {
    child: Child,
    manner: Manner,
    last: Instant,
    silent: bool,
    over: bool,
}

impl State {
    /// Ends it with all that it started, which holds its pipes open.
    fn kill(&mut self) {
        self.signal(Signal::KILL);
    }

    fn signal(&mut self, signal: Signal) {
        let Some(child) = Pid::from_raw(self.child.id().cast_signed()) else {
            return;
        };
        if self.manner.leads {
            kill_process_group(child, signal).ok();
            return;
        }
        // It shares our group, so that it can ask on the terminal.
        let below = family::below(child);
        // One that ended has its number no more.
        if matches!(self.child.try_wait(), Ok(None)) {
            kill_process(child, signal).ok();
        }
        for process in below {
            kill_process(process, signal).ok();
        }
    }
}

/// Ends a child while somebody else waits for it.
#[derive(Clone)]
pub struct Ender(Arc<Mutex<State>>);

impl Ender {
    /// Asks it, and all that it started, to end.
    pub fn ask(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends it, whatever it does.
    pub fn force(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.over {
            state.signal(signal);
        }
    }
}

/// So often the terminal is looked at.
const LOOK_AT_TERMINAL: Duration = Duration::from_millis(250);

/// Who asks for a secret keeps the terminal from showing what is typed.
fn is_secret_typed() -> bool {
    let settings = tcgetattr(rustix::stdio::stdin());
    settings.is_ok_and(|it| !it.local_modes.contains(LocalModes::ECHO))
}

struct Watch {
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    fn over(child: Child, manner: Manner, idle: Duration) -> Self {
        let state = State {
            child,
            manner,
            last: Instant::now(),
            silent: false,
            over: false,
        };
        let state = Arc::new(Mutex::new(state));
        let seen = Arc::clone(&state);
        let thread = thread::spawn(move || {
            loop {
                let left = {
                    let mut state = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    if state.over {
                        return;
                    }
                    if state.manner.asks && is_secret_typed() {
                        state.last = Instant::now();
                    }
                    let left = idle.saturating_sub(state.last.elapsed());
                    if left.is_zero() {
                        state.silent = true;
                        state.kill();
                        return;
                    }
                    if state.manner.asks {
                        left.min(LOOK_AT_TERMINAL)
                    } else {
                        left
                    }
                };
                thread::park_timeout(left);
            }
        });
        Self {
            state,
            thread: Some(thread),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn was_silent(&self) -> bool {
        self.lock().silent
    }

    /// Polls, because a blocking wait would keep the watchdog from its kill.
    fn wait(&mut self) -> Option<ExitStatus> {
        let mut pause = Duration::from_micros(100);
        let status = loop {
            match self.lock().child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) => {}
                Err(_) => break None,
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        };
        self.end();
        status
    }

    fn end(&mut self) {
        self.lock().over = true;
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            thread.join().ok();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.thread.is_some() {
            {
                let mut state = self.lock();
                state.kill();
                state.child.wait().ok();
            }
            self.end();
        }
    }
}
