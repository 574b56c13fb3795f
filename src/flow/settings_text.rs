//! The text of a settings file: this machine's own keys laid over what the vault has.

use crate::base::{Leaf, VaultPath};
use crate::doc::DocError;
use crate::snapshot::{ReadOutcome, read_whole};
use crate::vault::content_id;

use super::unit::Unit;

/// The file as it stands on this disk, if its clean form still is what the scan saw.
pub fn read(unit: &Unit, path: &VaultPath, seen: Leaf) -> Option<Vec<u8>> {
    let ReadOutcome::Whole(raw) = read_whole(unit.root.below(path).as_path()) else {
        return None;
    };
    let clean = match unit.sanitizer(path) {
        Some(sanitizer) => content_id(&sanitizer.clean(&raw).ok()?.text),
        None => content_id(&raw),
    };
    (clean == seen.id).then_some(raw)
}

/// What to write; a fault where either text cannot be read, or one cannot be laid over the other.
pub fn overlay(
    unit: &Unit,
    path: &VaultPath,
    text: &[u8],
    local: Option<&[u8]>,
) -> Result<Vec<u8>, DocError> {
    match unit.sanitizer(path) {
        None => Ok(text.to_vec()),
        Some(sanitizer) => sanitizer.lay_over(text, local),
    }
}

/// Whether a file has keys that belong to this machine alone: then the vault's deletion of the rest
/// does not delete the file.
pub fn has_local_keys(unit: &Unit, path: &VaultPath, local: &[u8]) -> bool {
    let clean = unit.sanitizer(path).map(|sanitizer| sanitizer.clean(local));
    matches!(clean, Some(Ok(clean)) if !clean.dropped.is_empty())
}
