//! What reads in a damaged store, and no ref leads to any more: it is kept, and told.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::base::ObjectId;
use crate::layout::names;
use crate::merge::find;
use crate::vault::{CommitInfo, FoundRefs, LostRefs, Store, Wreck};

use super::super::journal::Head;
use super::super::{FlowError, memory};

/// States of a vault that no ref led to: the last of a line of them.
#[derive(Debug, Serialize)]
pub struct FoundState {
    pub commit: ObjectId,
    /// What brings it onto this disk.
    pub restore: String,
}

/// Keeps them in the store that takes the damaged one's place.
pub fn keep(
    store: &Store,
    wreck: &Wreck,
    (refs, lost): (&FoundRefs, &mut LostRefs),
) -> Result<Vec<FoundState>, FlowError> {
    let led_to = store.led_to()?;
    let mut alone = wreck.commits(store);
    alone.retain(|it| !led_to.contains(&it.id) && it.message != memory::SEEN);
    let (states, rest): (Vec<_>, Vec<_>) = alone.iter().partition(|it| is_of_vault(store, it));
    undo_again(store, &rest, (refs, lost))?;
    let behind: BTreeSet<ObjectId> = states.iter().flat_map(|it| it.parents.clone()).collect();
    let ends = states.into_iter().filter(|it| !behind.contains(&it.id));
    ends.map(|it| kept(store, it.id)).collect()
}

fn kept(store: &Store, commit: ObjectId) -> Result<FoundState, FlowError> {
    store.keep(&format!("found-{}", commit.short()), commit)?;
    let restore = format!("holdall backup restore --at {}", commit.short());
    Ok(FoundState { commit, restore })
}

fn is_of_vault(store: &Store, commit: &CommitInfo) -> bool {
    find(store, Some(commit.tree), &names::vault_record()).is_ok_and(|found| found.is_some())
}

/// A journal says its number. Those before the first one that has its ref were forgotten in their time.
fn undo_again(
    store: &Store,
    alone: &[&CommitInfo],
    (refs, lost): (&FoundRefs, &mut LostRefs),
) -> Result<(), FlowError> {
    let mut known: BTreeSet<u64> = store.undo_numbers()?.into_iter().collect();
    let first = known.first().copied().unwrap_or(0);
    // The latest of one number is the one that was carried out.
    for commit in alone {
        let Ok(head) = Head::read(store, commit.tree) else {
            continue;
        };
        let name = format!("refs/holdall/undo/{}", head.number);
        let is_wanted = head.number >= first || refs.unread.contains(&name);
        if is_wanted && known.insert(head.number) {
            store.remember_undo(head.number, commit.id)?;
            lost.remove(&name);
        }
    }
    Ok(())
}
