//! Push: what this disk has goes into the vault, merged with what others put there meanwhile.

use serde::Serialize;

use crate::base::{Finding, ObjectId, Timestamp};
use crate::merge::Lookup;
use crate::vault::Objects;
use crate::vault::wire::Aim;

use super::account::{alike, counts, large, left, skipped, withheld};
use super::agreed::Agreed;
use super::ahead::Ahead;
use super::allowance::Queue;
use super::conflict::{Carried, DecisionLine, carry, mark_decided};
use super::here::{Here, Selection};
use super::lacking::awaits_projects;
use super::meeting::{Ground, Terms};
use super::ops::Ops;
use super::publish::{Published, Publisher, Work};
use super::renewal::{Fresh, renew};
use super::report::{
    AlikeLine, FileCounts, LargeLine, LeftLine, OpCounts, SkippedProject, UnitChanges, WithheldLine,
};
use super::round::{Round, RoundPlan};
use super::standing::Standing;
use super::task::HeldText;
use super::undo::{self, Finished};
use super::upstream::{Healed, Upstream};
use super::waiting::{Conflicts, needs_decision};
use super::{FlowError, Writer, away, bookkeeping, journal};

#[derive(Clone, Debug, Default)]
pub struct PushOptions {
    pub dry_run: bool,
    pub selection: Selection,
    pub allow_mass_delete: bool,
}

#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a report answers several yes-or-no questions that scripts ask"
)]
pub struct PushReport {
    /// A commit was made.
    pub committed: bool,
    /// The vault's ref was moved: also by publishing commits that were made before.
    pub moved: bool,
    /// The remote was read back and has it.
    pub pushed: bool,
    pub commit: Option<ObjectId>,
    pub dry_run: bool,
    pub files: FileCounts,
    pub projects: Vec<UnitChanges>,
    pub settings: Vec<UnitChanges>,
    pub withheld: Vec<WithheldLine>,
    pub left: Vec<LeftLine>,
    pub large: Vec<LargeLine>,
    pub alike: Vec<AlikeLine>,
    pub skipped: Vec<SkippedProject>,
    pub conflicts: Conflicts,
    /// What was finished on this disk of a run that was killed before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Finished>,
    /// What became of decisions about conflicts.
    pub resolved: Vec<DecisionLine>,
    pub ops: OpCounts,
    /// Texts of tasks that stay on this machine, while the rest of these travels.
    pub texts: Vec<HeldText>,
    /// What a person decided about secrets, and the vault does not know yet.
    pub decisions: usize,
    pub remote: Option<String>,
    pub healed: Option<Healed>,
    pub attempts: usize,
    pub ms: i64,
    /// Projects that travelled from here before this machine was connected anew were not looked for.
    #[serde(skip)]
    pub awaits_projects: bool,
}

impl PushReport {
    /// Whether something waits for a person.
    #[must_use]
    pub fn needs_decision(&self) -> bool {
        self.ops.fault.is_some() || needs_decision(&self.skipped, &self.withheld, &self.conflicts)
    }
}

/// Pushes, and remembers how it went.
pub fn push(writer: &Writer<'_>, options: &PushOptions) -> Result<PushReport, FlowError> {
    bookkeeping::remembered(writer, ("push", options.dry_run), |began| {
        attempt(writer, options, began)
    })
}

fn attempt(
    writer: &Writer<'_>,
    options: &PushOptions,
    began: Timestamp,
) -> Result<PushReport, FlowError> {
    let away = |fault| {
        away::told(
            writer,
            (began, options.dry_run),
            fault,
            |away, objects, met| send(away, objects, (met, Ahead::none()), options).map(drop),
        )
    };
    let remote = writer.remote(Aim::of_push(options.dry_run)).map_err(away)?;
    let mut objects = Objects::new(&writer.store);
    let finished = undo::finish(writer, &mut objects, options.dry_run)?;
    let publisher = Publisher::new(writer, remote.as_deref(), began, options.dry_run);
    let ahead = Ahead::look(&publisher, &mut objects, &options.selection);
    let met = publisher.meet(&mut objects).map_err(away)?;
    let report = send(&publisher, &mut objects, (met, ahead), options)?;
    Ok(PushReport { finished, ..report })
}

/// Sends what this disk has to the vault that was met.
pub fn send(
    publisher: &Publisher<'_>,
    objects: &mut Objects<'_>,
    ((agreed, upstream), ahead): ((Agreed, Upstream), Ahead),
    options: &PushOptions,
) -> Result<PushReport, FlowError> {
    let writer = publisher.writer;
    let here = ahead.here(writer, &upstream, &options.selection, objects)?;
    // What a killed run left goes all at once, and some of it may lie in the remote.
    if !publisher.is_away() {
        bookkeeping::sweep_projects(writer, &here, &options.selection);
    }
    let mut state = State {
        ops: Ops::open(writer.session),
        writer,
        here,
        options,
        carried: Carried::default(),
        fresh: Fresh::default(),
    };
    let before = upstream.tree;
    let done = publisher.publish(objects, (agreed, upstream), &mut state);
    let mut done = done.map_err(|fault| all_withheld(fault, &state.here))?;
    let after = done.tip.map(|tip| writer.store.tree_of(tip)).transpose()?;
    let standing = Standing {
        objects,
        tree: after.or(before),
        here: &state.here,
        machine: &writer.machine(),
        lookup: Lookup::default(),
    };
    standing.look_up(&mut done.plan.conflicts)?;
    let waiting = &state.carried.waiting;
    mark_decided(&mut done.plan.conflicts, |id| waiting.contains(id));
    if !options.dry_run {
        state.carried.settle(writer)?;
        if state.here.is_whole {
            journal::landed(&writer.store)?;
        }
        bookkeeping::remember_projects(writer, &state.here, true)?;
        bookkeeping::save_caches(writer, &state.here, objects);
    }
    let ops = state.ops.counts(done.plan.ops);
    let mut report = report(writer, options, (&state.here, done), publisher.began);
    report.conflicts.fields = state.ops.disputes(writer.session);
    Ok(PushReport {
        ops,
        texts: state.ops.texts(writer.session),
        decisions: Queue::load(writer.session)?.decisions.len(),
        resolved: state.carried.lines,
        ..report
    })
}

/// Nothing to push, though something is here: then that is what has to be said.
fn all_withheld(fault: FlowError, here: &Here) -> FlowError {
    let lines = withheld(here);
    if lines.is_empty() || !matches!(fault, FlowError::NothingToPush) {
        return fault;
    }
    FlowError::AllWithheld { lines }
}

/// The state of this disk, on its way into the vault.
struct State<'a> {
    writer: &'a Writer<'a>,
    here: Here,
    options: &'a PushOptions,
    carried: Carried,
    fresh: Fresh,
    ops: Ops,
}

impl Work for State<'_> {
    fn decide(
        &mut self,
        objects: &mut Objects<'_>,
        upstream: &mut Upstream,
    ) -> Result<(), FlowError> {
        self.carried = carry(self.writer.session, objects, &mut self.here, upstream)?;
        Ok(())
    }

    fn plan(
        &mut self,
        objects: &mut Objects<'_>,
        ground: &Ground<'_>,
    ) -> Result<RoundPlan, FlowError> {
        let dry_run = self.options.dry_run;
        let projects = (&mut self.here, &mut self.fresh);
        renew(self.writer, projects, ground.upstream, dry_run)?;
        let terms = Terms {
            ground,
            allow_mass_delete: self.options.allow_mass_delete,
            brings_back: false,
            decided: &self.carried.known,
        };
        let mut plan = Round { terms }.plan(objects, &mut self.here)?;
        plan.resolved.clone_from(&self.carried.dirs);
        self.ops.travel(
            (self.writer, dry_run),
            objects,
            (ground.upstream, &mut plan),
        );
        Ok(plan)
    }

    fn withhold(&mut self, finding: &Finding) -> Result<(), FlowError> {
        if self.here.hold_back(finding) || self.ops.hold_back(self.writer.session, finding) {
            return Ok(());
        }
        Err(FlowError::GateHoldsRecord {
            path: finding.path.clone(),
            rule: finding.rule.clone(),
        })
    }

    fn moved(&mut self, upstream: &Upstream) {
        self.here.place_again(upstream);
    }
}

fn report(
    writer: &Writer<'_>,
    options: &PushOptions,
    (here, done): (&Here, Published),
    began: Timestamp,
) -> PushReport {
    let files = counts(here, &done.plan.units);
    let (settings, projects) = done
        .plan
        .units
        .into_iter()
        .partition(|unit| unit.is_settings);
    PushReport {
        committed: done.committed,
        moved: done.moved,
        pushed: done.pushed,
        commit: done.tip,
        dry_run: options.dry_run,
        files,
        projects,
        settings,
        withheld: withheld(here),
        left: left(here),
        large: large(here, writer.session.config.warn_project),
        alike: alike(here),
        skipped: skipped(here),
        conflicts: Conflicts {
            files: done.plan.conflicts,
            fields: Vec::new(),
        },
        finished: None,
        resolved: Vec::new(),
        ops: OpCounts::default(),
        texts: Vec::new(),
        decisions: 0,
        remote: writer.session.config.remote_url.clone(),
        healed: done.healed,
        attempts: done.attempts,
        ms: writer.session.edges.clock.now().millis() - began.millis(),
        awaits_projects: awaits_projects(writer.session),
    }
}
