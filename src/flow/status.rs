//! How things stand: what is here, what waits, what the remote has, how the last runs went.

use serde::Serialize;

use crate::base::{HostPath, Id, MachineId, ObjectId, Timestamp};
use crate::merge::Lookup;
use crate::runs::{Run, Runs};
use crate::vault::wire::Aim;
use crate::vault::{Objects, RefName, Store};

use super::account::{left, skipped, withheld};
use super::allowance::Queue;
use super::background::overdue::{Overdue, overdue};
use super::background::schedule;
use super::compare::{Compared, compare, whatever_is_there};
use super::conflict::{mark_decided, sift};
use super::here::Here;
use super::journal::interrupted;
use super::kept_config::are_gone;
use super::lacking::{Lack, of_places};
use super::machines::Machines;
use super::recognise::seen;
use super::report::{Counts, LeftLine, Reason, SkippedProject, UnitChanges, WithheldLine};
use super::standing::Standing;
use super::task::HeldText;
use super::upstream::{Source, Upstream};
use super::waiting::Conflicts;
use super::{ErrorKind, Event, FlowError, Session, Stage, conflicts, offline, ops, pause};

#[derive(Clone, Copy, Debug, Default)]
pub struct StatusOptions {
    /// Do not ask the remote.
    pub offline: bool,
}

#[derive(Debug, Serialize)]
pub struct StatusReport {
    /// What is gone of this machine: what is said of the vault is said without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone: Option<Fault>,
    /// A remote is configured.
    pub configured: bool,
    pub remote: Option<RemoteStatus>,
    pub vault: Option<Id>,
    /// The cadence of pushes in the background.
    pub schedule: Option<String>,
    pub next_run: Option<Timestamp>,
    pub last_push: Option<LastRun>,
    pub last_pull: Option<LastRun>,
    /// A push that should have gone well by now.
    pub overdue: Option<Overdue>,
    /// A run that was killed while it wrote onto this disk: the next one finishes it.
    pub interrupted: Option<Interrupted>,
    /// Since when no pull comes by itself, because one was undone.
    pub pulls_paused: Option<Timestamp>,
    pub projects: Vec<ProjectStatus>,
    pub settings: Vec<ProjectStatus>,
    pub pending: Pending,
    /// How many files of the vault, as it was seen last, did not come to this disk yet.
    pub incoming: usize,
    /// Commits here that the remote has not; unknown where it was not asked.
    pub ahead: Option<usize>,
    /// Commits that were made while the remote was away, and wait for it.
    pub offline: usize,
    /// Commits there that this machine has not seen.
    pub behind: Option<usize>,
    pub conflicts: usize,
    pub conflict_list: Conflicts,
    pub withheld: Vec<WithheldLine>,
    /// Texts of tasks that stay on this machine, while the rest of these travels.
    pub texts: Vec<HeldText>,
    /// What was meant to travel and stays: a link to another place, or what a preset carries.
    pub linked: Vec<LeftLine>,
    /// Logs whose last line stays, because it is not ended yet.
    pub half_lines: Vec<LeftLine>,
    pub skipped: Vec<SkippedProject>,
    #[serde(flatten)]
    pub machines: Machines,
    pub last_writer: Option<LastWriter>,
}

#[derive(Debug, Serialize)]
pub struct RemoteStatus {
    pub url: String,
    /// Unknown where it was not asked.
    pub reachable: Option<bool>,
    /// Nothing was pushed there yet.
    pub empty: Option<bool>,
    pub error: Option<Fault>,
}

#[derive(Debug, Serialize)]
pub struct Fault {
    pub kind: ErrorKind,
    pub message: String,
    pub hints: Vec<String>,
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

#[derive(Debug, Serialize)]
pub struct LastRun {
    pub at: Timestamp,
    /// `ok`, or the kind of the error.
    pub result: String,
    pub message: Option<String>,
    /// The last one that went well.
    pub last_ok: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
pub struct Interrupted {
    pub command: String,
    pub at: Timestamp,
    /// By which it can be undone.
    pub id: String,
}

impl Interrupted {
    fn of(store: &Store) -> Option<Self> {
        let (head, _) = interrupted(store).ok()??;
        Some(Self {
            id: head.number.to_string(),
            command: head.command,
            at: head.at,
        })
    }
}

#[derive(Debug, Serialize)]
pub struct ProjectStatus {
    pub name: String,
    pub path: HostPath,
    /// What differs from what was pushed: files, empty directories and modes.
    pub pending: usize,
    /// Files that travel.
    pub files: usize,
    /// The vault knows it.
    pub published: bool,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Pending {
    pub files: usize,
    /// The files by what changes of them, and what changes beside files.
    #[serde(flatten)]
    pub counts: Counts,
    pub ops: usize,
    /// What a person decided about secrets, and the vault does not know yet.
    pub decisions: usize,
    /// The same about conflicts.
    pub resolved: usize,
}

impl Pending {
    fn of(
        session: &Session<'_>,
        units: &[UnitChanges],
        (ops, resolved): (usize, usize),
    ) -> Result<Self, FlowError> {
        let counts = Counts::of(units.iter().flat_map(|unit| &unit.changes));
        Ok(Self {
            files: counts.files(),
            counts,
            ops,
            decisions: Queue::load(session)?.decisions.len(),
            resolved,
        })
    }
}

#[derive(Debug, Serialize)]
pub struct LastWriter {
    pub machine: String,
    pub at: Timestamp,
    pub commit: ObjectId,
}

/// Looks, and changes nothing.
pub fn status(session: &Session<'_>, options: StatusOptions) -> Result<StatusReport, FlowError> {
    let (store, _stand_in) = whatever_is_there(session)?;
    let mut objects = Objects::new(&store);
    let Compared {
        machine,
        upstream,
        here,
        plan,
    } = compare(session, &mut objects, None)?;
    let mut conflict_list = plan.conflicts.clone();
    conflicts::add_filed(&objects, &upstream, &mut conflict_list)?;
    let standing = Standing {
        objects: &objects,
        tree: upstream.tree,
        here: &here,
        machine: &machine,
        lookup: Lookup::default(),
    };
    standing.look_up(&mut conflict_list)?;
    let waiting = sift(session, &objects, (&here, &upstream))?.holding;
    mark_decided(&mut conflict_list, |id| waiting.contains_key(id));
    let machines = Machines::of(&objects, &upstream, &machine)?;
    let (remote, ahead, behind) = ask(session, &mut objects, &machine, options)?;
    let ops = ops::waiting(session, &objects, upstream.tree);
    let conflict_list = Conflicts {
        files: conflict_list,
        fields: ops::disputes(session),
    };
    let runs = Runs::load(&session.places.runs())?;
    let (settings, projects) = lines(&here, &plan.units);
    let are_gone = are_gone(&session.places)?;
    let lack = of_places(session)?.or(are_gone.then_some(Lack::Config));
    Ok(StatusReport {
        gone: lack.map(|lack| Fault::from(&lack.fault(session))),
        configured: session.config.remote_url.is_some(),
        remote,
        vault: upstream.record.as_ref().map(|record| record.vault.clone()),
        schedule: session.config.schedule.clone(),
        next_run: schedule::next_run(session)?,
        last_push: last_run(&runs, "push"),
        last_pull: last_run(&runs, "pull"),
        overdue: overdue(session)?,
        pending: Pending::of(session, &plan.units, (ops, waiting.len()))?,
        incoming: plan.incoming,
        interrupted: Interrupted::of(&store),
        pulls_paused: pause::since(session)?,
        projects,
        settings,
        ahead,
        offline: offline::waiting(&store)?,
        behind,
        conflicts: conflict_list.count(),
        conflict_list,
        withheld: withheld(&here),
        texts: ops::texts(session),
        linked: left_for(&here, &[Reason::LinkedRoot, Reason::OfPreset]),
        half_lines: left_for(&here, &[Reason::HalfLine]),
        skipped: skipped(&here),
        machines,
        last_writer: last_writer(&store, &upstream)?,
    })
}

fn left_for(here: &Here, reasons: &[Reason]) -> Vec<LeftLine> {
    let mut lines = left(here);
    lines.retain(|line| reasons.contains(&line.reason));
    lines
}

fn lines(here: &Here, units: &[UnitChanges]) -> (Vec<ProjectStatus>, Vec<ProjectStatus>) {
    let pending = |name: &str, is_settings: bool| {
        units
            .iter()
            .find(|unit| unit.name == name && unit.is_settings == is_settings)
            .map_or(0, |unit| unit.changes.len())
    };
    let projects = here.projects.iter().map(|project| ProjectStatus {
        name: project.registered.name.clone(),
        path: project.registered.path.clone(),
        pending: pending(&project.scanned.unit.name, false),
        files: usize::try_from(project.scanned.files).unwrap_or(usize::MAX),
        published: project.registered.published,
    });
    let settings = here.settings.iter().map(|scanned| ProjectStatus {
        name: scanned.unit.name.clone(),
        path: scanned.unit.root.clone(),
        pending: pending(&scanned.unit.name, true),
        files: usize::try_from(scanned.files).unwrap_or(usize::MAX),
        published: true,
    });
    (settings.collect(), projects.collect())
}

type Standings = (Option<RemoteStatus>, Option<usize>, Option<usize>);

/// Asks the remote where it stands, and judges it as a push would. That it does not answer, or is
/// not what it should be, is an answer.
fn ask(
    session: &Session<'_>,
    objects: &mut Objects<'_>,
    machine: &MachineId,
    options: StatusOptions,
) -> Result<Standings, FlowError> {
    let Some(remote) = session.remote(machine, Aim::Fetch)? else {
        return Ok((None, None, None));
    };
    let mut status = RemoteStatus {
        url: remote.url().to_owned(),
        reachable: None,
        empty: None,
        error: None,
    };
    if options.offline {
        return Ok((Some(status), None, None));
    }
    session.tell(&Event::Contacting { url: remote.url() });
    let store = objects.store();
    let tell = session.tells(Stage::Fetching);
    let source = Source::Remote(remote.as_ref(), &tell);
    let upstream = match seen(session, store, (&source, machine)) {
        Ok(upstream) => upstream,
        Err(fault) => {
            status.reachable = Some(!matches!(fault.kind(), ErrorKind::Unreachable));
            status.error = Some(Fault::from(&fault));
            return Ok((Some(status), None, None));
        }
    };
    status.reachable = Some(true);
    status.empty = Some(upstream.expected.is_none());
    let (branch, tip) = (store.read_ref(RefName::Branch)?, upstream.expected);
    let count = |from: Option<ObjectId>, hidden| {
        from.map_or(Ok(0), |from| {
            store.commits(from, hidden).map(|list| list.len())
        })
    };
    Ok((
        Some(status),
        Some(count(branch, tip)?),
        Some(count(tip, branch)?),
    ))
}

fn last_run(runs: &Runs, command: &str) -> Option<LastRun> {
    let history = runs.of(command);
    let last_ok = history.last_ok.map(|run| run.began);
    history.last.map(
        |Run {
             began,
             ok,
             kind,
             message,
             ..
         }| LastRun {
            at: began,
            result: if ok {
                "ok".to_owned()
            } else {
                kind.unwrap_or_else(|| "failed".to_owned())
            },
            message,
            last_ok,
        },
    )
}

fn last_writer(store: &Store, upstream: &Upstream) -> Result<Option<LastWriter>, FlowError> {
    let Some(tip) = upstream.parent else {
        return Ok(None);
    };
    let info = store.commit_info(tip)?;
    Ok(Some(LastWriter {
        machine: info.author,
        at: info.time,
        commit: tip,
    }))
}
