//! A machine: a home directory, an environment, and the program run in it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;

use super::git::git;

const LIMIT: Duration = Duration::from_mins(2);

/// What a run left behind. A run that a signal ended has the code 128 + signal, as in a shell.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    fn new(status: ExitStatus, stdout: &[u8], stderr: &[u8]) -> Self {
        let killed = || status.signal().map_or(-1, |signal| 128 + signal);
        Self {
            code: status.code().unwrap_or_else(killed),
            stdout: String::from_utf8_lossy(stdout).into_owned(),
            stderr: String::from_utf8_lossy(stderr).into_owned(),
        }
    }

    /// The one JSON document on stdout. Two, none, or anything beside it fails the test.
    #[track_caller]
    pub fn document(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(document) => document,
            Err(error) => panic!("stdout is not one JSON document ({error}): {self}"),
        }
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self::new(output.status, &output.stdout, &output.stderr)
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exit {}", self.code)?;
        writeln!(f, "--- stdout\n{}", self.stdout.trim_end())?;
        writeln!(f, "--- stderr\n{}", self.stderr.trim_end())
    }
}

pub struct Machine {
    pub home: PathBuf,
    program: PathBuf,
    vars: BTreeMap<OsString, OsString>,
    limit: Duration,
}

impl Machine {
    /// Makes the machine's home below the sandbox.
    pub(super) fn new(sandbox: &Path, name: &str) -> Self {
        let home = sandbox.join("machines").join(name);
        fs::create_dir_all(&home).expect("the sandbox takes a directory");
        let vars = [
            ("HOME", home.clone().into_os_string()),
            ("HOLDALL_HOME", home.join("holdall").into_os_string()),
            ("PATH", std::env::var_os("PATH").unwrap_or_default()),
            ("TMPDIR", sandbox.join("tmp").into_os_string()),
            ("TZ", "UTC".into()),
            ("LANG", "C".into()),
        ];
        Self {
            program: env!("CARGO_BIN_EXE_holdall").into(),
            vars: vars.map(|(name, value)| (name.into(), value)).into(),
            limit: LIMIT,
            home,
        }
    }

    /// Sets a variable for the runs to come.
    pub fn env(&mut self, name: &str, value: impl AsRef<OsStr>) -> &mut Self {
        self.vars.insert(name.into(), value.as_ref().to_owned());
        self
    }

    pub fn unset(&mut self, name: &str) -> &mut Self {
        self.vars.remove(OsStr::new(name));
        self
    }

    /// Another program in holdall's place, and how long it may take.
    pub fn stand_in(&mut self, program: impl Into<PathBuf>, limit: Duration) -> &mut Self {
        (self.program, self.limit) = (program.into(), limit);
        self
    }

    /// The command itself, for what the other functions do not offer. Runs in the home.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .current_dir(&self.home)
            .env_clear()
            .envs(&self.vars)
            .stdin(Stdio::null());
        command
    }

    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Ran {
        self.spawn(args).finish()
    }

    /// Runs in a directory: relative to the home, or anywhere.
    #[track_caller]
    pub fn run_in(&self, dir: impl AsRef<Path>, args: &[&str]) -> Ran {
        let mut command = self.command(args);
        command.current_dir(self.home.join(dir));
        Started::new(command, self.limit, shown(args)).finish()
    }

    /// Runs, and fails the test unless the exit code is 0.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert!(ran.code == 0, "{}: {ran}", shown(args));
        ran
    }

    /// Runs with `--json`: the exit code, and the one document on stdout.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> (i32, Value) {
        let ran = self.run(&[args, &["--json"]].concat());
        (ran.code, ran.document())
    }

    /// Starts and does not wait: for races and kills.
    #[track_caller]
    pub fn spawn(&self, args: &[&str]) -> Started {
        Started::new(self.command(args), self.limit, shown(args))
    }

    /// A real git repository in `~/code/<name>`: one commit, `.aigon/` ignored, an `origin` if
    /// given. The same arguments make the same commit on every machine, as clones would have it.
    #[track_caller]
    pub fn checkout<'a>(&self, name: &str, origin: impl Into<Option<&'a str>>) -> PathBuf {
        let (dir, origin) = (self.home.join("code").join(name), origin.into());
        let title = format!("# {name}\n\n{}\n", origin.unwrap_or("nowhere"));
        self.write(dir.join("README.md"), title);
        self.write(dir.join(".gitignore"), ".aigon/\n");
        git(&["init", "-q", "-b", "main"], &dir);
        git(&["add", "-A"], &dir);
        git(&["commit", "-q", "-m", "start"], &dir);
        if let Some(url) = origin {
            git(&["remote", "add", "origin", url], &dir);
        }
        dir
    }

    /// Writes a file: relative to the home, or anywhere. Makes its directories.
    #[track_caller]
    pub fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let path = self.home.join(path);
        let folder = path.parent().expect("a file lies in a directory");
        fs::create_dir_all(folder).expect("the directory can be made");
        fs::write(&path, bytes).expect("the file can be written");
    }

    #[track_caller]
    pub fn read(&self, path: impl AsRef<Path>) -> Vec<u8> {
        let path = self.home.join(path);
        match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => panic!("cannot read {}: {error}", path.display()),
        }
    }
}

/// Starts a script of the shell that may mount what nobody else sees; the words behind it are its `$0` and
/// so on.
#[track_caller]
pub fn in_own_mounts(machine: &mut Machine, script: &[&str]) -> Started {
    machine.stand_in("unshare", LIMIT);
    let own: &[&str] = if rustix::process::geteuid().is_root() {
        &["--mount", "sh", "-c"]
    } else {
        &["--map-root-user", "--mount", "sh", "-c"]
    };
    machine.spawn(&[own, script].concat())
}

fn shown(args: &[&str]) -> String {
    format!("holdall {}", args.join(" "))
}

/// A started run. Dropped unfinished, it is killed with its children.
pub struct Started {
    child: Child,
    what: String,
    since: Instant,
    limit: Duration,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
}

impl Started {
    /// Starts a command as the leader of its own process group, its output read as it comes.
    #[track_caller]
    fn new(mut command: Command, limit: Duration, what: String) -> Self {
        let child = command
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => panic!("{what} cannot be started: {error}"),
        };
        Self {
            stdout: child.stdout.take().map(drain),
            stderr: child.stderr.take().map(drain),
            since: Instant::now(),
            child,
            what,
            limit,
        }
    }

    /// Waits for the end. Beyond the limit everything is killed and the test fails.
    #[track_caller]
    pub fn finish(mut self) -> Ran {
        let mut pause = Duration::from_micros(200);
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                break status;
            }
            if self.since.elapsed() > self.limit {
                self.kill_group();
                let status = self.child.wait().expect("a child can be waited for");
                let ran = self.collect(status);
                panic!("{} took more than {:?}: {ran}", self.what, self.limit);
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        };
        self.collect(status)
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks the program to end, as a service manager does: what came of it, and how long it took.
    pub fn end(mut self) -> (Ran, Duration) {
        // How long it ran before is no matter: who is asked to end is to end.
        let asked = Instant::now();
        self.since = asked;
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM).expect("it can be asked");
        }
        (self.finish(), asked.elapsed())
    }

    /// `kill -9` for the program alone, as a crash would be; its children are left to find out.
    pub fn kill_9(mut self) -> Ran {
        self.child.kill().expect("a child can be killed");
        let status = self.child.wait().expect("a child can be waited for");
        self.collect(status)
    }

    fn collect(&mut self, status: ExitStatus) -> Ran {
        // A child's child may hold the streams open: it has the same limit.
        let reads =
            |reader: &Option<JoinHandle<_>>| reader.as_ref().is_some_and(|r| !r.is_finished());
        while (reads(&self.stdout) || reads(&self.stderr)) && self.since.elapsed() < self.limit {
            thread::sleep(Duration::from_millis(1));
        }
        if reads(&self.stdout) || reads(&self.stderr) {
            self.kill_group();
        }
        let [stdout, stderr] = [self.stdout.take(), self.stderr.take()].map(|reader| {
            reader.map_or_else(Vec::new, |reader| {
                reader.join().expect("a reader does not panic")
            })
        });
        Ran::new(status, &stdout, &stderr)
    }

    fn kill_group(&self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // Gone already is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Once both streams were collected the child was waited for, and its number is not ours.
        if self.stdout.is_some() {
            self.kill_group();
            let _ = self.child.wait();
        }
    }
}

fn drain(mut stream: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before the stream broke is worth showing.
        let _ = stream.read_to_end(&mut bytes);
        bytes
    })
}
