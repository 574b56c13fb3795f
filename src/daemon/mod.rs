//! The face that nobody looks at: a process that starts what is due, and nothing else.
//!
//! Each run is the program itself, started anew. So this process stays as small as it began, a run that
//! hangs or breaks is ended without it, and a new program, another configuration or a restored store is
//! what the next run finds.
//!
//! *In*: the program, the edges, who listens. *Out*: runs of the program, and a log of how they went.
//! *Never*: a decision: what is due a flow says, from what is stored.

mod errand;
mod heart;
mod log;
mod outcome;
mod program;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::base::{BaseError, Edges, FileLock, Holder, HostPath, LockOutcome, create_private_dir};
use crate::flow::background::{Errand, Mood, Plan, is_interrupted, is_unfinished, note_look, plan};
use crate::flow::{FlowError, Places, Session, Watch};

use errand::Errands;
use heart::{Beat, Heart};
use log::Log;
pub use log::{LogOptions, LogReport, lines, newest};
pub use outcome::Outcome;
use program::Program;
use watch::Ear;

/// How a daemon is run.
#[derive(Clone, Debug)]
pub struct DaemonOptions {
    /// The program as it was called, to be started for each run.
    pub program: PathBuf,
    /// `--home`, as it was given.
    pub home: Option<PathBuf>,
}

/// Why it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    #[default]
    /// The service manager, or somebody else, asked it to; or its terminal is gone.
    Asked,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

#[derive(Debug, Default, Serialize)]
#[must_use]
pub struct DaemonReport {
    pub ended: Ended,
    /// How many runs it started.
    pub runs: u64,
    pub failed: u64,
}

#[derive(Debug, Serialize)]
#[must_use]
pub struct OnceReport {
    /// What was run; nothing where nothing was due.
    pub ran: Option<Errand>,
    pub outcome: Option<Outcome>,
}

/// Runs until somebody ends it.
pub fn run(
    edges: &Edges,
    options: &DaemonOptions,
    watch: &dyn Watch,
) -> Result<DaemonReport, FlowError> {
    let daemon = Daemon::new(edges, options, watch)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BaseError::io("start what waits in", &options.program))?;
    let report = runtime.block_on(daemon.live())?;
    // A run that does not end holds nobody up.
    runtime.shutdown_timeout(Duration::from_millis(100));
    Ok(report)
}

/// Does what is due now, and ends: for a timer.
pub fn run_once(
    edges: &Edges,
    options: &DaemonOptions,
    watch: &dyn Watch,
) -> Result<OnceReport, FlowError> {
    let daemon = Daemon::new(edges, options, watch)?;
    let session = daemon.session()?;
    note_look(&session);
    let mood = Mood {
        woken: is_unfinished(&session),
        fresh: false,
    };
    let Plan::Run(errand) = plan(&session, mood)? else {
        return Ok(OnceReport {
            ran: None,
            outcome: None,
        });
    };
    let outcome = daemon.errands.start(errand).map(errand::Underway::wait);
    let outcome = outcome.unwrap_or_else(|fault| Outcome::broken(&fault));
    daemon.log.outcome(errand, &outcome);
    Ok(OnceReport {
        ran: Some(errand),
        outcome: Some(outcome),
    })
}

struct Daemon<'a> {
    edges: &'a Edges,
    options: &'a DaemonOptions,
    log: Log<'a>,
    errands: Errands,
    socket: HostPath,
    /// One for each home.
    lock: FileLock,
    lock_file: HostPath,
}

impl<'a> Daemon<'a> {
    fn new(
        edges: &'a Edges,
        options: &'a DaemonOptions,
        watch: &'a dyn Watch,
    ) -> Result<Self, FlowError> {
        let session = Session::open(edges, options.home.as_deref(), "daemon run", watch)?;
        let lock = the_only_one(&session)?;
        let home = Places::one_home(edges, options.home.as_deref())?;
        Ok(Self {
            log: Log::open(&session.places.logs(), edges, watch)?,
            errands: Errands {
                program: options.program.clone(),
                home: home.map(|home| home.as_path().to_owned()),
                env: edges.env.clone(),
            },
            socket: session.places.daemon_socket(),
            lock_file: session.places.daemon_lock(),
            edges,
            options,
            lock,
        })
    }

    /// Everything is read again each time it is looked at.
    fn session(&self) -> Result<Session<'_>, FlowError> {
        let home = self.options.home.as_deref();
        Session::open(self.edges, home, "daemon run", &self.log)?.settled()
    }

    async fn live(&self) -> Result<DaemonReport, FlowError> {
        let mut ends = Ends::listen(&self.options.program)?;
        let mut ear = Ear::open(&self.socket, &self.log);
        let mut heart = Heart::start(self.edges, &self.log).await;
        let mut program = Program::seen(&self.options.program);
        let mut report = DaemonReport::default();
        self.log.began();
        let mut mood = Mood {
            woken: self.asks(is_unfinished),
            fresh: true,
        };
        report.ended = loop {
            if let Some(errand) = self.due(mood) {
                match self.errand(errand, &mut ends).await {
                    Ok(outcome) => mood = report.learn(mood, &outcome),
                    Err(ended) => {
                        report.runs += 1;
                        break ended;
                    }
                }
            }
            self.look_around(&mut program);
            tokio::select! {
                ended = ends.next() => break ended,
                () = ear.heard() => mood = Mood { woken: true, fresh: true },
                beat = heart.beat() => {
                    mood.fresh |= beat == Beat::AfterSleep;
                    mood.woken |= self.asks(is_interrupted);
                }
            }
        };
        self.log.info(&format!(
            "ended: {} started, {} failed",
            report.runs, report.failed
        ));
        std::fs::remove_file(&self.socket).ok();
        Ok(report)
    }

    /// What cannot be looked at now is looked at again in a minute.
    fn asks(&self, question: fn(&Session<'_>) -> bool) -> bool {
        self.session().is_ok_and(|session| question(&session))
    }

    /// What is to be done now. What stands in the way of knowing it is told once.
    fn due(&self, mood: Mood) -> Option<Errand> {
        match self.session().and_then(|session| plan(&session, mood)) {
            Ok(Plan::Run(errand)) => Some(errand),
            Ok(Plan::Wait(_)) => None,
            Err(fault) => {
                self.log.warn(&fault.message());
                None
            }
        }
    }

    /// Runs it to its end, or until somebody ends us.
    async fn errand(&self, errand: Errand, ends: &mut Ends) -> Result<Outcome, Ended> {
        let outcome = match self.errands.start(errand) {
            Err(fault) => {
                // So it is each minute, until the program is there again.
                let outcome = Outcome::broken(&fault);
                let command = errand.words().join(" ");
                self.log.warn(&format!("{command}: {}", outcome.words()));
                return Ok(outcome);
            }
            Ok(underway) => {
                let grip = underway.ender();
                let waiting = tokio::task::spawn_blocking(move || underway.wait());
                tokio::pin!(waiting);
                tokio::select! {
                    ended = ends.next() => {
                        grip.ask();
                        let grace = Duration::from_millis(500);
                        if tokio::time::timeout(grace, &mut waiting).await.is_err() {
                            grip.force();
                        }
                        self.log.info("the run that was under way was ended; the next one goes on from there");
                        return Err(ended);
                    }
                    outcome = &mut waiting => outcome.unwrap_or_else(|_| Outcome::default()),
                }
            }
        };
        self.log.outcome(errand, &outcome);
        Ok(outcome)
    }

    /// Starts over where the program or the state directory is another one by now.
    fn look_around(&self, program: &mut Program) {
        if program.is_replaced() {
            program.look_away();
            if self.errands.answers() {
                self.start_over("the program was replaced: starting over with the new one");
            } else {
                self.log
                    .warn("the program was replaced by one that does not run; this one stays");
            }
        } else if self.is_unseen() && self.errands.answers() {
            self.start_over("the state directory was taken away: starting over with a new one");
        }
    }

    /// Whether nobody could tell any more that it runs, and the next one could.
    fn is_unseen(&self) -> bool {
        let file = self.lock_file.as_path();
        !self.lock.is_at(file)
            && file
                .parent()
                .is_some_and(|dir| create_private_dir(dir).is_ok())
    }

    /// Comes back only where that fails.
    fn start_over(&self, why: &str) {
        self.log.info(why);
        let fault = self.errands.become_daemon();
        self.log.warn(&fault.to_string());
    }
}

impl DaemonReport {
    /// Counts a run, and says what is left to be done after it.
    fn learn(&mut self, before: Mood, outcome: &Outcome) -> Mood {
        if outcome.is_busy() {
            // Nothing was tried.
            return before;
        }
        self.runs += 1;
        self.failed += u64::from(!outcome.is_ok());
        Mood {
            woken: before.woken && !outcome.is_ok(),
            fresh: false,
        }
    }
}

/// The signals that end it.
struct Ends {
    asked: Signal,
    interrupted: Signal,
    hung_up: Option<Signal>,
}

impl Ends {
    fn listen(program: &std::path::Path) -> Result<Self, FlowError> {
        let listen = |kind| signal(kind).map_err(BaseError::io("hear signals in", program));
        Ok(Self {
            asked: listen(SignalKind::terminate())?,
            interrupted: listen(SignalKind::interrupt())?,
            hung_up: if outlives_terminal() {
                None
            } else {
                Some(listen(SignalKind::hangup())?)
            },
        })
    }

    async fn next(&mut self) -> Ended {
        let hung_up = async {
            match &mut self.hung_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.asked.recv() => Ended::Asked,
            _ = hung_up => Ended::Asked,
            _ = self.interrupted.recv() => Ended::Interrupted,
        }
    }
}

/// Whoever was begun by `nohup` ignores that its terminal is gone. Only Linux says so.
fn outlives_terminal() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 1 != 0)
}

fn the_only_one(session: &Session<'_>) -> Result<FileLock, FlowError> {
    let place = session.places.daemon_lock();
    match FileLock::try_take(place.as_path(), &session.holder())? {
        LockOutcome::Taken(lock) => Ok(lock),
        LockOutcome::Busy(Some(holder)) => Err(runs_already(&holder)),
        LockOutcome::Busy(None) => Err(FlowError::Busy { holder: None }),
    }
}

fn runs_already(holder: &Holder) -> FlowError {
    FlowError::Refused {
        what: format!(
            "a daemon runs for this home already: process {}, since {}",
            holder.pid,
            holder.since.locally_readable()
        ),
        hint: "see what it does: `holdall daemon status`, `holdall daemon logs`".to_owned(),
    }
}
