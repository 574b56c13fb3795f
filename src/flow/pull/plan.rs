//! What a pull comes to, and how it is carried out.

use std::collections::HashSet;

use crate::base::{Kind, ObjectId, TreeEntry, Trees, VaultPath};
use crate::flow::agreed::{AgreedEdits, Notes};
use crate::flow::filing::conflict_id;
use crate::flow::guard::withhold_emptied;
use crate::flow::here::{Here, Placement};
use crate::flow::journal::{Head, landed};
use crate::flow::landing::{Landing, begin_all, carry_all, close};
use crate::flow::meeting::{Berth, Decided, Draft, Ground, Meeting, Terms, judge};
use crate::flow::report::ConflictLine;
use crate::flow::scan::Scanned;
use crate::flow::settings_text::withhold_misfits;
use crate::flow::take::{Take, TakenLine};
use crate::flow::{FlowError, Writer, bookkeeping, conflicts, memory};
use crate::layout::names;
use crate::vault::Objects;

/// What a pull comes to, before anything is written.
pub struct PullPlan {
    pub landings: Vec<Landing>,
    agreed: AgreedEdits,
    pub conflicts: Vec<ConflictLine>,
    pub undo: Option<u64>,
}

impl PullPlan {
    /// Where this disk got the vault's version it has none of its own any more.
    pub fn gave_way(&mut self, here: &Here) {
        let changed = pairs(here, &self.landings).flat_map(|(scanned, landing)| {
            let changes = landing.report.changes.iter();
            changes.map(|change| conflict_id(&scanned.unit.owner, &change.path))
        });
        let changed: HashSet<String> = changed.collect();
        let lines = self.conflicts.iter_mut();
        for line in lines.filter(|line| changed.contains(&line.id)) {
            line.here = false;
            line.filed = !line.machines.is_empty();
        }
    }

    /// What is new here need not be read again.
    pub fn teach(&self, here: &mut Here) {
        for scanned in here.scanned_mut() {
            let landing = landing_of(&self.landings, scanned);
            for (step, stat) in landing.into_iter().flat_map(|landing| &landing.landed) {
                scanned.learn(step, *stat);
            }
        }
    }
}

/// What becomes of it; nothing where it takes no part.
fn landing_of<'l>(landings: &'l [Landing], scanned: &Scanned) -> Option<&'l Landing> {
    let mut landings = landings.iter();
    landings.find(|landing| landing.is_of(&scanned.unit))
}

/// What takes part, with what becomes of it.
fn pairs<'a>(
    here: &'a Here,
    landings: &'a [Landing],
) -> impl Iterator<Item = (&'a Scanned, &'a Landing)> {
    let pair = |scanned| Some((scanned, landing_of(landings, scanned)?));
    here.scanned().filter_map(pair)
}

pub struct Pull<'a> {
    pub writer: &'a Writer<'a>,
    pub ground: &'a Ground<'a>,
    pub allow_mass_delete: bool,
    /// Conflicts are decided for this side.
    pub take: Option<Take>,
    /// What is agreed because decisions hold no more.
    pub decided: &'a [Decided],
}

impl Pull<'_> {
    /// Everything that can fail without harm.
    pub fn plan(&self, objects: &mut Objects<'_>, here: &mut Here) -> Result<PullPlan, FlowError> {
        let mut draft = Draft::begin(objects, self.ground)?;
        memory::forget_others(objects, self.ground.agreed, here, &mut draft.agreed)?;
        let mut landings = Vec::new();
        for project in &mut here.projects {
            let Some(name) = project.vault_name().map(str::to_owned) else {
                draft.agreed.forget(&project.scanned.unit.key);
                continue;
            };
            let known = self.ground.upstream.project(&project.registered.id);
            let notes = known.map_or_else(Notes::new, |known| known.record.paths.clone());
            let berth = Berth {
                dir: names::project_dir(&name)?,
                is_new: matches!(project.placement, Placement::New { .. }),
            };
            landings.push(self.unit(
                objects,
                &mut project.scanned,
                (&berth, &notes),
                &mut draft,
            )?);
        }
        for scanned in &mut here.settings {
            let berth = Berth {
                dir: names::settings_tool_dir(&scanned.unit.name)?,
                is_new: scanned.is_absent,
            };
            landings.push(self.unit(objects, scanned, (&berth, &Notes::new()), &mut draft)?);
        }
        let mut conflicts = Vec::new();
        for (scanned, landing) in pairs(here, &landings) {
            for path in &landing.conflicts {
                let id = conflict_id(&scanned.unit.owner, path);
                conflicts.push(ConflictLine::file(id, &scanned.unit.name, path.clone()));
            }
        }
        conflicts::add_filed(objects, self.ground.upstream, &mut conflicts)?;
        let taken = pairs(here, &landings).flat_map(|(scanned, landing)| {
            let taken = landing.report.taken.iter();
            taken.map(|line| conflict_id(&scanned.unit.owner, &line.path))
        });
        let taken: Vec<String> = taken.collect();
        self.leave_out_taken(objects, &taken, &mut conflicts)?;
        Ok(PullPlan {
            landings,
            agreed: draft.finish(objects)?,
            conflicts,
            undo: None,
        })
    }

    fn unit(
        &self,
        objects: &mut Objects<'_>,
        scanned: &mut Scanned,
        (berth, vault_notes): (&Berth, &Notes),
        draft: &mut Draft,
    ) -> Result<Landing, FlowError> {
        let terms = Terms {
            ground: self.ground,
            allow_mass_delete: self.allow_mass_delete,
            brings_back: true,
            decided: self.decided,
        };
        let mut met = terms.meet(objects, scanned, berth, draft)?;
        if !self.allow_mass_delete && withhold_emptied(objects, scanned, &met.decided)? {
            let trios = met.decided.into_iter().map(|(trio, _)| trio).collect();
            met.decided = judge(objects, trios, scanned)?;
        }
        let taken = self.take(objects, scanned, &mut met)?;
        let now = self.writer.session.edges.clock.now();
        let mut landing = Landing::plan(objects, scanned, (&met, vault_notes), now)?;
        landing.report.taken = taken;
        Ok(landing)
    }

    /// Decides the conflicts, where the person said for which side.
    fn take(
        &self,
        objects: &mut Objects<'_>,
        scanned: &mut Scanned,
        met: &mut Meeting,
    ) -> Result<Vec<TakenLine>, FlowError> {
        let Some(take) = self.take else {
            return Ok(Vec::new());
        };
        let mut taken = take.decide(&mut met.decided);
        if withhold_misfits(objects, scanned, &met.decided)? {
            let trios = std::mem::take(&mut met.decided).into_iter();
            let trios = trios.map(|(trio, _)| trio).collect();
            met.decided = judge(objects, trios, scanned)?;
            taken = take.decide(&mut met.decided);
        }
        let is_taken = |path: &VaultPath| taken.iter().any(|line| line.path == *path);
        scanned.disputed.retain(|path| !is_taken(path));
        Ok(taken)
    }

    /// What was decided waits for nobody, unless another machine has a version of its own on file.
    fn leave_out_taken(
        &self,
        objects: &Objects<'_>,
        taken: &[String],
        conflicts: &mut Vec<ConflictLine>,
    ) -> Result<(), FlowError> {
        let own = self.ground.filer.machine.to_string();
        let mut decided = HashSet::new();
        for id in taken {
            let dir = self
                .ground
                .upstream
                .dir(objects, &names::conflict_dir(id)?)?;
            let variants = dir.map_or(Ok(Vec::new()), |dir| objects.tree(dir))?;
            let is_other =
                |entry: &TreeEntry| entry.kind == Kind::Tree && entry.name != own.as_bytes();
            if !variants.iter().any(is_other) {
                decided.insert(id);
            }
        }
        conflicts.retain(|line| !decided.contains(&line.id));
        Ok(())
    }

    /// Writes. From here on a fault ends the writing, and what is known by then is stored.
    pub fn carry_out(
        &self,
        objects: &mut Objects<'_>,
        here: &Here,
        plan: &mut PullPlan,
    ) -> Result<(), FlowError> {
        let Some(tip) = self.ground.upstream.parent else {
            return Ok(());
        };
        let head = Head::new(self.writer, "pull")?;
        let landings = &mut plan.landings;
        let journal = begin_all(self.writer, objects, landings, (head, Some(tip)))?;
        let carried = carry_all(self.writer, objects, landings, &mut plan.agreed);
        self.finish(objects, &plan.agreed, tip)?;
        carried?;
        plan.undo = close(&self.writer.store, journal, landings)?;
        if here.is_whole {
            // What a killed run wrote, and could not be finished, is known as that by now.
            landed(&self.writer.store)?;
        }
        Ok(())
    }

    /// What is agreed now, and the tip that it was agreed with. Where the remote has to be sent
    /// something first, the tip that was seen stays the one that was seen.
    fn finish(
        &self,
        objects: &mut Objects<'_>,
        edits: &AgreedEdits,
        tip: ObjectId,
    ) -> Result<(), FlowError> {
        let upstream = self.ground.upstream;
        let agreed = self.ground.agreed;
        let is_there = upstream.expected == Some(tip) && upstream.healed.is_none();
        let seen = if is_there {
            tip
        } else {
            agreed.seen.unwrap_or(tip)
        };
        memory::agree(self.writer, objects, (agreed, edits), seen)?;
        if is_there {
            let from_remote = self.writer.session.config.remote_url.is_some();
            bookkeeping::arrived(self.writer, tip, from_remote)?;
        }
        Ok(())
    }
}
