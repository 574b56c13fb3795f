//! Decisions on their way into the vault. A push applies them to what the vault has before anything
//! else, and merges this disk onto that; so what was edited since is an edit like any other.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Kind, Leaf, ObjectId, Trees, VaultPath};
use crate::flow::here::Here;
use crate::flow::meeting::Decided;
use crate::flow::report::ConflictLine;
use crate::flow::scan::Scanned;
use crate::flow::upstream::Upstream;
use crate::flow::{FlowError, Session, Writer, allowance, equal};
use crate::layout::{Owner, names};
use crate::merge::{Edits, Graft, Scope, Trio, edit, find, leaves};
use crate::vault::Objects;

use super::queue::{Chosen, Decision, HereToo, Queue};
use super::report::{DecisionLine, DecisionOutcome};
use super::version::{as_file, tree_of};

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

/// Where a decision stands towards the vault and this disk.
enum Standing {
    /// All is as it was when the person looked.
    Holds,
    /// The vault has it already.
    Arrived,
    /// Somebody filed, resolved or pushed something else.
    Changed,
    /// This disk has again what it had before: whoever brought it back took the choice back.
    TakenBack,
}

/// Applies every decision that still holds to the vault's tree.
pub fn carry(
    session: &Session<'_>,
    objects: &mut Objects<'_>,
    here: &mut Here,
    upstream: &mut Upstream,
) -> Result<Carried, FlowError> {
    let mut carried = Carried::default();
    for (id, decision) in Queue::load(session)?.decisions {
        if !is_about(here, &decision.owner) {
            carried.waiting.insert(id);
            continue;
        }
        let spoken = Spoken::of(objects, here, &decision)?;
        let outcome = match standing(objects, upstream, (&id, &decision), spoken.as_ref())? {
            Standing::Arrived => None,
            Standing::Changed => {
                let vault = in_vault(objects, upstream, &decision)?;
                carried.drop_choice(&decision, vault, spoken);
                Some(DecisionOutcome::Dropped)
            }
            Standing::TakenBack => Some(DecisionOutcome::TakenBack),
            Standing::Holds => {
                let edits = edits(objects, upstream, (&id, &decision), spoken.as_ref())?;
                let known = spoken.map(|spoken| spoken.known(&decision));
                if put(session, objects, (here, upstream), &edits)? {
                    carried.known.extend(known);
                    let dir = decision.filed.map(|_| names::conflict_dir(&id));
                    carried.dirs.extend(dir.transpose()?);
                    Some(DecisionOutcome::Carried)
                } else {
                    Some(DecisionOutcome::Withheld)
                }
            }
        };
        carried.tell(id, decision, outcome);
    }
    Ok(carried)
}

/// Drops the decisions that hold no more: a pull does so, too, before it meets what they wrote here.
pub fn fallen(
    session: &Session<'_>,
    objects: &Objects<'_>,
    (here, upstream): (&Here, &Upstream),
) -> Result<Carried, FlowError> {
    let mut fallen = Carried::default();
    for (id, decision) in Queue::load(session)?.decisions {
        let spoken = Spoken::of(objects, here, &decision)?;
        let standing = standing(objects, upstream, (&id, &decision), spoken.as_ref())?;
        if is_about(here, &decision.owner) && matches!(standing, Standing::Changed) {
            let vault = in_vault(objects, upstream, &decision)?;
            fallen.drop_choice(&decision, vault, spoken);
            fallen.tell(id, decision, Some(DecisionOutcome::Dropped));
        }
    }
    Ok(fallen)
}

/// The decisions that hold as things stand, by the id of the conflict.
pub fn holding(
    session: &Session<'_>,
    objects: &Objects<'_>,
    (here, upstream): (&Here, &Upstream),
) -> Result<BTreeMap<String, Decision>, FlowError> {
    let mut holding = BTreeMap::new();
    for (id, decision) in Queue::load(session)?.decisions {
        let spoken = Spoken::of(objects, here, &decision)?;
        let standing = standing(objects, upstream, (&id, &decision), spoken.as_ref())?;
        if matches!(standing, Standing::Holds) {
            holding.insert(id, decision);
        }
    }
    Ok(holding)
}

/// A pull writes nothing over a choice that waits for its push. The conflicts that these are about.
pub fn hold_paths(
    session: &Session<'_>,
    objects: &Objects<'_>,
    (here, upstream): (&mut Here, &Upstream),
) -> Result<BTreeSet<String>, FlowError> {
    let holding = holding(session, objects, (here, upstream))?;
    for decision in holding.values() {
        let scanned = here.projects.iter_mut().map(|project| &mut project.scanned);
        let mut all = scanned.chain(&mut here.settings);
        if let Some(scanned) = all.find(|scanned| scanned.unit.owner == decision.owner) {
            scanned.decided.insert(decision.path.clone());
        }
    }
    Ok(holding.into_keys().collect())
}

/// Marks the conflicts about which a decision waits.
pub fn mark_decided(lines: &mut [ConflictLine], waiting: &BTreeSet<String>) {
    for line in lines {
        line.decided = waiting.contains(&line.id);
    }
}

/// Whether this run is about the project or tool. One that is about everything is also about what is
/// not on this machine.
fn is_about(here: &Here, owner: &Owner) -> bool {
    let mut taken = here.scanned();
    here.is_whole || taken.any(|scanned| scanned.unit.owner == *owner)
}

/// The project or tool of this disk, where a decision was made about its file here, and what stands
/// there now.
struct Spoken<'h> {
    scanned: &'h Scanned,
    here: HereToo,
    local: Option<Leaf>,
}

impl<'h> Spoken<'h> {
    fn of(
        objects: &Objects<'_>,
        here: &'h Here,
        decision: &Decision,
    ) -> Result<Option<Self>, FlowError> {
        let mut all = here.scanned();
        let scanned = all.find(|scanned| scanned.unit.owner == decision.owner);
        let carried = scanned.filter(|it| it.scope(&decision.path) == Scope::Carried);
        let (Some(scanned), Some(here)) = (carried, decision.here.clone()) else {
            return Ok(None);
        };
        let local = as_file(find(objects, scanned.tree, &decision.path)?);
        Ok(Some(Self {
            scanned,
            here,
            local,
        }))
    }

    /// Whether what the choice replaced stands there again.
    fn is_back(&self, decision: &Decision) -> bool {
        let before = self.here.before;
        self.here.written && before != decision.leaf() && self.local == before
    }

    /// What is agreed once the decision is in the vault: the choice, where this disk has it. Where a
    /// run was killed before it was written, what stood there is what the choice replaces.
    fn known(&self, decision: &Decision) -> Decided {
        // A file that is gone since was cleaned away with others, or is to be deleted once more.
        let has_it = match self.local {
            None => decision.leaf().is_none(),
            local => self.here.written || local == decision.leaf(),
        };
        let before = self.here.before;
        self.agreed(decision, if has_it { decision.leaf() } else { before })
    }

    /// What is agreed once the decision is dropped: a choice that stands here came from no side, so
    /// that it meets what the vault has as what both changed, and never wins as an edit of that. Where
    /// it changed nothing here, all is as before.
    fn dropped(&self, decision: &Decision, vault: Option<Leaf>) -> Option<Decided> {
        let HereToo {
            before,
            origin,
            written,
        } = self.here;
        let chosen = decision.leaf();
        if before == chosen {
            return (self.local == chosen).then(|| self.agreed(decision, origin));
        }
        let stands = self.local != before && (written || self.local == chosen);
        let is_no_side = |origin: &Leaf| ![self.local, vault].contains(&Some(*origin));
        stands.then(|| self.agreed(decision, origin.filter(is_no_side)))
    }

    fn agreed(&self, decision: &Decision, leaf: Option<Leaf>) -> Decided {
        Decided {
            key: self.scanned.unit.key.clone(),
            path: decision.path.clone(),
            leaf,
        }
    }
}

fn standing(
    objects: &Objects<'_>,
    upstream: &Upstream,
    (id, decision): (&str, &Decision),
    spoken: Option<&Spoken<'_>>,
) -> Result<Standing, FlowError> {
    let filed = tree_of(objects, upstream.tree, id)?;
    let place = place(upstream, &decision.owner)?.map(|dir| dir.join(&decision.path));
    let vault = in_vault(objects, upstream, decision)?;
    let was_news = decision.filed.is_some() || decision.vault != vault;
    if filed.is_none() && was_news && as_file(vault) == decision.leaf() {
        return Ok(Standing::Arrived);
    }
    let can_put = match (&decision.chosen, &place) {
        (Chosen::Content(Some(leaf)), Some(place)) => {
            objects.store().has(leaf.id) && !is_blocked(objects, upstream.tree, place)?
        }
        (Chosen::Content(Some(_)), None) => false,
        _ => true,
    };
    if filed != decision.filed || vault != decision.vault || !can_put {
        return Ok(Standing::Changed);
    }
    let is_back = spoken.is_some_and(|spoken| spoken.is_back(decision));
    Ok(if is_back {
        Standing::TakenBack
    } else {
        Standing::Holds
    })
}

/// What the vault has at the path now.
fn in_vault(
    objects: &Objects<'_>,
    upstream: &Upstream,
    decision: &Decision,
) -> Result<Option<Leaf>, FlowError> {
    match place(upstream, &decision.owner)? {
        Some(dir) => Ok(find(objects, upstream.tree, &dir.join(&decision.path))?),
        None => Ok(None),
    }
}

/// Where the vault has the project or tool.
pub fn place(upstream: &Upstream, owner: &Owner) -> Result<Option<VaultPath>, FlowError> {
    Ok(match owner {
        Owner::Project(id) => match upstream.project(id) {
            Some(project) => Some(names::project_dir(&project.name)?),
            None => None,
        },
        Owner::Settings(tool) => Some(names::settings_tool_dir(tool)?),
    })
}

/// Whether a file cannot be put there: the vault has a directory in its place, or a file above it.
pub fn is_blocked(
    trees: &dyn Trees,
    tree: Option<ObjectId>,
    place: &VaultPath,
) -> Result<bool, FlowError> {
    if find(trees, tree, place)?.is_some_and(|leaf| leaf.kind == Kind::Tree) {
        return Ok(true);
    }
    for above in place.ancestors().filter(|above| !above.is_root()) {
        if find(trees, tree, &above)?.is_some_and(|leaf| leaf.kind != Kind::Tree) {
            return Ok(true);
        }
    }
    Ok(false)
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

/// Puts edits into the vault's tree; false where the gate holds the content back, as it would any
/// other's.
fn put(
    session: &Session<'_>,
    objects: &mut Objects<'_>,
    (here, upstream): (&mut Here, &mut Upstream),
    edits: &Edits,
) -> Result<bool, FlowError> {
    let Some(after) = edit(objects, upstream.tree, edits)? else {
        return Ok(true);
    };
    let gate = allowance::gate(session, objects, upstream.tree)?;
    let held = objects.held_back((upstream.tree, after), None, &gate, &|_| ())?;
    if held.is_empty() {
        upstream.tree = Some(after);
        return Ok(true);
    }
    for finding in &held {
        here.hold_back(finding);
    }
    Ok(false)
}
