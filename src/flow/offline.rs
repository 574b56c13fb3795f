//! A push while the remote is away: what changed becomes a commit on this machine, and the next push that
//! gets through takes it along.
//!
//! These commits are a chain on the tip that the remote was last seen to have. What is agreed stays as it
//! is, for nobody else has seen any of this; each is made from the disk and that tip anew. Where the tip
//! has moved by the time the remote is back, or the gate is stricter, the chain is kept on this machine
//! alone: the push that comes then brings what the disk has, merged with what others did.

use crate::base::{Finding, Gate, ObjectId};
use crate::layout::names;
use crate::merge::{Edits, Graft, edit, find};
use crate::vault::{Objects, RefName, Relation, Store};

use super::records::machine_leaf;
use super::upstream::Upstream;
use super::{Event, FlowError, Writer};

/// The commit that the next one goes onto: what was made while the vault was away goes first, where it
/// still can. To everything else the vault is what it is without that. What the gate let pass then it may
/// hold back now: so what is to be published passes it once more.
pub fn parent(
    writer: &Writer<'_>,
    objects: &Objects<'_>,
    (upstream, dry_run): (&Upstream, bool),
    gate: Option<&dyn Gate>,
) -> Result<Option<ObjectId>, FlowError> {
    let store = &writer.store;
    let Some(kept) = store.read_ref(RefName::Offline)? else {
        return Ok(upstream.parent);
    };
    let relation = match upstream.expected {
        Some(tip) if upstream.parent == Some(tip) => Some(store.relation(tip, kept)?),
        _ => None,
    };
    let held = match (relation, gate) {
        (Some(Relation::Ahead), Some(gate)) => held(objects, (upstream, kept), gate)?,
        _ => None,
    };
    match relation {
        Some(Relation::Ahead) if held.is_none() => return Ok(Some(kept)),
        _ if dry_run => {}
        // It is there.
        Some(Relation::Same | Relation::Rewound) => store.delete_ref(RefName::Offline)?,
        _ => {
            store.keep(&format!("offline-{}", kept.short()), kept)?;
            store.delete_ref(RefName::Offline)?;
            tell_of_states(writer, (upstream, kept), held)?;
        }
    }
    Ok(upstream.parent)
}

/// The first that the gate holds back now of the commits that wait.
fn held(
    objects: &Objects<'_>,
    (upstream, kept): (&Upstream, ObjectId),
    gate: &dyn Gate,
) -> Result<Option<Finding>, FlowError> {
    let store = objects.store();
    let tip = upstream.expected.map(|tip| store.tree_of(tip));
    let mut before = tip.transpose()?;
    for commit in store.commits(kept, upstream.expected)?.into_iter().rev() {
        let tree = store.tree_of(commit)?;
        let found = objects.held_back((before, tree), upstream.lost, gate, &|_| ())?;
        if let Some(found) = found.into_iter().next() {
            return Ok(Some(found));
        }
        before = Some(tree);
    }
    Ok(None)
}

/// What stays here is named, where it has files of its own that the vault has not: ops arrive all the
/// same.
fn tell_of_states(
    writer: &Writer<'_>,
    (upstream, kept): (&Upstream, ObjectId),
    held: Option<Finding>,
) -> Result<(), FlowError> {
    let store = &writer.store;
    let files = |tree| {
        let of = |dir| find(store, tree, &dir);
        Ok::<_, FlowError>((of(names::projects_dir())?, of(names::settings_dir())?))
    };
    let why = match held {
        Some(Finding { path, rule, .. }) => format!(
            "what was made while the remote was away has a value in {path} that may not leave this machine any \
             more ({rule}): only what the disk has now is sent"
        ),
        None if files(Some(store.tree_of(kept)?))? == files(upstream.tree)? => return Ok(()),
        None => {
            "the vault moved while the remote was away: what the disk has now is merged with that"
                .to_owned()
        }
    };
    let text = format!(
        "{why}, and the states before it stay on this machine: `holdall backup restore --at {}`",
        kept.short()
    );
    writer.session.tell(&Event::Warning { text: &text });
    Ok(())
}

/// How many commits wait for the remote.
pub fn waiting(store: &Store) -> Result<usize, FlowError> {
    let kept = store.read_ref(RefName::Offline)?;
    let published = store.read_ref(RefName::Published)?;
    Ok(kept.map_or(Ok(0), |kept| {
        store.commits(kept, published).map(|list| list.len())
    })?)
}

/// Keeps a commit that has nowhere to go yet.
pub fn keep(
    objects: &mut Objects<'_>,
    upstream: &Upstream,
    next: ObjectId,
) -> Result<FlowError, FlowError> {
    let store = objects.store();
    let before = store.read_ref(RefName::Offline)?;
    let is_new = Some(next) != before && Some(next) != upstream.parent;
    if is_new {
        // A ref names only what is durable.
        objects.flush()?;
        store.write_ref(RefName::Offline, next)?;
    }
    Ok(FlowError::KeptHere {
        commit: if is_new { Some(next) } else { before },
    })
}

/// Whether a tree tells no other thing than the last commit, but for when this machine pushed.
pub fn is_no_news(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    (last, tree): (ObjectId, ObjectId),
) -> Result<bool, FlowError> {
    let before = writer.store.tree_of(last)?;
    let leaf = machine_leaf(objects, Some(before), writer)?;
    let path = names::machine_record(&writer.machine());
    let as_before = Edits::from([(path, leaf.map_or(Graft::Remove, Graft::Leaf))]);
    Ok(edit(objects, Some(tree), &as_before)? == Some(before))
}
