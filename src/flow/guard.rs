//! Changes that look more like an accident than like somebody's work are held back.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader};

use crate::base::seams::{Rule, is_broken};
use crate::base::{ObjectId, StoreError, VaultPath};
use crate::merge::{OnDisk, Scope, Trio, Verdict, leaves};
use crate::source::Reason;
use crate::vault::Objects;

use super::FlowError;
use super::scan::Scanned;

/// Up to this many files may go at once without a question.
const FEW: usize = 20;
/// So many may go, though nothing is left then.
const SEVERAL: usize = 3;

/// Withholds state directories that are gone or lost most of what they held, and files that became
/// empty or binary where that is no content of theirs.
pub fn withhold_accidents(
    objects: &Objects<'_>,
    scanned: &mut Scanned,
    trios: &[Trio],
    allow_mass_delete: bool,
) -> Result<(), FlowError> {
    if !allow_mass_delete && !is_broken(Rule::AccidentsWait) {
        for root in scanned.unit.roots.clone() {
            if let Some(reason) = lost(objects, scanned, trios, &root)? {
                scanned.withhold(root, reason, None);
            }
        }
    }
    for trio in trios {
        if scanned.scope(&trio.path) == Scope::Carried && is_damaged(objects, trio)? {
            scanned.withhold(trio.path.clone(), Reason::Damaged, None);
        }
    }
    Ok(())
}

fn lost(
    objects: &Objects<'_>,
    scanned: &Scanned,
    trios: &[Trio],
    root: &VaultPath,
) -> Result<Option<Reason>, FlowError> {
    let gone = trios.iter().filter(|trio| {
        trio.base.is_some()
            && trio.local.is_none()
            && trio.path.below(root).is_some()
            && scanned.scope(&trio.path) == Scope::Carried
    });
    let gone = gone.count();
    if gone == 0 {
        return Ok(None);
    }
    // A single file that is carried by name may simply have been deleted.
    let is_dir = trios.iter().any(|trio| {
        trio.base.is_some() && trio.path.below(root).is_some_and(|tail| !tail.is_root())
    });
    if is_dir && scanned.missing_roots.contains(root) {
        return Ok(Some(Reason::Missing));
    }
    let kept = leaves(objects, scanned.tree)?
        .keys()
        .filter(|path| path.below(root).is_some())
        .count();
    Ok(looks_like_an_accident(is_dir, gone, kept).then_some(Reason::MassDelete))
}

/// A directory that lost most of many files, or each of several: then it may be a mount point
/// without its disk.
const fn looks_like_an_accident(is_dir: bool, gone: usize, stays: usize) -> bool {
    (gone > FEW && gone > stays) || (is_dir && stays == 0 && gone > SEVERAL)
}

/// The vault would empty a state directory: that is more likely an accident over there.
pub fn withhold_emptied(
    objects: &Objects<'_>,
    scanned: &mut Scanned,
    decided: &[(Trio, Verdict)],
) -> Result<bool, FlowError> {
    let mut withheld = false;
    for root in scanned.unit.roots.clone() {
        let goes = |path: &VaultPath| path.below(&root).is_some();
        let gone: BTreeSet<&VaultPath> = decided
            .iter()
            .filter(|(trio, verdict)| verdict.disk == OnDisk::Delete && goes(&trio.path))
            .map(|(trio, _)| &trio.path)
            .collect();
        if gone.len() <= SEVERAL || is_broken(Rule::AccidentsWait) {
            continue;
        }
        let stays = leaves(objects, scanned.tree)?
            .keys()
            .filter(|path| goes(path) && !gone.contains(path))
            .count();
        let is_dir = gone.iter().any(|path| **path != root);
        if looks_like_an_accident(is_dir, gone.len(), stays) {
            scanned.withhold(root, Reason::MassDelete, None);
            withheld = true;
        }
    }
    Ok(withheld)
}

/// Logs and JSON have text. An empty one, or one with NUL bytes, is what a crash leaves behind.
fn is_damaged(objects: &Objects<'_>, trio: &Trio) -> Result<bool, FlowError> {
    let (Some(base), Some(local)) = (trio.base, trio.local) else {
        return Ok(false);
    };
    let name = trio.path.name().unwrap_or_default();
    let is_text = [".json", ".jsonl", ".ndjson", ".log"]
        .iter()
        .any(|ending| name.ends_with(ending));
    if base.id == local.id || !is_text {
        return Ok(false);
    }
    let (old, new) = (look_of(objects, base.id)?, look_of(objects, local.id)?);
    Ok((new.is_empty && !old.is_empty) || (new.has_nul && !old.has_nul))
}

/// What is to be known of a content, which may be large.
struct Look {
    is_empty: bool,
    has_nul: bool,
}

fn look_of(objects: &Objects<'_>, id: ObjectId) -> Result<Look, FlowError> {
    let failed = |fault: io::Error| StoreError::Failed(Box::new(fault));
    let mut content = BufReader::with_capacity(64 * 1024, objects.open(id)?);
    let mut look = Look {
        is_empty: true,
        has_nul: false,
    };
    loop {
        let piece = content.fill_buf().map_err(failed)?;
        if piece.is_empty() {
            return Ok(look);
        }
        look.is_empty = false;
        look.has_nul |= piece.contains(&0);
        let length = piece.len();
        content.consume(length);
    }
}
