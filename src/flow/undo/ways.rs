//! From a journal to what is to be done on this disk, as it is now.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::Metadata;

use crate::base::{HostPath, Leaf, Sink, VaultPath};
use crate::flow::agreed::Agreed;
use crate::flow::another::is_another;
use crate::flow::content::verdict;
use crate::flow::journal::{Journal, Touch, Touched, UnitPlace};
use crate::flow::landing::Landing;
use crate::flow::real_names::real_names;
use crate::flow::scan::is_inhabited;
use crate::flow::unit::{Unit, absent_tools, settings_units};
use crate::flow::{FlowError, Session};
use crate::merge::{ContentClass, Lookup, OnDisk, Trio};
use crate::project::Registry;
use crate::restore::survey;
use crate::snapshot::{ReadOutcome, read_whole};
use crate::vault::{Objects, stream_id};

/// What is to be done, and the projects and tools that lie elsewhere by now, or nowhere.
pub struct Ways {
    pub landings: Vec<Landing>,
    pub gone: Vec<UnitPlace>,
}

/// The ways from what a journal has as before to what it has as after.
pub fn ways(
    session: &Session<'_>,
    objects: &mut Objects<'_>,
    agreed: &Agreed,
    journal: Journal,
) -> Result<Ways, FlowError> {
    let units = units(session)?;
    let mut ways = Ways {
        landings: Vec::new(),
        gone: Vec::new(),
    };
    for (key, mut touched) in journal.units {
        // An empty directory may be a mount point without its disk.
        let is_ready = |unit: &&Unit| unit.is_settings() || is_inhabited(&unit.root);
        let is_itself = |unit: &&Unit| {
            let another = is_another(&unit.root, &unit.marks, &session.edges.env);
            !another.unwrap_or(false)
        };
        let unit = meant(&units, &key, &touched.place).filter(is_ready);
        let Some(unit) = unit.filter(is_itself) else {
            ways.gone.push(touched.place);
            continue;
        };
        // It may have moved since.
        touched.place.root.clone_from(&unit.root);
        if journal.head.is_edit {
            leave_agreed(objects, (agreed, &key), &mut touched)?;
        }
        let names = names_of(&touched);
        let found = survey(&unit.root, &names, &stream_id)?;
        let notes = agreed.notes(objects.store(), &key)?;
        let mut join = |path: &VaultPath, sides| {
            let names = names.get(path).into_iter().flatten();
            let file = names.fold(unit.root.clone(), |at, name| at.join(name));
            joined(objects, unit, (path, &file), sides)
        };
        let mut landing = Landing::again((&key, touched), &found, &notes, &mut join)?;
        landing.spare_logs(objects, unit, session.edges.clock.now())?;
        ways.landings.push(landing);
    }
    Ok(ways)
}

/// What a journal is about, wherever it lies now. A run that was killed did not live to note the id
/// by which the vault knows a project; whatever else lies in its place is another one.
fn meant<'u>(units: &'u BTreeMap<String, Unit>, key: &str, place: &UnitPlace) -> Option<&'u Unit> {
    let keys = [Some(key), place.registered.as_deref()];
    keys.into_iter().flatten().find_map(|key| units.get(key))
}

/// The projects and tools of this machine, by their keys.
fn units(session: &Session<'_>) -> Result<BTreeMap<String, Unit>, FlowError> {
    let mut units = settings_units(session)?;
    units.extend(absent_tools(session, |_| true)?);
    for project in Registry::load(&session.places.registry())?.projects {
        let dirs = project.dirs.iter().cloned().collect();
        units.push(Unit::of_project(&project, &dirs, &session.rules)?);
    }
    let by_key = units.into_iter().map(|unit| (unit.key.clone(), unit));
    Ok(by_key.collect())
}

/// What an edit and the way come to together, by the rules of a merge. The edit is in the store then.
fn joined(
    objects: &mut Objects<'_>,
    unit: &Unit,
    (path, file): (&VaultPath, &HostPath),
    [base, local, vault]: [Option<Leaf>; 3],
) -> Result<Option<Leaf>, FlowError> {
    let is_small = |meta: Metadata| meta.is_file() && meta.len() <= ContentClass::MOST;
    let (Some(here), Some(_)) = (local, vault) else {
        return Ok(None);
    };
    if !file.as_path().symlink_metadata().is_ok_and(is_small) {
        return Ok(None);
    }
    let ReadOutcome::Whole(bytes) = read_whole(file.as_path()) else {
        return Ok(None);
    };
    if objects.put_blob(&bytes)? != here.id {
        return Ok(None);
    }
    let trio = Trio {
        path: path.clone(),
        base,
        local,
        vault,
        barred: false,
    };
    Ok(match verdict(objects, unit, &trio)? {
        verdict if verdict.base_after_pull != vault => None,
        verdict => match verdict.disk {
            OnDisk::Write(leaf) => Some(leaf),
            OnDisk::Leave => local,
            OnDisk::Delete | OnDisk::Kept => None,
        },
    })
}

/// An edit of the disk and its way back say nothing of what is agreed.
fn leave_agreed(
    objects: &Objects<'_>,
    (agreed, key): (&Agreed, &str),
    touched: &mut Touched,
) -> Result<(), FlowError> {
    let content = agreed.content(objects, key)?;
    let lookup = Lookup::default();
    for (path, touch) in &mut touched.paths {
        let now = lookup.find(objects, content, path)?;
        (touch.agreed, touch.then) = (now, now);
    }
    Ok(())
}

/// What each path is called on this disk.
fn names_of(touched: &Touched) -> BTreeMap<VaultPath, Vec<OsString>> {
    let names = |(path, touch): (&VaultPath, &Touch)| {
        let notes = match touch.after {
            Some(_) => &touched.notes.after,
            None => &touched.notes.before,
        };
        Some((path.clone(), real_names(path, notes)?))
    };
    touched.paths.iter().filter_map(names).collect()
}
