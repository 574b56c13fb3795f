//! In a directory of its own, laid out as the vault is.

use std::path::Path;

use crate::base::{HostPath, Kind, ObjectId, VaultPath, create_private_dir};
use crate::flow::agreed::{AgreedEdits, Notes};
use crate::flow::landing::{Landing, carry_all, preview_all};
use crate::flow::upstream::content_trios;
use crate::flow::{FlowError, Writer};
use crate::layout::names;
use crate::merge::{differences, list_dir};
use crate::vault::Objects;

use super::{Done, Part, Past};

pub fn write(
    writer: &Writer<'_>,
    objects: &Objects<'_>,
    (past, wanted): (&Past, &Part),
    (to, dry_run): (&Path, bool),
) -> Result<Done, FlowError> {
    let to = HostPath::new(writer.session.edges.env.cwd.join(to))?;
    check(writer, &to)?;
    let mut done = Done {
        landings: plan(objects, (past, wanted), &to)?,
        ..Done::default()
    };
    if dry_run {
        preview_all(writer, objects, &mut done.landings)?;
    } else {
        let mut objects = Objects::new(&writer.store);
        create_private_dir(to.as_path())?;
        for landing in &done.landings {
            create_private_dir(landing.report.path.as_path())?;
        }
        carry_all(
            writer,
            &mut objects,
            &mut done.landings,
            &mut AgreedEdits::default(),
        )?;
    }
    done.to = Some(to);
    Ok(done)
}

/// Nothing may be there, and nobody else's place may be met.
fn check(writer: &Writer<'_>, to: &HostPath) -> Result<(), FlowError> {
    let refused = |what: String| FlowError::Refused {
        what,
        hint: "name a directory that is empty, or not there yet".to_owned(),
    };
    if let Some(own) = writer.session.places.met_by(to.as_path()) {
        return Err(refused(format!("{to} meets holdall's own {own}")));
    }
    if to.as_path().symlink_metadata().is_err() {
        return Ok(());
    }
    match std::fs::read_dir(to).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(refused(format!("{to} is not empty"))),
        Err(_) => Err(refused(format!("{to} is no directory that can be read"))),
    }
}

fn plan(
    objects: &Objects<'_>,
    (past, wanted): (&Past, &Part),
    to: &HostPath,
) -> Result<Vec<Landing>, FlowError> {
    let mut landings = Vec::new();
    for name in &wanted.projects {
        if !past.projects.iter().any(|project| project.name == *name) {
            return Err(FlowError::NeverInVault {
                what: format!("a project `{name}` then"),
                known: past.projects.iter().map(|it| it.name.clone()).collect(),
            });
        }
    }
    for project in &past.projects {
        let is_meant = wanted.projects.is_empty() || wanted.projects.contains(&project.name);
        if is_meant {
            let dir = names::project_dir(&project.name)?;
            let unit = (project.name.as_str(), &dir, project.tree);
            landings.extend(unit_of(objects, wanted, unit, (to, &project.record.paths))?);
        }
    }
    if wanted.projects.is_empty() {
        for (name, dir, tree) in tools(objects, past)? {
            let unit = (name.as_str(), &dir, tree);
            landings.extend(unit_of(objects, wanted, unit, (to, &Notes::new()))?);
        }
    }
    Ok(landings)
}

/// The tools that the vault had settings of. One whose name no path can have is no tool.
fn tools(
    objects: &Objects<'_>,
    past: &Past,
) -> Result<Vec<(String, VaultPath, ObjectId)>, FlowError> {
    let entries = list_dir(objects, Some(past.tree), &names::settings_dir())?;
    let tool = entries.into_iter().filter(|entry| entry.kind == Kind::Tree);
    let tool = tool.filter_map(|entry| {
        let name = String::from_utf8(entry.name).ok()?;
        let dir = names::settings_tool_dir(&name).ok()?;
        Some((name, dir, entry.id))
    });
    Ok(tool.collect())
}

/// Nothing where no path of it is meant.
fn unit_of(
    objects: &Objects<'_>,
    wanted: &Part,
    (name, dir, tree): (&str, &VaultPath, ObjectId),
    (to, notes): (&HostPath, &Notes),
) -> Result<Option<Landing>, FlowError> {
    let found = differences(objects, None, None, Some(tree))?;
    let trios = content_trios(found.trios).into_iter();
    let meant = trios.filter(|trio| wanted.takes(dir, &trio.path));
    let leaves = meant.filter_map(|trio| Some((trio.path, trio.vault?)));
    let leaves = leaves.collect();
    let mut notes = notes.clone();
    notes.retain(|path, note| !note.dir || wanted.takes(dir, path));
    let is_settings = dir.below(&names::settings_dir()).is_some();
    let place = (name.to_owned(), to.below(dir));
    let landing = Landing::aside(place, is_settings, &leaves, (&notes, &found.faults));
    Ok(landing.has_steps().then_some(landing))
}
