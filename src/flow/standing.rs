//! How conflicts stand: who has which version, and whether all of them are on file.

use crate::base::{Kind, Leaf, MachineId, ObjectId, Trees, VaultPath};
use crate::layout::{Side, VariantDir, VariantRecord, names};
use crate::merge::{Lookup, Scope};
use crate::vault::Objects;

use super::filing::conflict_id;
use super::here::Here;
use super::report::ConflictLine;
use super::scan::Scanned;
use super::{FlowError, stored};

/// A vault's tree, beside this machine.
pub struct Standing<'a> {
    pub objects: &'a Objects<'a>,
    pub tree: Option<ObjectId>,
    pub here: &'a Here,
    pub machine: &'a MachineId,
    pub lookup: Lookup,
}

impl Standing<'_> {
    fn find(&self, tree: Option<ObjectId>, path: &VaultPath) -> Result<Option<Leaf>, FlowError> {
        Ok(self.lookup.find(self.objects, tree, path)?)
    }

    /// Looks up each conflict of a list.
    pub fn look_up(&self, lines: &mut [ConflictLine]) -> Result<(), FlowError> {
        for line in lines {
            line.machines = self.machines(&line.id)?;
            line.filed = !line.machines.is_empty();
            if line.filed {
                line.dir = Some(names::conflict_dir(&line.id)?);
            }
            let place = self.place(line)?;
            let carried =
                |(_, scanned): &(_, &Scanned)| scanned.scope(&line.path) == Scope::Carried;
            // What differs without a dispute is an edit of what the vault has, or a part of it.
            let disputes = |(_, scanned): &(_, &Scanned)| scanned.disputed.contains(&line.path);
            let Some((dir, scanned)) = place.filter(carried).filter(disputes) else {
                continue;
            };
            let [local, vault] = [
                self.find(scanned.tree, &line.path)?,
                self.find(self.tree, &dir.join(&line.path))?,
            ]
            .map(|leaf| leaf.filter(|leaf| leaf.kind != Kind::Tree));
            line.here = local != vault;
            if line.here {
                line.filed = self.has_ours(&line.id, local)?;
            }
        }
        Ok(())
    }

    /// The directory in the vault and the project or tool here that a conflict is about.
    fn place<'h>(
        &'h self,
        line: &ConflictLine,
    ) -> Result<Option<(VaultPath, &'h Scanned)>, FlowError> {
        let fits = |scanned: &Scanned| conflict_id(&scanned.unit.owner, &line.path) == line.id;
        let project = self.here.projects.iter().find(|it| fits(&it.scanned));
        if let Some(project) = project {
            let Some(name) = project.vault_name() else {
                return Ok(None);
            };
            return Ok(Some((names::project_dir(name)?, &project.scanned)));
        }
        match self.here.settings.iter().find(|scanned| fits(scanned)) {
            Some(scanned) => Ok(Some((
                names::settings_tool_dir(&scanned.unit.name)?,
                scanned,
            ))),
            None => Ok(None),
        }
    }

    /// Whether this very version is on file: under this machine's id, or as one of a lost history.
    fn has_ours(&self, id: &str, local: Option<Leaf>) -> Result<bool, FlowError> {
        for dir in self.versions(id)? {
            let filed = names::variant_side(id, dir.clone(), Side::Local)?;
            let filed = self.find(self.tree, &filed)?;
            let is_ours = dir == VariantDir::from(self.machine) || filed.is_some();
            if is_ours && filed.map(|leaf| leaf.id) == local.map(|leaf| leaf.id) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The directories of the versions that are on file.
    fn versions(&self, id: &str) -> Result<Vec<VariantDir>, FlowError> {
        let dir = self.find(self.tree, &names::conflict_dir(id)?)?;
        let Some(dir) = dir.filter(|leaf| leaf.kind == Kind::Tree) else {
            return Ok(Vec::new());
        };
        let mut versions = Vec::new();
        for entry in self.objects.tree(dir.id)? {
            let name = String::from_utf8_lossy(&entry.name);
            let Some(dir) = VariantDir::parse(&name) else {
                continue;
            };
            let record = names::variant_record(id, dir.clone())?;
            if self.find(self.tree, &record)?.is_some() {
                versions.push(dir);
            }
        }
        Ok(versions)
    }

    /// Who has a version on file. One whose record cannot be read counts by its id.
    fn machines(&self, id: &str) -> Result<Vec<String>, FlowError> {
        let mut machines = Vec::new();
        for dir in self.versions(id)? {
            let path = names::variant_record(id, dir.clone())?;
            let leaf = self.find(self.tree, &path)?;
            let record = stored::record::<VariantRecord>(self.objects, &path, leaf)?;
            let record = record.and_then(Result::ok);
            let name = record.map_or_else(|| dir.as_str().to_owned(), |record| record.name);
            if !machines.contains(&name) {
                machines.push(name);
            }
        }
        Ok(machines)
    }
}
