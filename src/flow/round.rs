//! One round of a push: what this disk has, merged onto what the vault has now.

use std::collections::BTreeSet;
use std::mem;

use crate::base::seams::{Rule, is_broken};
use crate::base::{Id, Kind, Leaf, ObjectId, Sink, VaultPath};
use crate::layout::{Frontier, ProjectRecord, Record, names};
use crate::merge::{
    Edits, Graft, InVault, OnDisk, Scope, Trio, Verdict, edit, leaves, merge_notes,
};
use crate::vault::Objects;

use super::agreed::{AgreedEdits, Filed, Notes};
use super::equal::outgoing;
use super::filing::conflict_id;
use super::here::{Here, LocalProject, Placement};
use super::meeting::{Berth, Draft, Meeting, Terms};
use super::noted::{Side, noted_changes, notes_here};
use super::report::{ConflictLine, UnitChanges};
use super::scan::Scanned;
use super::{FlowError, memory};

/// What a round stands on.
pub struct Round<'a> {
    pub terms: Terms<'a>,
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
    /// The directories of the conflicts that a person's decisions take away.
    pub resolved: BTreeSet<VaultPath>,
    /// How many ops of the task list go into the vault, and how far this machine has read them all.
    pub ops: usize,
    pub frontier: Option<Frontier>,
    /// How many files the vault has for this disk, and a pull would write or delete.
    pub incoming: usize,
    /// The projects of this machine, for its record.
    pub projects: Vec<Id>,
}

impl Round<'_> {
    /// Merges everything that is here. What is found to be an accident is withheld in `here`.
    pub fn plan(&self, objects: &mut Objects<'_>, here: &mut Here) -> Result<RoundPlan, FlowError> {
        let ground = self.terms.ground;
        let mut draft = Draft::begin(objects, ground)?;
        let mut plan = RoundPlan::default();
        memory::forget_others(objects, ground.agreed, here, &mut draft.agreed)?;
        for project in &mut here.projects {
            self.project(objects, project, &mut plan, &mut draft)?;
        }
        for scanned in &mut here.settings {
            let berth = Berth {
                dir: names::settings_tool_dir(&scanned.unit.name)?,
                is_new: false,
            };
            let (met, merged) = self.unit(objects, &berth, scanned, (&mut plan, &mut draft))?;
            put_dir(objects, &berth.dir, (met.vault, merged), &mut plan.edits)?;
        }
        plan.projects.extend(here.others.iter().cloned());
        plan.projects.sort();
        plan.agreed = draft.finish(objects)?;
        Ok(plan)
    }

    fn project(
        &self,
        objects: &mut Objects<'_>,
        project: &mut LocalProject,
        plan: &mut RoundPlan,
        draft: &mut Draft,
    ) -> Result<(), FlowError> {
        let Some(name) = project.vault_name().map(str::to_owned) else {
            draft.agreed.forget(&project.scanned.unit.key);
            return Ok(());
        };
        let is_new = matches!(project.placement, Placement::New { .. });
        if !(project.is_held && is_new) {
            plan.projects.push(project.registered.id.clone());
        }
        if project.is_held {
            return Ok(());
        }
        let berth = Berth {
            dir: names::project_dir(&name)?,
            is_new,
        };
        let (met, merged) = self.unit(objects, &berth, &mut project.scanned, (plan, draft))?;
        let known = self.terms.ground.upstream.project(&project.registered.id);
        let known = known.map(|known| known.record.clone());
        let mut record = known
            .clone()
            .unwrap_or_else(|| ProjectRecord::new(project.registered.id.clone(), name.clone()));
        extend(&mut record.remotes, &project.registered.remotes);
        extend(&mut record.roots, &project.registered.roots);
        extend(&mut record.dirs, &project.scanned.unit.roots);
        let scanned = &project.scanned;
        let speaks = |path: &VaultPath| scanned.scope(path) == Scope::Carried;
        let mut local = notes_here(objects, scanned, &record.paths)?;
        if let Some(known) = &known {
            forget_idle_roots(&mut local, known, &met.base_notes);
        }
        let notes = merge_notes(&met.base_notes, &local, &record.paths, &speaks).vault;
        if notes != record.paths {
            let before = mem::replace(&mut record.paths, tidy(objects, merged, notes)?);
            let [before, after] = [(met.vault, &before), (merged, &record.paths)]
                .map(|(tree, notes)| Side { tree, notes });
            let beside = noted_changes(objects, &before, &after)?;
            let changes = plan.units.last_mut().expect("the unit was just planned");
            changes.beside_files(beside);
        }
        let seen = seen_notes(&met.base_notes, &local, scanned);
        if met.base_notes != seen {
            draft.agreed.notes(objects, &scanned.unit.key, &seen)?;
        }
        let mut merged = merged;
        if known.as_ref() != Some(&record) {
            let leaf = Leaf {
                kind: Kind::File,
                id: objects.put_blob(&record.write())?,
            };
            let path = VaultPath::parse(names::PROJECT_RECORD)?;
            merged = edit(objects, merged, &Edits::from([(path, Graft::Leaf(leaf))]))?;
        }
        put_dir(objects, &berth.dir, (met.vault, merged), &mut plan.edits)
    }

    /// Merges one unit; the tree of its directory as it will be, without a change of its record.
    fn unit(
        &self,
        objects: &mut Objects<'_>,
        berth: &Berth,
        scanned: &mut Scanned,
        (plan, draft): (&mut RoundPlan, &mut Draft),
    ) -> Result<(Meeting, Option<ObjectId>), FlowError> {
        let mut met = self.terms.meet(objects, scanned, berth, draft)?;
        let mut changes = UnitChanges::of(&scanned.unit);
        let agreed = self.terms.ground.agreed;
        changes.first = agreed.content(objects, &scanned.unit.key)?.is_none();
        self.withdraw_settled(objects, scanned, &met.decided, (plan, draft))?;
        let mut edits = Edits::new();
        // Of very many files each list counts: this one goes before the trees are written.
        for (trio, verdict) in mem::take(&mut met.decided) {
            let comes = matches!(verdict.disk, OnDisk::Write(_) | OnDisk::Delete);
            plan.incoming += usize::from(comes);
            changes.remark(&trio.path, verdict.remark);
            if verdict.base_after_push != trio.base {
                let key = &scanned.unit.key;
                draft.agreed.leaf(key, &trio.path, verdict.base_after_push);
            }
            match verdict.vault {
                InVault::Keep => {}
                InVault::Put(leaf) => {
                    let leaf = leaf.map(|leaf| outgoing(objects, &scanned.unit, &trio, leaf));
                    let leaf = leaf.transpose()?;
                    changes.push(&trio.path, trio.vault, leaf);
                    changes.keep_keys(&scanned.unit, &trio.path);
                    edits.insert(trio.path, leaf.map_or(Graft::Remove, Graft::Leaf));
                }
                InVault::File => self.file(objects, scanned, &trio, (plan, draft))?,
            }
        }
        let merged = edit(objects, met.vault, &edits)?;
        plan.units.push(changes);
        Ok((met, merged))
    }

    fn file(
        &self,
        objects: &mut Objects<'_>,
        scanned: &Scanned,
        trio: &Trio,
        (plan, draft): (&mut RoundPlan, &mut Draft),
    ) -> Result<(), FlowError> {
        let ground = self.terms.ground;
        let vault = ground.upstream.tree;
        let owner = &scanned.unit.owner;
        let id = conflict_id(owner, &trio.path);
        let is_filed = ground.filer.is_filed(objects, vault, (&id, trio.local))?;
        if !is_filed && !is_broken(Rule::LoserIsFiled) {
            ground
                .filer
                .file(objects, vault, (owner, trio), &mut plan.edits)?;
        }
        let filed = Filed {
            machine: ground.filer.machine.clone(),
            unit: scanned.unit.key.clone(),
            path: trio.path.clone(),
            local: trio.local,
        };
        draft.filed.insert(id.clone(), filed);
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
        (plan, draft): (&mut RoundPlan, &mut Draft),
    ) -> Result<(), FlowError> {
        let ground = self.terms.ground;
        let open: BTreeSet<&VaultPath> = decided
            .iter()
            .filter(|(_, verdict)| verdict.vault == InVault::File)
            .map(|(trio, _)| &trio.path)
            .collect();
        for (id, filed) in draft.filed.clone() {
            let settled = filed.unit == scanned.unit.key
                && !open.contains(&filed.path)
                && scanned.scope(&filed.path) == Scope::Carried;
            if settled {
                let ours = (id.as_str(), &filed.machine);
                let vault = ground.upstream.tree;
                ground
                    .filer
                    .withdraw(objects, vault, ours, &mut plan.edits)?;
                draft.filed.remove(&id);
                plan.settled += 1;
            }
        }
        Ok(())
    }
}

/// Puts the tree of a directory in the place of the one that was there: of very many files that
/// takes less memory than a list of them.
fn put_dir(
    objects: &Objects<'_>,
    dir: &VaultPath,
    (before, after): (Option<ObjectId>, Option<ObjectId>),
    edits: &mut Edits,
) -> Result<(), FlowError> {
    match after {
        _ if before == after => {}
        Some(tree) => {
            edits.insert(dir.clone(), Graft::Tree(tree));
        }
        None => {
            for path in leaves(objects, before)?.keys() {
                edits.insert(dir.join(path), Graft::Remove);
            }
        }
    }
    Ok(())
}

/// A state directory that others know stays here when its last file goes, so that it is empty now is
/// no news: they may have taken it away.
fn forget_idle_roots(local: &mut Notes, known: &ProjectRecord, base: &Notes) {
    for root in &known.dirs {
        let is_news = |notes: &Notes| !notes.contains_key(root);
        if is_news(base) && is_news(&known.paths) {
            local.remove(root);
        }
    }
}

/// The notes of this disk, as far as they travel: what is withheld stays agreed as it was.
fn seen_notes(base: &Notes, local: &Notes, scanned: &Scanned) -> Notes {
    let of = |notes: &Notes, wanted: Scope| -> Notes {
        let notes = notes.iter();
        let notes = notes.filter(|(path, _)| scanned.scope(path) == wanted);
        notes
            .map(|(path, note)| (path.clone(), note.clone()))
            .collect()
    };
    let mut seen = of(local, Scope::Carried);
    seen.extend(of(base, Scope::Held));
    seen
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
