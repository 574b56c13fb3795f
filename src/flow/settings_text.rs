//! The text of a settings file: this machine's own keys laid over what the vault has.

use crate::base::{Blobs, Kind, Leaf, VaultPath};
use crate::merge::{OnDisk, Trio, Verdict};
use crate::snapshot::{Misfit, ReadOutcome, read_whole};
use crate::source::Reason;
use crate::vault::{Objects, content_id};

use super::FlowError;
use super::scan::Scanned;
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

/// What a scan sees of a file with this content: of settings the clean form.
pub fn as_scanned(
    objects: &Objects<'_>,
    unit: &Unit,
    path: &VaultPath,
    leaf: Leaf,
) -> Result<Leaf, FlowError> {
    let sanitizer = unit.sanitizer(path).filter(|_| leaf.kind != Kind::Link);
    let Some(sanitizer) = sanitizer else {
        return Ok(leaf);
    };
    let clean = sanitizer.clean(&objects.blob(leaf.id)?);
    let id = clean.map_or(leaf.id, |clean| content_id(&clean.text));
    Ok(Leaf { id, ..leaf })
}

/// What to write; a misfit where the vault's text cannot be read, or this machine's keys find no
/// place in it.
pub fn overlay(
    unit: &Unit,
    path: &VaultPath,
    text: &[u8],
    local: Option<&[u8]>,
) -> Result<Vec<u8>, Misfit> {
    match unit.sanitizer(path) {
        None => Ok(text.to_vec()),
        Some(sanitizer) => sanitizer.lay_over(text, local),
    }
}

/// Withholds the settings that were to come here and cannot: the file of this disk stays, with its
/// keys, and what was agreed stays agreed. Says whether there were any.
pub fn withhold_misfits(
    objects: &Objects<'_>,
    scanned: &mut Scanned,
    decided: &[(Trio, Verdict)],
) -> Result<bool, FlowError> {
    let mut any = false;
    for (trio, verdict) in decided {
        let OnDisk::Write(leaf) = verdict.disk else {
            continue;
        };
        let unit = &scanned.unit;
        if leaf.kind == Kind::Link || unit.sanitizer(&trio.path).is_none() {
            continue;
        }
        let local = trio.local.and_then(|seen| read(unit, &trio.path, seen));
        let text = objects.blob(leaf.id)?;
        if let Err(misfit) = overlay(unit, &trio.path, &text, local.as_deref()) {
            let (reason, why) = told(&misfit);
            scanned.withhold(trio.path.clone(), reason, Some(why));
            any = true;
        }
    }
    Ok(any)
}

fn told(misfit: &Misfit) -> (Reason, String) {
    match misfit {
        Misfit::Vault(fault) => (Reason::DamagedInVault, format!("in the vault: {fault}")),
        Misfit::Edit(fault) => (Reason::NoPlace, fault.to_string()),
        Misfit::NoPlace(keys) => {
            let keys: Vec<String> = keys.iter().map(|key| key.join(".")).collect();
            (Reason::NoPlace, format!("no place for {}", keys.join(", ")))
        }
    }
}
