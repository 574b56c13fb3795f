//! From a journal to what is to be done on this disk, as it is now.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::base::{HostPath, VaultPath};
use crate::flow::agreed::{Agreed, is_of_tool, unit_key};
use crate::flow::journal::{Journal, Touch, Touched, UnitPlace};
use crate::flow::landing::Landing;
use crate::flow::real_names::real_names;
use crate::flow::scan::is_inhabited;
use crate::flow::unit::{absent_tools, settings_units};
use crate::flow::{FlowError, Session};
use crate::layout::Owner;
use crate::merge::Lookup;
use crate::project::Registry;
use crate::restore::survey;
use crate::vault::{Objects, stream_id};

/// What is to be done, and the projects and tools that lie elsewhere by now, or nowhere.
pub struct Ways {
    pub landings: Vec<Landing>,
    pub gone: Vec<UnitPlace>,
}

/// The ways from what a journal has as before to what it has as after.
pub fn ways(
    session: &Session<'_>,
    objects: &Objects<'_>,
    agreed: &Agreed,
    journal: Journal,
) -> Result<Ways, FlowError> {
    let places = places(session)?;
    let mut ways = Ways {
        landings: Vec::new(),
        gone: Vec::new(),
    };
    for (key, mut touched) in journal.units {
        let root = &touched.place.root;
        // An empty directory may be a mount point without its disk.
        let is_ready = is_of_tool(&key) || is_inhabited(root);
        if places.get(&key) != Some(root) || !is_ready {
            ways.gone.push(touched.place);
            continue;
        }
        if journal.head.is_edit {
            leave_agreed(objects, (agreed, &key), &mut touched)?;
        }
        let found = survey(&touched.place.root, &names_of(&touched), &stream_id)?;
        let notes = agreed.notes(objects.store(), &key)?;
        ways.landings
            .push(Landing::again(&key, touched, &found, &notes));
    }
    Ok(ways)
}

/// Where each project and tool of this machine lies.
fn places(session: &Session<'_>) -> Result<BTreeMap<String, HostPath>, FlowError> {
    let registry = Registry::load(&session.places.registry())?;
    let projects = registry.projects.into_iter();
    let projects = projects.map(|project| (unit_key(&Owner::Project(project.id)), project.path));
    let mut places: BTreeMap<_, _> = projects.collect();
    for unit in settings_units(session)?
        .into_iter()
        .chain(absent_tools(session)?)
    {
        places.insert(unit.key, unit.root);
    }
    Ok(places)
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
