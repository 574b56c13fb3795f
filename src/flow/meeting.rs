//! One project or tool where disk, vault and memory meet: the same for a push and for a pull.

use std::collections::BTreeMap;

use crate::base::{Leaf, ObjectId, PathFault, VaultPath};
use crate::layout::{Side, names};
use crate::merge::{
    Edits, Graft, InVault, Lookup, Scope, Trio, Verdict, decide, differences, edit, find, leaves,
    make_room, settle_clashes,
};
use crate::vault::Objects;

use super::FlowError;
use super::agreed::{Agreed, AgreedEdits, Filed, Notes};
use super::content::verdict;
use super::equal::as_compared;
use super::filing::Filer;
use super::guard::withhold_accidents;
use super::half_line::keep_known_lines;
use super::journal::touches;
use super::scan::Scanned;
use super::settings_text::{as_scanned, withhold_misfits};
use super::upstream::{Upstream, content_trios};

/// What a piece of work stands on in one attempt.
pub struct Ground<'a> {
    pub agreed: &'a Agreed,
    pub upstream: &'a Upstream,
    pub filer: &'a Filer<'a>,
}

/// Where one unit lies in the vault.
pub struct Berth {
    pub dir: VaultPath,
    /// The vault does not have it yet: whatever was agreed about it is of another time.
    pub is_new: bool,
}

/// What a run learns, unit by unit.
#[derive(Default)]
pub struct Draft {
    /// Changes of what is agreed.
    pub agreed: AgreedEdits,
    /// What this machine has on file, by the conflict's id.
    pub filed: BTreeMap<String, Filed>,
    before: BTreeMap<String, Filed>,
}

impl Draft {
    pub fn begin(objects: &Objects<'_>, ground: &Ground<'_>) -> Result<Self, FlowError> {
        let filed = ground.agreed.filed(objects.store())?;
        Ok(Self {
            agreed: AgreedEdits::default(),
            before: filed.clone(),
            filed,
        })
    }

    /// The changes, all in.
    pub fn finish(mut self, objects: &mut Objects<'_>) -> Result<AgreedEdits, FlowError> {
        if self.filed != self.before {
            self.agreed.filed(objects, &self.filed)?;
        }
        Ok(self.agreed)
    }
}

/// What differs, and the verdict on it.
pub struct Meeting {
    /// The unit's tree in the vault.
    pub vault: Option<ObjectId>,
    /// What is noted as agreed.
    pub base_notes: Notes,
    pub decided: Vec<(Trio, Verdict)>,
    pub faults: Vec<PathFault>,
}

/// What is agreed about a path, because a decision about its conflict goes ahead of the plan, or is
/// dropped before it.
pub struct Decided {
    /// The project or tool.
    pub key: String,
    pub path: VaultPath,
    pub leaf: Option<Leaf>,
}

/// How a unit is met.
pub struct Terms<'a> {
    pub ground: &'a Ground<'a>,
    pub allow_mass_delete: bool,
    /// State directories that are gone from a checkout that is there come back.
    pub brings_back: bool,
    /// What is agreed because of decisions.
    pub decided: &'a [Decided],
}

impl Terms<'_> {
    /// Meets one unit. What looks like an accident is withheld in `scanned`.
    pub fn meet(
        &self,
        objects: &mut Objects<'_>,
        scanned: &mut Scanned,
        berth: &Berth,
        draft: &mut Draft,
    ) -> Result<Meeting, FlowError> {
        let vault = self.ground.upstream.dir(objects, &berth.dir)?;
        let (base, known) = self.base(objects, scanned, berth, draft)?;
        let found = differences(objects, base, scanned.tree, vault)?;
        let mut trios = content_trios(found.trios);
        keep_known_lines(objects, scanned, &mut trios)?;
        withhold_accidents(objects, scanned, &trios, self.allow_mass_delete)?;
        let mut decided = judge(objects, trios, scanned)?;
        if withhold_misfits(objects, scanned, &decided)? {
            let trios = decided.into_iter().map(|(trio, _)| trio).collect();
            decided = judge(objects, trios, scanned)?;
        }
        let disputed = decided
            .iter()
            .filter(|(_, verdict)| verdict.vault == InVault::File);
        scanned.disputed = disputed.map(|(trio, _)| trio.path.clone()).collect();
        let mut base_notes = self.base_notes(objects, scanned, berth)?;
        let gone = known.iter().filter(|(_, graft)| **graft == Graft::Remove);
        let gone = gone.map(|(path, _)| path);
        let trios = decided.iter().map(|(trio, _)| trio);
        let gone_twice = trios.filter(|trio| trio.local.is_none() && trio.vault.is_none());
        let gone = gone.chain(gone_twice.map(|trio| &trio.path));
        if leave_behind(scanned, gone, &mut base_notes) {
            let key = &scanned.unit.key;
            draft.agreed.notes(objects, key, &base_notes)?;
        }
        Ok(Meeting {
            vault,
            base_notes,
            decided,
            faults: found.faults,
        })
    }

    fn base_notes(
        &self,
        objects: &Objects<'_>,
        scanned: &Scanned,
        berth: &Berth,
    ) -> Result<Notes, FlowError> {
        if berth.is_new {
            return Ok(Notes::new());
        }
        let mut notes = self
            .ground
            .agreed
            .notes(objects.store(), &scanned.unit.key)?;
        if self.brings_back {
            let back = |path: &VaultPath| scanned.is_brought_back(path);
            notes.retain(|path, _| !back(path));
        }
        Ok(notes)
    }

    /// D of the unit, with what is found out about it now: what a killed pull wrote, and what others
    /// decided about our conflicts. The second are these findings alone.
    fn base(
        &self,
        objects: &mut Objects<'_>,
        scanned: &Scanned,
        berth: &Berth,
        draft: &mut Draft,
    ) -> Result<(Option<ObjectId>, Edits), FlowError> {
        let key = &scanned.unit.key;
        if berth.is_new {
            draft.agreed.forget(key);
            draft.filed.retain(|_, filed| filed.unit != *key);
            return Ok((None, Edits::new()));
        }
        let agreed = self.ground.agreed;
        let base = agreed.content(objects, key)?;
        let mut known = Edits::new();
        if agreed.is_away(objects, key)? {
            known.extend(lacking(objects, base, scanned)?);
            draft.agreed.back(key);
        }
        if let Some(journal) = agreed.landing {
            known.extend(written(objects, journal, scanned)?);
            make_room(&mut known, &leaves(objects, base)?);
        }
        for (id, filed) in draft.filed.clone() {
            let ours = names::variant_record(&id, &filed.machine)?;
            let lookup = &self.ground.filer.lookup;
            let is_open =
                |objects: &Objects<'_>| lookup.find(objects, self.ground.upstream.tree, &ours);
            if filed.unit == *key && is_open(objects)?.is_none() {
                if self.was_seen(objects, &id, &filed)? {
                    // The version that was filed counts as agreed, and the decision as the newer one.
                    let leaf = filed.local.map_or(Graft::Remove, Graft::Leaf);
                    known.insert(filed.path, leaf);
                }
                draft.filed.remove(&id);
            }
        }
        // What a person decided here is newer than what this machine filed.
        for decided in self.decided.iter().filter(|it| it.key == *key) {
            let leaf = decided.leaf.map_or(Graft::Remove, Graft::Leaf);
            known.insert(decided.path.clone(), leaf);
        }
        // Of a large project it costs something to look at all that is agreed.
        if self.brings_back && !scanned.missing_roots.is_empty() {
            for path in leaves(objects, base)?.into_keys() {
                if scanned.is_brought_back(&path) {
                    known.insert(path, Graft::Remove);
                }
            }
        }
        for (path, graft) in &known {
            let leaf = match graft {
                Graft::Leaf(leaf) => Some(*leaf),
                Graft::Tree(_) | Graft::Remove => None,
            };
            draft.agreed.leaf(key, path, leaf);
        }
        Ok((edit(objects, base, &known)?, known))
    }
}

impl Terms<'_> {
    /// Whether a version was still on file as this machine filed it when its conflict was decided. A
    /// clone of this machine may have put its own in that place since.
    fn was_seen(&self, objects: &Objects<'_>, id: &str, filed: &Filed) -> Result<bool, FlowError> {
        let (store, ground) = (objects.store(), self.ground);
        let seen = ground.agreed.seen;
        let since = ground.upstream.parent.map(|tip| store.commits(tip, seen));
        for commit in since.transpose()?.into_iter().flatten().chain(seen) {
            let tree = Some(store.tree_of(commit)?);
            if find(store, tree, &names::variant_record(id, &filed.machine)?)?.is_some() {
                let side = names::variant_side(id, &filed.machine, Side::Local)?;
                let local = find(store, tree, &side)?.map(|leaf| leaf.id);
                return Ok(local == filed.local.map(|leaf| leaf.id));
            }
        }
        Ok(true)
    }
}

/// What a killed run wrote: where the disk has what was meant, what was to be agreed then is.
fn written(
    objects: &Objects<'_>,
    journal: ObjectId,
    scanned: &Scanned,
) -> Result<Edits, FlowError> {
    let lookup = Lookup::default();
    let mut known = Edits::new();
    for (path, touch) in touches(objects, journal, &scanned.unit.key)? {
        let after = touch.after;
        let meant = after.map(|leaf| as_scanned(objects, &scanned.unit, &path, leaf));
        if lookup.find(objects, scanned.tree, &path)? == meant.transpose()? {
            known.insert(path, touch.then.map_or(Graft::Remove, Graft::Leaf));
        }
    }
    Ok(known)
}

/// What a tool that is back lacks was not deleted: it is met for the first time.
fn lacking(
    objects: &Objects<'_>,
    base: Option<ObjectId>,
    scanned: &Scanned,
) -> Result<Edits, FlowError> {
    let here = leaves(objects, scanned.tree)?;
    let lacks =
        |path: &VaultPath| !here.contains_key(path) && scanned.scope(path) == Scope::Carried;
    let known = leaves(objects, base)?.into_keys();
    let lacking = known.filter(lacks);
    Ok(lacking.map(|path| (path, Graft::Remove)).collect())
}

/// A directory that lost its last files here and over there is no empty directory that somebody made:
/// it is what is left of them, here. Says whether there was any.
fn leave_behind<'p>(
    scanned: &Scanned,
    gone: impl Iterator<Item = &'p VaultPath>,
    base_notes: &mut Notes,
) -> bool {
    let known = base_notes.len();
    for dir in gone.flat_map(VaultPath::ancestors) {
        if let Some(note) = scanned.notes.get(&dir).filter(|note| note.dir) {
            base_notes.entry(dir).or_insert_with(|| note.clone());
        }
    }
    base_notes.len() > known
}

/// The verdict on every path that differs.
pub fn judge(
    objects: &mut Objects<'_>,
    trios: Vec<Trio>,
    scanned: &Scanned,
) -> Result<Vec<(Trio, Verdict)>, FlowError> {
    let mut decided = Vec::with_capacity(trios.len());
    for trio in trios {
        let scope = scanned.scope(&trio.path);
        let verdict = if scope == Scope::Carried {
            let seen = as_compared(objects, &scanned.unit, &trio)?;
            verdict(objects, &scanned.unit, &seen)?
        } else {
            decide(&trio, scope)
        };
        decided.push((trio, verdict));
    }
    settle_clashes(&mut decided);
    Ok(decided)
}
