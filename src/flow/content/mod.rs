//! Files that both sides changed, and what can be said of them once their contents are read.
//!
//! *In*: the three versions of a path, as they are compared. *Out*: the verdict on it, and the merged
//! content in the store. *Never*: write to the disk or into the vault.

use crate::base::{Blobs, Kind, Leaf, Sink, VaultPath};
use crate::merge::{
    ContentClass, Contents, InVault, ListRule, Plain, Scope, Trio, Verdict, decide, merge_contents,
    merged, plain,
};
use crate::source::MergeClass;
use crate::vault::{Objects, merge_text};

use super::FlowError;
use super::half_line::begins_with;
use super::unit::Unit;

/// The verdict on a path of this machine.
pub fn verdict(objects: &mut Objects<'_>, unit: &Unit, trio: &Trio) -> Result<Verdict, FlowError> {
    let apart = decide(trio, Scope::Carried);
    let leaf = match plain(trio) {
        _ if apart.vault != InVault::File => return Ok(apart),
        Plain::Conflict => return Ok(apart),
        Plain::Merged(leaf) => Some(leaf),
        Plain::Contents(_) if is_log(unit, &trio.path) && is_behind(objects, trio)? => {
            let local = trio.base;
            let unchanged = Trio {
                local,
                ..trio.clone()
            };
            return Ok(decide(&unchanged, Scope::Carried));
        }
        Plain::Contents(kind) => {
            let bytes = contents(objects, unit, trio)?;
            let id = bytes.map(|bytes| objects.put_blob(&bytes)).transpose()?;
            id.map(|id| Leaf { kind, id })
        }
    };
    Ok(leaf.map_or(apart, |leaf| merged(trio, leaf)))
}

/// Whether the file is a log, so that whoever adds to it adds lines.
#[must_use]
pub fn is_log(unit: &Unit, path: &VaultPath) -> bool {
    let class = class_by_rule(unit, path);
    let class = class.or_else(|| ContentClass::of_name(path.name()?));
    matches!(class, Some(ContentClass::Union))
}

/// A log that has no more than the beginning of the vault's was not changed here: somebody stopped
/// while it was written.
fn is_behind(objects: &Objects<'_>, trio: &Trio) -> Result<bool, FlowError> {
    let (Some(local), Some(vault)) = (trio.local, trio.vault) else {
        return Ok(false);
    };
    let grew = match trio.base {
        Some(base) => begins_with(objects, local.id, base.id)?,
        None => true,
    };
    Ok(grew && begins_with(objects, vault.id, local.id)?)
}

fn class_by_rule(unit: &Unit, path: &VaultPath) -> Option<ContentClass> {
    let (class, rule) = unit.merge(path)?;
    let list = |list: &crate::source::ListRule| ListRule {
        key: list.key.clone(),
        id: list.id.clone(),
    };
    Some(match class {
        MergeClass::Union => ContentClass::Union,
        MergeClass::Json => ContentClass::Json(rule.lists.iter().map(list).collect()),
        MergeClass::Text => ContentClass::Text,
        MergeClass::Binary | MergeClass::Sqlite => ContentClass::Whole,
    })
}

/// The content with the changes of both.
fn contents(objects: &Objects<'_>, unit: &Unit, trio: &Trio) -> Result<Option<Vec<u8>>, FlowError> {
    let (Some(local), Some(vault)) = (trio.local, trio.vault) else {
        return Ok(None);
    };
    let name = trio.path.name().unwrap_or_default();
    let class = class_by_rule(unit, &trio.path);
    let most = match &class {
        Some(class) => class.most_bytes(),
        None => ContentClass::most_bytes_of(name),
    };
    for leaf in [trio.base, trio.local, trio.vault].into_iter().flatten() {
        if objects.size(leaf.id)? > most {
            return Ok(None);
        }
    }
    let base = trio.base.filter(|base| base.kind != Kind::Link);
    let base = base.map(|base| objects.blob(base.id)).transpose()?;
    let (local, vault) = (objects.blob(local.id)?, objects.blob(vault.id)?);
    let contents = Contents {
        base: base.as_deref(),
        local: &local,
        vault: &vault,
    };
    Ok(merge_contents(name, class.as_ref(), contents, &merge_text))
}
