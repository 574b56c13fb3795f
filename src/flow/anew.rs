//! A machine that was connected to a vault: it has a name and a store, and is new where it had lost what it was.
//!
//! *In*: a run whose remote answered. *Out*: what was known of the machine that was lies aside. *Never*:
//! before the address is kept; whoever fails until then finds all that tells of the loss as it was.

use std::fs;
use std::io::ErrorKind;

use crate::base::{BaseError, HostPath, seams};

use super::lacking::{Lack, forget_runs};
use super::{FlowError, Session, Writer, bookkeeping};

/// What this run made to connect the machine stays. An address that was not asked tells of no vault: a
/// machine that lost what it was does not begin by it.
pub fn connected(writer: &Writer<'_>, was_asked: bool) -> Result<(), FlowError> {
    let session = writer.session;
    let lack = writer.lacked();
    if lack.is_some() && !was_asked {
        return Ok(());
    }
    writer.settle()?;
    match lack {
        Some(Lack::Everything) => {
            set_caches_aside(session)?;
            forget_runs(session)
        }
        // The list of projects is there, and nothing is known of what this disk held of them.
        Some(Lack::Store) => {
            bookkeeping::all_are_new(writer)?;
            forget_runs(session)
        }
        _ => Ok(()),
    }
}

/// What was read of the projects that are not known any more: nothing but the names is of use.
fn set_caches_aside(session: &Session<'_>) -> Result<(), FlowError> {
    let (seen, before) = (session.places.seen(), session.places.seen_before());
    let cleared = seams::step().and_then(|()| fs::remove_dir_all(before.as_path()));
    unless_gone(("delete", &before), cleared)?;
    let moved = seams::step().and_then(|()| fs::rename(seen.as_path(), before.as_path()));
    unless_gone(("rename", &seen), moved)
}

fn unless_gone(
    (action, at): (&'static str, &HostPath),
    done: std::io::Result<()>,
) -> Result<(), FlowError> {
    match done {
        Err(fault) if fault.kind() != ErrorKind::NotFound => {
            Err(BaseError::io(action, at.as_path())(fault).into())
        }
        _ => Ok(()),
    }
}
