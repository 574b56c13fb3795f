//! Pull: what others put into the vault comes onto this disk, and replaces nothing that changed here.
//!
//! *In*: the vault as it was met, and which part of it. *Out*: this disk with what others wrote, what is
//! agreed, and a journal by which it is undone. *Never*: send anything.

mod plan;

use serde::Serialize;

use crate::base::{Id, ObjectId, Timestamp};
use crate::merge::Lookup;
use crate::vault::Objects;
use crate::vault::wire::Aim;

use super::account::{left, skipped, withheld};
use super::agreed::Agreed;
use super::ahead::Ahead;
use super::conflict::{DecisionLine, Sifted, hold_paths, mark_decided, sift};
use super::here::{Here, Selection};
use super::landing::preview_all;
use super::meeting::Ground;
use super::ops::Ops;
use super::publish::Publisher;
use super::report::{KeptLine, LeftLine, OpCounts, PulledUnit, SkippedProject, WithheldLine};
use super::standing::Standing;
use super::take::Take;
use super::unasked::{Unasked, unasked};
use super::undo::{self, Finished};
use super::upstream::{Healed, Upstream};
use super::waiting::{Conflicts, needs_decision};
use super::{FlowError, Writer, bookkeeping, pause};
use plan::{Pull, PullPlan};

#[derive(Clone, Debug, Default)]
pub struct PullOptions {
    pub dry_run: bool,
    pub selection: Selection,
    pub allow_mass_delete: bool,
    /// Conflicts are decided for this side.
    pub take: Option<Take>,
}

/// A project of the vault that is not on this machine.
#[derive(Debug, Serialize)]
pub struct MissingProject {
    pub name: String,
    pub remotes: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct PullReport {
    /// Something was written to this disk.
    pub applied: bool,
    pub dry_run: bool,
    pub commit: Option<ObjectId>,
    pub projects: Vec<PulledUnit>,
    pub settings: Vec<PulledUnit>,
    pub missing: Vec<MissingProject>,
    /// Settings of the vault that nobody added here.
    pub unasked: Vec<Unasked>,
    pub skipped: Vec<SkippedProject>,
    pub withheld: Vec<WithheldLine>,
    pub left: Vec<LeftLine>,
    pub conflicts: Conflicts,
    /// Decisions about conflicts that hold no more.
    pub resolved: Vec<DecisionLine>,
    /// What was finished of a run that was killed before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Finished>,
    /// The snapshot that undoes this pull.
    pub undo: Option<String>,
    pub ops: OpCounts,
    pub remote: Option<String>,
    pub healed: Option<Healed>,
    pub ms: i64,
}

impl PullReport {
    #[must_use]
    pub fn needs_decision(&self) -> bool {
        self.keeps_waiting()
            || self.ops.fault.is_some()
            || needs_decision(&self.skipped, &self.withheld, &self.conflicts)
    }

    /// What was written before the vault was even asked is this run's doing, too.
    #[must_use]
    pub fn with_finished(mut self, finished: Option<Finished>) -> Self {
        self.applied |= finished.as_ref().is_some_and(Finished::wrote);
        self.finished = finished;
        self
    }

    /// Whether something could not come here until a person does something about it.
    #[must_use]
    pub fn keeps_waiting(&self) -> bool {
        let units = self.projects.iter().chain(&self.settings);
        units.flat_map(|unit| &unit.kept_paths).any(KeptLine::waits)
    }
}

/// Pulls, and remembers how it went.
pub fn pull(writer: &Writer<'_>, options: &PullOptions) -> Result<PullReport, FlowError> {
    bookkeeping::remembered(writer, ("pull", options.dry_run), |began| {
        attempt(writer, options, began)
    })
}

fn attempt(
    writer: &Writer<'_>,
    options: &PullOptions,
    began: Timestamp,
) -> Result<PullReport, FlowError> {
    let remote = writer.remote(Aim::Fetch)?;
    let mut objects = Objects::new(&writer.store);
    let finished = undo::finish(writer, &mut objects, options.dry_run)?;
    let publisher = Publisher::new(writer, remote.as_deref(), began, options.dry_run);
    let ahead = Ahead::look(&publisher, &mut objects, &options.selection);
    let met = publisher.meet(&mut objects)?;
    if met.1.parent.is_none() {
        return Err(writer.session.nothing_to_pull());
    }
    let report = take_in(&publisher, &mut objects, (&met, ahead), options)?;
    Ok(report.with_finished(finished))
}

/// Takes in what the vault was met with.
pub fn take_in(
    publisher: &Publisher<'_>,
    objects: &mut Objects<'_>,
    ((agreed, upstream), ahead): (&(Agreed, Upstream), Ahead),
    options: &PullOptions,
) -> Result<PullReport, FlowError> {
    let writer = publisher.writer;
    let mut here = ahead.here(writer, upstream, &options.selection, objects)?;
    if here.is_whole {
        here.expect_settings(writer.session, upstream, objects)?;
    }
    bookkeeping::sweep_projects(writer, &here, &options.selection);
    let Sifted { fallen, holding } = sift(writer.session, objects, (&here, upstream))?;
    hold_paths(&mut here, &holding);
    let machine = writer.machine();
    let ground = Ground {
        agreed,
        upstream,
        filer: &publisher.filer(&machine),
    };
    let pull = Pull {
        writer,
        ground: &ground,
        allow_mass_delete: options.allow_mass_delete,
        take: options.take,
        decided: &fallen.known,
    };
    let mut plan = pull.plan(objects, &mut here)?;
    let mut ops = Ops::open(writer.session);
    let standing = Standing {
        objects,
        tree: upstream.tree,
        here: &here,
        machine: &machine,
        lookup: Lookup::default(),
    };
    standing.look_up(&mut plan.conflicts)?;
    mark_decided(&mut plan.conflicts, |id| holding.contains_key(id));
    if options.dry_run {
        preview_all(writer, objects, &mut plan.landings)?;
        plan.gave_way(&here);
    } else {
        pull.carry_out(objects, &here, &mut plan)?;
        fallen.settle(writer)?;
        plan.gave_way(&here);
        plan.teach(&mut here);
        pause::end(writer.session);
        ops.meet(writer.session, objects, upstream);
        bookkeeping::remember_projects(writer, &here, false)?;
        bookkeeping::save_caches(writer, &here, objects);
    }
    let unasked = here
        .is_whole
        .then(|| unasked(writer.session, (&here, upstream), objects))
        .transpose()?;
    let now = writer.session.edges.clock.now();
    let mut report = report(options, &here, upstream, plan);
    report.conflicts.fields = ops.disputes(writer.session);
    Ok(PullReport {
        remote: writer.session.config.remote_url.clone(),
        unasked: unasked.unwrap_or_default(),
        resolved: fallen.lines,
        ops: ops.counts(0),
        ms: now.millis() - publisher.began.millis(),
        ..report
    })
}

fn report(options: &PullOptions, here: &Here, upstream: &Upstream, plan: PullPlan) -> PullReport {
    let units: Vec<PulledUnit> = plan
        .landings
        .into_iter()
        .map(|landing| landing.report)
        .collect();
    let changed = units.iter().any(|unit| !unit.changes.is_empty());
    let (settings, projects) = units.into_iter().partition(|unit| unit.is_settings);
    PullReport {
        applied: !options.dry_run && changed,
        dry_run: options.dry_run,
        commit: upstream.parent,
        missing: missing(here, upstream, &options.selection),
        unasked: Vec::new(),
        skipped: skipped(here),
        withheld: withheld(here),
        left: left(here),
        conflicts: Conflicts {
            files: plan.conflicts,
            fields: Vec::new(),
        },
        projects,
        settings,
        resolved: Vec::new(),
        finished: None,
        undo: plan.undo.map(|number| number.to_string()),
        ops: OpCounts::default(),
        remote: None,
        healed: upstream.healed,
        ms: 0,
    }
}

/// The vault's projects that are not on this machine.
fn missing(here: &Here, upstream: &Upstream, selection: &Selection) -> Vec<MissingProject> {
    if !selection.projects.is_empty() {
        return Vec::new();
    }
    let is_here = |id: &Id| {
        here.projects
            .iter()
            .any(|project| project.registered.id == *id)
    };
    let absent = upstream
        .projects
        .iter()
        .filter(|project| !is_here(&project.record.id));
    absent
        .map(|project| MissingProject {
            name: project.name.clone(),
            remotes: project.record.remotes.clone(),
        })
        .collect()
}
