//! When two texts of a file are the same to holdall, though their bytes differ.

use crate::base::{Blobs, Kind, Leaf, Sink};
use crate::doc::Format;
use crate::merge::Trio;
use crate::snapshot::Sanitizer;
use crate::vault::Objects;

use super::FlowError;
use super::unit::Unit;

/// The three sides as they are compared: settings without what a receiver would leave out, and JSON
/// of other formatting or order, without comments, as what it equals.
pub fn as_compared(objects: &mut Objects<'_>, unit: &Unit, trio: &Trio) -> Result<Trio, FlowError> {
    let mut trio = trio.clone();
    if let Some(sanitizer) = unit.sanitizer(&trio.path) {
        for side in [&mut trio.base, &mut trio.vault] {
            *side = cleaned(objects, &sanitizer, *side)?;
        }
        // Nothing but what belongs to this machine alone: there is nothing to disagree about.
        if let Some(local) = trio
            .local
            .filter(|local| trio.base.is_none() && local.kind != Kind::Link)
            && sanitizer.format.is_empty(&objects.blob(local.id)?)
        {
            trio.local = None;
        }
    }
    // Comments are worth a journey, and other formats are made for them.
    if trio.path.name().and_then(Format::of) == Some(Format::Json) {
        for other in [trio.base, trio.vault] {
            if trio.local != other && are_same(objects, trio.local, other)? {
                trio.local = other;
                break;
            }
        }
        if trio.vault != trio.base && are_same(objects, trio.vault, trio.base)? {
            trio.vault = trio.base;
        }
    }
    Ok(trio)
}

/// What goes into the vault for a settings file: keys of other machines that stand there stay.
pub fn outgoing(
    objects: &mut Objects<'_>,
    unit: &Unit,
    trio: &Trio,
    leaf: Leaf,
) -> Result<Leaf, FlowError> {
    let standing = trio.vault.filter(|vault| vault.kind != Kind::Link);
    let (Some(sanitizer), Some(vault)) = (unit.sanitizer(&trio.path), standing) else {
        return Ok(leaf);
    };
    let there = objects.blob(vault.id)?;
    let dropped = match sanitizer.clean(&there) {
        Ok(clean) if !clean.dropped.is_empty() => clean.dropped,
        _ => return Ok(leaf),
    };
    let laid = sanitizer
        .format
        .overlay(&objects.blob(leaf.id)?, &there, &dropped);
    Ok(match laid {
        Ok(laid) => Leaf {
            id: objects.put_blob(&laid.text)?,
            ..leaf
        },
        Err(_) => leaf,
    })
}

/// Keys that reached the vault from elsewhere are left in peace there, and kept out of here.
fn cleaned(
    objects: &mut Objects<'_>,
    sanitizer: &Sanitizer,
    side: Option<Leaf>,
) -> Result<Option<Leaf>, FlowError> {
    let Some(leaf) = side.filter(|leaf| leaf.kind != Kind::Link) else {
        return Ok(side);
    };
    Ok(match sanitizer.clean(&objects.blob(leaf.id)?) {
        Ok(clean) if !clean.dropped.is_empty() => Some(Leaf {
            id: objects.put_blob(&clean.text)?,
            ..leaf
        }),
        _ => side,
    })
}

fn are_same(
    objects: &Objects<'_>,
    one: Option<Leaf>,
    other: Option<Leaf>,
) -> Result<bool, FlowError> {
    match (one, other) {
        (Some(one), Some(other)) if one.kind == other.kind && one.kind != Kind::Link => {
            Ok(Format::Json.same_document(&objects.blob(one.id)?, &objects.blob(other.id)?))
        }
        _ => Ok(false),
    }
}
