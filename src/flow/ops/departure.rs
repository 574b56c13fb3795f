//! What the vault lacks of the ops that are here goes into it.

use std::collections::BTreeSet;

use crate::base::seams::{Rule, is_broken};
use crate::base::{Blobs, Kind, Leaf, ObjectId, Sink, VaultPath};
use crate::layout::{Filling, Segment, names};
use crate::merge::{Edits, Graft, list_dir};
use crate::tasks::{Chain, Line, Reading};
use crate::vault::Objects;

use super::super::FlowError;
use super::arrival::Theirs;
use super::{Departure, frontier};

/// How many ops the vault lacks.
pub fn lacking(reading: &Reading<'_>, theirs: &Theirs) -> Result<usize, FlowError> {
    let mut sum = 0;
    for chain in reading.chains()? {
        let there = theirs.get(&chain.name).map_or(0, |tip| tip.seq);
        sum += usize::try_from(chain.seq.saturating_sub(there)).unwrap_or(usize::MAX);
    }
    Ok(sum)
}

/// What the vault lacks of every chain: the own one's news, and what a vault that was set back has lost
/// of others.
pub fn depart(
    reading: &Reading<'_>,
    objects: &mut Objects<'_>,
    (tree, theirs): (Option<ObjectId>, &Theirs),
    is_held: bool,
) -> Result<Departure, FlowError> {
    let mut departure = Departure {
        frontier: Some(frontier(reading)?),
        ..Departure::default()
    };
    if is_held {
        return Ok(departure);
    }
    let own = reading.own_chain()?;
    for chain in reading.chains()? {
        let there = theirs.get(&chain.name).map_or(0, |tip| tip.seq);
        let is_others = own.as_ref().is_none_or(|own| own.name != chain.name);
        if chain.seq <= there || (is_others && is_broken(Rule::LostOpsGoBack)) {
            continue;
        }
        let lines = reading.lines(&chain, there)?;
        departure.sent += lines.len();
        segments(objects, (&chain, theirs), &lines, &mut departure.edits)?;
    }
    if departure.sent > 0 {
        texts(reading, objects, (tree, &mut departure.edits))?;
    }
    Ok(departure)
}

fn segments(
    objects: &mut Objects<'_>,
    (chain, theirs): (&Chain, &Theirs),
    lines: &[Line],
    edits: &mut Edits,
) -> Result<(), FlowError> {
    let mut filling = match theirs.get(&chain.name) {
        None => Filling::new(&chain.replica, &chain.machine),
        Some(tip) => {
            let bytes = objects.blob(tip.last)?;
            let path = names::segment(&chain.name, tip.first)?;
            Filling::behind(&Segment::read(&path, &bytes)?, &bytes)
        }
    };
    for line in lines {
        filling.push(&line.bytes);
    }
    for (first, bytes) in filling.files() {
        put(objects, edits, names::segment(&chain.name, first)?, &bytes)?;
    }
    Ok(())
}

/// Long values that the vault lacks: those of the news, and any that somebody took out.
fn texts(
    reading: &Reading<'_>,
    objects: &mut Objects<'_>,
    (tree, edits): (Option<ObjectId>, &mut Edits),
) -> Result<(), FlowError> {
    let there = list_dir(objects, tree, &names::texts_dir())?;
    let there: BTreeSet<&[u8]> = there.iter().map(|entry| entry.name.as_slice()).collect();
    for name in reading.texts()? {
        if !there.contains(name.as_str().as_bytes())
            && let Some(bytes) = reading.text(&name)?
        {
            put(objects, edits, names::long_text(&name), &bytes)?;
        }
    }
    Ok(())
}

fn put(
    objects: &mut Objects<'_>,
    edits: &mut Edits,
    path: VaultPath,
    bytes: &[u8],
) -> Result<(), FlowError> {
    let leaf = Leaf {
        kind: Kind::File,
        id: objects.put_blob(bytes)?,
    };
    edits.insert(path, Graft::Leaf(leaf));
    Ok(())
}
