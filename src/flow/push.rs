//! Push: what this disk has goes into the vault, merged with what others put there meanwhile.

use std::thread;
use std::time::Duration;

use serde::Serialize;

use crate::base::{Finding, ObjectId, Timestamp};
use crate::layout::Access;
use crate::merge::edit;
use crate::source::Reason;
use crate::vault::wire::{PushOutcome, Remote, Update};
use crate::vault::{CommitOutcome, NewCommit, Objects, RefName};

use super::agreed::{Agreed, agreed_commit};
use super::filing::Filer;
use super::here::{Here, Selection};
use super::records::{own_record, skeleton, summary};
use super::report::{
    ConflictLine, FileCounts, LeftLine, SkippedProject, UnitChanges, WithheldLine, left, skipped,
    withheld,
};
use super::round::{Round, RoundPlan};
use super::upstream::{Healed, Source, Upstream, look};
use super::{Event, FlowError, Writer, bookkeeping};

/// So often is the work merged again when other machines are faster.
const MAX_ATTEMPTS: usize = 25;

#[derive(Clone, Debug, Default)]
pub struct PushOptions {
    pub dry_run: bool,
    pub selection: Selection,
    pub allow_mass_delete: bool,
}

/// Operations of the task list that travelled.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct OpCounts {
    pub sent: usize,
    pub received: usize,
}

#[derive(Debug, Serialize)]
pub struct PushReport {
    /// A commit was made.
    pub committed: bool,
    /// The remote was read back and has it.
    pub pushed: bool,
    pub commit: Option<ObjectId>,
    pub dry_run: bool,
    pub files: FileCounts,
    pub projects: Vec<UnitChanges>,
    pub settings: Vec<UnitChanges>,
    pub withheld: Vec<WithheldLine>,
    pub left: Vec<LeftLine>,
    pub skipped: Vec<SkippedProject>,
    pub conflicts: Vec<ConflictLine>,
    pub ops: OpCounts,
    pub remote: Option<String>,
    pub healed: Option<Healed>,
    pub attempts: usize,
    pub ms: i64,
}

impl PushReport {
    /// Whether something waits for a person.
    #[must_use]
    pub fn needs_decision(&self) -> bool {
        let ambiguous = self
            .skipped
            .iter()
            .any(|project| project.reason == "ambiguous");
        ambiguous || !self.withheld.is_empty() || !self.conflicts.is_empty()
    }
}

/// Pushes, and remembers how it went.
pub fn push(writer: &Writer<'_>, options: &PushOptions) -> Result<PushReport, FlowError> {
    let began = writer.session.edges.clock.now();
    let result = attempt(writer, options, began);
    if !options.dry_run {
        bookkeeping::remember_run(writer, "push", began, result.as_ref().err())?;
    }
    result
}

fn attempt(
    writer: &Writer<'_>,
    options: &PushOptions,
    began: Timestamp,
) -> Result<PushReport, FlowError> {
    let remote = writer.remote()?;
    let source = remote.as_deref().map_or(Source::Here, Source::Remote);
    let mut objects = Objects::new(&writer.store);
    let name = writer.session.machine_name();
    let mut run = Run {
        writer,
        options,
        source,
        name,
        began,
    };
    let (agreed, upstream) = run.meet(&mut objects)?;
    let mut cache = bookkeeping::open_cache(writer)?;
    let mut here = Here::scan(
        writer,
        &upstream,
        &options.selection,
        (&mut cache, &mut objects),
    )?;
    let done = run.publish(&mut objects, (agreed, upstream), &mut here)?;
    if !options.dry_run {
        if done.tip.is_some() {
            bookkeeping::remember_projects(writer, &here)?;
        }
        bookkeeping::sweep_projects(writer, &here);
        cache.save(&writer.session.places.stat_cache())?;
    }
    Ok(run.report(&here, done))
}

/// What a push came to.
struct Done {
    tip: Option<ObjectId>,
    committed: bool,
    pushed: bool,
    healed: Option<Healed>,
    attempts: usize,
    plan: RoundPlan,
}

struct Run<'a> {
    writer: &'a Writer<'a>,
    options: &'a PushOptions,
    source: Source<'a>,
    name: String,
    began: Timestamp,
}

impl Run<'_> {
    /// Looks at the vault, and brings what is agreed in line with what arrived there.
    fn meet(&self, objects: &mut Objects<'_>) -> Result<(Agreed, Upstream), FlowError> {
        if let Source::Remote(remote) = &self.source {
            self.writer
                .session
                .tell(&Event::Contacting { url: remote.url() });
        }
        let machine = self.writer.machine();
        let filer = Filer {
            machine: &machine,
            name: &self.name,
            now: self.began,
        };
        let agreed = Agreed::load(&self.writer.store, RefName::Base)?;
        let upstream = look(objects, &self.source, &agreed, &filer)?;
        let agreed = bookkeeping::settle_pending(&self.writer.store, &upstream, agreed)?;
        if upstream.first_meeting {
            return Ok((Agreed::default(), upstream));
        }
        Ok((agreed, upstream))
    }

    /// The loop: merge, commit, push; and again, if another machine was faster.
    fn publish(
        &mut self,
        objects: &mut Objects<'_>,
        (mut agreed, mut upstream): (Agreed, Upstream),
        here: &mut Here,
    ) -> Result<Done, FlowError> {
        let mut healed = upstream.healed;
        let mut attempts = 1;
        loop {
            let machine = self.own_machine(objects, &agreed, &upstream)?;
            let filer = Filer {
                machine: &machine,
                name: &self.name,
                now: self.began,
            };
            let round = Round {
                agreed: &agreed,
                upstream: &upstream,
                filer: &filer,
                allow_mass_delete: self.options.allow_mass_delete,
            };
            let mut plan = round.plan(objects, here)?;
            let done = |tip, committed, pushed, plan| Done {
                tip,
                committed,
                pushed,
                healed,
                attempts,
                plan,
            };
            if self.options.dry_run {
                return Ok(done(None, false, false, plan));
            }
            let Some(next) = self.next_tip(objects, here, &upstream, &mut plan)? else {
                continue;
            };
            if Some(next) == upstream.expected {
                bookkeeping::agree(self.writer, objects, (&agreed, &plan.agreed), next)?;
                bookkeeping::arrived(self.writer, next, self.is_remote())?;
                return Ok(done(upstream.expected, false, self.is_remote(), plan));
            }
            let Some(tip) = self.send(objects, (&agreed, &plan), &upstream, next)? else {
                self.pause(attempts)?;
                attempts += 1;
                (agreed, upstream) = self.meet(objects)?;
                healed = healed.or(upstream.healed);
                here.place_again(&upstream);
                continue;
            };
            let committed = Some(tip) != upstream.parent;
            return Ok(done(Some(tip), committed, self.is_remote(), plan));
        }
    }

    const fn is_remote(&self) -> bool {
        matches!(self.source, Source::Remote(_))
    }

    /// This machine's id; a new one where somebody else wrote a record under it.
    fn own_machine(
        &self,
        objects: &Objects<'_>,
        agreed: &Agreed,
        upstream: &Upstream,
    ) -> Result<crate::base::MachineId, FlowError> {
        if bookkeeping::is_clone(self.writer, objects, agreed, upstream)? && !self.options.dry_run {
            self.writer.rename_machine()?;
            self.writer.session.tell(&Event::Warning {
                text: "another machine wrote under this machine's id (a clone, or a restored backup): it goes on under a new one",
            });
        }
        Ok(self.writer.machine())
    }

    /// The commit that the vault should have: what it has already, or a new one. Nothing where the
    /// gate held something back: then the plan has to be made again without it.
    fn next_tip(
        &self,
        objects: &mut Objects<'_>,
        here: &mut Here,
        upstream: &Upstream,
        plan: &mut RoundPlan,
    ) -> Result<Option<ObjectId>, FlowError> {
        let merged_histories = upstream.healed == Some(Healed::Diverged);
        if plan.edits.is_empty() && !merged_histories {
            return match upstream.parent {
                Some(parent) => Ok(Some(parent)),
                None => Err(FlowError::NothingToPush),
            };
        }
        if upstream
            .record
            .as_ref()
            .is_some_and(|record| record.access() == Access::ReadOnly)
        {
            return Err(FlowError::NewerFormat {
                place: "the vault".to_owned(),
                writing: true,
            });
        }
        let edges = self.writer.session.edges;
        if upstream.tree.is_none() {
            skeleton(objects, edges, self.began, &mut plan.edits)?;
        }
        own_record(objects, self.writer, here, self.began, plan)?;
        let tree = edit(objects, upstream.tree, &plan.edits)?.expect("a vault has its own record");
        let message = summary(&self.name, &plan.units);
        let author = self.writer.author();
        let new = NewCommit {
            tree,
            parent: upstream.parent,
            author: &author,
            at: self.began,
            message: &message,
        };
        match objects.commit(&new, &crate::snapshot::SecretGate)? {
            CommitOutcome::Made(commit) => Ok(Some(commit)),
            CommitOutcome::Held(findings) => {
                for finding in findings {
                    withhold(here, plan, &finding)?;
                }
                Ok(None)
            }
        }
    }

    /// Sends a commit. Nothing where another machine was faster.
    fn send(
        &self,
        objects: &mut Objects<'_>,
        (agreed, plan): (&Agreed, &RoundPlan),
        upstream: &Upstream,
        next: ObjectId,
    ) -> Result<Option<ObjectId>, FlowError> {
        let tree = plan.agreed.apply(objects, agreed)?;
        let pending = agreed_commit(objects, tree, next, &self.writer.author(), self.began)?;
        let store = &self.writer.store;
        store.write_ref(RefName::Pending, pending)?;
        let update = Update {
            from: upstream.expected,
            to: next,
        };
        let outcome = match &self.source {
            Source::Here if store.swap_ref(RefName::Branch, update.from, next)? => {
                PushOutcome::Accepted
            }
            Source::Here => PushOutcome::Moved,
            Source::Remote(remote) => self.send_to(*remote, objects, update)?,
        };
        match outcome {
            PushOutcome::Accepted => {
                store.write_ref(RefName::Base, pending)?;
                bookkeeping::arrived(self.writer, next, self.is_remote())?;
                store.delete_ref(RefName::Pending)?;
                Ok(Some(next))
            }
            PushOutcome::Moved => {
                store.delete_ref(RefName::Pending)?;
                Ok(None)
            }
            PushOutcome::Refused { reason } => {
                store.delete_ref(RefName::Pending)?;
                let url = self
                    .writer
                    .session
                    .config
                    .remote_url
                    .clone()
                    .unwrap_or_default();
                Err(FlowError::PushRefused { url, reason })
            }
        }
    }

    fn send_to(
        &self,
        remote: &dyn Remote,
        objects: &Objects<'_>,
        update: Update,
    ) -> Result<PushOutcome, FlowError> {
        self.writer
            .session
            .tell(&Event::Pushing { url: remote.url() });
        Ok(remote.push(objects, update)?)
    }

    /// A little longer each time, and never as long as the other machine.
    fn pause(&self, attempts: usize) -> Result<(), FlowError> {
        if attempts >= MAX_ATTEMPTS {
            return Err(FlowError::TooContended { attempts });
        }
        self.writer.session.tell(&Event::Again {
            attempt: attempts + 1,
        });
        let mut chance = [0; 2];
        self.writer.session.edges.random.fill(&mut chance)?;
        let most = 10 << attempts.min(6);
        thread::sleep(Duration::from_millis(
            u64::from(u16::from_be_bytes(chance)) % most,
        ));
        Ok(())
    }

    fn report(&self, here: &Here, done: Done) -> PushReport {
        let files = FileCounts::of(here, &done.plan.units);
        let (settings, projects) = done
            .plan
            .units
            .into_iter()
            .partition(|unit| unit.is_settings);
        PushReport {
            committed: done.committed,
            pushed: done.pushed,
            commit: done.tip,
            dry_run: self.options.dry_run,
            files,
            projects,
            settings,
            withheld: withheld(here),
            left: left(here),
            skipped: skipped(here),
            conflicts: done.plan.conflicts,
            ops: OpCounts::default(),
            remote: self.writer.session.config.remote_url.clone(),
            healed: done.healed,
            attempts: done.attempts,
            ms: self.writer.session.edges.clock.now().millis() - self.began.millis(),
        }
    }
}

/// Takes a file with a finding out of what is here.
fn withhold(here: &mut Here, plan: &RoundPlan, finding: &Finding) -> Result<(), FlowError> {
    let place = here.locate(&finding.path).or_else(|| {
        let id = finding.path.names().nth(1)?.to_owned();
        let line = plan.conflicts.iter().find(|line| line.id == id)?;
        Some((line.project.clone(), line.path.clone()))
    });
    let scanned = place.and_then(|(name, path)| Some((here.unit_mut(&name)?, path)));
    let Some((scanned, path)) = scanned else {
        return Err(FlowError::GateHoldsRecord {
            path: finding.path.clone(),
            rule: finding.rule.clone(),
        });
    };
    scanned.lines.insert(path.clone(), finding.line);
    scanned.withhold(path, Reason::HoldsSecret, Some(finding.rule.clone()));
    Ok(())
}
