//! Child processes: a clean environment, a limit on silence, and their last words kept.

use std::ffi::{OsStr, OsString};
use std::io::{self, PipeReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::{BaseError, Env, family};

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
/// As much of a child's stderr as is kept.
const MAX_STDERR: u64 = 64 * 1024;
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
    /// It leads a process group of its own.
    leads: bool,
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
            leads: false,
        }
    }

    /// Whatever it starts is ended with it. It cannot ask on the terminal then.
    #[must_use]
    pub fn leading(mut self) -> Self {
        self.command.process_group(0);
        self.leads = true;
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

    /// Starts it with pipes. It is ended when nothing was touched for `idle`; words on stderr are a
    /// sign of life. If we are killed it is
    /// not: it finds its stdin at an end and goes in order. For that it holds the reading ends of what
    /// it writes to; else a broken pipe would end it at once, and git would leave its quarantine.
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
        let mut child = child.map_err(fault)?;
        let stdin = child.stdin.take();
        let watch = Watch::over(child, self.leads, idle);
        let alive = || Pulse(Arc::clone(&watch.state));
        let mut heard = Alive(stderr, alive());
        let words = thread::spawn(move || {
            let mut text = Vec::new();
            heard.by_ref().take(MAX_STDERR).read_to_end(&mut text).ok();
            io::copy(&mut heard, &mut io::sink()).ok();
            String::from_utf8_lossy(&text).into_owned()
        });
        Ok(Running {
            stdin: stdin.map(|stdin| Alive(stdin, alive())),
            stdout: Some(Alive(stdout, alive())),
            watch,
            words: Some(words),
        })
    }
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

/// A running child. Dropping it ends it.
pub struct Running {
    pub stdin: Option<Alive<ChildStdin>>,
    pub stdout: Option<Alive<PipeReader>>,
    watch: Watch,
    words: Option<JoinHandle<String>>,
}

impl Running {
    /// From now on this is the limit on its silence.
    pub fn waits_for(&self, idle: Duration) {
        let mut state = self.watch.lock();
        (state.idle, state.last) = (idle, Instant::now());
        drop(state);
        if let Some(thread) = &self.watch.thread {
            thread.thread().unpark();
        }
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
    leads: bool,
    last: Instant,
    idle: Duration,
    silent: bool,
    over: bool,
}

impl State {
    /// Ends it with all that it started, which holds its pipes open.
    fn kill(&mut self) {
        let child = Pid::from_raw(self.child.id().cast_signed());
        let below = match child {
            Some(group) if self.leads => {
                kill_process_group(group, Signal::KILL).ok();
                Vec::new()
            }
            // It shares our group, so that it can ask on the terminal.
            Some(child) => family::below(child),
            None => Vec::new(),
        };
        self.child.kill().ok();
        for process in below {
            kill_process(process, Signal::KILL).ok();
        }
    }
}

struct Watch {
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    fn over(child: Child, leads: bool, idle: Duration) -> Self {
        let state = State {
            child,
            leads,
            last: Instant::now(),
            idle,
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
                    let left = state.idle.saturating_sub(state.last.elapsed());
                    if left.is_zero() {
                        state.silent = true;
                        state.kill();
                        return;
                    }
                    left
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Program {
        let vars = [
            ("GIT_DIR".to_owned(), OsString::from("/nowhere")),
            ("PATH".to_owned(), OsString::from("/usr/bin:/bin")),
        ];
        let env = Env::new(vars, PathBuf::from("/"), "test".to_owned());
        Program::new("/bin/sh", &env).args(["-c", script])
    }

    #[test]
    fn a_child_sees_nothing_that_steers_git() {
        let output = shell("echo \"[$GIT_DIR]\"").output().expect("it ran");
        assert_eq!(output.stdout, b"[]\n");
    }

    #[test]
    fn a_program_of_the_surroundings_sees_them_and_no_token() {
        let vars = ["GIT_DIR", "HOLDALL_TOKEN", "LC_TIME", "PATH"];
        let vars = vars.map(|name| (name.to_owned(), OsString::from("/usr/bin:/bin")));
        let env = Env::new(vars, PathBuf::from("/"), "test".to_owned());
        let program = Program::of_surroundings("/bin/sh", &env);
        let script = "read line; echo \"$line [$GIT_DIR$HOLDALL_TOKEN] [$LC_TIME]\"";
        let talk = program
            .args(["-c", script])
            .talk(b"hello\n", Duration::from_secs(20));
        let talk = talk.expect("it ran");
        assert!(talk.success, "{}", talk.words);
        assert_eq!(talk.answer, b"hello [] [/usr/bin:/bin]\n");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn silence_ends_what_a_child_started_too() {
        for leads in [false, true] {
            let started = Instant::now();
            let program = shell("echo words; sh -c 'sleep 60; :'; :");
            let program = if leads { program.leading() } else { program };
            let mut running = program.start(Duration::from_millis(300)).expect("it ran");
            let mut stdout = running.stdout.take().expect("a pipe");
            let mut heard = String::new();
            stdout.read_to_string(&mut heard).expect("text");
            assert!(running.finish().2 && heard == "words\n", "{heard}");
            assert!(started.elapsed() < Duration::from_secs(20));
        }
    }

    #[test]
    fn silence_ends_a_child() {
        let started = Instant::now();
        let running = shell("echo last words >&2; exec sleep 60")
            .start(Duration::from_millis(300))
            .expect("it ran");
        let (status, words, silent) = running.finish();
        assert!(silent && started.elapsed() < Duration::from_secs(20));
        assert!(!status.expect("it ended").success());
        assert_eq!(words, "last words\n");
    }

    #[test]
    fn what_a_child_that_leads_has_started_is_ended_with_it() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let mark = dir.path().join("mark");
        let script = format!("(sleep 2; touch {}) & wait", mark.display());
        let program = shell(&script).leading();
        let running = program.start(Duration::from_millis(200)).expect("it ran");
        assert!(running.finish().2);
        thread::sleep(Duration::from_millis(2_500));
        assert!(!mark.exists());
    }

    #[test]
    fn the_limit_on_silence_can_be_another_one_later() {
        let started = Instant::now();
        let hour = Duration::from_hours(1);
        let running = shell("exec sleep 60").start(hour).expect("it ran");
        running.waits_for(Duration::from_millis(200));
        assert!(running.finish().2 && started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_child_that_talks_is_alive() {
        let (status, words, silent) =
            shell("for i in 1 2 3 4 5 6 7; do sleep 0.2; echo $i >&2; done")
                .start(Duration::from_millis(600))
                .expect("it ran")
                .finish();
        assert!(!silent && status.expect("it ended").success());
        assert!(words.ends_with("7\n"), "{words}");
    }

    #[test]
    fn a_child_that_ends_by_itself_was_not_silent() {
        let running = shell("exit 3")
            .start(Duration::from_secs(30))
            .expect("it ran");
        let (status, _, silent) = running.finish();
        assert_eq!(status.and_then(|s| s.code()), Some(3));
        assert!(!silent);
    }
}
