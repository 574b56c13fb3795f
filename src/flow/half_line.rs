//! Logs whose last line is not ended yet: they are taken up to their last full line.

use std::io::{self, BufRead, BufReader};

use crate::base::{ObjectId, StoreError};
use crate::merge::Trio;
use crate::vault::Objects;

use super::FlowError;
use super::scan::Scanned;

/// A log of which the vault knew more than the full lines that are here was not cut short: the line
/// that the vault has is being written on. It counts as unchanged until that line is full.
pub fn keep_known_lines(
    objects: &Objects<'_>,
    scanned: &Scanned,
    trios: &mut Vec<Trio>,
) -> Result<(), FlowError> {
    for trio in trios.iter_mut() {
        if !scanned.half_lines.contains(&trio.path) {
            continue;
        }
        if let (Some(base), Some(local)) = (trio.base, trio.local)
            && base.id != local.id
            && begins_with(objects, base.id, local.id)?
        {
            trio.local = trio.base;
        }
    }
    trios.retain(|trio| trio.local != trio.base || trio.vault != trio.base);
    Ok(())
}

/// Whether a content begins with another one; both may be large.
pub fn begins_with(
    objects: &Objects<'_>,
    whole: ObjectId,
    start: ObjectId,
) -> Result<bool, FlowError> {
    let [mut whole, mut start] = [objects.open(whole)?, objects.open(start)?].map(BufReader::new);
    loop {
        let wanted = start.fill_buf().map_err(unread)?;
        if wanted.is_empty() {
            return Ok(true);
        }
        let found = whole.fill_buf().map_err(unread)?;
        let length = wanted.len().min(found.len());
        if length == 0 || wanted[..length] != found[..length] {
            return Ok(false);
        }
        start.consume(length);
        whole.consume(length);
    }
}

fn unread(fault: io::Error) -> StoreError {
    StoreError::Failed(Box::new(fault))
}
