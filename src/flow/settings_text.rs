//! The text of a settings file: this machine's own keys laid over what the vault has.

use crate::base::{Leaf, VaultPath};
use crate::doc::json;
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

/// What to write: nothing where either text cannot be read as what it should be.
pub fn overlay(
    unit: &Unit,
    path: &VaultPath,
    text: &[u8],
    local: Option<&[u8]>,
) -> Option<Vec<u8>> {
    let Some(sanitizer) = unit.sanitizer(path) else {
        return Some(text.to_vec());
    };
    let theirs = sanitizer.clean(text).ok()?;
    match local {
        // Keys of another machine that reached the vault by hand stay out of this one too.
        None => Some(theirs.text),
        Some(local) => {
            let ours = sanitizer.clean(local).ok()?;
            let overlaid = json::overlay(&theirs.text, local, &ours.dropped).ok()?;
            // A key of this machine that has no place in the vault's text would be lost.
            overlaid.left_out.is_empty().then_some(overlaid.text)
        }
    }
}

/// Whether a file has keys that belong to this machine alone: then the vault's deletion of the rest
/// does not delete the file.
pub fn has_local_keys(unit: &Unit, path: &VaultPath, local: &[u8]) -> bool {
    let clean = unit.sanitizer(path).map(|sanitizer| sanitizer.clean(local));
    matches!(clean, Some(Ok(clean)) if !clean.dropped.is_empty())
}
