//! How often a push comes by itself: set, and shown with the runs to come.

use serde::Serialize;

use crate::base::{HostPath, Timestamp};
use crate::config::{SCHEDULE, SCHEDULE_PULL};
use crate::runs::Runs;
use crate::schedule::{Cadence, Due, Facts, ScheduleError, Spread, due, upcoming};

use super::super::{Event, FlowError, Session, kept_config};
use super::overdue::{Overdue, overdue_by};

/// So many runs to come are shown.
const SHOWN: usize = 3;

/// What a person wants to come by itself.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Nothing.
    Off,
    Each {
        /// `hourly`, `daily`, `weekly`, or a line of cron.
        cadence: String,
        /// Pull as well.
        pull: bool,
    },
}

#[derive(Debug, Serialize)]
#[must_use]
pub struct ScheduleReport {
    /// Nothing where no push comes by itself.
    pub schedule: Option<String>,
    pub pull: bool,
    /// The next ones, the first of which is due already where it is not later than now.
    pub next_runs: Vec<Timestamp>,
    /// When the last push began that went well.
    pub last_ok: Option<Timestamp>,
    /// How many failed since.
    pub failures: u32,
    /// A push that should have gone well by now.
    pub overdue: Option<Overdue>,
    /// Whether anything is otherwise than it was.
    pub changed: bool,
    pub file: HostPath,
}

/// What comes by itself, and when.
pub fn show(session: &Session<'_>) -> Result<ScheduleReport, FlowError> {
    kept_config::refuse_gone(&session.places)?;
    let config = &session.config;
    report(
        session,
        cadence(session)?.as_ref(),
        (config.schedule_pull, false),
    )
}

/// Sets what comes by itself.
pub fn set(session: &Session<'_>, wanted: &Wanted) -> Result<ScheduleReport, FlowError> {
    let mut file = kept_config::open(&session.places)?;
    let (cadence, pull) = match wanted {
        Wanted::Off => (None, false),
        Wanted::Each { cadence, pull } => (Some(Cadence::parse(cadence)?), *pull),
    };
    let mut changed = match &cadence {
        Some(cadence) => file.set(SCHEDULE, &cadence.to_string())?,
        None => file.unset(SCHEDULE)?,
    };
    changed |= if pull {
        file.set(SCHEDULE_PULL, "true")?
    } else {
        file.unset(SCHEDULE_PULL)?
    };
    kept_config::save(&session.places, &mut file)?;
    report(session, cadence.as_ref(), (pull, changed))
}

fn report(
    session: &Session<'_>,
    cadence: Option<&Cadence>,
    (pull, changed): (bool, bool),
) -> Result<ScheduleReport, FlowError> {
    let facts = facts(session)?;
    let history = Runs::load(&session.places.runs())?.of("push");
    let schedule = cadence.map(ToString::to_string);
    Ok(ScheduleReport {
        next_runs: cadence.map_or(Ok(Vec::new()), |cadence| {
            coming(session, cadence, &facts).map(|runs| runs.take(SHOWN).collect())
        })?,
        overdue: overdue_by(session, schedule.as_deref())?,
        schedule,
        pull,
        last_ok: facts.last_ok,
        failures: history.failures,
        changed,
        file: session.places.config_file.clone(),
    })
}

/// When the next push comes by itself. A schedule that cannot be read is worth a word: the daemon
/// will not go by it either.
pub fn next_run(session: &Session<'_>) -> Result<Option<Timestamp>, FlowError> {
    match cadence(session) {
        Ok(Some(cadence)) => Ok(coming(session, &cadence, &facts(session)?)?.next()),
        Ok(None) => Ok(None),
        Err(fault) => {
            let file = &session.places.config_file;
            let text = format!("{SCHEDULE} in {file}: {fault}; no push comes by itself");
            session.tell(&Event::Warning { text: &text });
            Ok(None)
        }
    }
}

/// Whether a push is due now; nothing where none comes by itself.
pub fn is_due(session: &Session<'_>, facts: &Facts) -> Result<Option<Due>, FlowError> {
    let Some(cadence) = cadence(session)? else {
        return Ok(None);
    };
    let now = session.edges.clock.now().local();
    Ok(Some(due(&cadence, facts, spread(session)?, &now)))
}

fn cadence(session: &Session<'_>) -> Result<Option<Cadence>, ScheduleError> {
    let text = session.config.schedule.as_deref();
    text.map(Cadence::parse).transpose()
}

/// What came of the pushes so far.
pub fn facts(session: &Session<'_>) -> Result<Facts, FlowError> {
    let history = Runs::load(&session.places.runs())?.of("push");
    let failed = history.last.filter(|run| !run.ok);
    Ok(Facts {
        last_ok: history.last_ok.map(|run| run.began),
        failed: failed.map(|run| (history.failures, run.ended)),
    })
}

/// A machine that has no name yet takes what all of them would.
fn spread(session: &Session<'_>) -> Result<Spread, FlowError> {
    let machine = session.machine()?;
    Ok(machine.map_or_else(Spread::default, |machine| Spread::of(&machine)))
}

fn coming<'a>(
    session: &Session<'_>,
    cadence: &'a Cadence,
    facts: &'a Facts,
) -> Result<impl Iterator<Item = Timestamp> + 'a, FlowError> {
    let now = session.edges.clock.now().local();
    let runs: Vec<_> = upcoming(cadence, facts, spread(session)?, &now)
        .take(SHOWN)
        .collect();
    Ok(runs.into_iter())
}
