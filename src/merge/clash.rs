//! A file here and a directory there: no tree can hold both, so this machine's side is filed.

use std::collections::BTreeMap;

use crate::base::{Kind, ObjectId, Trees, VaultPath};

use super::{InVault, MergeError, Trio, Verdict, find, leaves};

/// Turns every `Put` that would need a file and a directory at one path into `File`.
pub fn file_clashes(
    trees: &dyn Trees,
    vault: Option<ObjectId>,
    decided: &mut [(Trio, Verdict)],
) -> Result<(), MergeError> {
    let fate: BTreeMap<VaultPath, InVault> = decided
        .iter()
        .map(|(trio, verdict)| (trio.path.clone(), verdict.vault))
        .collect();
    let stays = |path: &VaultPath| !matches!(fate.get(path), Some(InVault::Put(None)));
    for (trio, verdict) in decided {
        if !matches!(verdict.vault, InVault::Put(Some(_))) {
            continue;
        }
        if blocked(trees, vault, &trio.path, &stays)? {
            verdict.vault = InVault::File;
            verdict.base_after_push = trio.base;
            verdict.remark = None;
        }
    }
    Ok(())
}

fn blocked(
    trees: &dyn Trees,
    vault: Option<ObjectId>,
    path: &VaultPath,
    stays: &dyn Fn(&VaultPath) -> bool,
) -> Result<bool, MergeError> {
    for above in path.ancestors() {
        match find(trees, vault, &above)? {
            // Nothing at all here: look further up. A directory: there is room.
            None => {}
            Some(leaf) if leaf.kind == Kind::Tree => break,
            Some(_) => return Ok(stays(&above)),
        }
    }
    match find(trees, vault, path)? {
        Some(leaf) if leaf.kind == Kind::Tree => {
            let below = leaves(trees, Some(leaf.id))?;
            Ok(below.keys().any(|tail| stays(&path.join(tail))))
        }
        _ => Ok(false),
    }
}
