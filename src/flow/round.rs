//! One round of a push: what this disk has, merged onto what the vault has now.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Id, Kind, Leaf, ObjectId, Sink, VaultPath};
use crate::layout::{ProjectRecord, Record, names};
use crate::merge::{
    Edits, Graft, InVault, Scope, Trio, Verdict, decide, differences, edit, file_clashes, find,
    leaves, merge_notes,
};
use crate::vault::Objects;

use super::agreed::{AgreedEdits, Filed, Notes, as_in_vault};
use super::guard::withhold_accidents;
use super::here::{Here, LocalProject};
use super::publish::Ground;
use super::report::{ConflictLine, UnitChanges};
use super::scan::Scanned;
use super::{FlowError, conflicts};

/// What a round stands on.
pub struct Round<'a> {
    pub ground: &'a Ground<'a>,
    pub allow_mass_delete: bool,
}

/// What a round comes to, before anything is written that others see.
#[derive(Default)]
pub struct RoundPlan {
    /// Changes of the vault's tree.
    pub edits: Edits,
    /// Changes of what is agreed, once the push is through.
    pub agreed: AgreedEdits,
    pub units: Vec<UnitChanges>,
    pub conflicts: Vec<ConflictLine>,
    /// How many conflicts of ours need no decision any more.
    pub settled: usize,
    /// The projects of this machine, for its record.
    pub projects: Vec<Id>,
    pub(super) filed: BTreeMap<String, Filed>,
}

/// Where one unit lies in the vault.
struct Berth {
    dir: VaultPath,
    tree: Option<ObjectId>,
}

impl Round<'_> {
    /// Merges everything that is here. What is found to be an accident is withheld in `here`.
    pub fn plan(&self, objects: &mut Objects<'_>, here: &mut Here) -> Result<RoundPlan, FlowError> {
        let before = self.ground.agreed.filed(objects.store())?;
        let mut plan = RoundPlan {
            filed: before.clone(),
            ..RoundPlan::default()
        };
        for project in &mut here.projects {
            self.project(objects, project, &mut plan)?;
        }
        for scanned in &mut here.settings {
            let dir = names::settings_tool_dir(&scanned.unit.name)?;
            self.unit(objects, &self.berth(objects, dir)?, scanned, &mut plan)?;
        }
        plan.projects.extend(here.others.iter().cloned());
        plan.projects.sort();
        if plan.filed != before {
            let filed = std::mem::take(&mut plan.filed);
            plan.agreed.filed(objects, &filed)?;
        }
        Ok(plan)
    }

    fn berth(&self, objects: &Objects<'_>, dir: VaultPath) -> Result<Berth, FlowError> {
        Ok(Berth {
            tree: self.ground.upstream.dir(objects, &dir)?,
            dir,
        })
    }

    fn project(
        &self,
        objects: &mut Objects<'_>,
        project: &mut LocalProject,
        plan: &mut RoundPlan,
    ) -> Result<(), FlowError> {
        let key = project.scanned.unit.key.clone();
        let Some(name) = project.vault_name().map(str::to_owned) else {
            plan.agreed.forget(&key);
            return Ok(());
        };
        plan.projects.push(project.registered.id.clone());
        let berth = self.berth(objects, names::project_dir(&name)?)?;
        let merged = self.unit(objects, &berth, &mut project.scanned, plan)?;
        let known = self
            .ground
            .upstream
            .project(&project.registered.id)
            .map(|known| known.record.clone());
        let mut record = known
            .clone()
            .unwrap_or_else(|| ProjectRecord::new(project.registered.id.clone(), name.clone()));
        extend(&mut record.remotes, &project.registered.remotes);
        extend(&mut record.roots, &project.registered.roots);
        extend(&mut record.dirs, &project.scanned.unit.roots);
        let base = self.ground.agreed.notes(objects.store(), &key)?;
        let scanned = &project.scanned;
        let speaks = |path: &VaultPath| scanned.scope(path) == Scope::Carried;
        let local = as_in_vault(&scanned.notes, &record.paths);
        let notes = merge_notes(&base, &local, &record.paths, &speaks).vault;
        if notes != record.paths {
            record.paths = tidy(objects, merged, notes)?;
        }
        if base != local {
            plan.agreed.notes(objects, &key, &local)?;
        }
        if known.as_ref() != Some(&record) {
            let id = objects.put_blob(&record.write())?;
            plan.edits.insert(
                names::project_record(&name)?,
                Graft::Leaf(Leaf {
                    kind: Kind::File,
                    id,
                }),
            );
        }
        Ok(())
    }

    /// Merges one unit; the tree of its directory as it will be, without a change of its record.
    fn unit(
        &self,
        objects: &mut Objects<'_>,
        berth: &Berth,
        scanned: &mut Scanned,
        plan: &mut RoundPlan,
    ) -> Result<Option<ObjectId>, FlowError> {
        let base = conflicts::base_tree(
            objects,
            (self.ground.agreed, self.ground.upstream),
            scanned,
            self.ground.filer.machine,
        )?;
        self.take_decisions(objects, scanned, plan)?;
        let trios = content_trios(differences(objects, base, scanned.tree, berth.tree)?.trios);
        withhold_accidents(objects, scanned, &trios, self.allow_mass_delete)?;
        let decided = judge(objects, berth.tree, trios, scanned)?;
        let mut changes = UnitChanges::of(&scanned.unit);
        changes.first = base.is_none();
        let mut edits = Edits::new();
        for (trio, verdict) in &decided {
            match verdict.vault {
                InVault::Keep => {}
                InVault::Put(leaf) => {
                    edits.insert(trio.path.clone(), leaf.map_or(Graft::Remove, Graft::Leaf));
                    changes.push(&trio.path, trio.vault, leaf);
                    changes.keep_keys(&scanned.unit, &trio.path);
                }
                InVault::File => self.file(objects, scanned, trio, plan)?,
            }
            changes.remark(&trio.path, verdict.remark);
            if verdict.base_after_push != trio.base {
                plan.agreed
                    .leaf(&scanned.unit.key, &trio.path, verdict.base_after_push);
            }
        }
        self.withdraw_settled(objects, scanned, &decided, plan)?;
        let merged = edit(objects, berth.tree, &edits)?;
        for (path, graft) in edits {
            plan.edits.insert(berth.dir.join(&path), graft);
        }
        plan.units.push(changes);
        Ok(merged)
    }

    /// The filed versions that somebody decided on are agreed now, and no longer on file.
    fn take_decisions(
        &self,
        objects: &Objects<'_>,
        scanned: &Scanned,
        plan: &mut RoundPlan,
    ) -> Result<(), FlowError> {
        let key = &scanned.unit.key;
        for (id, filed) in plan.filed.clone() {
            let ours = names::variant_record(&id, self.ground.filer.machine)?;
            if filed.unit == *key && find(objects, self.ground.upstream.tree, &ours)?.is_none() {
                plan.agreed.leaf(key, &filed.path, filed.local);
                plan.filed.remove(&id);
            }
        }
        Ok(())
    }

    fn file(
        &self,
        objects: &mut Objects<'_>,
        scanned: &Scanned,
        trio: &Trio,
        plan: &mut RoundPlan,
    ) -> Result<(), FlowError> {
        let vault = self.ground.upstream.tree;
        let owner = &scanned.unit.owner;
        let id = conflicts::id(owner, &trio.path);
        if !self
            .ground
            .filer
            .is_filed(objects, vault, (&id, trio.local))?
        {
            self.ground
                .filer
                .file(objects, vault, (owner, trio), &mut plan.edits)?;
        }
        let filed = Filed {
            unit: scanned.unit.key.clone(),
            path: trio.path.clone(),
            local: trio.local,
        };
        plan.filed.insert(id.clone(), filed);
        plan.conflicts.push(ConflictLine::file(
            id,
            &scanned.unit.name,
            trio.path.clone(),
        ));
        Ok(())
    }

    /// What we filed and what now merges cleanly needs no decision any more.
    fn withdraw_settled(
        &self,
        objects: &Objects<'_>,
        scanned: &Scanned,
        decided: &[(Trio, Verdict)],
        plan: &mut RoundPlan,
    ) -> Result<(), FlowError> {
        let open: BTreeSet<&VaultPath> = decided
            .iter()
            .filter(|(_, verdict)| verdict.vault == InVault::File)
            .map(|(trio, _)| &trio.path)
            .collect();
        for (id, filed) in plan.filed.clone() {
            let settled = filed.unit == scanned.unit.key
                && !open.contains(&filed.path)
                && scanned.scope(&filed.path) == Scope::Carried;
            if settled {
                self.ground.filer.withdraw(
                    objects,
                    self.ground.upstream.tree,
                    &id,
                    &mut plan.edits,
                )?;
                plan.filed.remove(&id);
                plan.settled += 1;
            }
        }
        Ok(())
    }
}

/// The verdict on every path that differs.
pub fn judge(
    objects: &Objects<'_>,
    vault: Option<ObjectId>,
    trios: Vec<Trio>,
    scanned: &Scanned,
) -> Result<Vec<(Trio, Verdict)>, FlowError> {
    let verdict = |trio: Trio| {
        let scope = scanned.scope(&trio.path);
        let verdict = if scanned.says_nothing(objects, &trio)? {
            decide(
                &Trio {
                    local: None,
                    ..trio.clone()
                },
                scope,
            )
        } else {
            decide(&trio, scope)
        };
        Ok((trio, verdict))
    };
    let mut decided = trios
        .into_iter()
        .map(verdict)
        .collect::<Result<Vec<_>, FlowError>>()?;
    file_clashes(objects, vault, &mut decided)?;
    Ok(decided)
}

/// The project's record lies beside its content, and is merged by itself.
pub fn content_trios(mut trios: Vec<Trio>) -> Vec<Trio> {
    trios.retain(|trio| trio.path.as_str() != names::PROJECT_RECORD);
    trios
}

fn extend<T: Clone + PartialEq>(list: &mut Vec<T>, more: &[T]) {
    for item in more {
        if !list.contains(item) {
            list.push(item.clone());
        }
    }
}

/// Notes of paths that are no longer there say nothing.
fn tidy(
    objects: &Objects<'_>,
    merged: Option<ObjectId>,
    mut notes: Notes,
) -> Result<Notes, FlowError> {
    let all = leaves(objects, merged)?;
    let dirs: BTreeSet<VaultPath> = all.keys().flat_map(VaultPath::ancestors).collect();
    notes.retain(|path, note| {
        if note.dir {
            !dirs.contains(path)
        } else {
            all.contains_key(path) || dirs.contains(path)
        }
    });
    Ok(notes)
}
