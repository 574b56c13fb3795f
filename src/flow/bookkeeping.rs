//! What is remembered after a run: what is agreed, which projects the vault knows, how it went.

use std::collections::BTreeSet;
use std::path::Path;

use crate::base::{ObjectId, Timestamp, sweep_temp_files};
use crate::project::{Registered, Registry};
use crate::runs::{Run, Runs};
use crate::snapshot::StatCache;
use crate::vault::{Objects, RefName, Relation, Store};

use super::agreed::{Agreed, AgreedEdits, agreed_commit};
use super::here::{Here, Placement, Selection};
use super::records::machine_leaf;
use super::upstream::Upstream;
use super::{Event, FlowError, Session, Writer};

/// A commit that was sent by a run which then died: if it arrived, its bookkeeping is finished now;
/// if it cannot any more, it is as if it had never been. As long as the tip is the one it was built
/// on it still can: then it is remembered, or its record would look like another machine's.
pub fn settle_pending(
    store: &Store,
    upstream: &Upstream,
    agreed: Agreed,
) -> Result<Agreed, FlowError> {
    for name in [RefName::Pending, RefName::Late] {
        let Some(pending) = store.read_ref(name)? else {
            continue;
        };
        let Some(sent) = store.commit_info(pending)?.parents.first().copied() else {
            store.delete_ref(name)?;
            continue;
        };
        let arrived = match upstream.expected {
            Some(tip) => matches!(store.relation(sent, tip)?, Relation::Same | Relation::Ahead),
            None => false,
        };
        if arrived {
            let known = Agreed::load(store, name)?;
            store.write_ref(RefName::Base, pending)?;
            store.delete_ref(RefName::Pending)?;
            store.delete_ref(RefName::Late)?;
            return Ok(known);
        }
        let may_arrive = store.commit_info(sent)?.parents.first().copied() == upstream.expected;
        if !may_arrive {
            store.delete_ref(name)?;
        } else if name == RefName::Pending {
            store.write_ref(RefName::Late, pending)?;
            store.delete_ref(name)?;
            break;
        }
    }
    Ok(agreed)
}

/// Stores what is agreed with a tip, where it differs from what is stored. A base to come of a commit
/// that may still arrive learns the same: what it does not know by then it would undo.
pub fn agree(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    (agreed, edits): (&Agreed, &AgreedEdits),
    tip: ObjectId,
) -> Result<(), FlowError> {
    if !edits.is_empty() {
        let late = Agreed::load(&writer.store, RefName::Late)?;
        if let Some(sent) = late.seen {
            store_base(writer, objects, (&late, edits), (RefName::Late, sent))?;
        }
    }
    store_base(writer, objects, (agreed, edits), (RefName::Base, tip))
}

fn store_base(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    (agreed, edits): (&Agreed, &AgreedEdits),
    (name, tip): (RefName, ObjectId),
) -> Result<(), FlowError> {
    let tree = edits.apply(objects, agreed)?;
    if agreed.tree == Some(tree) && agreed.seen == Some(tip) {
        return Ok(());
    }
    let now = writer.session.edges.clock.now();
    let commit = agreed_commit(objects, tree, tip, &writer.author(), now)?;
    Ok(writer.store.write_ref(name, commit)?)
}

/// Forgets what is agreed about one project or tool.
pub fn forget(writer: &Writer<'_>, objects: &mut Objects<'_>, key: &str) -> Result<(), FlowError> {
    let agreed = Agreed::load(&writer.store, RefName::Base)?;
    let Some(seen) = agreed.seen else {
        return Ok(());
    };
    let mut edits = AgreedEdits::default();
    edits.forget(key);
    agree(writer, objects, (&agreed, &edits), seen)
}

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
    Ok(theirs.is_some() && theirs != agreed.own_record(&writer.store)?)
}

/// The projects are now known to the vault, under the id and the name that it has for them. One that
/// is new there becomes known by a push alone: after a pull it still is not in the vault.
pub fn remember_projects(writer: &Writer<'_>, here: &Here, pushed: bool) -> Result<(), FlowError> {
    let file = writer.session.places.registry();
    let known = |project: &super::here::LocalProject| {
        if !pushed && matches!(project.placement, Placement::New { .. }) {
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
    let unchanged = {
        let registry = Registry::load(&file)?;
        known
            .iter()
            .all(|project| registry.projects.contains(project))
    };
    if unchanged {
        return Ok(());
    }
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

/// Deletes the temp files that a killed restore left in the state directories, and beside those that
/// are a single file. A run that is not about all projects leaves the rest to a later one.
pub fn sweep_projects(writer: &Writer<'_>, here: &Here, selection: &Selection) {
    if !writer.after_crash {
        return;
    }
    let roots = here.scanned().flat_map(|scanned| {
        let unit = &scanned.unit;
        unit.roots.iter().map(|root| unit.root.below(root))
    });
    let beside: BTreeSet<_> = roots
        .filter_map(|root| root.as_path().parent().map(Path::to_owned))
        .collect();
    for dir in beside {
        sweep_temp_files(&dir).ok();
    }
    for temp in here.scanned().flat_map(|scanned| &scanned.temp) {
        // One that cannot be deleted does no harm: it never travels.
        std::fs::remove_file(temp).ok();
    }
    if selection.projects.is_empty() {
        writer.all_swept();
    }
}

/// The cache of contents; `began_ns` is the file system's own time when the run began.
pub fn open_cache(session: &Session<'_>, began_ns: i64) -> Result<StatCache, FlowError> {
    Ok(StatCache::load(
        &session.places.stat_cache(),
        cache_key(session),
        began_ns,
    )?)
}

/// Everything that decides what a file's clean content is.
#[must_use]
pub fn cache_key(session: &Session<'_>) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(env!("CARGO_PKG_VERSION").as_bytes());
    hash.update(format!("{:?}", crate::source::presets()).as_bytes());
    hash.update(format!("{:?}", session.config.presets_off).as_bytes());
    *hash.finalize().as_bytes()
}

/// Writes down how a run went, for the status and for the schedule.
pub fn remember_run(
    writer: &Writer<'_>,
    command: &str,
    began: Timestamp,
    fault: Option<&FlowError>,
) -> Result<(), FlowError> {
    let ended = writer.session.edges.clock.now();
    let run = Run {
        began,
        ended,
        ok: fault.is_none(),
        kind: fault.map(FlowError::kind_name),
        message: fault.map(FlowError::to_string),
    };
    Ok(Runs::record(&writer.session.places.runs(), command, run)?)
}

/// Puts the store in order where that is due. Everything is done by now: a failure is worth a word,
/// and the next run tries again.
pub fn tend_store(writer: &Writer<'_>) {
    if let Err(fault) = writer.store.maintain(writer.session.edges.clock.now()) {
        let reason = std::error::Error::source(&fault)
            .map_or_else(String::new, |cause| format!(": {cause}"));
        writer.session.tell(&Event::Warning {
            text: &format!("{fault}{reason}; the store is whole, and stays bigger than it need be"),
        });
    }
}
