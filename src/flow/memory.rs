//! How D is kept: settled when a run begins, moved when something is seen, and true after a kill.
//!
//! Beside the base itself there are bases to come, one for each push whose outcome is not known. What
//! is learnt meanwhile is learnt by all of them, so that none brings an older D back when its moment
//! comes. What a run that writes to the disk will have agreed its journal says.

use std::collections::BTreeSet;

use crate::base::seams::{Rule, is_broken};
use crate::base::{MachineId, ObjectId, Sink, Timestamp};
use crate::layout::names;
use crate::merge::find;
use crate::vault::{Author, NewCommit, Objects, RefName, Relation, Store};

use super::agreed::{Agreed, AgreedEdits, is_of_tool};
use super::here::Here;
use super::upstream::Upstream;
use super::{FlowError, Session, Writer};

/// What a base says of itself.
pub const SEEN: &str = "what this disk was seen to hold\n";

/// A commit on its way: what it moves the vault from and to.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// The base to come, as it is stored.
    pub base: ObjectId,
    pub from: Option<ObjectId>,
    pub to: ObjectId,
}

impl Sent {
    fn read(store: &Store, base: ObjectId) -> Result<Option<Self>, FlowError> {
        let parents = store.commit_info(base)?.parents;
        Ok(parents.first().map(|to| Self {
            base,
            from: parents.get(1).copied(),
            to: *to,
        }))
    }

    /// Every commit whose outcome is not known.
    pub fn all(store: &Store) -> Result<Vec<Self>, FlowError> {
        let mut all = Vec::new();
        for base in store.sent()? {
            match Self::read(store, base)? {
                Some(sent) => all.push(sent),
                None => store.forget_sent(base)?,
            }
        }
        Ok(all)
    }
}

/// Commits that earlier runs sent and did not live to book: one that arrived brings its base, one
/// that cannot arrive any more is as if it had never been. As long as the tip is the one that it was
/// to be moved from it still can. A dry run only looks.
pub fn settle(
    store: &Store,
    upstream: &Upstream,
    agreed: Agreed,
    dry_run: bool,
) -> Result<Agreed, FlowError> {
    let all = Sent::all(store)?;
    for sent in &all {
        let arrived = match upstream.expected {
            Some(tip) => matches!(
                store.relation(sent.to, tip)?,
                Relation::Same | Relation::Ahead
            ),
            None => false,
        };
        if arrived {
            let landing = agreed.landing;
            let known = Agreed {
                landing,
                ..Agreed::of(store, sent.base)?
            };
            if !dry_run {
                booked(store, sent.base)?;
            }
            return Ok(known);
        }
    }
    let hopeless = |sent: &&Sent| sent.from != upstream.expected;
    for sent in all.iter().filter(hopeless).filter(|_| !dry_run) {
        store.forget_sent(sent.base)?;
    }
    Ok(agreed)
}

/// A commit is about to be sent: should this run not live to hear what came of it, the next one
/// finds what is agreed then.
pub fn promise(
    objects: &mut Objects<'_>,
    (agreed, edits): (&Agreed, &AgreedEdits),
    (from, to): (Option<ObjectId>, ObjectId),
    (author, at): (&Author, Timestamp),
) -> Result<ObjectId, FlowError> {
    let tree = edits.apply(objects, agreed)?;
    let base = base_commit(objects, tree, (to, from), (author, at))?;
    if !is_broken(Rule::SentIsRemembered) {
        objects.store().remember_sent(base)?;
    }
    Ok(base)
}

/// The commit arrived: its base is what is agreed, and no other that was sent from the same tip can
/// arrive any more.
pub fn booked(store: &Store, base: ObjectId) -> Result<(), FlowError> {
    store.write_ref(RefName::Base, base)?;
    for sent in store.sent()? {
        store.forget_sent(sent)?;
    }
    Ok(())
}

/// What was learnt is learnt by every base to come as well.
fn learn(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    edits: &AgreedEdits,
) -> Result<(), FlowError> {
    let store = &writer.store;
    if edits.is_empty() {
        return Ok(());
    }
    for sent in Sent::all(store)? {
        let before = Agreed::of(store, sent.base)?;
        let stamp = (&writer.author(), writer.session.edges.clock.now());
        let base = promise(objects, (&before, edits), (sent.from, sent.to), stamp)?;
        if base != sent.base {
            store.forget_sent(sent.base)?;
        }
    }
    Ok(())
}

/// Stores what is agreed with a tip, where it differs from what is stored.
pub fn agree(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    (agreed, edits): (&Agreed, &AgreedEdits),
    tip: ObjectId,
) -> Result<(), FlowError> {
    learn(writer, objects, edits)?;
    let tree = edits.apply(objects, agreed)?;
    if agreed.tree != Some(tree) || agreed.seen != Some(tip) {
        let stamp = (&writer.author(), writer.session.edges.clock.now());
        let base = base_commit(objects, tree, (tip, None), stamp)?;
        writer.store.write_ref(RefName::Base, base)?;
    }
    Ok(())
}

/// Stores what was learnt with no look at the vault. Where nothing was agreed with any tip, there is
/// nothing to add to.
pub fn learn_more(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    (agreed, edits): (&Agreed, &AgreedEdits),
) -> Result<(), FlowError> {
    match agreed.seen {
        Some(seen) => agree(writer, objects, (agreed, edits), seen),
        None => learn(writer, objects, edits),
    }
}

/// Forgets what is agreed about one project or tool.
pub fn forget(writer: &Writer<'_>, objects: &mut Objects<'_>, key: &str) -> Result<(), FlowError> {
    let mut edits = AgreedEdits::default();
    edits.forget(key);
    learn_more(writer, objects, (&Agreed::load(&writer.store)?, &edits))
}

/// Forgets all that is agreed, but for the record that this machine wrote last: by that it knows itself
/// in a vault that it meets anew.
pub fn forget_all(writer: &Writer<'_>, tip: ObjectId) -> Result<(), FlowError> {
    let store = &writer.store;
    let mut objects = Objects::new(store);
    let left = Agreed::load(store)?.own_record_alone(&mut objects)?;
    // A base is there as long as there is a branch: one that is gone is damage.
    let tree = left.tree.map_or_else(|| objects.put_tree(&[]), Ok)?;
    let stamp = (&writer.author(), writer.session.edges.clock.now());
    let base = base_commit(&mut objects, tree, (tip, None), stamp)?;
    Ok(store.write_ref(RefName::Base, base)?)
}

/// Nothing is agreed with a tip but that the record which it has of this machine is its own.
pub fn begin(session: &Session<'_>, store: &Store, tip: ObjectId) -> Result<(), FlowError> {
    let machine = session.machine()?;
    let machine = machine.map_or_else(|| MachineId::new(session.edges), Ok)?;
    let mut objects = Objects::new(store);
    let own = find(
        store,
        Some(store.tree_of(tip)?),
        &names::machine_record(&machine),
    )?;
    let mut edits = AgreedEdits::default();
    if let Some(own) = own {
        edits.own_record(own.id);
    }
    let tree = edits.apply(&mut objects, &Agreed::default())?;
    let stamp = (&session.author(&machine), session.edges.clock.now());
    let base = base_commit(&mut objects, tree, (tip, None), stamp)?;
    Ok(store.write_ref(RefName::Base, base)?)
}

/// Forgets what is agreed about the projects that this machine does not carry any more: should one come
/// back, it is met for the first time, and what is missing then was never deleted. Tools come and go by
/// themselves: of them it is remembered that they are away.
pub fn forget_others(
    objects: &mut Objects<'_>,
    agreed: &Agreed,
    here: &Here,
    edits: &mut AgreedEdits,
) -> Result<(), FlowError> {
    if !here.is_whole {
        return Ok(());
    }
    let carried: BTreeSet<&str> = here
        .scanned()
        .map(|scanned| scanned.unit.key.as_str())
        .collect();
    for key in agreed.units(objects)? {
        if carried.contains(key.as_str()) {
            continue;
        }
        if !is_of_tool(&key) {
            edits.forget(&key);
        } else if !agreed.is_away(objects, &key)? {
            edits.away(objects, &key)?;
        }
    }
    Ok(())
}

/// The commit that says: with this tip, this was on the disk. A ref is about to name it, so it is
/// made durable, with all that waits.
fn base_commit(
    objects: &mut Objects<'_>,
    tree: ObjectId,
    (tip, from): (ObjectId, Option<ObjectId>),
    (author, at): (&Author, Timestamp),
) -> Result<ObjectId, FlowError> {
    let new = NewCommit {
        tree,
        parent: Some(tip),
        author,
        at,
        message: SEEN,
    };
    let base = objects.private_commit(&new, from)?;
    objects.flush()?;
    Ok(base)
}
