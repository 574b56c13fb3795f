//! Where the projects and tools of this machine lie.

use crate::base::{Id, ObjectId, Timestamp, VaultPath};
use crate::flow::account::{skipped, wants_attention, withheld};
use crate::flow::agreed::{Agreed, Notes};
use crate::flow::filing::Filer;
use crate::flow::here::{Here, Selection};
use crate::flow::journal::Head;
use crate::flow::landing::{Landing, begin_all, carry_and_learn, close, preview_all};
use crate::flow::meeting::Meeting;
use crate::flow::report::Reason;
use crate::flow::scan::Scanned;
use crate::flow::settings_text::withhold_misfits;
use crate::flow::upstream::{Source, Upstream, content_trios, look};
use crate::flow::{FlowError, Writer, bookkeeping};
use crate::layout::names;
use crate::merge::{
    InVault, Lookup, OnDisk, Scope, Trio, Verdict, differences, find, settle_clashes,
};
use crate::vault::Objects;

use super::{Done, Part, Past, RestoreOptions};

pub fn write(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    (past, wanted): (&Past, &Part),
    options: &RestoreOptions,
) -> Result<Done, FlowError> {
    let session = writer.session;
    let agreed = Agreed::load(&writer.store)?;
    let (machine, name) = (writer.machine(), session.machine_name());
    let now = session.edges.clock.now();
    let filer = Filer::new(&machine, &name, now);
    let upstream = look(objects, &Source::Here, &agreed, &filer)?;
    let selection = Selection {
        projects: wanted.projects.clone(),
    };
    let mut here = Here::scan(session, &upstream, &selection, (objects, writer.began_ns))?;
    bookkeeping::sweep_projects(writer, &here, &selection);
    let place = InPlace {
        agreed: &agreed,
        upstream: &upstream,
        wanted,
        delete: options.delete,
        now,
    };
    let mut done = Done {
        landings: place.plan(objects, past, &mut here)?,
        missing: missing(past, &here),
        skipped: skipped(&here),
        withheld: withheld(&here),
        ..Done::default()
    };
    if options.dry_run {
        preview_all(writer, objects, &mut done.landings)?;
        return Ok(done);
    }
    let mut head = Head::new(writer, "restore")?;
    head.is_edit = true;
    let journal = begin_all(writer, objects, &done.landings, (head, agreed.seen))?;
    carry_and_learn(writer, objects, &mut done.landings, &agreed)?;
    done.undo = close(&writer.store, journal, &done.landings)?;
    bookkeeping::save_caches(writer, &here, objects);
    Ok(done)
}

fn missing(past: &Past, here: &Here) -> Vec<String> {
    if !here.is_whole {
        return Vec::new();
    }
    let is_here = |id: &Id| here.projects.iter().any(|it| it.registered.id == *id);
    let missing = past.projects.iter().filter(|it| !is_here(&it.record.id));
    missing.map(|project| project.name.clone()).collect()
}

/// What is agreed stays as it is; but where the vault has a newer version of what comes back, which
/// this disk never took in, nothing is agreed any more: as untouched it would give way to that one.
fn disagree(
    objects: &Objects<'_>,
    now: Option<ObjectId>,
    decided: &mut [(Trio, Verdict)],
) -> Result<(), FlowError> {
    let lookup = Lookup::default();
    for (trio, verdict) in decided {
        let is_old = matches!(verdict.disk, OnDisk::Write(leaf) if Some(leaf) == trio.base);
        if is_old && lookup.find(objects, now, &trio.path)? != trio.base {
            verdict.base_after_pull = None;
        }
    }
    Ok(())
}

/// What was otherwise then and stays as it is here, where no report says so by itself.
fn left_out(scanned: &Scanned, decided: &[(Trio, Verdict)]) -> Vec<(VaultPath, &'static str)> {
    let is_told = |path: &VaultPath| {
        let above = path.ancestors().filter_map(|dir| scanned.left.get(&dir));
        let mut left = scanned.left.get(path).into_iter().chain(above);
        left.any(|left| wants_attention(left.reason) || left.reason == Reason::LinkedRoot)
    };
    let stays = |trio: &&Trio| {
        let differs = trio.vault.is_some() && trio.vault != trio.local;
        differs && scanned.scope(&trio.path) != Scope::Carried && !is_told(&trio.path)
    };
    let why = |path: &VaultPath| {
        if scanned.decided.contains(path) {
            "decided"
        } else {
            "not_carried"
        }
    };
    let trios = decided.iter().map(|(trio, _)| trio).filter(stays);
    trios
        .map(|trio| (trio.path.clone(), why(&trio.path)))
        .collect()
}

struct InPlace<'a> {
    agreed: &'a Agreed,
    upstream: &'a Upstream,
    wanted: &'a Part,
    delete: bool,
    now: Timestamp,
}

impl InPlace<'_> {
    fn plan(
        &self,
        objects: &mut Objects<'_>,
        past: &Past,
        here: &mut Here,
    ) -> Result<Vec<Landing>, FlowError> {
        let mut landings = Vec::new();
        for project in &mut here.projects {
            let id = &project.registered.id;
            let Some(then) = past.projects.iter().find(|it| it.record.id == *id) else {
                continue;
            };
            let dir = names::project_dir(&then.name)?;
            let then = (dir, Some(then.tree), &then.record.paths);
            let now = self.upstream.project(id).map(|now| now.tree);
            landings.push(self.unit(objects, &mut project.scanned, then, now)?);
        }
        for scanned in &mut here.settings {
            let dir = names::settings_tool_dir(&scanned.unit.name)?;
            let tree = find(objects, Some(past.tree), &dir)?.map(|leaf| leaf.id);
            let now = self.upstream.dir(objects, &dir)?;
            let then = (dir, tree, &Notes::new());
            landings.push(self.unit(objects, scanned, then, now)?);
        }
        Ok(landings)
    }

    fn unit(
        &self,
        objects: &mut Objects<'_>,
        scanned: &mut Scanned,
        (dir, tree, notes): (VaultPath, Option<ObjectId>, &Notes),
        now: Option<ObjectId>,
    ) -> Result<Landing, FlowError> {
        let base = self.agreed.content(objects, &scanned.unit.key)?;
        let found = differences(objects, base, scanned.tree, tree)?;
        let mut trios = content_trios(found.trios);
        for trio in &mut trios {
            if !self.wanted.takes(&dir, &trio.path) {
                trio.vault = trio.local;
            }
        }
        let mut decided = self.judge(trios, scanned);
        if withhold_misfits(objects, scanned, &decided)? {
            let trios = decided.into_iter().map(|(trio, _)| trio).collect();
            decided = self.judge(trios, scanned);
        }
        disagree(objects, now, &mut decided)?;
        let left_out = left_out(scanned, &decided);
        let takes = |path: &VaultPath| self.wanted.takes(&dir, path);
        let (base_notes, then_notes) = self.notes(&scanned.notes, notes, &takes);
        let met = Meeting {
            vault: tree,
            base_notes,
            decided,
            faults: found.faults,
        };
        let mut landing = Landing::plan(objects, scanned, (&met, &then_notes), self.now)?;
        landing.leave_agreed();
        for (path, why) in left_out {
            landing.report.keep(&path, why);
        }
        Ok(landing)
    }

    /// What was there then is written; what was not goes only where that is asked for.
    fn judge(&self, trios: Vec<Trio>, scanned: &Scanned) -> Vec<(Trio, Verdict)> {
        let verdict = |trio: Trio| {
            let is_ours = scanned.scope(&trio.path) == Scope::Carried;
            let disk = match trio.vault {
                _ if trio.local == trio.vault || !is_ours => OnDisk::Leave,
                Some(leaf) => OnDisk::Write(leaf),
                None if self.delete => OnDisk::Delete,
                None => OnDisk::Leave,
            };
            let verdict = Verdict {
                vault: InVault::Keep,
                disk,
                base_after_push: trio.base,
                base_after_pull: trio.base,
                remark: None,
            };
            (trio, verdict)
        };
        let mut decided: Vec<_> = trios.into_iter().map(verdict).collect();
        settle_clashes(&mut decided);
        decided
    }

    /// The notes to start from and those to come to: with paths that are not meant both are as here,
    /// and what is noted here alone stays where nothing is to go.
    fn notes(
        &self,
        local: &Notes,
        then: &Notes,
        takes: &dyn Fn(&VaultPath) -> bool,
    ) -> (Notes, Notes) {
        let of = |notes: &Notes, meant: bool| -> Notes {
            let notes = notes.iter().filter(|(path, _)| takes(path) == meant);
            notes
                .map(|(path, note)| (path.clone(), note.clone()))
                .collect()
        };
        let mut to = of(then, true);
        to.extend(of(local, false));
        let mut from = local.clone();
        if !self.delete {
            from.retain(|path, _| to.contains_key(path));
        }
        (from, to)
    }
}
