//! What a fault is, as this machine stands: with its own copy of the vault looked at where that decides what to do.
//!
//! *In*: a fault that ended a run. *Out*: the same, told as what it is here. *Never*: a claim about this machine's
//! copy that nobody looked at.

use crate::vault::{Depth, RefName, Store, WireError};

use super::lacking::of_refs;
use super::there::or_closed;
use super::{FlowError, Session, Stage};

/// The fault as it is here: of what is closed to this user, or of a remote that this machine can make again.
#[must_use]
pub fn told_here(session: &Session<'_>, fault: FlowError) -> FlowError {
    match or_closed(session, fault) {
        FlowError::Wire(WireError::Damaged { url, reason }) => {
            let source = WireError::Damaged {
                url: url.clone(),
                reason,
            };
            if is_whole_here(session) {
                FlowError::WholeHere { url, source }
            } else {
                source.into()
            }
        }
        fault => fault,
    }
}

/// Whether this machine has a copy of the vault, with all that it leads to.
fn is_whole_here(session: &Session<'_>) -> bool {
    let store = session.store().ok().flatten();
    store.is_some_and(|store| is_whole(session, &store).is_ok_and(|whole| whole))
}

fn is_whole(session: &Session<'_>, store: &Store) -> Result<bool, FlowError> {
    if store.read_ref(RefName::Branch)?.is_none() || of_refs(session, store)?.is_some() {
        return Ok(false);
    }
    let found = store.verify(Depth::Structure, &session.tells(Stage::Verifying))?;
    Ok(found.faults.is_empty())
}
