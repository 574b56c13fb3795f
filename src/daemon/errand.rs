//! One run: the program, started for it.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use crate::base::{BaseError, Ender, Env, Program, Running};
use crate::flow::background::Errand;
use crate::flow::hooks::BY_VAR;

use super::Outcome;

/// Nobody waits longer for a run that says nothing. Whoever talks to a remote has limits of their own, far
/// below it: this is for a disk that answers no more.
const LONGEST: Duration = Duration::from_hours(12);
/// More of an answer is of no use for a line in the log.
const MAX_ANSWER: u64 = 64 << 20;

/// Whoever is sent.
pub struct Errands {
    pub program: PathBuf,
    pub home: Option<PathBuf>,
    pub env: Env,
}

impl Errands {
    pub fn start(&self, errand: Errand) -> Result<Underway, BaseError> {
        let program = self.program(&["--json"], errand.words());
        let program = program.var(BY_VAR, "daemon").leading();
        let mut running = program.start(LONGEST)?;
        // Nobody is there to be asked.
        drop(running.stdin.take());
        Ok(Underway(running))
    }

    /// Whether what lies in the program's place is a program.
    pub fn answers(&self) -> bool {
        let program = Program::of_person(&self.program, &self.env).dir("/");
        let talk = program
            .args(["--version"])
            .talk(b"", Duration::from_secs(5));
        talk.is_ok_and(|talk| talk.success)
    }

    /// Goes on as what lies in the program's place; comes back only where that fails.
    pub fn become_daemon(&self) -> BaseError {
        self.program(&[], &["daemon", "run"]).replace_us()
    }

    fn program(&self, flags: &[&str], words: &[&str]) -> Program {
        let program = Program::of_person(&self.program, &self.env).dir("/");
        let program = program.args(["--no-input"]).args(flags);
        let program = match &self.home {
            Some(home) => program.args(["--home"]).args([home]),
            None => program,
        };
        program.args(words)
    }
}

/// A run that was started.
pub struct Underway(Running);

impl Underway {
    pub fn ender(&self) -> Ender {
        self.0.ender()
    }

    pub fn wait(mut self) -> Outcome {
        let mut answer = Vec::new();
        if let Some(stdout) = self.0.stdout.take() {
            stdout.take(MAX_ANSWER).read_to_end(&mut answer).ok();
        }
        let (status, words, was_silent) = self.0.finish();
        if was_silent {
            return Outcome::silent();
        }
        Outcome::read(status.and_then(|status| status.code()), &answer, &words)
    }
}
