//! Pull: what others put into the vault comes onto this disk, and replaces nothing that changed here.

use serde::Serialize;

use crate::base::{Id, Kind, ObjectId, Timestamp, TreeEntry, Trees, VaultPath};
use crate::layout::names;
use crate::merge::Lookup;
use crate::vault::Objects;

use super::account::{left, skipped, withheld};
use super::agreed::{Agreed, AgreedEdits, Notes};
use super::conflict::{hold_paths, mark_decided};
use super::filing::conflict_id;
use super::guard::withhold_emptied;
use super::here::{Here, Placement, Selection};
use super::journal::{Head, begin, landed};
use super::landing::{Landing, carry_all, close, journal_of, preview_all};
use super::meeting::{Berth, Draft, Ground, Meeting, Terms, judge};
use super::publish::Publisher;
use super::report::{
    ConflictLine, KeptLine, LeftLine, OpCounts, PulledUnit, SkippedProject, WithheldLine,
    needs_decision,
};
use super::scan::Scanned;
use super::settings_text::withhold_misfits;
use super::standing::Standing;
use super::take::{Take, TakenLine};
use super::unasked::{Unasked, unasked};
use super::upstream::{Healed, Upstream};
use super::{FlowError, Writer, bookkeeping, conflicts, memory, pause, undo};

#[derive(Clone, Debug, Default)]
pub struct PullOptions {
    pub dry_run: bool,
    pub selection: Selection,
    pub allow_mass_delete: bool,
    /// Conflicts are decided for this side.
    pub take: Option<Take>,
}

/// A project of the vault that is not on this machine.
#[derive(Debug, Serialize)]
pub struct MissingProject {
    pub name: String,
    pub remotes: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct PullReport {
    /// Something was written to this disk.
    pub applied: bool,
    pub dry_run: bool,
    pub commit: Option<ObjectId>,
    pub projects: Vec<PulledUnit>,
    pub settings: Vec<PulledUnit>,
    pub missing: Vec<MissingProject>,
    /// Settings of the vault that nobody added here.
    pub unasked: Vec<Unasked>,
    pub skipped: Vec<SkippedProject>,
    pub withheld: Vec<WithheldLine>,
    pub left: Vec<LeftLine>,
    pub conflicts: Vec<ConflictLine>,
    /// The snapshot that undoes this pull.
    pub undo: Option<String>,
    pub ops: OpCounts,
    pub remote: Option<String>,
    pub healed: Option<Healed>,
    pub ms: i64,
}

impl PullReport {
    #[must_use]
    pub fn needs_decision(&self) -> bool {
        self.keeps_waiting() || needs_decision(&self.skipped, &self.withheld, &self.conflicts)
    }

    /// Whether something could not come here until a person does something about it.
    #[must_use]
    pub fn keeps_waiting(&self) -> bool {
        let units = self.projects.iter().chain(&self.settings);
        units.flat_map(|unit| &unit.kept_paths).any(KeptLine::waits)
    }
}

/// Pulls, and remembers how it went.
pub fn pull(writer: &Writer<'_>, options: &PullOptions) -> Result<PullReport, FlowError> {
    let began = writer.session.edges.clock.now();
    let result = attempt(writer, options, began);
    if !options.dry_run {
        bookkeeping::remember_run(writer, "pull", began, result.as_ref().err())?;
        bookkeeping::tend_store(writer);
    }
    result
}

fn attempt(
    writer: &Writer<'_>,
    options: &PullOptions,
    began: Timestamp,
) -> Result<PullReport, FlowError> {
    let remote = writer.remote()?;
    let mut objects = Objects::new(&writer.store);
    if !options.dry_run {
        undo::finish(writer, &mut objects)?;
    }
    let publisher = Publisher::new(writer, remote.as_deref(), began, options.dry_run);
    let met = publisher.meet(&mut objects)?;
    if met.1.parent.is_none() {
        return Err(FlowError::NothingToPull);
    }
    take_in(&publisher, &mut objects, &met, options)
}

/// Takes in what the vault was met with.
pub fn take_in(
    publisher: &Publisher<'_>,
    objects: &mut Objects<'_>,
    (agreed, upstream): &(Agreed, Upstream),
    options: &PullOptions,
) -> Result<PullReport, FlowError> {
    let writer = publisher.writer;
    let mut here = Here::scan(
        writer.session,
        upstream,
        &options.selection,
        (objects, writer.began_ns),
    )?;
    if here.is_whole {
        here.expect_settings(writer.session, upstream, objects)?;
    }
    bookkeeping::sweep_projects(writer, &here, &options.selection);
    let waiting = hold_paths(writer.session, objects, (&mut here, upstream))?;
    let machine = writer.machine();
    let ground = Ground {
        agreed,
        upstream,
        filer: &publisher.filer(&machine),
    };
    let pull = Pull {
        writer,
        options,
        ground: &ground,
    };
    let mut plan = pull.plan(objects, &mut here)?;
    let standing = Standing {
        objects,
        tree: upstream.tree,
        here: &here,
        machine: &machine,
        lookup: Lookup::default(),
    };
    standing.look_up(&mut plan.conflicts)?;
    mark_decided(&mut plan.conflicts, &waiting);
    if options.dry_run {
        preview_all(writer, objects, &mut plan.landings)?;
    } else {
        pull.carry_out(objects, &here, &mut plan)?;
        for (scanned, landing) in here.scanned_mut().zip(&plan.landings) {
            for (step, stat) in &landing.landed {
                scanned.learn(step, *stat);
            }
        }
        pause::end(writer.session)?;
        bookkeeping::remember_projects(writer, &here, false)?;
        bookkeeping::save_caches(&here, objects)?;
    }
    let unasked = if here.is_whole {
        unasked(writer.session, (&here, upstream), objects)?
    } else {
        Vec::new()
    };
    let now = writer.session.edges.clock.now();
    Ok(PullReport {
        remote: writer.session.config.remote_url.clone(),
        unasked,
        ms: now.millis() - publisher.began.millis(),
        ..report(options, &here, upstream, plan)
    })
}

fn report(options: &PullOptions, here: &Here, upstream: &Upstream, plan: PullPlan) -> PullReport {
    let units: Vec<PulledUnit> = plan
        .landings
        .into_iter()
        .map(|landing| landing.report)
        .collect();
    let changed = units.iter().any(|unit| !unit.changes.is_empty());
    let (settings, projects) = units.into_iter().partition(|unit| unit.is_settings);
    PullReport {
        applied: !options.dry_run && changed,
        dry_run: options.dry_run,
        commit: upstream.parent,
        missing: missing(here, upstream, &options.selection),
        unasked: Vec::new(),
        skipped: skipped(here),
        withheld: withheld(here),
        left: left(here),
        conflicts: plan.conflicts,
        projects,
        settings,
        undo: plan.undo.map(|number| number.to_string()),
        ops: OpCounts::default(),
        remote: None,
        healed: upstream.healed,
        ms: 0,
    }
}

/// What a pull comes to, before anything is written.
struct PullPlan {
    landings: Vec<Landing>,
    agreed: AgreedEdits,
    conflicts: Vec<ConflictLine>,
    undo: Option<u64>,
}

struct Pull<'a> {
    writer: &'a Writer<'a>,
    options: &'a PullOptions,
    ground: &'a Ground<'a>,
}

impl Pull<'_> {
    /// Everything that can fail without harm.
    fn plan(&self, objects: &mut Objects<'_>, here: &mut Here) -> Result<PullPlan, FlowError> {
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
        for (scanned, landing) in here.scanned().zip(&landings) {
            for path in &landing.conflicts {
                let id = conflict_id(&scanned.unit.owner, path);
                conflicts.push(ConflictLine::file(id, &scanned.unit.name, path.clone()));
            }
        }
        conflicts::add_filed(objects, self.ground.upstream, &mut conflicts)?;
        let taken = here
            .scanned()
            .zip(&landings)
            .flat_map(|(scanned, landing)| {
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
            allow_mass_delete: self.options.allow_mass_delete,
            brings_back: true,
            decided: &[],
        };
        let mut met = terms.meet(objects, scanned, berth, draft)?;
        if !self.options.allow_mass_delete && withhold_emptied(objects, scanned, &met.decided)? {
            let trios = met.decided.into_iter().map(|(trio, _)| trio).collect();
            met.decided = judge(objects, trios, scanned)?;
        }
        let taken = self.take(objects, scanned, &mut met)?;
        let mut landing = Landing::plan(objects, scanned, &met, vault_notes)?;
        let now = self.writer.session.edges.clock.now();
        landing.spare_logs(objects, scanned, now)?;
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
        let Some(take) = self.options.take else {
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
        for id in taken {
            let dir = self
                .ground
                .upstream
                .dir(objects, &names::conflict_dir(id)?)?;
            let variants = dir.map_or(Ok(Vec::new()), |dir| objects.tree(dir))?;
            let is_other =
                |entry: &TreeEntry| entry.kind == Kind::Tree && entry.name != own.as_bytes();
            if !variants.iter().any(is_other) {
                conflicts.retain(|line| line.id != *id);
            }
        }
        Ok(())
    }

    /// Writes. From here on a fault ends the writing, and what is known by then is stored.
    fn carry_out(
        &self,
        objects: &mut Objects<'_>,
        here: &Here,
        plan: &mut PullPlan,
    ) -> Result<(), FlowError> {
        let Some(tip) = self.ground.upstream.parent else {
            return Ok(());
        };
        let head = Head::new(self.writer, "pull")?;
        let journal = journal_of(objects, &plan.landings, head)?;
        if let Some(journal) = &journal {
            begin(self.writer, objects, journal, Some(tip))?;
        }
        let landings = &mut plan.landings;
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

/// The vault's projects that are not on this machine.
fn missing(here: &Here, upstream: &Upstream, selection: &Selection) -> Vec<MissingProject> {
    if !selection.projects.is_empty() {
        return Vec::new();
    }
    let is_here = |id: &Id| {
        here.projects
            .iter()
            .any(|project| project.registered.id == *id)
    };
    let absent = upstream
        .projects
        .iter()
        .filter(|project| !is_here(&project.record.id));
    absent
        .map(|project| MissingProject {
            name: project.name.clone(),
            remotes: project.record.remotes.clone(),
        })
        .collect()
}
