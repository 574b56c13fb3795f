//! Projects of two histories: paired by what they are, and merged file by file.

use std::collections::BTreeSet;

use crate::base::{Kind, Leaf, Sink, VaultPath};
use crate::layout::{Owner, ProjectRecord, Record, names};
use crate::merge::{InVault, Scope, decide, differences, leaves, settle_clashes};
use crate::project::{Identity, Match, find_match, unique_name};

use super::{Heal, Histories, records};
use crate::flow::FlowError;
use crate::flow::upstream::{VaultProject, content_trios, project_names};

type Projects = Histories<Vec<VaultProject>>;

impl Heal<'_, '_> {
    pub(super) fn projects(&mut self, projects: &Projects) -> Result<(), FlowError> {
        let mut taken = self.taken(projects)?;
        for seen in &projects.seen {
            let base = same_id(&projects.base, seen);
            let tip = same_id(&projects.tip, seen)
                .or_else(|| same_checkout(projects, seen).filter(|_| base.is_none()));
            match (base, tip) {
                (_, Some(tip)) => self.merge_project(base, seen, tip)?,
                (None, None) => {
                    let is_taken = |name: &str| taken.contains(&name.to_lowercase());
                    let name = unique_name(&seen.name, &is_taken);
                    taken.insert(name.to_lowercase());
                    self.add_project(seen, name)?;
                }
                // The tip took it out of the vault, and out it stays.
                (Some(_), None) => {}
            }
        }
        for base in &projects.base {
            let tip = same_id(&projects.tip, base).filter(|tip| tip.tree == base.tree);
            if let Some(tip) = tip.filter(|_| same_id(&projects.seen, base).is_none()) {
                self.remove_project(tip)?;
            }
        }
        Ok(())
    }

    /// Names that no project may be added under: the tip's, and those of directories that are no
    /// project's in the lost history.
    fn taken(&self, projects: &Projects) -> Result<BTreeSet<String>, FlowError> {
        let mut taken = BTreeSet::new();
        for tree in [self.trees.tip, self.trees.seen] {
            for name in project_names(self.objects, tree)? {
                let is_lost = tree == self.trees.seen
                    && projects.seen.iter().any(|project| project.name == name);
                if !is_lost {
                    taken.insert(name.to_lowercase());
                }
            }
        }
        Ok(taken)
    }

    fn merge_project(
        &mut self,
        base: Option<&VaultProject>,
        seen: &VaultProject,
        tip: &VaultProject,
    ) -> Result<(), FlowError> {
        let dir = names::project_dir(&tip.name)?;
        let before = base.map(|base| base.tree);
        let found = differences(self.objects, before, Some(seen.tree), Some(tip.tree))?;
        let mut decided: Vec<_> = content_trios(found.trios)
            .into_iter()
            .map(|trio| {
                let verdict = decide(&trio, Scope::Carried);
                (trio, verdict)
            })
            .collect();
        settle_clashes(&mut decided);
        let owner = Owner::Project(tip.record.id.clone());
        for (trio, verdict) in decided {
            match verdict.vault {
                InVault::Keep => {}
                InVault::Put(leaf) => self.put(dir.join(&trio.path), leaf),
                InVault::File => self.file(&owner, &trio)?,
            }
        }
        let path = names::project_record(&tip.name)?;
        let leaf = |project: &VaultProject| Leaf {
            kind: Kind::File,
            id: project.record_id,
        };
        let leaves = Histories {
            base: base.map(leaf),
            seen: Some(leaf(seen)),
            tip: Some(leaf(tip)),
        };
        let Some(merged) = records::merge::<ProjectRecord>(self.objects, &path, leaves)? else {
            return Ok(());
        };
        // Which project it is, and where it lies, the tip alone says.
        let record = ProjectRecord {
            id: tip.record.id.clone(),
            name: tip.record.name.clone(),
            ..merged
        };
        if record != tip.record {
            self.put_record(path, &record)?;
        }
        Ok(())
    }

    /// A project that only the lost history has.
    fn add_project(&mut self, seen: &VaultProject, name: String) -> Result<(), FlowError> {
        let dir = names::project_dir(&name)?;
        for (path, leaf) in leaves(self.objects, Some(seen.tree))? {
            self.put(dir.join(&path), Some(leaf));
        }
        if name != seen.name {
            let path = names::project_record(&name)?;
            let record = ProjectRecord {
                name,
                ..seen.record.clone()
            };
            self.put_record(path, &record)?;
        }
        Ok(())
    }

    /// A project that the lost history took out, and the tip left alone.
    fn remove_project(&mut self, tip: &VaultProject) -> Result<(), FlowError> {
        let dir = names::project_dir(&tip.name)?;
        for path in leaves(self.objects, Some(tip.tree))?.keys() {
            self.put(dir.join(path), None);
        }
        Ok(())
    }

    pub(super) fn put_record(
        &mut self,
        path: VaultPath,
        record: &impl Record,
    ) -> Result<(), FlowError> {
        let id = self.objects.put_blob(&record.write())?;
        let kind = Kind::File;
        self.put(path, Some(Leaf { kind, id }));
        Ok(())
    }
}

fn same_id<'p>(list: &'p [VaultProject], project: &VaultProject) -> Option<&'p VaultProject> {
    list.iter()
        .find(|known| known.record.id == project.record.id)
}

/// The project of the tip that is the same by its remotes or roots, where each is that of the other
/// alone: two machines added it, each under an id of its own.
fn same_checkout<'p>(projects: &'p Projects, seen: &VaultProject) -> Option<&'p VaultProject> {
    let only = |project: &VaultProject, list: &'p [VaultProject]| {
        let list_of: Vec<Identity> = list.iter().map(VaultProject::identity).collect();
        match find_match(&project.identity(), &list_of) {
            Match::Same(index) => Some(&list[index]),
            Match::None | Match::Ambiguous(_) => None,
        }
    };
    let tip = only(seen, &projects.tip)?;
    let back = only(tip, &projects.seen)?;
    (back.record.id == seen.record.id).then_some(tip)
}
