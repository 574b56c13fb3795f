//! Child processes: a clean environment, a limit on silence, and their last words kept.
//!
//! *In*: a program, what it is told, and how long it may be silent. *Out*: what it answered, how it ended,
//! and its words. *Never*: what steers git or is secret in its environment, or a child left behind.

mod family;
mod guard;
mod heard;
mod running;

use std::ffi::{OsStr, OsString};
use std::io::{self, PipeReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_setfd};

use super::{BaseError, Env};

use guard::Guard;
pub use heard::Heard;
use running::Manner;
pub use running::{Alive, Ender, Running};

/// What a child may see of the environment: enough to run, nothing that steers git.
const PASSED_ON: [&str; 9] = [
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "LANG",
    "SSH_AUTH_SOCK",
    "XDG_RUNTIME_DIR",
    "SYSTEMROOT",
];
/// As much is heard of a short answer.
const MAX_ANSWER: u64 = 64 * 1024;
/// The secret that we are handed in the environment: no child needs it.
pub const TOKEN_VAR: &str = "HOLDALL_TOKEN";

/// The full path of a program on `PATH`.
#[must_use]
pub fn find_program(env: &Env, name: &str) -> Option<PathBuf> {
    let path = env.var("PATH")?;
    std::env::split_paths(path)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

/// What came of a short conversation.
pub struct Talk {
    pub success: bool,
    pub answer: Vec<u8>,
    /// What it said on stderr.
    pub words: String,
    /// Silence ended it.
    pub was_silent: bool,
}

/// A program to run, with arguments and a clean environment.
pub struct Program {
    command: Command,
    name: String,
    manner: Manner,
}

impl Program {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that makes child processes: it cleans their environment"
    )]
    #[must_use]
    pub fn new(path: impl AsRef<OsStr>, env: &Env) -> Self {
        let mut command = Command::new(path.as_ref());
        command.env_clear().current_dir("/");
        for name in PASSED_ON {
            if let Some(value) = env.var(name) {
                command.env(name, value);
            }
        }
        Self {
            command,
            name: path.as_ref().to_string_lossy().into_owned(),
            manner: Manner::default(),
        }
    }

    /// It may ask for a passphrase on the terminal. Who types one is not hurried.
    #[must_use]
    pub const fn asking(mut self) -> Self {
        self.manner.asks = true;
        self
    }

    /// Whatever it starts is ended with it. It cannot ask on the terminal then.
    #[must_use]
    pub fn leading(mut self) -> Self {
        self.command.process_group(0);
        self.manner.leads = true;
        self
    }

    /// A program that a person works with: it sees what the person's own programs see.
    #[must_use]
    pub fn of_person(path: impl AsRef<OsStr>, env: &Env) -> Self {
        let mut program = Self::new(path, env);
        program.command.envs(env.all()).current_dir(&env.cwd);
        program
    }

    /// It sees what the person's own programs see, but for what steers git and for our own token.
    #[must_use]
    pub fn of_surroundings(path: impl AsRef<OsStr>, env: &Env) -> Self {
        let mut program = Self::new(path, env);
        let vars = env.all();
        let vars = vars.filter(|(name, _)| !name.starts_with("GIT_") && *name != TOKEN_VAR);
        program.command.envs(vars);
        program
    }

    /// Runs to the end on the terminal of this process.
    pub fn on_terminal(mut self) -> Result<ExitStatus, BaseError> {
        self.command.status().map_err(|source| BaseError::Spawn {
            program: self.name,
            source,
        })
    }

    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    #[must_use]
    pub fn var(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.command.current_dir(dir.into());
        self
    }

    /// Takes the place of this process, under its number. Comes back only with a fault.
    #[must_use]
    pub fn replace_us(mut self) -> BaseError {
        BaseError::Spawn {
            program: self.name,
            source: self.command.exec(),
        }
    }

    /// Runs to the end; stdout, stderr and how it ended.
    pub fn output(mut self) -> Result<std::process::Output, BaseError> {
        self.command
            .stdin(Stdio::null())
            .output()
            .map_err(|source| BaseError::Spawn {
                program: self.name.clone(),
                source,
            })
    }

    /// Says something short to it, and hears it out.
    pub fn talk(self, said: &[u8], idle: Duration) -> Result<Talk, BaseError> {
        let mut running = self.start(idle)?;
        if let Some(mut stdin) = running.stdin.take() {
            // Whether it listens shows in what it answers.
            stdin.write_all(said).ok();
        }
        let mut answer = Vec::new();
        if let Some(stdout) = running.stdout.take() {
            stdout.take(MAX_ANSWER).read_to_end(&mut answer).ok();
        }
        let (status, words, was_silent) = running.finish();
        Ok(Talk {
            success: status.is_some_and(|status| status.success()),
            answer,
            words,
            was_silent,
        })
    }

    /// Tells it something, and hears it out. It has so long in all, whatever it says meanwhile; then
    /// whatever it started is ended with it, and so it is where we are ended before.
    pub fn hear_out(mut self, said: &[u8], limit: Duration) -> Result<Heard, BaseError> {
        let name = self.name;
        let fault = |source| BaseError::Spawn {
            program: name.clone(),
            source,
        };
        let (voice, stdout) = io::pipe().map_err(fault)?;
        let stderr = stdout.try_clone().map_err(fault)?;
        let guard = Guard::stand().map_err(fault)?;
        let child = self
            .command
            .process_group(guard.group())
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(stderr)
            .spawn();
        // Our copies of the ends it writes to: else they would never seem to be closed.
        drop(self.command);
        let child = child.map_err(fault)?;
        heard::hear_out((child, &guard), voice, said, limit).map_err(fault)
    }

    /// Starts it with pipes. It is ended when nothing was touched for `idle`; words on stderr are a
    /// sign of life. If we are killed it is not: it finds its stdin at an end and goes in order. For
    /// that it holds the reading ends of what it writes to; else a broken pipe would end it at once,
    /// and git would leave its quarantine.
    pub fn start(mut self, idle: Duration) -> Result<Running, BaseError> {
        let name = self.name;
        let fault = |source| BaseError::Spawn {
            program: name.clone(),
            source,
        };
        let (stdout, child_stdout) = io::pipe().map_err(fault)?;
        let (stderr, child_stderr) = io::pipe().map_err(fault)?;
        inherited(&[&stdout, &stderr], true).map_err(fault)?;
        let child = self
            .command
            .stdin(Stdio::piped())
            .stdout(child_stdout)
            .stderr(child_stderr)
            .spawn();
        // Our copies of the ends it writes to, or there would be no end to read.
        drop(self.command);
        inherited(&[&stdout, &stderr], false).map_err(fault)?;
        let child = child.map_err(fault)?;
        Ok(Running::over(child, (stdout, stderr), self.manner, idle))
    }
}

/// Whether children get these pipes too.
fn inherited(pipes: &[&PipeReader], are: bool) -> io::Result<()> {
    let flags = if are {
        FdFlags::empty()
    } else {
        FdFlags::CLOEXEC
    };
    for pipe in pipes {
        fcntl_setfd(pipe, flags)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
