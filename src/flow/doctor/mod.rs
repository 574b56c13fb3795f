//! What is wrong on this machine, and the one command that mends it.
//!
//! *In*: the places of this machine, as broken as they may be. *Out*: every check with its verdict, cause
//! and fix, in the same order whatever fails. *Never*: change anything but what `--rebuild` and `--repair` ask for, take
//! the run lock, or alarm about what a run beside it is doing.

mod asked;
mod found;
mod ground;
mod home;
mod remote;
mod schedule;
mod store;
mod tasks;
mod tip;
mod verify;
mod waiting;

use std::path::Path;

use serde::Serialize;
use tempfile::TempDir;

use crate::base::{BaseError, Edges};
use crate::config::{Config, ConfigError};

use super::hints::quoted;
use super::kept_config::{are_gone, put_back};
use super::lacking::{Lack, of_config};
use super::repair::{RepairReport, repair};
use super::session::unknown_presets;
use super::{FlowError, Places, Session, Watch};
pub use found::{Found, Line, Verdict};
use ground::Ground;
pub use verify::{VerifyReport, verify};

/// What runs in the background, as whoever knows says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Background {
    pub running: bool,
    /// What is wrong with what is installed.
    pub fault: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct DoctorOptions {
    /// Read everything again, and not only look whether it is there.
    pub integrity: bool,
    /// Make what is shown of the tasks of their ops again, first.
    pub rebuild: bool,
    /// Mend what is damaged, first.
    pub repair: bool,
    pub background: Background,
}

#[derive(Debug, Serialize)]
#[must_use]
pub struct DoctorReport {
    pub checks: Vec<Line>,
    /// What is shown of the tasks was made again.
    pub rebuilt: bool,
    /// What was mended, if anybody asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repaired: Option<RepairReport>,
    /// What ended a repair that had mended something by then. Nothing was looked at behind it.
    #[serde(skip)]
    pub ended_by: Option<FlowError>,
}

impl DoctorReport {
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.checks.iter().any(|line| line.found.is_fail())
    }
}

/// One check: what it is called, and how it is made. What it has to wait for is an answer, too.
struct Check {
    name: &'static str,
    look: fn(&Ground<'_>) -> Result<Found, Found>,
}

const fn check(name: &'static str, look: fn(&Ground<'_>) -> Result<Found, Found>) -> Check {
    Check { name, look }
}

/// Every check but that of the home directory, without which there is nothing to look at.
const CHECKS: [Check; 21] = [
    check("config", |it| Ok(config(it))),
    check("versions", |it| Ok(home::versions(it))),
    check("permissions", |it| Ok(home::permissions(it))),
    check("disk_space", |it| Ok(home::disk_space(it))),
    check("cloud_sync", |it| Ok(home::cloud_sync(it))),
    check("projects", |it| Ok(home::projects(it))),
    check(STORE, store::store),
    check("vault", store::vault),
    check("remote", remote::remote),
    check("in_step", remote::in_step),
    check("clock", remote::clock),
    check("op_chains", store::op_chains),
    check("tasks", tasks::tasks),
    check("digests", tasks::digests),
    check("set_aside", tasks::set_aside),
    check("caches", waiting::caches),
    check("conflicts", waiting::conflicts),
    check("withheld", waiting::withheld),
    check("schedule", schedule::schedule),
    check("runs", |it| Ok(schedule::runs(it))),
    check("background", schedule::background),
];

/// Where this machine keeps things.
const HOME: &str = "home";
/// This machine's copy of the vault, on which most others stand.
const STORE: &str = "store";

/// Makes every check, whatever fails.
pub fn doctor(
    edges: &Edges,
    home: Option<&Path>,
    (command, watch): (&str, &dyn Watch),
    options: DoctorOptions,
) -> Result<DoctorReport, FlowError> {
    let places = match Places::find(edges, home) {
        Ok(places) => places,
        Err(fault) => return Ok(homeless(&fault)),
    };
    let settings = options.repair && put_back(&places)?;
    let (config, broken) = read_config(&places);
    let (session, broken) = match Session::with(edges, (places.clone(), config), (command, watch)) {
        Ok(session) => (session, broken),
        // A rule of the person's own that is none: all else is looked at without the settings.
        Err(fault) => {
            let defaults = (places, Config::default());
            let session = Session::with(edges, defaults, (command, watch))?;
            (session, Some(Found::of(&fault)))
        }
    };
    let mut repaired = options.repair.then(|| RepairReport {
        settings,
        ..RepairReport::default()
    });
    if let Some(report) = &mut repaired
        && let Err(fault) = mend(&session, broken.as_ref(), report)
    {
        return ended(repaired, fault);
    }
    let rebuilt = options.rebuild && rebuild(&session).is_ok();
    let ground = Ground::new(&session, options, broken);
    let mut checks = vec![line(HOME, home::home(&ground))];
    checks.extend(all_made(&CHECKS, &ground));
    Ok(DoctorReport {
        checks,
        rebuilt,
        repaired,
        ended_by: None,
    })
}

fn mend(
    session: &Session<'_>,
    broken: Option<&Found>,
    report: &mut RepairReport,
) -> Result<(), FlowError> {
    match broken {
        Some(_) => Err(unsettled()),
        None => repair(session, report),
    }
}

/// What was mended is told with what ended the rest.
fn ended(repaired: Option<RepairReport>, fault: FlowError) -> Result<DoctorReport, FlowError> {
    if repaired.as_ref().is_none_or(RepairReport::is_nothing) {
        return Err(fault);
    }
    Ok(DoctorReport {
        checks: Vec::new(),
        rebuilt: false,
        repaired,
        ended_by: Some(FlowError::Halfway {
            source: Box::new(fault),
        }),
    })
}

/// Where the remote is stands in the configuration.
fn unsettled() -> FlowError {
    FlowError::Refused {
        what: "the configuration cannot be read, and says where the remote is".to_owned(),
        hint: "see what is wrong with it, and what mends that: `holdall doctor`".to_owned(),
    }
}

/// Why it cannot be done the check of the task list tells.
fn rebuild(session: &Session<'_>) -> Result<(), FlowError> {
    if let Some(mut store) = session.task_store_there()? {
        store.rebuild(session.edges)?;
    }
    Ok(())
}

/// Makes checks. What of the store only a later one met the check of the store tells for all.
fn all_made(checks: &[Check], ground: &Ground<'_>) -> Vec<Line> {
    let made = checks.iter().map(|check| made(check, ground));
    let mut lines: Vec<Line> = made.collect();
    let mut unaware = lines.iter_mut().filter(|line| !line.found.is_fail());
    let store = unaware.find(|line| line.name == STORE);
    if let (Some(store), Some(met)) = (store, ground.met()) {
        store.found = met.clone();
    }
    lines
}

fn made(check: &Check, ground: &Ground<'_>) -> Line {
    let (Ok(found) | Err(found)) = (check.look)(ground);
    line(check.name, found)
}

const fn line(name: &'static str, found: Found) -> Line {
    Line { name, found }
}

/// Without a home directory nothing can be looked at.
fn homeless(fault: &FlowError) -> DoctorReport {
    let found = Found::fail(fault.message(), "set HOME to your home directory");
    let rest = CHECKS.iter();
    let rest = rest.map(|check| line(check.name, Found::waits(HOME)));
    DoctorReport {
        checks: std::iter::once(line(HOME, found)).chain(rest).collect(),
        rebuilt: false,
        repaired: None,
        ended_by: None,
    }
}

/// The settings, or the defaults and why.
fn read_config(places: &Places) -> (Config, Option<Found>) {
    match Config::load(&places.config_file) {
        Ok(config) => (config, None),
        Err(fault) => {
            let fix = config_fix(&fault);
            let found = Found::of(&FlowError::from(fault));
            let fix = fix.or(found.fix.clone());
            (Config::default(), Some(Found { fix, ..found }))
        }
    }
}

/// Of a key that nobody can read its default holds, once it is out of the file.
fn config_fix(fault: &ConfigError) -> Option<String> {
    match fault {
        ConfigError::UnknownKey { key, .. }
        | ConfigError::WrongType { key, .. }
        | ConfigError::BadValue { key, .. }
        | ConfigError::SecretInUrl { key, .. } => {
            Some(format!("holdall config unset {}", quoted(key)))
        }
        _ => None,
    }
}

fn config(ground: &Ground<'_>) -> Found {
    let file = &ground.session.places.config_file;
    let config = &ground.session.config;
    let off = [
        ("presets.off", &config.presets_off),
        ("settings.off", &config.settings_off),
    ];
    let mut unknown = off
        .into_iter()
        .flat_map(|(key, names)| unknown_presets(names).map(move |name| (key, name)));
    if let Some((key, name)) = unknown.next() {
        return Found::warn(
            format!("{key} switches nothing off by `{name}`: no preset has that name"),
            format!("take `{name}` out of {key} in {file}"),
        );
    }
    let are_gone = are_gone(&ground.session.places).is_ok_and(|gone| gone);
    let lacks = are_gone.then(|| Found::lacking(ground.session, Lack::Config));
    let lacks = lacks.or_else(|| ground.lacks(of_config));
    if let Some(lacks) = lacks.filter(|_| ground.config.is_none()) {
        return lacks;
    }
    match &ground.config {
        Some(broken) => broken.clone(),
        None if file.as_path().exists() => Found::ok(file.to_string()),
        None => Found::ok(format!("{file} is not there: defaults")),
    }
}

/// A directory for the moment.
fn scratch() -> Result<TempDir, FlowError> {
    Ok(tempfile::tempdir().map_err(BaseError::io("make a directory in", "/tmp"))?)
}
