//! Decisions on their way into the vault. A push applies them to what the vault has before anything
//! else, and merges this disk onto that; so what was edited since is an edit like any other.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Finding, Leaf, VaultPath};
use crate::flow::here::Here;
use crate::flow::meeting::Decided;
use crate::flow::report::ConflictLine;
use crate::flow::upstream::Upstream;
use crate::flow::{FlowError, Session, Writer, allowance, equal};
use crate::layout::{Owner, names};
use crate::merge::{Edits, Graft, Trio, edit, leaves};
use crate::vault::Objects;

use super::queue::{Chosen, Decision, Queue};
use super::report::{DecisionLine, DecisionOutcome};
use super::stand::{Spoken, Standing, in_vault, place, standing};
use super::version::as_file;

/// What became of the decisions that waited.
#[derive(Default)]
pub struct Carried {
    pub lines: Vec<DecisionLine>,
    pub known: Vec<Decided>,
    /// The directories of the conflicts that are gone.
    pub dirs: BTreeSet<VaultPath>,
    /// The conflicts about which decisions wait for another push: this one is not about their projects.
    pub waiting: BTreeSet<String>,
    /// Those that wait no more, once the push is through.
    done: Vec<(String, Decision)>,
}

impl Carried {
    /// Notes what became of a decision; nothing is said of one that the vault has already.
    fn tell(&mut self, id: String, decision: Decision, outcome: Option<DecisionOutcome>) {
        self.lines.extend(outcome.map(|outcome| DecisionLine {
            id: id.clone(),
            project: decision.name.clone(),
            path: decision.path.clone(),
            outcome,
        }));
        if outcome != Some(DecisionOutcome::Withheld) {
            self.done.push((id, decision));
        }
    }

    fn drop_choice(
        &mut self,
        decision: &Decision,
        vault: Option<Leaf>,
        spoken: Option<Spoken<'_>>,
    ) {
        let dropped = spoken.and_then(|spoken| spoken.dropped(decision, as_file(vault)));
        self.known.extend(dropped);
    }

    fn extend(&mut self, more: Self) {
        self.lines.extend(more.lines);
        self.known.extend(more.known);
        self.dirs.extend(more.dirs);
        self.done.extend(more.done);
    }

    /// Forgets what the vault has now, and what holds no more. One that was changed meanwhile stays.
    pub fn settle(&self, writer: &Writer<'_>) -> Result<(), FlowError> {
        if self.done.is_empty() {
            return Ok(());
        }
        Queue::edit(writer, |queue| {
            for (id, decision) in &self.done {
                if queue.decisions.get(id) == Some(decision) {
                    queue.decisions.remove(id);
                }
            }
        })
    }
}

/// Applies every decision that still holds to the vault's tree: all at once, or, where the gate finds
/// something or two of them get in each other's way, one after the other.
pub fn carry(
    session: &Session<'_>,
    objects: &mut Objects<'_>,
    here: &mut Here,
    upstream: &mut Upstream,
) -> Result<Carried, FlowError> {
    let mut carried = Carried::default();
    let mut open = Vec::new();
    for (id, decision) in Queue::load(session)?.decisions {
        if is_about(here, &decision.owner) {
            open.push((id, decision));
        } else {
            carried.waiting.insert(id);
        }
    }
    let mut together = Carried::default();
    let edits = judge(objects, (here, upstream), open.clone(), &mut together)?;
    let held = put(session, objects, upstream, &edits);
    if held.is_ok_and(|held| held.is_empty()) {
        together.waiting = carried.waiting;
        return Ok(together);
    }
    for (id, decision) in open {
        let mut alone = Carried::default();
        let one = vec![(id.clone(), decision.clone())];
        let edits = judge(objects, (here, upstream), one, &mut alone)?;
        let held = put(session, objects, upstream, &edits)?;
        if held.is_empty() {
            carried.extend(alone);
            continue;
        }
        for finding in &held {
            here.hold_back(finding);
        }
        carried.tell(id, decision, Some(DecisionOutcome::Withheld));
    }
    Ok(carried)
}

/// Says what becomes of each, as the vault has it now, and what those change there that hold.
fn judge(
    objects: &mut Objects<'_>,
    (here, upstream): (&Here, &Upstream),
    decisions: Vec<(String, Decision)>,
    carried: &mut Carried,
) -> Result<Edits, FlowError> {
    let mut all = Edits::new();
    for (id, decision) in decisions {
        let spoken = Spoken::of(objects, (here, upstream), &decision)?;
        let outcome = match standing(objects, upstream, (&id, &decision), spoken.as_ref())? {
            Standing::Arrived => None,
            Standing::Changed => {
                let vault = in_vault(objects, upstream, &decision)?;
                carried.drop_choice(&decision, vault, spoken);
                Some(DecisionOutcome::Dropped)
            }
            Standing::TakenBack => Some(DecisionOutcome::TakenBack),
            Standing::Holds => {
                all.extend(edits(objects, upstream, (&id, &decision), spoken.as_ref())?);
                carried
                    .known
                    .extend(spoken.map(|spoken| spoken.known(&decision)));
                let dir = decision.filed.map(|_| names::conflict_dir(&id));
                carried.dirs.extend(dir.transpose()?);
                Some(DecisionOutcome::Carried)
            }
        };
        carried.tell(id, decision, outcome);
    }
    Ok(all)
}

/// What stands of the queue, and what does not.
#[derive(Default)]
pub struct Sifted {
    /// The decisions that hold no more: a pull drops them, too, before it meets what they wrote here.
    pub fallen: Carried,
    /// The decisions that hold as things stand, by the id of the conflict.
    pub holding: BTreeMap<String, Decision>,
}

pub fn sift(
    session: &Session<'_>,
    objects: &Objects<'_>,
    (here, upstream): (&Here, &Upstream),
) -> Result<Sifted, FlowError> {
    let mut sifted = Sifted::default();
    for (id, decision) in Queue::load(session)?.decisions {
        let spoken = Spoken::of(objects, (here, upstream), &decision)?;
        match standing(objects, upstream, (&id, &decision), spoken.as_ref())? {
            Standing::Holds => {
                sifted.holding.insert(id, decision);
            }
            Standing::Changed if is_about(here, &decision.owner) => {
                let vault = in_vault(objects, upstream, &decision)?;
                sifted.fallen.drop_choice(&decision, vault, spoken);
                let outcome = Some(DecisionOutcome::Dropped);
                sifted.fallen.tell(id, decision, outcome);
            }
            Standing::Arrived | Standing::TakenBack | Standing::Changed => {}
        }
    }
    Ok(sifted)
}

/// A pull writes nothing over a choice that waits for its push.
pub fn hold_paths(here: &mut Here, holding: &BTreeMap<String, Decision>) {
    for decision in holding.values() {
        let mut all = here.scanned_mut();
        if let Some(scanned) = all.find(|scanned| scanned.unit.owner == decision.owner) {
            scanned.decided.insert(decision.path.clone());
        }
    }
}

/// Marks the conflicts about which a decision waits.
pub fn mark_decided(lines: &mut [ConflictLine], waits: impl Fn(&String) -> bool) {
    for line in lines {
        line.decided = waits(&line.id);
    }
}

/// Whether this run is about the project or tool. One that is about everything is also about what is
/// not on this machine.
fn is_about(here: &Here, owner: &Owner) -> bool {
    let mut taken = here.scanned();
    here.is_whole || taken.any(|scanned| scanned.unit.owner == *owner)
}

/// The choice at its path, and the conflict gone.
fn edits(
    objects: &mut Objects<'_>,
    upstream: &Upstream,
    (id, decision): (&str, &Decision),
    spoken: Option<&Spoken<'_>>,
) -> Result<Edits, FlowError> {
    let mut edits = Edits::new();
    let dir = names::conflict_dir(id)?;
    for tail in leaves(objects, decision.filed)?.into_keys() {
        edits.insert(dir.join(&tail), Graft::Remove);
    }
    let (Chosen::Content(chosen), Some(place)) =
        (&decision.chosen, place(upstream, &decision.owner)?)
    else {
        return Ok(edits);
    };
    let chosen = match (chosen, spoken) {
        (Some(leaf), Some(spoken)) => {
            let trio = Trio {
                path: decision.path.clone(),
                base: None,
                local: Some(*leaf),
                vault: decision.vault,
                barred: false,
            };
            Some(equal::outgoing(
                objects,
                &spoken.scanned.unit,
                &trio,
                *leaf,
            )?)
        }
        (chosen, _) => *chosen,
    };
    if chosen.is_some() || decision.vault.is_some() {
        let graft = chosen.map_or(Graft::Remove, Graft::Leaf);
        edits.insert(place.join(&decision.path), graft);
    }
    Ok(edits)
}

/// Puts edits into the vault's tree, unless the gate finds something in them, as in any other's.
fn put(
    session: &Session<'_>,
    objects: &mut Objects<'_>,
    upstream: &mut Upstream,
    edits: &Edits,
) -> Result<Vec<Finding>, FlowError> {
    let Some(after) = edit(objects, upstream.tree, edits)? else {
        return Ok(Vec::new());
    };
    let gate = allowance::gate(session, objects, upstream.tree)?;
    let held = objects.held_back((upstream.tree, after), None, &gate, &|_| ())?;
    if held.is_empty() {
        upstream.tree = Some(after);
    }
    Ok(held)
}
