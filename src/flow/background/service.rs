//! The daemon as a service of this machine: installed, taken away, mended, looked at.

use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::base::{FileLock, Holder, Program, Timestamp};
use crate::schedule::{Due, rested};
use crate::service::{ServiceError, System, Wanted};

pub use crate::service::{State, Way};

use super::super::hints::quoted;
use super::super::{FlowError, Places, Session};
use super::unseen::unseen;
use super::{plan, schedule};

/// What the service finds in its environment as it was when it was installed.
const VARS: [&str; 4] = ["PATH", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"];
/// A program that is asked for its version says it by then.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which service is meant.
#[derive(Clone, Debug)]
pub struct ServiceOptions {
    /// The program that is to be run.
    pub program: PathBuf,
    /// `--home`, as it was given.
    pub home: Option<PathBuf>,
    pub timer: bool,
}

/// What became of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceChange {
    Installed,
    Removed,
    Restarted,
    Repaired,
    /// All was as it should be.
    Unchanged,
    /// There is none, and nothing was done about that.
    NotInstalled,
}

#[derive(Debug, Serialize)]
#[must_use]
pub struct ServiceReport {
    pub change: ServiceChange,
    pub way: Option<Way>,
    pub program: PathBuf,
    /// Its files: those that were written, or those that are gone.
    pub files: Vec<PathBuf>,
    /// Whether it runs while nobody is logged in; unknown where the system does not say.
    pub lingers: Option<bool>,
    /// Nothing where no push comes by itself.
    pub schedule: Option<String>,
    /// What this shell has that leads to the remote, and that the service does not see.
    pub unseen: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
#[must_use]
pub struct DaemonStatus {
    /// A process of it runs for this home.
    pub running: bool,
    /// Which one, since when.
    pub process: Option<Holder>,
    /// When a timer, or cron, last looked; nothing where that is long ago.
    pub looked: Option<Timestamp>,
    /// The run that is under way.
    pub run: Option<Holder>,
    /// Why nothing that changes here wakes the daemon.
    pub deaf: Option<String>,
    /// Nothing where no service manager answers.
    pub service: Option<State>,
    /// Why none does.
    pub no_service: Option<String>,
    pub schedule: Option<String>,
    /// Why nobody knows what comes by itself.
    pub no_schedule: Option<String>,
    pub next_run: Option<Timestamp>,
    /// Before then nothing is tried, because a run failed.
    pub next_try: Option<Timestamp>,
    pub last_ok: Option<Timestamp>,
    pub failures: u32,
    /// There is no remote: what a push carries stays on this machine.
    #[serde(skip)]
    pub is_alone: bool,
}

impl DaemonStatus {
    /// What is wrong with the service, if one is installed.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let state = self.service.as_ref().filter(|it| it.way.is_some())?;
        state.faults(self.running).into_iter().next()
    }

    /// Something does what is due.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        let service = self.service.as_ref().filter(|it| it.way.is_some());
        self.running || service.map_or(self.looked.is_some(), |it| it.active)
    }
}

pub fn install(
    session: &Session<'_>,
    options: &ServiceOptions,
) -> Result<ServiceReport, FlowError> {
    let wanted = wanted(session, options)?;
    let system = system(session, &wanted)?;
    is_holdall(session, &wanted.program)?;
    let files = started(system.install(&wanted), &wanted)?;
    Ok(ServiceReport {
        files,
        ..report(session, &system, (&wanted, ServiceChange::Installed))
    })
}

pub fn uninstall(
    session: &Session<'_>,
    options: &ServiceOptions,
) -> Result<ServiceReport, FlowError> {
    let wanted = wanted(session, options)?;
    let system = reached(session, &wanted)?;
    let files = system.uninstall(&wanted)?;
    let change = if files.is_empty() {
        ServiceChange::NotInstalled
    } else {
        ServiceChange::Removed
    };
    Ok(ServiceReport {
        files,
        way: None,
        ..report(session, &system, (&wanted, change))
    })
}

pub fn restart(
    session: &Session<'_>,
    options: &ServiceOptions,
) -> Result<ServiceReport, FlowError> {
    let wanted = wanted(session, options)?;
    let system = reached(session, &wanted)?;
    let wanted = installed(&system, wanted)?.ok_or_else(not_installed)?;
    started(system.restart(&wanted), &wanted)?;
    Ok(report(
        session,
        &system,
        (&wanted, ServiceChange::Restarted),
    ))
}

/// Whether its files lie there, whoever answers.
fn has_files(session: &Session<'_>, wanted: &Wanted) -> bool {
    let system = System::here(&session.edges.env, session.places.home.as_path());
    system.is_some_and(|system| !system.there(wanted).is_empty())
}

/// Writes its files anew where they are not what they should be, and starts it where it is not at work.
pub fn repair(
    session: &Session<'_>,
    options: &ServiceOptions,
    if_installed: bool,
) -> Result<ServiceReport, FlowError> {
    let asked = wanted(session, options)?;
    let system = match reached(session, &asked) {
        // Where there is no service manager nothing is installed; what one has that is silent stays so.
        Err(FlowError::Refused { .. }) if if_installed && !has_files(session, &asked) => {
            return Ok(ServiceReport {
                change: ServiceChange::NotInstalled,
                way: None,
                program: asked.program,
                files: Vec::new(),
                lingers: None,
                schedule: session.config.schedule.clone(),
                unseen: Vec::new(),
            });
        }
        other => other?,
    };
    let Some(wanted) = installed(&system, asked.clone())? else {
        let change = (&asked, ServiceChange::NotInstalled);
        return if if_installed {
            Ok(ServiceReport {
                way: None,
                ..report(session, &system, change)
            })
        } else {
            Err(not_installed())
        };
    };
    let state = system.state(&wanted)?;
    let change = if state.current && state.enabled && state.active {
        ServiceChange::Unchanged
    } else {
        is_holdall(session, &wanted.program)?;
        started(system.install(&wanted), &wanted)?;
        ServiceChange::Repaired
    };
    Ok(ServiceReport {
        files: state.files,
        ..report(session, &system, (&wanted, change))
    })
}

/// How the background stands. Where the configuration cannot be read, which `broken` says, the rest is told.
pub fn status(
    (session, broken): (&Session<'_>, Option<&FlowError>),
    options: &ServiceOptions,
) -> Result<DaemonStatus, FlowError> {
    let wanted = wanted(session, options)?;
    let asked = system(session, &wanted).and_then(|system| Ok(system.state(&wanted)?));
    let (service, no_service) = match asked {
        Ok(state) => (Some(state), None),
        Err(fault) => (None, Some(fault.message())),
    };
    let process = plan::daemon(session)?;
    let facts = schedule::facts(session)?;
    let next = match broken {
        Some(fault) => Err(fault.message()),
        None => schedule::next_run(session).map_err(|fault| fault.message()),
    };
    // Where nothing is to come, and nobody is at work, a person tries again.
    let is_tried = session.config.schedule.is_some() || process.is_held();
    Ok(DaemonStatus {
        running: process.is_held(),
        process: process.holder(),
        looked: plan::last_look(session),
        run: FileLock::state(session.places.run_lock().as_path())?.holder(),
        deaf: deaf(session),
        service,
        no_service,
        schedule: session.config.schedule.clone(),
        no_schedule: next.clone().err(),
        next_run: next.ok().flatten(),
        next_try: match rested(&facts, &session.edges.clock.now().local()) {
            Due::From(moment) if is_tried => Some(moment),
            _ => None,
        },
        last_ok: facts.last_ok,
        failures: facts.failed.map_or(0, |(times, _)| times),
        is_alone: broken.is_none() && session.config.remote_url.is_none(),
    })
}

/// The system bounds the path of a socket, and that of a home may be longer.
fn deaf(session: &Session<'_>) -> Option<String> {
    let place = session.places.daemon_socket();
    SocketAddr::from_pathname(place.as_path()).err()?;
    Some(format!(
        "the path of this home is too long for a socket ({place}): what changes here waits for the schedule"
    ))
}

fn wanted(session: &Session<'_>, options: &ServiceOptions) -> Result<Wanted, FlowError> {
    let env = &session.edges.env;
    let program = env.cwd.join(&options.program);
    if !program.is_file() {
        return Err(FlowError::NoSuchPath { path: program });
    }
    let home = Places::one_home(session.edges, options.home.as_deref())?;
    let vars = VARS.iter().filter_map(|name| {
        let value = env.var(name)?.to_str()?;
        Some((*name, value.to_owned()))
    });
    Ok(Wanted {
        way: if options.timer {
            Way::Timer
        } else {
            Way::Daemon
        },
        program,
        home: home.map(|home| home.as_path().to_owned()),
        vars: vars.collect(),
    })
}

/// Whoever is to be started for ever has to be what is meant.
fn is_holdall(session: &Session<'_>, program: &Path) -> Result<(), FlowError> {
    let asked = Program::new(program, &session.edges.env).args(["--version"]);
    let talk = asked.leading().talk(b"", PATIENCE);
    if talk.is_ok_and(|it| it.success && it.answer.starts_with(b"holdall ")) {
        return Ok(());
    }
    Err(FlowError::Refused {
        what: format!("{} is not holdall", program.display()),
        hint: "nothing was changed: `--program` names the holdall that is to run".to_owned(),
    })
}

fn system<'a>(session: &'a Session<'_>, wanted: &Wanted) -> Result<System<'a>, FlowError> {
    let found = System::find(&session.edges.env, session.places.home.as_path());
    found.map_err(|source| match source {
        ServiceError::NoManager | ServiceError::Silent { .. } => FlowError::NoService {
            cron_line: wanted.cron_line(),
            source,
        },
        other => other.into(),
    })
}

/// The same for whoever asks about a service that is there already: a line for cron is no answer to that.
fn reached<'a>(session: &'a Session<'_>, wanted: &Wanted) -> Result<System<'a>, FlowError> {
    system(session, wanted).map_err(|fault| match fault {
        FlowError::NoService { source, .. } => FlowError::Refused {
            what: source.to_string(),
            hint: "see what is there: `holdall daemon status`; what cron starts `crontab -l` says"
                .to_owned(),
        },
        other => other,
    })
}

/// One that ends at once says why to whoever runs it by hand.
fn started<T>(done: Result<T, ServiceError>, wanted: &Wanted) -> Result<T, FlowError> {
    done.map_err(|fault| match fault {
        ServiceError::Ended => FlowError::Refused {
            what: fault.to_string(),
            hint: format!(
                "see what it says: `{} daemon run`, or `journalctl --user -u holdall`",
                quoted(&wanted.program.to_string_lossy())
            ),
        },
        other => other.into(),
    })
}

/// What is wanted, in the way in which it is installed.
fn installed(system: &System<'_>, wanted: Wanted) -> Result<Option<Wanted>, FlowError> {
    let way = system.state(&wanted)?.way;
    Ok(way.map(|way| Wanted { way, ..wanted }))
}

fn not_installed() -> FlowError {
    FlowError::Refused {
        what: "the daemon is not installed as a service".to_owned(),
        hint: "install it: `holdall daemon install`".to_owned(),
    }
}

fn report(
    session: &Session<'_>,
    system: &System<'_>,
    (wanted, change): (&Wanted, ServiceChange),
) -> ServiceReport {
    ServiceReport {
        change,
        way: Some(wanted.way),
        program: wanted.program.clone(),
        files: Vec::new(),
        lingers: system.lingers(),
        schedule: session.config.schedule.clone(),
        unseen: unseen(session, |name| system.sees(name)),
    }
}
