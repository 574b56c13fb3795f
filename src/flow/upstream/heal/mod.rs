//! Two histories of one vault that went apart: what only the lost one had is merged into the one there is now.
//!
//! *In*: the last commit that both have, the tip that was seen last, the tip there is now. *Out*: the
//! tip's tree with everything that the lost history changed. *Never*: move a ref, or join two
//! projects because they have one name.

mod projects;
mod records;
mod rest;
mod variants;

use crate::base::{Leaf, ObjectId, VaultPath};
use crate::layout::{Owner, names};
use crate::merge::{Edits, Graft, Lookup, Trio, edit};
use crate::vault::Objects;

use crate::flow::FlowError;
use crate::flow::filing::{Filer, conflict_id};
use crate::flow::upstream;

/// One thing as three commits have it.
#[derive(Clone, Copy)]
struct Histories<T> {
    /// The last commit that both histories have.
    base: T,
    /// The tip that was seen last, and is lost.
    seen: T,
    /// The tip there is now.
    tip: T,
}

impl<T> Histories<T> {
    fn each<U>(
        &self,
        look: impl Fn(&T) -> Result<U, FlowError>,
    ) -> Result<Histories<U>, FlowError> {
        Ok(Histories {
            base: look(&self.base)?,
            seen: look(&self.seen)?,
            tip: look(&self.tip)?,
        })
    }
}

/// The tip's tree with everything that `seen` changed since `base`. Where both changed a path the
/// tip's version stays and the other one is filed, so that neither is lost.
pub fn merge_histories(
    objects: &mut Objects<'_>,
    filer: &Filer<'_>,
    (base, seen, tip): (ObjectId, ObjectId, ObjectId),
) -> Result<ObjectId, FlowError> {
    let store = objects.store();
    let trees = Histories { base, seen, tip }.each(|commit| Ok(store.tree_of(*commit)?))?;
    let projects = trees.each(|tree| upstream::projects(store, *tree))?;
    let mut heal = Heal {
        objects,
        filer,
        trees,
        edits: Edits::new(),
        lookup: Lookup::default(),
    };
    heal.rest(&projects)?;
    heal.variants()?;
    // The last, because it files what cannot be merged under `conflicts/`.
    heal.projects(&projects)?;
    Ok(edit(heal.objects, Some(trees.tip), &heal.edits)?.unwrap_or(trees.tip))
}

/// The merging of two histories, as far as it has come.
struct Heal<'a, 'o> {
    objects: &'a mut Objects<'o>,
    filer: &'a Filer<'a>,
    trees: Histories<ObjectId>,
    /// Changes of the tip's tree.
    edits: Edits,
    /// All conflicts lie in one directory.
    lookup: Lookup,
}

impl Heal<'_, '_> {
    fn put(&mut self, path: VaultPath, leaf: Option<Leaf>) {
        self.edits
            .insert(path, leaf.map_or(Graft::Remove, Graft::Leaf));
    }

    /// Both histories changed a file: the tip's version stays, the lost one is filed beside it.
    fn file(&mut self, owner: &Owner, trio: &Trio) -> Result<(), FlowError> {
        let id = conflict_id(owner, &trio.path);
        if self.is_on_file(&id, trio.local)? {
            return Ok(());
        }
        let tip = Some(self.trees.tip);
        // The last variant may have been on its way out.
        self.edits.remove(&names::conflict_record(&id)?);
        self.filer
            .file_lost(self.objects, tip, (owner, trio), &mut self.edits)
    }
}
