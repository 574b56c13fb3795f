//! What this machine has of the vault: its store, the records in it, and the chains of ops.

use std::error::Error;

use crate::base::ObjectId;
use crate::layout::LayoutError;
use crate::vault::Objects;

use super::super::hints::{Closed, REPAIR};
use super::super::lacking::of_refs;
use super::super::ops;
use super::found::{Found, counted, first_of};
use super::ground::{Ground, objects};

/// Whoever wrote the file does not know; a person has to look at it.
const MEND: &str =
    "mend or remove the file in a clone of the vault, push that, and run `holdall backup pull`";

/// All that refs lead to is there, and where that was asked for it is what it is named after.
pub fn store(ground: &Ground<'_>) -> Result<Found, Found> {
    let Some(found) = ground.verified()? else {
        return Ok(Found::ok("none yet: the first push or pull makes it"));
    };
    let place = ground.session.places.store();
    // What only cannot be read is no damage.
    let is_well = found.faults.is_empty();
    let lacks = ground.lacks(of_refs).filter(|_| is_well);
    let is_in_doubt = !is_well || lacks.is_some();
    if let Some(closed) = Closed::below(place.as_path()).filter(|_| is_in_doubt) {
        return Ok(Found::fail(closed.words(), closed.fix()));
    }
    if let Some(lacks) = lacks {
        return Ok(lacks);
    }
    Ok(match first_of(&found.faults) {
        Some(message) => Found::fail(message, REPAIR),
        None if ground.options.integrity => {
            Found::ok(format!("{} read, each is what it was", objects(found)))
        }
        None => Found::ok(format!("{} where they should be", objects(found))),
    })
}

/// The records of the vault are as its contract says.
pub fn vault(ground: &Ground<'_>) -> Result<Found, Found> {
    let Some(tip) = ground.tip()? else {
        return Ok(Found::ok("nothing was pushed or pulled yet"));
    };
    if let Some(newer) = tip.records.iter().find(|it| it.is_newer_format()) {
        return Ok(Found::fail(
            words(newer),
            "install the holdall that the other machines use",
        ));
    }
    let faults: Vec<String> = tip.records.iter().map(words).collect();
    Ok(match (first_of(&faults), &tip.record) {
        (Some(message), _) => Found::fail(message, MEND),
        (None, Some(record)) => Found::ok(format!(
            "{}, {}",
            record.vault,
            counted(tip.machines.len() as u64, "machine")
        )),
        (None, None) => Found::fail("its record cannot be read", MEND),
    })
}

/// Each op in the vault stands behind the one that it names.
pub fn op_chains(ground: &Ground<'_>) -> Result<Found, Found> {
    let Some(tip) = ground.tip()? else {
        return Ok(Found::ok("no ops yet"));
    };
    let faults: Vec<String> = tip.chains.iter().map(words).collect();
    if let Some(message) = first_of(&faults) {
        let is_at_end = |fault| tip.is_at_end(fault);
        let comes_back = tip.chains.iter().all(is_at_end) && is_ahead(ground, tip.tree)?;
        let fix = if comes_back { "holdall sync" } else { MEND };
        return Ok(Found::fail(message, fix));
    }
    let segments = counted(tip.segments.len() as u64, "segment");
    Ok(Found::ok(match tip.no_ops {
        0 => segments,
        lines => format!(
            "{segments}, and {} set aside",
            counted(lines as u64, "line")
        ),
    }))
}

/// Whether the task list has ops that the vault, as far as its chains hold, lacks.
fn is_ahead(ground: &Ground<'_>, tree: ObjectId) -> Result<bool, Found> {
    let store = ground.store()?;
    let waiting = |store| ops::waiting(ground.session, &Objects::new(store), Some(tree));
    Ok(store.map_or(0, waiting) > 0)
}

/// A fault of a file with its cause.
fn words(fault: &LayoutError) -> String {
    let cause = fault.source();
    cause.map_or_else(|| fault.to_string(), |cause| format!("{fault}: {cause}"))
}
