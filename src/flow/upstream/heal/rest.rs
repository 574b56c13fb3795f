//! What is no project's: settings, the records of the vault and of machines, and what people put there.

use crate::base::{Blobs, VaultPath};
use crate::layout::{AllowedRecord, MachineRecord, Owner, Record, names};
use crate::merge::{InVault, Scope, Trio, decide, differences, settle_clashes};

use super::{Heal, Histories, records};
use crate::flow::FlowError;
use crate::flow::upstream::VaultProject;

impl Heal<'_, '_> {
    pub(super) fn rest(
        &mut self,
        projects: &Histories<Vec<VaultProject>>,
    ) -> Result<(), FlowError> {
        let Histories { base, seen, tip } = self.trees;
        let found = differences(self.objects, Some(base), Some(seen), Some(tip))?;
        let mut decided: Vec<_> = found
            .trios
            .into_iter()
            .filter(|trio| !is_of_a_conflict(&trio.path) && !is_of_a_chain(&trio.path))
            .map(|trio| {
                let trio = outside(trio, projects);
                let verdict = decide(&trio, Scope::Carried);
                (trio, verdict)
            })
            .collect();
        settle_clashes(&mut decided);
        for (trio, verdict) in decided {
            match verdict.vault {
                InVault::Keep => {}
                InVault::Put(leaf) => self.put(trio.path, leaf),
                InVault::File => self.both_changed(trio)?,
            }
        }
        Ok(())
    }

    fn both_changed(&mut self, trio: Trio) -> Result<(), FlowError> {
        let path = &trio.path;
        if *path == names::vault_record() {
            return Ok(());
        }
        if *path == names::allowed_record() {
            return self.allowed(&trio);
        }
        if path.below(&names::machines_dir()).is_some() {
            return self.machine(trio);
        }
        if let Some((tool, below)) = setting(path) {
            let trio = Trio {
                path: below,
                ..trio
            };
            return self.file(&Owner::Settings(tool), &trio);
        }
        self.beside(&trio)
    }

    fn allowed(&mut self, trio: &Trio) -> Result<(), FlowError> {
        let leaves = Histories {
            base: trio.base,
            seen: trio.local,
            tip: trio.vault,
        };
        match records::merge::<AllowedRecord>(self.objects, &trio.path, leaves)? {
            Some(record) => self.put_record(trio.path.clone(), &record),
            None => Ok(()),
        }
    }

    /// Of two records of a machine the later stays. The own one in the tip was written by somebody
    /// else, since this machine's is in the lost history: that is for the next round to find.
    fn machine(&mut self, trio: Trio) -> Result<(), FlowError> {
        let pushed = |id| -> Result<_, FlowError> {
            let record = MachineRecord::read(&trio.path, &self.objects.blob(id)?);
            Ok(record.ok().map(|record| record.last_push))
        };
        let own = trio.path == names::machine_record(self.filer.machine);
        if let (Some(seen), Some(tip), false) = (trio.local, trio.vault, own)
            && pushed(seen.id)? > pushed(tip.id)?
        {
            self.put(trio.path, trio.local);
        }
        Ok(())
    }

    /// The tip's version stays where it is, the lost one gets a name of its own.
    fn beside(&mut self, trio: &Trio) -> Result<(), FlowError> {
        let Some(leaf) = trio.local else {
            return Ok(());
        };
        let dir = trio.path.ancestors().next().unwrap_or_default();
        let hash = leaf.id.short();
        let name = trio.path.names().last().unwrap_or_default();
        let path = dir
            .child(format!("{name}~{hash}").as_bytes())
            // The longest names leave no room.
            .or_else(|_| dir.child(hash.as_bytes()))?;
        self.put(path, Some(leaf));
        Ok(())
    }
}

/// Variants are whole directories, and merged as such.
fn is_of_a_conflict(path: &VaultPath) -> bool {
    let below = path.below(&names::conflicts_dir());
    below.is_some_and(|below| below.names().count() > 1)
}

/// Chains of ops are put together by the task store, which knows them all.
fn is_of_a_chain(path: &VaultPath) -> bool {
    path.below(&names::ops_dir()).is_some()
}

/// The path without the sides on which it is a project's.
fn outside(trio: Trio, projects: &Histories<Vec<VaultProject>>) -> Trio {
    let below = trio.path.below(&names::projects_dir());
    let name = below.as_ref().and_then(|below| below.names().next());
    let is_free = |list: &[VaultProject]| {
        list.iter()
            .all(|project| Some(project.name.as_str()) != name)
    };
    Trio {
        base: trio.base.filter(|_| is_free(&projects.base)),
        local: trio.local.filter(|_| is_free(&projects.seen)),
        vault: trio.vault.filter(|_| is_free(&projects.tip)),
        ..trio
    }
}

/// The tool whose file this is, and the path below its directory.
fn setting(path: &VaultPath) -> Option<(String, VaultPath)> {
    let below = path.below(&names::settings_dir())?;
    let tool = below.names().next()?.to_owned();
    let tail = path.below(&names::settings_tool_dir(&tool).ok()?)?;
    (tail.names().count() > 0).then_some((tool, tail))
}
