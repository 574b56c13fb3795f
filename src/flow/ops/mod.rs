//! The log of the task list on its way through the vault.
//!
//! *In*: the vault as it was met, and this machine's task store. *Out*: what others wrote is in the
//! store; what the vault lacks is on its way there, in the commit with everything else. *Never*: take
//! anything out of the vault, or hold a transaction while the remote is asked.

mod adoption;
mod arrival;
mod departure;
mod held;

use std::collections::BTreeMap;

use crate::base::{Finding, HostPath, ObjectId};
use crate::layout::{Frontier, Head, names};
use crate::merge::Edits;
use crate::tasks::{Reading, Store};
use crate::vault::{Objects, RefName};

use super::aside::{DATABASE, replace, work_dir};
use super::conflict::{FieldLine, open_fields};
use super::report::OpCounts;
use super::round::RoundPlan;
use super::task::{HeldText, held_texts, is_gone};
use super::upstream::Upstream;
use super::{Event, FlowError, Session, Writer};
pub use adoption::adopted;
pub use arrival::who_differs;
use arrival::{Theirs, arrive};
pub use held::held;

/// The task list as one run brings it together with the vault.
pub struct Ops {
    store: Option<Store>,
    theirs: Theirs,
    received: usize,
    /// The task store could not be used: everything else travels all the same.
    fault: Option<String>,
    /// The gate let a part of it not out: all of it stays here.
    is_held: bool,
}

/// What goes into the vault of it.
#[derive(Default)]
pub struct Departure {
    pub edits: Edits,
    pub sent: usize,
    pub frontier: Option<Frontier>,
}

impl Ops {
    /// The store of this machine; none where it has no tasks, and the vault has none either.
    #[must_use]
    pub fn open(session: &Session<'_>) -> Self {
        let mut ops = Self {
            store: None,
            theirs: Theirs::default(),
            received: 0,
            fault: None,
            is_held: false,
        };
        match left(session) {
            Ok(store) => ops.store = store,
            Err(fault) => ops.failed(session, &fault),
        }
        ops
    }

    /// Takes in what the vault has.
    pub fn meet(&mut self, session: &Session<'_>, objects: &Objects<'_>, upstream: &Upstream) {
        if self.fault.is_some() && !self.is_held {
            return;
        }
        if let Err(fault) = self.take_in(session, objects, upstream) {
            self.failed(session, &fault);
        }
    }

    fn take_in(
        &mut self,
        session: &Session<'_>,
        objects: &Objects<'_>,
        upstream: &Upstream,
    ) -> Result<(), FlowError> {
        if self.store.is_none() && is_gone(session)? {
            self.store = made_again(session)?;
        }
        // A history that was lost first: what it had is put back behind what the vault has now.
        for tree in [upstream.lost, upstream.tree].into_iter().flatten() {
            if !arrival::has_ops(objects, tree)? {
                self.theirs = Theirs::default();
                continue;
            }
            if self.store.is_none() {
                self.store = Some(session.task_store_anew()?);
            }
            let store = self.store.as_mut().expect("it was just opened");
            let came = arrive(session, store, objects, tree)?;
            self.received += came.received;
            self.theirs = came.theirs;
        }
        Ok(())
    }

    /// Brings both together: what the vault lacks goes into the plan.
    pub fn travel(
        &mut self,
        (writer, dry_run): (&Writer<'_>, bool),
        objects: &mut Objects<'_>,
        (upstream, plan): (&Upstream, &mut RoundPlan),
    ) {
        if dry_run {
            plan.ops = waiting(writer.session, objects, upstream.tree);
            return;
        }
        self.meet(writer.session, objects, upstream);
        let departure = self.depart(writer.session, objects, upstream.tree);
        plan.ops = departure.sent;
        plan.edits.extend(departure.edits);
        plan.frontier = departure.frontier;
    }

    /// The gate lets a part of the log not out: then none of it goes, and everything else does.
    pub fn hold_back(&mut self, session: &Session<'_>, finding: &Finding) -> bool {
        let is_ours = finding.path.below(&names::tasks_dir()).is_some();
        if is_ours {
            let text = format!(
                "the gate holds them back ({}): `holdall secret allow {}` lets this value out",
                finding.rule, finding.fingerprint
            );
            session.tell(&Event::Warning {
                text: &format!("tasks do not travel in this run: {text}"),
            });
            self.fault = Some(text);
            self.is_held = true;
        }
        is_ours
    }

    /// What the vault lacks, as changes of its tree.
    fn depart(
        &mut self,
        session: &Session<'_>,
        objects: &mut Objects<'_>,
        tree: Option<ObjectId>,
    ) -> Departure {
        let Some(store) = self
            .store
            .as_ref()
            .filter(|_| self.fault.is_none() || self.is_held)
        else {
            return Departure::default();
        };
        let done = departure::depart(
            &store.reading(),
            objects,
            (tree, &self.theirs),
            self.is_held,
        );
        match done {
            Ok(departure) => departure,
            Err(fault) => {
                self.failed(session, &fault);
                Departure::default()
            }
        }
    }

    /// The texts that stay on this machine.
    #[must_use]
    pub fn texts(&self, session: &Session<'_>) -> Vec<HeldText> {
        let store = self.store.as_ref();
        store.map_or_else(Vec::new, |store| texts_in_store(session, store))
    }

    /// The fields that wait for a decision.
    #[must_use]
    pub fn disputes(&self, session: &Session<'_>) -> Vec<FieldLine> {
        let store = self.store.as_ref();
        store.map_or_else(Vec::new, |store| in_store(session, store))
    }

    /// How many ops came and went.
    #[must_use]
    pub fn counts(&self, sent: usize) -> OpCounts {
        OpCounts {
            sent,
            received: self.received,
            fault: self.fault.clone(),
        }
    }

    fn failed(&mut self, session: &Session<'_>, fault: &FlowError) {
        // Nobody else says what to do about it: the run goes on.
        let hint = fault.hints().into_iter().next();
        let said = std::iter::once(fault.message()).chain(hint);
        let text = said.collect::<Vec<_>>().join(": ");
        session.tell(&Event::Warning {
            text: &format!("tasks do not travel in this run: {text}"),
        });
        self.fault = Some(text);
    }
}

/// The list that is there; one that is gone is made again when the vault is met.
fn left(session: &Session<'_>) -> Result<Option<Store>, FlowError> {
    if is_gone(session)? {
        return Ok(None);
    }
    session.task_store_left()
}

/// Puts a list in the place of one that is gone, with what this machine committed while the remote was
/// away: nobody else has it. A run that is killed before that is done leaves the place empty.
fn made_again(session: &Session<'_>) -> Result<Option<Store>, FlowError> {
    let text = "the task list is gone: what the vault and this machine's commits have of it comes back, and \
                changes that were in neither are lost";
    session.tell(&Event::Warning { text });
    let work = work_dir(session)?;
    let fresh = HostPath::new(work.path().join("tasks.db"))?;
    let mut list = session.task_store_at(&fresh)?;
    if let Some(store) = session.store()?
        && let Some(tip) = store.read_ref(RefName::Offline)?
    {
        let tree = store.tree_of(tip)?;
        take_in(session, &mut list, (&Objects::new(&store), tree))?;
    }
    drop(list);
    replace(&session.places.tasks(), &fresh, DATABASE)?;
    session.task_store_left()
}

/// The fields that wait for a decision. A store that cannot be opened is told of with what waits in it.
pub fn disputes(session: &Session<'_>) -> Vec<FieldLine> {
    let store = session.task_store_there().ok().flatten();
    store.map_or_else(Vec::new, |store| in_store(session, &store))
}

fn in_store(session: &Session<'_>, store: &Store) -> Vec<FieldLine> {
    open_fields(&store.reading()).unwrap_or_else(|fault| {
        let text = format!("conflicts of tasks cannot be seen: {}", fault.message());
        session.tell(&Event::Warning { text: &text });
        Vec::new()
    })
}

/// The texts that stay on this machine, likewise.
pub fn texts(session: &Session<'_>) -> Vec<HeldText> {
    let store = session.task_store_there().ok().flatten();
    store.map_or_else(Vec::new, |store| texts_in_store(session, &store))
}

fn texts_in_store(session: &Session<'_>, store: &Store) -> Vec<HeldText> {
    held_texts(&store.reading()).unwrap_or_else(|fault| {
        let text = format!("texts that stay here cannot be told: {}", fault.message());
        session.tell(&Event::Warning { text: &text });
        Vec::new()
    })
}

/// Takes what a tree of the vault has into a list; how many ops that were.
pub fn take_in(
    session: &Session<'_>,
    list: &mut Store,
    (objects, tree): (&Objects<'_>, ObjectId),
) -> Result<usize, FlowError> {
    if !arrival::has_ops(objects, tree)? {
        return Ok(0);
    }
    Ok(arrive(session, list, objects, tree)?.received)
}

/// How many ops of this machine the vault, as it was seen last, lacks. A store that cannot be read is
/// told, and hides nothing else.
pub fn waiting(session: &Session<'_>, objects: &Objects<'_>, tree: Option<ObjectId>) -> usize {
    pending(session, objects, tree).unwrap_or_else(|fault| {
        let text = format!("task changes cannot be counted: {}", fault.message());
        session.tell(&Event::Warning { text: &text });
        0
    })
}

fn pending(
    session: &Session<'_>,
    objects: &Objects<'_>,
    tree: Option<ObjectId>,
) -> Result<usize, FlowError> {
    let Some(store) = session.task_store_there()? else {
        return Ok(0);
    };
    let theirs = match tree {
        Some(tree) => arrival::heads(objects, tree)?,
        None => Theirs::default(),
    };
    departure::lacking(&store.reading(), &theirs)
}

/// How far the store has read each chain, and what that comes to.
fn frontier(reading: &Reading<'_>) -> Result<Frontier, FlowError> {
    let chains = reading.chains()?.into_iter().filter(|chain| chain.seq > 0);
    let head = |chain: crate::tasks::Chain| {
        let head = Head {
            seq: chain.seq,
            id: chain.id,
            extra: serde_json::Map::new(),
        };
        (chain.name, head)
    };
    Ok(Frontier {
        heads: chains.map(head).collect::<BTreeMap<_, _>>(),
        digest: reading.digest()?.to_string(),
        extra: serde_json::Map::new(),
    })
}
