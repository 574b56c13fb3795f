//! Publishing: some work on what the vault holds now, as one commit, sent with compare-and-swap; and
//! again on what it holds then, when another machine was faster.

use std::thread;
use std::time::Duration;

use crate::base::{Finding, Gate, MachineId, ObjectId, Timestamp};
use crate::layout::{Access, names};
use crate::merge::{Graft, edit};
use crate::vault::wire::{PushOutcome, Remote, Update};
use crate::vault::{CommitOutcome, NewCommit, Objects, RefName};

use super::agreed::Agreed;
use super::allowance::{self, Queue};
use super::filing::Filer;
use super::meeting::Ground;
use super::records::{is_ahead, own_record, skeleton, summary};
use super::round::RoundPlan;
use super::upstream::{Healed, Source, Upstream, look};
use super::{Event, FlowError, Stage, Writer, bookkeeping, conflicts, lacking, memory, offline};

/// So often is the work done again when other machines are faster.
const MAX_ATTEMPTS: usize = 25;

/// Something that changes the vault.
pub trait Work {
    /// What a person decided about conflicts goes first: the plans are for the vault as it is then.
    fn decide(
        &mut self,
        _objects: &mut Objects<'_>,
        _upstream: &mut Upstream,
    ) -> Result<(), FlowError> {
        Ok(())
    }
    /// What it comes to on this ground.
    fn plan(
        &mut self,
        objects: &mut Objects<'_>,
        ground: &Ground<'_>,
    ) -> Result<RoundPlan, FlowError>;
    /// The gate lets this content not out: the next plan must do without it.
    fn withhold(&mut self, finding: &Finding) -> Result<(), FlowError>;
    /// The vault moved: the next plan is for this.
    fn moved(&mut self, upstream: &Upstream);
}

/// What publishing came to.
pub struct Published {
    /// The vault's tip now.
    pub tip: Option<ObjectId>,
    pub committed: bool,
    /// The vault's ref was moved by this run.
    pub moved: bool,
    pub pushed: bool,
    pub healed: Option<Healed>,
    pub attempts: usize,
    pub plan: RoundPlan,
}

/// One run that publishes.
pub struct Publisher<'a> {
    pub writer: &'a Writer<'a>,
    pub remote: Option<&'a dyn Remote>,
    /// The address of a remote that cannot be reached: what is made is kept here.
    away: Option<&'a str>,
    pub name: String,
    pub began: Timestamp,
    pub dry_run: bool,
}

impl<'a> Publisher<'a> {
    #[must_use]
    pub fn new(
        writer: &'a Writer<'a>,
        remote: Option<&'a dyn Remote>,
        began: Timestamp,
        dry_run: bool,
    ) -> Self {
        Self {
            writer,
            remote,
            away: None,
            name: writer.session.machine_name(),
            began,
            dry_run,
        }
    }

    /// One whose remote is away: what it makes is kept here.
    #[must_use]
    pub fn away(writer: &'a Writer<'a>, url: &'a str, began: Timestamp) -> Self {
        Self {
            away: Some(url),
            ..Self::new(writer, None, began, false)
        }
    }

    #[must_use]
    pub const fn is_away(&self) -> bool {
        self.away.is_some()
    }

    pub fn filer<'m>(&'m self, machine: &'m MachineId) -> Filer<'m> {
        Filer::new(machine, &self.name, self.began)
    }

    /// Looks at the vault, and brings what is agreed in line with what arrived there.
    pub fn meet(&self, objects: &mut Objects<'_>) -> Result<(Agreed, Upstream), FlowError> {
        if let Some(remote) = self.remote {
            self.writer
                .session
                .tell(&Event::Contacting { url: remote.url() });
        }
        let machine = self.writer.machine();
        let agreed = lacking::agreed(self.writer)?;
        let tell = self.writer.session.tells(Stage::Fetching);
        let source = match (self.remote, self.away) {
            (Some(remote), _) => Source::Remote(remote, &tell),
            (None, Some(url)) => Source::Away(url),
            (None, None) => Source::Here,
        };
        let upstream = look(objects, &source, &agreed, &self.filer(&machine))?;
        let agreed = memory::settle(&self.writer.store, &upstream, agreed, self.dry_run)?;
        if upstream.first_meeting {
            if !self.dry_run {
                bookkeeping::all_are_new(self.writer)?;
            }
            return Ok((agreed.own_record_alone(objects)?, upstream));
        }
        Ok((agreed, upstream))
    }

    /// The loop: plan, commit, send; and again.
    pub fn publish(
        &self,
        objects: &mut Objects<'_>,
        (mut agreed, mut upstream): (Agreed, Upstream),
        work: &mut dyn Work,
    ) -> Result<Published, FlowError> {
        let mut healed = upstream.healed;
        let mut attempts = 1;
        work.decide(objects, &mut upstream)?;
        loop {
            let machine = self.own_machine(objects, &agreed, &upstream)?;
            let filer = self.filer(&machine);
            let ground = Ground {
                agreed: &agreed,
                upstream: &upstream,
                filer: &filer,
            };
            let mut plan = work.plan(objects, &ground)?;
            list_conflicts(objects, &upstream, &mut plan)?;
            let done = |tip, (committed, moved), plan| Published {
                tip,
                committed,
                moved,
                pushed: !self.dry_run && self.remote.is_some(),
                healed,
                attempts,
                plan,
            };
            if self.dry_run && self.holds_back(objects, work, &upstream, &plan)? {
                continue;
            }
            if self.dry_run {
                return Ok(done(None, (false, false), plan));
            }
            let queue = Queue::load(self.writer.session)?;
            if upstream.tree.is_some() || !plan.edits.is_empty() {
                queue.travel(objects, (upstream.tree, &machine), &mut plan.edits)?;
            }
            let Some(next) = self.next_tip(objects, work, &ground, &mut plan)? else {
                continue;
            };
            if self.is_away() {
                return Err(offline::keep(objects, &upstream, next)?);
            }
            if Some(next) == upstream.expected {
                memory::agree(self.writer, objects, (&agreed, &plan.agreed), next)?;
                bookkeeping::arrived(self.writer, next, self.remote.is_some())?;
                queue.settle(self.writer.session)?;
                return Ok(done(Some(next), (false, false), plan));
            }
            if self.send(objects, (&agreed, &plan), &upstream, next)? {
                queue.settle(self.writer.session)?;
                let committed = Some(next) != upstream.parent;
                return Ok(done(Some(next), (committed, true), plan));
            }
            self.pause(attempts)?;
            attempts += 1;
            (agreed, upstream) = self.meet(objects)?;
            healed = healed.or(upstream.healed);
            work.moved(&upstream);
            work.decide(objects, &mut upstream)?;
        }
    }

    /// This machine's id; a new one where somebody else wrote a record under it.
    fn own_machine(
        &self,
        objects: &Objects<'_>,
        agreed: &Agreed,
        upstream: &Upstream,
    ) -> Result<MachineId, FlowError> {
        if !self.dry_run && bookkeeping::is_clone(self.writer, objects, agreed, upstream)? {
            self.writer.rename_machine()?;
            if let Some(remote) = self.remote {
                remote.rename(&self.writer.machine());
            }
            self.writer.session.tell(&Event::Warning {
                text: "another machine wrote under this machine's id (a clone, or a restored backup): \
                       it goes on under a new one",
            });
        }
        Ok(self.writer.machine())
    }

    /// The commit that the vault should have: what it has already, or a new one. Nothing where the
    /// gate held something back: then the plan has to be made again without it.
    fn next_tip(
        &self,
        objects: &mut Objects<'_>,
        work: &mut dyn Work,
        ground: &Ground<'_>,
        plan: &mut RoundPlan,
    ) -> Result<Option<ObjectId>, FlowError> {
        let upstream = ground.upstream;
        let gate = allowance::gate(self.writer.session, objects, upstream.tree)?;
        let last = (!self.is_away()).then_some(&gate as &dyn Gate);
        let parent = offline::parent(self.writer, objects, (upstream, self.dry_run), last)?;
        if plan.edits.is_empty() && !is_ahead(objects, (self.writer, self.began), upstream.tree)? {
            let Some(parent) = parent else {
                return Err(FlowError::NothingToPush);
            };
            // Two histories that were merged and decisions on conflicts are news all the same.
            if upstream.tree == Some(self.writer.store.tree_of(parent)?) {
                return Ok(Some(parent));
            }
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
        let waiting = objects.waiting();
        if upstream.tree.is_none() {
            skeleton(
                objects,
                self.writer.session.edges,
                self.began,
                &mut plan.edits,
            )?;
        }
        own_record(objects, self.writer, self.began, plan)?;
        let tree = edit(objects, upstream.tree, &plan.edits)?.expect("a vault has its own record");
        if let Some(parent) = parent.filter(|_| self.is_away())
            && offline::is_no_news(self.writer, objects, (parent, tree))?
        {
            return Ok(Some(parent));
        }
        let message = summary(&self.name, plan);
        let author = self.writer.author();
        let new = NewCommit {
            tree,
            parent,
            author: &author,
            at: self.began,
            message: &message,
        };
        // What will be agreed goes into the store together with the commit that it is about.
        plan.agreed.apply(objects, ground.agreed)?;
        let tell = self.writer.session.tells(Stage::Checking);
        match objects.commit(&new, upstream.lost, &gate, &tell)? {
            CommitOutcome::Made(commit) => Ok(Some(commit)),
            CommitOutcome::Held(findings) => {
                // The next tree and record are other ones.
                objects.forget_since(waiting);
                for finding in findings {
                    work.withhold(&finding)?;
                }
                Ok(None)
            }
        }
    }

    /// Whether the gate would hold something of this plan back: then it has to be made again.
    fn holds_back(
        &self,
        objects: &mut Objects<'_>,
        work: &mut dyn Work,
        upstream: &Upstream,
        plan: &RoundPlan,
    ) -> Result<bool, FlowError> {
        let gate = allowance::gate(self.writer.session, objects, upstream.tree)?;
        hold_back(objects, (&gate, upstream.tree), plan, &mut |finding| {
            work.withhold(finding)
        })
    }

    /// Sends a commit. False where another machine was faster.
    fn send(
        &self,
        objects: &mut Objects<'_>,
        (agreed, plan): (&Agreed, &RoundPlan),
        upstream: &Upstream,
        next: ObjectId,
    ) -> Result<bool, FlowError> {
        let store = &self.writer.store;
        let update = Update {
            from: upstream.expected,
            to: next,
        };
        let edits = (agreed, &plan.agreed);
        let stamp = (&self.writer.author(), self.began);
        let base = memory::promise(objects, edits, (update.from, next), stamp)?;
        let outcome = match self.remote {
            None if store.swap_ref(RefName::Branch, update.from, next)? => PushOutcome::Accepted,
            None => PushOutcome::Moved,
            Some(remote) => {
                self.writer
                    .session
                    .tell(&Event::Pushing { url: remote.url() });
                let tell = self.writer.session.tells(Stage::Sending);
                remote.push(objects, update, &tell)?
            }
        };
        match outcome {
            PushOutcome::Accepted => {
                memory::booked(store, base)?;
                bookkeeping::arrived(self.writer, next, self.remote.is_some())?;
                Ok(true)
            }
            PushOutcome::Moved => {
                store.forget_sent(base)?;
                Ok(false)
            }
            PushOutcome::Refused { reason } => {
                store.forget_sent(base)?;
                let url = self
                    .remote
                    .map_or_else(String::new, |remote| remote.url().to_owned());
                Err(FlowError::PushRefused { url, reason })
            }
        }
    }

    /// A little longer each time, and never as long as the other machine.
    fn pause(&self, attempts: usize) -> Result<(), FlowError> {
        if attempts >= MAX_ATTEMPTS {
            let url = self.remote.map(|remote| remote.url().to_owned());
            return Err(FlowError::TooContended { url, attempts });
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
}

/// Tells of everything that the gate holds back of a plan that is not to be carried out. False where
/// nothing is.
pub fn hold_back(
    objects: &mut Objects<'_>,
    (gate, tree): (&dyn Gate, Option<ObjectId>),
    plan: &RoundPlan,
    tell: &mut dyn FnMut(&Finding) -> Result<(), FlowError>,
) -> Result<bool, FlowError> {
    let Some(after) = edit(objects, tree, &plan.edits)? else {
        return Ok(false);
    };
    let held = objects.held_back((tree, after), None, gate, &|_| ())?;
    held.iter().try_for_each(tell)?;
    Ok(!held.is_empty())
}

/// What others have on file waits for a decision all the same; what this plan settles does not.
fn list_conflicts(
    objects: &Objects<'_>,
    upstream: &Upstream,
    plan: &mut RoundPlan,
) -> Result<(), FlowError> {
    conflicts::add_filed(objects, upstream, &mut plan.conflicts)?;
    let settled = |id: &str| {
        let record = names::conflict_record(id).ok();
        record.is_some_and(|path| plan.edits.get(&path) == Some(&Graft::Remove))
    };
    plan.conflicts.retain(|line| !settled(&line.id));
    Ok(())
}
