//! Whether what the remote has is this machine's own vault: a repair takes what it lacks from no other one.

use std::collections::BTreeSet;

use crate::base::{Id, MachineId, ObjectId};
use crate::layout::names;
use crate::merge::find;
use crate::project::Registry;
use crate::runs::Runs;
use crate::vault::{FoundRefs, RefName, Store, Wreck};

use super::super::upstream::{projects, vault_record};
use super::super::{FlowError, Session, memory};

/// The vault that a store is of, by what reads of it; the refs tell before what they no longer lead to.
/// Without any ref it is that of the last commit with which something was agreed.
pub fn own_vault(store: &Store, refs: &FoundRefs, wreck: &Wreck) -> Option<Id> {
    let of = |name: RefName| refs.named.get(name.name()).copied();
    let met = |base: ObjectId| store.commit_info(base).ok()?.parents.first().copied();
    let pointed = [RefName::Branch, RefName::Published, RefName::Offline];
    let pointed = pointed.into_iter().filter_map(of);
    let agreed = of(RefName::Base).into_iter();
    let agreed = agreed.chain(wreck.commits_saying(memory::SEEN, store));
    let mut seen = pointed.chain(agreed.filter_map(met));
    seen.find_map(|commit| vault_of(store, commit))
}

/// The vault that a commit is of, where that reads.
pub fn vault_of(store: &Store, commit: ObjectId) -> Option<Id> {
    let tree = store.tree_of(commit).ok()?;
    let record = vault_record(store, tree, "this machine's copy of the vault");
    record.ok().map(|record| record.vault)
}

/// Ends a repair that would go on with another vault. Where nothing is left that says which it was, the
/// vault must know this machine and its projects, if it ever did.
pub fn refuse_another(
    session: &Session<'_>,
    (store, ours): (&Store, Option<Id>),
    (url, tip): (&str, ObjectId),
) -> Result<(), FlowError> {
    let tree = store.tree_of(tip)?;
    let theirs = vault_record(store, tree, url)?.vault;
    let url = url.to_owned();
    match ours {
        Some(ours) if ours == theirs => Ok(()),
        Some(ours) => Err(FlowError::OtherVault { url, ours, theirs }),
        None if knows(session, (store, tree))? => Ok(()),
        None => Err(FlowError::StrangeVault { url, theirs }),
    }
}

/// Whether a vault has what this machine is known to have had in its own.
fn knows(session: &Session<'_>, (store, tree): (&Store, ObjectId)) -> Result<bool, FlowError> {
    let runs = Runs::load(&session.places.runs())?;
    let has_pushed = runs.of("push").last_ok.is_some();
    if let Some(machine) = session.machine()?.filter(|_| has_pushed)
        && !has_record(store, tree, &machine)?
    {
        return Ok(false);
    }
    let registry = Registry::load(&session.places.registry())?;
    let known = registry.projects.into_iter().filter(|it| it.published);
    let known: BTreeSet<Id> = known.map(|it| it.id).collect();
    let there = projects(store, tree)?;
    Ok(known.is_empty() || there.iter().any(|it| known.contains(&it.record.id)))
}

fn has_record(store: &Store, tree: ObjectId, machine: &MachineId) -> Result<bool, FlowError> {
    Ok(find(store, Some(tree), &names::machine_record(machine))?.is_some())
}
