//! What two histories filed under `conflicts/`: a variant stays whole, and none replaces another.

use std::collections::BTreeMap;

use crate::base::{Kind, Leaf, ObjectId, Trees, VaultPath};
use crate::layout::{Side, names};
use crate::merge::leaves;

use super::Heal;
use crate::flow::FlowError;

/// The entries of a directory, by name.
type Entries = BTreeMap<String, Leaf>;

impl Heal<'_, '_> {
    pub(super) fn variants(&mut self) -> Result<(), FlowError> {
        let dir = names::conflicts_dir();
        let all = self.trees.each(|tree| self.entries(*tree, &dir))?;
        for (id, leaf) in &all.seen {
            if all.base.get(id) != Some(leaf) && all.tip.get(id) != Some(leaf) {
                self.conflict(id)?;
            }
        }
        for (id, leaf) in &all.base {
            if !all.seen.contains_key(id) && all.tip.get(id) == Some(leaf) {
                self.replace(&dir.child(id.as_bytes())?, None)?;
            } else if !all.seen.contains_key(id) {
                self.conflict(id)?;
            }
        }
        Ok(())
    }

    /// Merges one conflict, variant by variant.
    fn conflict(&mut self, id: &str) -> Result<(), FlowError> {
        let dir = names::conflict_dir(id)?;
        let all = self.trees.each(|tree| self.entries(*tree, &dir))?;
        let mut left: usize = all
            .tip
            .values()
            .filter(|leaf| leaf.kind == Kind::Tree)
            .count();
        for (name, leaf) in all.seen.iter().filter(|(_, leaf)| leaf.kind == Kind::Tree) {
            let (base, tip) = (all.base.get(name), all.tip.get(name));
            if base == Some(leaf) || tip == Some(leaf) {
                continue;
            }
            let path = dir.child(name.as_bytes())?;
            if tip.is_none() || tip == base {
                left += usize::from(tip.is_none());
                self.replace(&path, Some(leaf.id))?;
            } else if !self.is_on_file(id, self.local(leaf.id)?)? {
                let machine = name.split('~').next().unwrap_or_default();
                let fork = format!("{machine}~{}", leaf.id.short());
                self.replace(&dir.child(fork.as_bytes())?, Some(leaf.id))?;
            }
        }
        for (name, leaf) in all.base.iter().filter(|(_, leaf)| leaf.kind == Kind::Tree) {
            if !all.seen.contains_key(name) && all.tip.get(name) == Some(leaf) {
                left -= 1;
                self.replace(&dir.child(name.as_bytes())?, None)?;
            }
        }
        let record = names::conflict_record(id)?;
        let seen = self
            .lookup
            .find(self.objects, Some(self.trees.seen), &record)?;
        let tip = self
            .lookup
            .find(self.objects, Some(self.trees.tip), &record)?;
        if left == 0 || tip.is_none() {
            self.put(record, seen.filter(|_| left > 0));
        }
        Ok(())
    }

    /// Whether the tip has a variant of this conflict with this content.
    pub(super) fn is_on_file(&self, id: &str, local: Option<Leaf>) -> Result<bool, FlowError> {
        let Some(local) = local else {
            return Ok(false);
        };
        let dir = names::conflict_dir(id)?;
        let filed = self.entries(self.trees.tip, &dir)?;
        for leaf in filed.values().filter(|leaf| leaf.kind == Kind::Tree) {
            if self
                .local(leaf.id)?
                .is_some_and(|filed| filed.id == local.id)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn local(&self, variant: ObjectId) -> Result<Option<Leaf>, FlowError> {
        let path = VaultPath::parse(Side::Local.as_str())?;
        Ok(self.lookup.find(self.objects, Some(variant), &path)?)
    }

    /// Puts what a tree has in the place of what the tip has at a path.
    fn replace(&mut self, path: &VaultPath, tree: Option<ObjectId>) -> Result<(), FlowError> {
        let tip = Some(self.trees.tip);
        let before = self.lookup.find_dir(self.objects, tip, path)?;
        for tail in leaves(self.objects, before)?.keys() {
            self.put(path.join(tail), None);
        }
        for (tail, leaf) in leaves(self.objects, tree)? {
            self.put(path.join(&tail), Some(leaf));
        }
        Ok(())
    }

    /// What a tree has in a directory. Names that no path can have are left out.
    fn entries(&self, tree: ObjectId, dir: &VaultPath) -> Result<Entries, FlowError> {
        let mut entries = Entries::new();
        let found = self.lookup.find_dir(self.objects, Some(tree), dir)?;
        for entry in found.map_or(Ok(Vec::new()), |dir| self.objects.tree(dir))? {
            if let (Ok(_), Ok(name)) = (
                dir.child(&entry.name),
                String::from_utf8(entry.name.clone()),
            ) {
                let (kind, id) = (entry.kind, entry.id);
                entries.insert(name, Leaf { kind, id });
            }
        }
        Ok(entries)
    }
}
