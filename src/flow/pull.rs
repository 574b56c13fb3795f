//! Pull: what others put into the vault comes onto this disk, and replaces nothing that changed here.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::{Id, ObjectId, Timestamp, VaultPath};
use crate::layout::names;
use crate::merge::differences;
use crate::vault::Objects;

use super::agreed::{Agreed, AgreedEdits};
use super::here::{Here, Selection};
use super::landing::{Landed, Landing, land};
use super::publish::Publisher;
use super::push::OpCounts;
use super::report::{
    Change, ConflictLine, LeftLine, SkippedProject, WithheldLine, left, skipped, withheld,
};
use super::scan::Scanned;
use super::unit::Unit;
use super::upstream::{Healed, Upstream};
use super::{FlowError, Writer, bookkeeping, conflicts};

#[derive(Clone, Debug, Default)]
pub struct PullOptions {
    pub dry_run: bool,
    pub selection: Selection,
    pub allow_mass_delete: bool,
}

/// A path that stays as it is on this disk, and why.
#[derive(Clone, Debug, Serialize)]
pub struct KeptLine {
    pub path: VaultPath,
    pub why: &'static str,
}

/// What a pull does in one project or tool.
#[derive(Debug, Serialize)]
pub struct PulledUnit {
    pub name: String,
    pub path: crate::base::HostPath,
    pub added: usize,
    pub changed: usize,
    pub removed: usize,
    pub kept: usize,
    pub changes: Vec<Change>,
    pub kept_paths: Vec<KeptLine>,
    /// Names in the vault that no disk of ours takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused_names: Vec<String>,
    #[serde(skip)]
    pub is_settings: bool,
}

impl PulledUnit {
    #[must_use]
    pub fn of(unit: &Unit) -> Self {
        Self {
            name: unit.name.clone(),
            path: unit.root.clone(),
            added: 0,
            changed: 0,
            removed: 0,
            kept: 0,
            changes: Vec::new(),
            kept_paths: Vec::new(),
            refused_names: Vec::new(),
            is_settings: unit.is_settings(),
        }
    }
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
        let ambiguous = self
            .skipped
            .iter()
            .any(|project| project.reason == "ambiguous");
        ambiguous || !self.withheld.is_empty() || !self.conflicts.is_empty()
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
    let publisher = Publisher::new(writer, remote.as_deref(), began, options.dry_run);
    let (agreed, upstream) = publisher.meet(&mut objects)?;
    if upstream.parent.is_none() {
        return Err(FlowError::NothingToPull);
    }
    let mut cache = bookkeeping::open_cache(writer.session, writer.began_ns)?;
    let mut here = Here::scan(
        writer.session,
        &upstream,
        &options.selection,
        (&mut cache, &mut objects),
    )?;
    if options.selection.projects.is_empty() {
        here.expect_settings(writer.session, &upstream, (&agreed, &objects))?;
    }
    bookkeeping::sweep_projects(writer, &here, &options.selection);
    let mut pull = Pull {
        writer,
        options,
        agreed: &agreed,
        upstream: &upstream,
        edits: AgreedEdits::default(),
        conflicts: Vec::new(),
    };
    let units = pull.units(&mut objects, &mut here)?;
    let edits = pull.edits;
    let mut conflicts = pull.conflicts;
    conflicts::add_filed(&objects, &upstream, &mut conflicts)?;
    if !options.dry_run {
        finish(writer, &mut objects, (&agreed, &edits), &upstream)?;
        bookkeeping::remember_projects(writer, &here, false)?;
        // The cache may name only what the store has: the next run reads such a file no more.
        objects.flush()?;
        cache.save(&writer.session.places.stat_cache())?;
    }
    let now = writer.session.edges.clock.now();
    Ok(PullReport {
        remote: writer.session.config.remote_url.clone(),
        ms: now.millis() - began.millis(),
        ..report(options, &here, &upstream, (units, conflicts))
    })
}

fn report(
    options: &PullOptions,
    here: &Here,
    upstream: &Upstream,
    (units, conflicts): (Vec<PulledUnit>, Vec<ConflictLine>),
) -> PullReport {
    let changed = units.iter().any(|unit| !unit.changes.is_empty());
    let (settings, projects) = units.into_iter().partition(|unit| unit.is_settings);
    PullReport {
        applied: !options.dry_run && changed,
        dry_run: options.dry_run,
        commit: upstream.parent,
        missing: missing(here, upstream, &options.selection),
        skipped: skipped(here),
        withheld: withheld(here),
        left: left(here),
        conflicts,
        projects,
        settings,
        undo: None,
        ops: OpCounts::default(),
        remote: None,
        healed: upstream.healed,
        ms: 0,
    }
}

/// What is agreed now, and the tip that it was agreed with. A history that needs mending is left to
/// the next push: until then the tip that was seen stays the one that was seen.
fn finish(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    agreed: (&Agreed, &AgreedEdits),
    upstream: &Upstream,
) -> Result<(), FlowError> {
    let Some(tip) = upstream.parent else {
        return Ok(());
    };
    let mending = upstream.healed.is_some();
    let seen = if mending {
        agreed.0.seen.unwrap_or(tip)
    } else {
        tip
    };
    bookkeeping::agree(writer, objects, agreed, seen)?;
    if !mending {
        let from_remote = writer.session.config.remote_url.is_some();
        bookkeeping::arrived(writer, tip, from_remote && upstream.expected.is_some())?;
    }
    Ok(())
}

struct Pull<'a> {
    writer: &'a Writer<'a>,
    options: &'a PullOptions,
    agreed: &'a Agreed,
    upstream: &'a Upstream,
    edits: AgreedEdits,
    conflicts: Vec<ConflictLine>,
}

impl Pull<'_> {
    fn units(
        &mut self,
        objects: &mut Objects<'_>,
        here: &mut Here,
    ) -> Result<Vec<PulledUnit>, FlowError> {
        let mut units = Vec::new();
        for project in &mut here.projects {
            let key = project.scanned.unit.key.clone();
            let Some(name) = project.vault_name().map(str::to_owned) else {
                self.edits.forget(&key);
                continue;
            };
            let notes = match self.upstream.project(&project.registered.id) {
                Some(known) => known.record.paths.clone(),
                None => BTreeMap::new(),
            };
            let dir = names::project_dir(&name)?;
            units.push(self.unit(objects, (dir, notes), &mut project.scanned)?);
        }
        for scanned in &mut here.settings {
            let dir = names::settings_tool_dir(&scanned.unit.name)?;
            units.push(self.unit(objects, (dir, BTreeMap::new()), scanned)?);
        }
        Ok(units)
    }

    fn unit(
        &mut self,
        objects: &mut Objects<'_>,
        (dir, vault_notes): (VaultPath, super::agreed::Notes),
        scanned: &mut Scanned,
    ) -> Result<PulledUnit, FlowError> {
        let key = scanned.unit.key.clone();
        let vault = self.upstream.dir(objects, &dir)?;
        let base = conflicts::base_tree(
            objects,
            (self.agreed, self.upstream),
            scanned,
            &self.writer.machine(),
        )?;
        let found = differences(objects, base, scanned.tree, vault)?;
        let landing = Landing {
            vault,
            base_notes: self.agreed.notes(&self.writer.store, &key)?,
            vault_notes,
            trios: super::round::content_trios(found.trios),
            faults: found.faults,
            allow_mass_delete: self.options.allow_mass_delete,
            dry_run: self.options.dry_run,
        };
        let landed = land(self.writer, objects, scanned, landing)?;
        self.agree(objects, &key, &landed)?;
        for path in &landed.conflicts {
            let id = conflicts::id(&scanned.unit.owner, path);
            self.conflicts
                .push(ConflictLine::file(id, &scanned.unit.name, path.clone()));
        }
        Ok(landed.report)
    }

    fn agree(
        &mut self,
        objects: &mut Objects<'_>,
        key: &str,
        landed: &Landed,
    ) -> Result<(), FlowError> {
        for (path, leaf) in &landed.agreed {
            self.edits.leaf(key, path, *leaf);
        }
        if let Some(notes) = &landed.notes {
            self.edits.notes(objects, key, notes)?;
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
