//! Filing a version that could not be merged beside the vault's own, under `conflicts/`.

use std::collections::BTreeMap;

use crate::base::{Kind, Leaf, MachineId, ObjectId, Timestamp, Trees, VaultPath};
use crate::layout::{
    ConflictRecord, Owner, Record, Side, SideKind, VariantDir, VariantRecord, names,
};
use crate::merge::{Edits, Graft, Lookup, Trio, leaves, make_room};
use crate::vault::Objects;

use super::FlowError;
use super::stored::is_file;

/// Who files, and when.
pub struct Filer<'a> {
    pub machine: &'a MachineId,
    name: &'a str,
    now: Timestamp,
    /// All conflicts lie in one directory.
    pub lookup: Lookup,
}

impl<'a> Filer<'a> {
    #[must_use]
    pub fn new(machine: &'a MachineId, name: &'a str, now: Timestamp) -> Self {
        Self {
            machine,
            name,
            now,
            lookup: Lookup::default(),
        }
    }

    /// Whether the vault already has exactly this variant of ours.
    pub fn is_filed(
        &self,
        trees: &dyn Trees,
        vault: Option<ObjectId>,
        (id, local): (&str, Option<Leaf>),
    ) -> Result<bool, FlowError> {
        let record = names::variant_record(id, self.machine)?;
        let record = self.lookup.find(trees, vault, &record)?;
        let filed = self.lookup.find(
            trees,
            vault,
            &names::variant_side(id, self.machine, Side::Local)?,
        )?;
        Ok(record.is_some_and(|leaf| is_file(&leaf))
            && filed.map(|leaf| leaf.id) == local.map(|leaf| leaf.id))
    }

    /// The edits that file one path as it is on this disk.
    pub fn file(
        &self,
        objects: &mut Objects<'_>,
        vault: Option<ObjectId>,
        (owner, trio): (&Owner, &Trio),
        edits: &mut Edits,
    ) -> Result<(), FlowError> {
        let dir = VariantDir::from(self.machine);
        self.file_in(objects, vault, (&dir, owner, trio), edits)
    }

    /// The edits that file one path as a lost history had it: never over what this machine files.
    pub fn file_lost(
        &self,
        objects: &mut Objects<'_>,
        vault: Option<ObjectId>,
        (owner, trio): (&Owner, &Trio),
        edits: &mut Edits,
    ) -> Result<(), FlowError> {
        let dir = match trio.local {
            Some(lost) => VariantDir::fork(self.machine, lost.id),
            None => VariantDir::from(self.machine),
        };
        self.file_in(objects, vault, (&dir, owner, trio), edits)
    }

    fn file_in(
        &self,
        objects: &mut Objects<'_>,
        vault: Option<ObjectId>,
        (dir, owner, trio): (&VariantDir, &Owner, &Trio),
        edits: &mut Edits,
    ) -> Result<(), FlowError> {
        let conflict = conflict(owner, &trio.path);
        let id = conflict.id();
        let mut own = Edits::new();
        let record = names::conflict_record(&id)?;
        let there = self.lookup.find(objects, vault, &record)?;
        if !there.as_ref().is_some_and(is_file) {
            put_record(objects, &mut own, record, &conflict.write())?;
        }
        let variant = VariantRecord {
            machine: self.machine.clone(),
            name: self.name.to_owned(),
            at: self.now,
            local: side_kind(trio.local),
            base: side_kind(trio.base),
            vault: side_kind(trio.vault),
            extra: serde_json::Map::new(),
        };
        put_record(
            objects,
            &mut own,
            names::variant_record(&id, dir.clone())?,
            &variant.write(),
        )?;
        for (side, leaf) in [
            (Side::Local, trio.local),
            (Side::Base, trio.base),
            (Side::Vault, trio.vault),
        ] {
            let graft = leaf.map_or(Graft::Remove, |leaf| {
                Graft::Leaf(Leaf {
                    kind: Kind::File,
                    id: leaf.id,
                })
            });
            own.insert(names::variant_side(&id, dir.clone(), side)?, graft);
        }
        make_room(&mut own, &self.in_the_way(objects, vault, &id)?);
        edits.extend(own);
        Ok(())
    }

    /// What lies in the directory of a conflict, or stands in its place: somebody may have put there
    /// what nobody files.
    fn in_the_way(
        &self,
        trees: &dyn Trees,
        vault: Option<ObjectId>,
        id: &str,
    ) -> Result<BTreeMap<VaultPath, Leaf>, FlowError> {
        let mut known = BTreeMap::new();
        for dir in [names::conflicts_dir(), names::conflict_dir(id)?] {
            let found = self.lookup.find(trees, vault, &dir)?;
            let leaf = found.filter(|leaf| leaf.kind != Kind::Tree);
            known.extend(leaf.map(|leaf| (dir, leaf)));
        }
        let dir = names::conflict_dir(id)?;
        let tree = self.lookup.find_dir(trees, vault, &dir)?;
        let below = leaves(trees, tree)?.into_iter();
        known.extend(below.map(|(path, leaf)| (dir.join(&path), leaf)));
        Ok(known)
    }

    /// The edits that take a machine's variant back; the last one takes the conflict with it.
    pub fn withdraw(
        &self,
        trees: &dyn Trees,
        vault: Option<ObjectId>,
        (id, machine): (&str, &MachineId),
        edits: &mut Edits,
    ) -> Result<(), FlowError> {
        let dir = names::conflict_dir(id)?;
        let Some(conflict) = self.lookup.find_dir(trees, vault, &dir)? else {
            return Ok(());
        };
        let own = VaultPath::parse(machine.as_str())?;
        let all = leaves(trees, Some(conflict))?;
        let others = all
            .keys()
            .any(|path| path.names().count() > 1 && path.below(&own).is_none());
        for path in all
            .keys()
            .filter(|path| !others || path.below(&own).is_some())
        {
            edits.insert(dir.join(path), Graft::Remove);
        }
        Ok(())
    }
}

/// The id under which a conflict at this path is filed.
#[must_use]
pub fn conflict_id(owner: &Owner, path: &VaultPath) -> String {
    conflict(owner, path).id()
}

fn conflict(owner: &Owner, path: &VaultPath) -> ConflictRecord {
    ConflictRecord {
        owner: owner.clone(),
        path: path.clone(),
        extra: serde_json::Map::new(),
    }
}

fn put_record(
    objects: &mut Objects<'_>,
    edits: &mut Edits,
    path: VaultPath,
    bytes: &[u8],
) -> Result<(), FlowError> {
    use crate::base::Sink;
    let id = objects.put_blob(bytes)?;
    edits.insert(
        path,
        Graft::Leaf(Leaf {
            kind: Kind::File,
            id,
        }),
    );
    Ok(())
}

fn side_kind(leaf: Option<Leaf>) -> SideKind {
    match leaf.map(|leaf| leaf.kind) {
        None | Some(Kind::Tree | Kind::Foreign) => SideKind::Absent,
        Some(Kind::File) => SideKind::File,
        Some(Kind::Exec) => SideKind::Exec,
        Some(Kind::Link) => SideKind::Link,
    }
}
