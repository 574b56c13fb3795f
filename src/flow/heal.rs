//! Two histories of one vault that went apart: what only the old one had is merged into the new one.

use crate::base::{ObjectId, VaultPath};
use crate::layout::{Owner, names};
use crate::merge::{Edits, Graft, InVault, Scope, Trio, decide, differences, edit, file_clashes};
use crate::vault::Objects;

use super::FlowError;
use super::filing::Filer;
use super::upstream::projects;

/// The tip's tree with everything that `seen` changed since `base`. Where both changed a path the
/// tip's version stays and the other one is filed as a conflict, so that neither is lost.
pub fn merge_histories(
    objects: &mut Objects<'_>,
    filer: &Filer<'_>,
    (base, seen, tip): (ObjectId, ObjectId, ObjectId),
) -> Result<ObjectId, FlowError> {
    let store = objects.store();
    let (base, seen, tip) = (
        store.tree_of(base)?,
        store.tree_of(seen)?,
        store.tree_of(tip)?,
    );
    let found = differences(objects, Some(base), Some(seen), Some(tip))?;
    let mut decided: Vec<_> = found
        .trios
        .into_iter()
        .map(|trio| {
            let verdict = decide(&trio, Scope::Carried);
            (trio, verdict)
        })
        .collect();
    file_clashes(objects, Some(tip), &mut decided)?;
    let known = projects(store, seen)?;
    let mut edits = Edits::new();
    for (trio, verdict) in decided {
        match verdict.vault {
            InVault::Keep => {}
            InVault::Put(leaf) => {
                edits.insert(trio.path, leaf.map_or(Graft::Remove, Graft::Leaf));
            }
            InVault::File => {
                let owner = |name: &str| {
                    known
                        .iter()
                        .find(|project| project.name == name)
                        .map(|p| p.record.id.clone())
                };
                if let Some((owner, path)) = owner_of(&trio.path, &owner) {
                    filer.file(
                        objects,
                        Some(tip),
                        (&owner, &Trio { path, ..trio }),
                        &mut edits,
                    )?;
                }
            }
        }
    }
    Ok(edit(objects, Some(tip), &edits)?.unwrap_or(tip))
}

/// Whose file a path of the vault is. Records of the vault itself are nobody's: the tip's stay.
fn owner_of(
    path: &VaultPath,
    id: &dyn Fn(&str) -> Option<crate::base::Id>,
) -> Option<(Owner, VaultPath)> {
    let split = |dir: &VaultPath| {
        let tail = path.below(dir)?;
        let (name, _) = tail.as_str().split_once('/')?;
        let below = tail.below(&VaultPath::parse(name).ok()?)?;
        Some((name.to_owned(), below))
    };
    if let Some((name, below)) = split(&names::projects_dir()) {
        let record = below.as_str() == names::PROJECT_RECORD;
        return (!record).then(|| id(&name).map(|id| (Owner::Project(id), below)))?;
    }
    split(&names::settings_dir()).map(|(tool, below)| (Owner::Settings(tool), below))
}
