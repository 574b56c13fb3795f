//! The daemon as a service of this machine: installed, taken away, mended, looked at.

use std::path::PathBuf;

use serde::Serialize;

use crate::base::{Holder, Timestamp};
use crate::service::{ServiceError, System, Wanted};

pub use crate::service::{State, Way};

use super::{FlowError, Places, Session, background, schedule};

/// What the service finds in its environment as it was when it was installed.
const VARS: [&str; 4] = ["PATH", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"];

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
}

#[derive(Debug, Serialize)]
#[must_use]
pub struct DaemonStatus {
    /// A process of it runs for this home.
    pub running: bool,
    /// Which one, since when.
    pub process: Option<Holder>,
    /// Nothing where no service manager answers.
    pub service: Option<State>,
    /// Why none does.
    pub no_service: Option<String>,
    pub schedule: Option<String>,
    pub next_run: Option<Timestamp>,
    pub last_ok: Option<Timestamp>,
    pub failures: u32,
}

impl DaemonStatus {
    /// Something does what is due.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        self.running || self.service.as_ref().is_some_and(|it| it.active)
    }
}

pub fn install(
    session: &Session<'_>,
    options: &ServiceOptions,
) -> Result<ServiceReport, FlowError> {
    let wanted = wanted(session, options)?;
    let system = system(session, &wanted)?;
    let files = install_and_look(&system, &wanted)?;
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
    let system = system(session, &wanted)?;
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
    let system = system(session, &wanted)?;
    let wanted = installed(&system, wanted)?.ok_or_else(not_installed)?;
    system.restart(&wanted)?;
    Ok(report(
        session,
        &system,
        (&wanted, ServiceChange::Restarted),
    ))
}

/// Writes its files anew where they are not what they should be, and starts it where it is not at work.
pub fn repair(
    session: &Session<'_>,
    options: &ServiceOptions,
    if_installed: bool,
) -> Result<ServiceReport, FlowError> {
    let asked = wanted(session, options)?;
    let system = match system(session, &asked) {
        // Where there is no service manager nothing is installed.
        Err(FlowError::NoService { .. }) if if_installed => {
            return Ok(ServiceReport {
                change: ServiceChange::NotInstalled,
                way: None,
                program: asked.program,
                files: Vec::new(),
                lingers: None,
                schedule: session.config.schedule.clone(),
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
        install_and_look(&system, &wanted)?;
        ServiceChange::Repaired
    };
    Ok(ServiceReport {
        files: state.files,
        ..report(session, &system, (&wanted, change))
    })
}

/// How the background stands.
pub fn status(session: &Session<'_>, options: &ServiceOptions) -> Result<DaemonStatus, FlowError> {
    let wanted = wanted(session, options)?;
    let asked = system(session, &wanted).and_then(|system| Ok(system.state(&wanted)?));
    let (service, no_service) = match asked {
        Ok(state) => (Some(state), None),
        Err(fault) => (None, Some(fault.message())),
    };
    let process = background::daemon(session)?;
    let facts = schedule::facts(session)?;
    Ok(DaemonStatus {
        running: process.is_some(),
        process: process.flatten(),
        service,
        no_service,
        schedule: session.config.schedule.clone(),
        next_run: schedule::next_run(session)?,
        last_ok: facts.last_ok,
        failures: facts.failed.map_or(0, |(times, _)| times),
    })
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

/// That it was started says nothing yet: it may have ended at once.
fn install_and_look(system: &System<'_>, wanted: &Wanted) -> Result<Vec<PathBuf>, FlowError> {
    let files = system.install(wanted)?;
    if system.state(wanted)?.active {
        return Ok(files);
    }
    Err(FlowError::Refused {
        what: "the service is installed, and does not run".to_owned(),
        hint: "see what it says: `holdall daemon run`, or `journalctl --user -u holdall`"
            .to_owned(),
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
    }
}
