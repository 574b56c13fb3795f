//! A person's own commands after a run: each is told what came of it, and changes nothing about it.
//!
//! The commands are those of this machine's `config.toml` and nobody else's. They run when the run lock
//! is let go of, so that they may call holdall; such a run calls no hooks in its turn. What they are told
//! are numbers and the words of an error, never a content. `docs/hooks.md` has it all.

use serde::Serialize;

use crate::base::{BaseError, Env, Heard, Program, Timestamp};
use crate::config::Config;
use crate::runs::{History, Runs};
use crate::snapshot::masked;

use super::newcomer::RestoreReport;
use super::pull::PullReport;
use super::push::PushReport;
use super::report::{Counts, OpCounts};
use super::sync::SyncReport;
use super::whole::told_here;
use super::{ErrorKind, Event, FlowError, Session, Writer, bookkeeping};

/// What a hook and all that it starts have in their environment: which hook it is.
pub const HOOK_VAR: &str = "HOLDALL_HOOK";

/// What a run has in its environment that the background began: `daemon`. (`HOLDALL_BY` is whoever writes
/// a task, also in a hook.)
pub const BY_VAR: &str = "HOLDALL_BEGUN_BY";

/// Longer last words are cut.
const MAX_WORDS: usize = 300;

/// Who began a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Person,
    Daemon,
}

impl By {
    #[must_use]
    pub fn of(env: &Env) -> Self {
        let is_daemon = env.var(BY_VAR).is_some_and(|by| by == "daemon");
        if is_daemon {
            Self::Daemon
        } else {
            Self::Person
        }
    }
}

/// What a hook is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Occasion {
    AfterPush,
    AfterPull,
    OnFailure,
}

impl Occasion {
    const fn word(self) -> &'static str {
        match self {
            Self::AfterPush => "after_push",
            Self::AfterPull => "after_pull",
            Self::OnFailure => "on_failure",
        }
    }

    fn command(self, config: &Config) -> Option<&str> {
        let command = match self {
            Self::AfterPush => &config.after_push,
            Self::AfterPull => &config.after_pull,
            Self::OnFailure => &config.on_failure,
        };
        command.as_deref()
    }

    /// The runs that it may be about.
    const fn directions(self) -> &'static [&'static str] {
        match self {
            Self::AfterPush => &["push"],
            Self::AfterPull => &["pull"],
            Self::OnFailure => &["pull", "push"],
        }
    }
}

/// What one direction of a run moved, in numbers.
#[derive(Debug, Serialize)]
pub struct Moved {
    #[serde(skip)]
    occasion: Occasion,
    /// A commit was made.
    committed: bool,
    /// The remote has it.
    pushed: bool,
    /// Something was written to this disk.
    applied: bool,
    files: Counts,
    ops: OpsMoved,
    conflicts: usize,
    withheld: usize,
}

/// Changes of the task list.
#[derive(Debug, Serialize)]
struct OpsMoved {
    sent: usize,
    received: usize,
}

impl OpsMoved {
    const fn of(counts: &OpCounts) -> Self {
        Self {
            sent: counts.sent,
            received: counts.received,
        }
    }
}

/// A report of a run by which things travel.
pub trait Travelled {
    /// The directions in which such a run goes, as the history of runs has them.
    const DIRECTIONS: &'static [&'static str];

    /// What moved, by direction; nothing where nothing did. A hook that sends a message would send one
    /// each hour if it were told of that.
    fn moved(&self) -> Vec<Moved>;
}

impl Travelled for PushReport {
    const DIRECTIONS: &'static [&'static str] = &["push"];

    fn moved(&self) -> Vec<Moved> {
        if !self.committed && !self.moved {
            return Vec::new();
        }
        vec![Moved {
            occasion: Occasion::AfterPush,
            committed: self.committed,
            pushed: self.pushed,
            applied: false,
            files: self.files.counts,
            ops: OpsMoved::of(&self.ops),
            conflicts: self.conflicts.count(),
            withheld: self.withheld.len() + self.texts.len(),
        }]
    }
}

impl Travelled for PullReport {
    const DIRECTIONS: &'static [&'static str] = &["pull"];

    fn moved(&self) -> Vec<Moved> {
        if !self.applied && self.ops.received == 0 {
            return Vec::new();
        }
        let units = self.projects.iter().chain(&self.settings);
        vec![Moved {
            occasion: Occasion::AfterPull,
            committed: false,
            pushed: false,
            applied: self.applied,
            files: Counts::of(units.flat_map(|unit| &unit.changes)),
            ops: OpsMoved::of(&self.ops),
            conflicts: self.conflicts.count(),
            withheld: self.withheld.len(),
        }]
    }
}

impl Travelled for SyncReport {
    const DIRECTIONS: &'static [&'static str] = &["pull", "push"];

    fn moved(&self) -> Vec<Moved> {
        let pulled = self.pull.iter().flat_map(Travelled::moved);
        pulled.chain(self.push.moved()).collect()
    }
}

impl Travelled for RestoreReport {
    const DIRECTIONS: &'static [&'static str] = &["pull"];

    fn moved(&self) -> Vec<Moved> {
        self.pull.iter().flat_map(Travelled::moved).collect()
    }
}

/// Begins a run, and carries it out. One that cannot begin, because something of this machine is gone or
/// damaged, has failed as any other; one that another run is in the way of comes again.
pub fn travel<T: Travelled>(
    session: &Session<'_>,
    dry_run: bool,
    run: impl FnOnce(&Writer<'_>) -> Result<T, FlowError>,
) -> Result<T, FlowError> {
    let began = session.edges.clock.now();
    let fault = match Writer::take(session) {
        Ok(writer) => return around(writer, dry_run, run),
        Err(fault) => told_here(session, fault),
    };
    if !dry_run && fault.kind() != ErrorKind::Busy {
        bookkeeping::refused(session, began, (T::DIRECTIONS, &fault));
        if session.edges.env.var(HOOK_VAR).is_none() {
            call(session, Err(&fault));
        }
    }
    Err(fault)
}

/// Carries out a run, lets go of the lock, and calls the hooks. A dry run has none, and a run that a hook
/// began calls none.
pub fn around<T: Travelled>(
    writer: Writer<'_>,
    dry_run: bool,
    run: impl FnOnce(&Writer<'_>) -> Result<T, FlowError>,
) -> Result<T, FlowError> {
    let session = writer.session;
    let result = run(&writer).map_err(|fault| told_here(session, fault));
    drop(writer);
    let is_of_hook = session.edges.env.var(HOOK_VAR).is_some();
    if !dry_run && !is_of_hook {
        match &result {
            Ok(report) => {
                for moved in report.moved() {
                    call(session, Ok(&moved));
                }
            }
            Err(fault) => call(session, Err(fault)),
        }
    }
    result
}

/// What a hook is told.
#[derive(Serialize)]
struct Told<'a> {
    holdall: u32,
    event: Occasion,
    command: &'a str,
    by: By,
    at: Timestamp,
    machine: String,
    remote: Option<&'a str>,
    report: Option<&'a Moved>,
    error: Option<Fault>,
    last_ok: Option<Timestamp>,
    failures: u32,
}

#[derive(Serialize)]
struct Fault {
    kind: ErrorKind,
    message: String,
    hints: Vec<String>,
}

impl From<&FlowError> for Fault {
    fn from(fault: &FlowError) -> Self {
        Self {
            kind: fault.kind(),
            message: fault.message(),
            hints: fault.hints(),
        }
    }
}

/// Calls the hook for this end of a run, if there is one. That it failed is worth a word and no more.
fn call(session: &Session<'_>, end: Result<&Moved, &FlowError>) {
    let occasion = end.map_or(Occasion::OnFailure, |moved| moved.occasion);
    let Some(command) = occasion.command(&session.config) else {
        return;
    };
    let history = history(session, occasion);
    let told = Told {
        holdall: 1,
        event: occasion,
        command: &session.command,
        by: By::of(&session.edges.env),
        at: session.edges.clock.now(),
        machine: session.machine_name(),
        remote: session.config.remote_url.as_deref(),
        report: end.ok(),
        error: end.err().map(Fault::from),
        last_ok: history.last_ok.map(|run| run.began),
        failures: history.failures,
    };
    let told = serde_json::to_string(&told).expect("plain data");
    let told = format!("{}\n", masked(&told));
    let key = format!("hooks.{}", occasion.word());
    session.tell(&Event::Calling { what: &key });
    let done = run(session, (occasion, command), &told);
    if let Ok(done) = &done {
        let (who, text) = (&key, &done.words);
        session.tell(&Event::Said { who, text });
    }
    if let Some(fault) = fault_of(session, done) {
        let text = format!("{key} {fault}");
        session.tell(&Event::Warning { text: &text });
    }
}

/// It stands in the home directory wherever the run began, and sees what the person's own programs see,
/// but for our token and what steers git. A holdall that it calls means the home that this run was about.
fn run(
    session: &Session<'_>,
    (occasion, command): (Occasion, &str),
    told: &str,
) -> Result<Heard, BaseError> {
    let places = &session.places;
    let mut shell = Program::of_surroundings("/bin/sh", &session.edges.env)
        .args(["-c", command])
        .dir(places.home.as_path())
        .var(HOOK_VAR, occasion.word());
    if let Some(dir) = places.one() {
        shell = shell.var("HOLDALL_HOME", dir);
    }
    shell.hear_out(told.as_bytes(), session.config.hook_timeout)
}

/// What is to be said of a hook that did not end well.
fn fault_of(session: &Session<'_>, done: Result<Heard, BaseError>) -> Option<String> {
    let done = match done {
        Ok(done) => done,
        Err(fault) => {
            let why = FlowError::from(fault).message();
            return Some(format!("could not be run: {why}"));
        }
    };
    let how = match done.status {
        Some(status) if status.success() => return None,
        Some(status) => match status.code() {
            Some(code) => format!("failed (exit {code})"),
            None => "was killed".to_owned(),
        },
        None => format!(
            "was ended after {} s (hooks.timeout)",
            session.config.hook_timeout.as_secs()
        ),
    };
    let words = last_line(&done.words).map_or_else(String::new, |words| format!(": {words}"));
    Some(how + &words)
}

/// The last line that says something, without what a terminal would obey.
fn last_line(words: &str) -> Option<String> {
    let plain = |line: &str| -> String {
        let kept = line.chars().filter(|c| !c.is_control());
        kept.take(MAX_WORDS).collect()
    };
    let mut lines = words.lines().rev().map(|line| plain(line.trim()));
    lines.find(|line| !line.is_empty())
}

/// How the runs went that it is about: of a failure those of the direction that failed last.
fn history(session: &Session<'_>, occasion: Occasion) -> History {
    let runs = Runs::load(&session.places.runs()).unwrap_or_default();
    let all = occasion.directions().iter();
    let all = all.map(|direction| runs.of(direction));
    let ended = |history: &History| {
        let last = history.last.as_ref().filter(|run| !run.ok);
        last.map(|run| run.ended)
    };
    all.max_by_key(ended).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_are_those_that_are_documented() {
        use Occasion::{AfterPull, AfterPush, OnFailure};
        for occasion in [AfterPush, AfterPull, OnFailure] {
            assert_eq!(json!(occasion), occasion.word());
        }
        assert_eq!(json!([By::Person, By::Daemon]), json!(["person", "daemon"]));
    }

    #[test]
    fn of_last_words_the_last_line_is_told_and_steers_no_terminal() {
        for (words, told) in [
            ("", None),
            ("\n \n", None),
            ("one\ntwo\n\n", Some("two")),
            ("one\n  \u{1b}[31mtwo \r\n", Some("[31mtwo")),
        ] {
            assert_eq!(last_line(words).as_deref(), told, "{words:?}");
        }
        let long = last_line(&"x".repeat(1000)).expect("a line");
        assert_eq!(long.len(), MAX_WORDS);
    }
}
