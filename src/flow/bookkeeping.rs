//! What is remembered after a run: what is agreed, which projects the vault knows, how it went.

use std::collections::BTreeSet;
use std::path::Path;

use crate::base::{ObjectId, Timestamp, is_taken_name, seams, sweep_temp_files};
use crate::project::{Registered, Registry};
use crate::restore::settle_taken;
use crate::runs::{Run, Runs};
use crate::snapshot::masked;
use crate::vault::{Objects, RefName, Relation, stream_id};

use super::agreed::Agreed;
use super::here::{Here, Placement, Selection};
use super::journal::prune;
use super::records::machine_leaf;
use super::there::closed_for;
use super::upstream::Upstream;
use super::{Event, FlowError, Session, Writer, kept_config, last_remote, ops};

/// Points this machine's copy of the vault at the tip. A history that was never published and now
/// gives way to the remote's stays under a ref of its own.
pub fn arrived(writer: &Writer<'_>, tip: ObjectId, from_remote: bool) -> Result<(), FlowError> {
    let store = &writer.store;
    let before = store.read_ref(RefName::Branch)?;
    if let Some(before) = before.filter(|before| *before != tip) {
        let relation = store.relation(before, tip)?;
        if !matches!(relation, Relation::Same | Relation::Ahead) {
            store.keep(&format!("before-{}", before.short()), before)?;
        }
    }
    store.write_ref(RefName::Branch, tip)?;
    if from_remote {
        // First: who is killed in between is warned for nothing at worst.
        if let Some(url) = &writer.session.config.remote_url {
            last_remote::note(writer.session, url)?;
        }
        store.write_ref(RefName::Published, tip)?;
    }
    Ok(())
}

/// Whether the vault has a record under this machine's id that this machine did not write.
pub fn is_clone(
    writer: &Writer<'_>,
    objects: &Objects<'_>,
    agreed: &Agreed,
    upstream: &Upstream,
) -> Result<bool, FlowError> {
    let theirs = machine_leaf(objects, upstream.tree, writer)?.map(|leaf| leaf.id);
    Ok(theirs.is_some() && theirs != agreed.own_record(objects)?)
}

/// The vault is another one than before: what it lacks was never there, and was not taken out of it.
pub fn all_are_new(writer: &Writer<'_>) -> Result<(), FlowError> {
    let file = writer.session.places.registry();
    if Registry::load(&file)?
        .projects
        .iter()
        .any(|it| it.published)
    {
        Registry::edit(&file, &writer.session.holder(), |registry| {
            for project in &mut registry.projects {
                project.published = false;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// The projects are now known to the vault, under the id and the name that it has for them. One that
/// is new there becomes known by a push alone: after a pull it still is not in the vault.
pub fn remember_projects(writer: &Writer<'_>, here: &Here, pushed: bool) -> Result<(), FlowError> {
    let file = writer.session.places.registry();
    let known = |project: &super::here::LocalProject| {
        let is_new = matches!(project.placement, Placement::New { .. });
        if is_new && (!pushed || project.is_held) {
            return None;
        }
        let name = project.vault_name()?.to_owned();
        let mut registered = project.registered.clone();
        registered.name = name;
        registered.published = true;
        registered.dirs.clone_from(&project.scanned.unit.roots);
        Some(registered)
    };
    let known: Vec<_> = here.projects.iter().filter_map(known).collect();
    let registry = Registry::load(&file)?;
    if known
        .iter()
        .all(|project| registry.projects.contains(project))
    {
        return Ok(());
    }
    let renamed = known.iter().filter_map(|project| {
        let before = registry.at(&project.path)?.id.clone();
        (before != project.id).then(|| (before, project.id.clone()))
    });
    ops::adopted(
        writer.session,
        &writer.machine(),
        &renamed.collect::<Vec<_>>(),
    )?;
    Registry::edit(&file, &writer.session.holder(), |registry| {
        for project in known {
            let mut places = registry.projects.iter_mut();
            if let Some(place) = places.find(|place| place.path == project.path) {
                // The list may have changed while the run went on: what was added meanwhile stays.
                let added = place.dirs.iter().filter(|dir| !project.dirs.contains(dir));
                let dirs = project.dirs.iter().chain(added).cloned().collect();
                *place = Registered { dirs, ..project };
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// Clears away what a killed restore left in the state directories, and beside those that are a
/// single file. A run that is not about all projects leaves the rest to a later one. What a restore
/// had taken out of its place comes back, unless its content is in the store.
pub fn sweep_projects(writer: &Writer<'_>, here: &Here, selection: &Selection) {
    if !writer.after_crash {
        return;
    }
    let known = |id| writer.store.has(id);
    let roots = here.scanned().flat_map(|scanned| {
        let unit = &scanned.unit;
        unit.roots.iter().map(|root| unit.root.below(root))
    });
    let beside: BTreeSet<_> = roots
        .filter_map(|root| root.as_path().parent().map(Path::to_owned))
        .collect();
    for dir in beside {
        sweep_temp_files(&dir).ok();
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            settle_taken(&entry.path(), &stream_id, &known).ok();
        }
    }
    for temp in here.scanned().flat_map(|scanned| &scanned.temp) {
        let temp = temp.as_path();
        let name = temp.file_name().unwrap_or_default();
        // One that cannot be cleared away does no harm: it never travels.
        if is_taken_name(name.as_encoded_bytes()) {
            settle_taken(temp, &stream_id, &known).ok();
        } else if seams::step().is_ok() {
            std::fs::remove_file(temp).ok();
        }
    }
    if selection.projects.is_empty() {
        writer.all_swept();
    }
}

/// Remembers what was read. The caches may name only what the store has: the next run reads such a
/// file no more.
pub fn save_caches(writer: &Writer<'_>, here: &Here, objects: &mut Objects<'_>) {
    let mut save = || {
        objects.flush()?;
        here.scanned()
            .try_for_each(super::scan::Scanned::save_cache)
    };
    or_told(
        writer.session,
        save(),
        "what was read is not remembered, and the next run reads it again",
    );
}

/// What could not be noted is worth a word and no more: what the run did is done.
fn or_told(session: &Session<'_>, noted: Result<(), FlowError>, outcome: &str) {
    if let Err(fault) = noted {
        let text = format!("{}; {outcome}", fault.message());
        session.tell(&Event::Warning { text: &text });
    }
}

/// Does the work of a run, remembers how it went, and puts the store in order. A dry run leaves no
/// trace.
pub fn remembered<T>(
    writer: &Writer<'_>,
    (command, dry_run): (&str, bool),
    work: impl FnOnce(Timestamp) -> Result<T, FlowError>,
) -> Result<T, FlowError> {
    let began = writer.session.edges.clock.now();
    let result = work(began);
    if !dry_run {
        remember_runs(writer, began, &[(command, result.as_ref().err())]);
        tend_store(writer);
    }
    result
}

/// Writes down how a run went, for the status and for the schedule.
pub fn remember_runs(writer: &Writer<'_>, began: Timestamp, ends: &[(&str, Option<&FlowError>)]) {
    note_runs(writer.session, began, ends);
}

/// The same of a run that could not begin. Where the state directory is gone none is made for that.
pub fn refused(session: &Session<'_>, began: Timestamp, (all, fault): (&[&str], &FlowError)) {
    if session.places.state.as_path().is_dir() {
        let ends = all.iter().map(|command| (*command, Some(fault)));
        note_runs(session, began, &ends.collect::<Vec<_>>());
    }
}

fn note_runs(session: &Session<'_>, began: Timestamp, ends: &[(&str, Option<&FlowError>)]) {
    let ended = session.edges.clock.now();
    let run = |fault: Option<&FlowError>| {
        let closed = fault.and_then(|fault| closed_for(session, fault));
        let closed = closed.map(|closed| closed.fault());
        let fault = closed.as_ref().or(fault);
        Run {
            began,
            ended,
            ok: fault.is_none(),
            kind: fault.map(FlowError::kind_name),
            // What a remote says may hold what this file is not to tell.
            message: fault.map(|fault| masked(&fault.message()).into_owned()),
        }
    };
    let runs = ends.iter().map(|(command, fault)| (*command, run(*fault)));
    if ends.iter().all(|(_, fault)| fault.is_none()) {
        kept_config::keep(&session.places);
    }
    let noted = Runs::record(&session.places.runs(), runs.collect());
    or_told(
        session,
        noted.map_err(FlowError::from),
        "how this run went is not remembered",
    );
}

/// Puts the store in order where that is due. Everything is done by now: a failure is worth a word,
/// and the next run tries again.
pub fn tend_store(writer: &Writer<'_>) {
    let now = writer.session.edges.clock.now();
    if let Err(fault) = prune(&writer.store, now) {
        let text = fault.message();
        writer.session.tell(&Event::Warning { text: &text });
    }
    if let Err(fault) = writer.store.maintain() {
        let reason = std::error::Error::source(&fault)
            .map_or_else(String::new, |cause| format!(": {cause}"));
        writer.session.tell(&Event::Warning {
            text: &format!("{fault}{reason}; the store is whole, and stays bigger than it need be"),
        });
    }
}
