//! All versions of a conflict as files, for other programs to look at.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;

use crate::base::{BaseError, HostPath, Kind, Leaf, create_private_dir};
use crate::flow::compare::store_or_empty;
use crate::flow::{FlowError, Session};
use crate::vault::Objects;

use super::view::{Conflict, View};

#[derive(Debug, Serialize)]
pub struct ExportReport {
    pub id: String,
    pub dir: HostPath,
    pub files: Vec<ExportedFile>,
}

#[derive(Debug, Serialize)]
pub struct ExportedFile {
    pub file: HostPath,
    /// `vault`, `base`, or the token of a version.
    pub side: String,
    /// The machine that has it, by name.
    pub machine: Option<String>,
}

/// Writes what there is of a conflict into a directory, and never over anything.
pub fn export(session: &Session<'_>, wanted: &str, dir: &Path) -> Result<ExportReport, FlowError> {
    let (store, _stand_in) = store_or_empty(session)?;
    let mut objects = Objects::new(&store);
    let view = View::of(session, &mut objects)?;
    let conflict = view.find(session, wanted)?;
    let dir = HostPath::new(session.edges.env.cwd.join(dir))?;
    let name = conflict.path.name().unwrap_or_default();
    let mut report = ExportReport {
        id: conflict.id.clone(),
        dir: dir.clone(),
        files: Vec::new(),
    };
    let mut leaves = Vec::new();
    for (side, machine, leaf) in sides(conflict) {
        let file = dir.join(format!("{side}-{name}"));
        refuse_taken(&file)?;
        leaves.push((file.clone(), leaf));
        report.files.push(ExportedFile {
            file,
            side,
            machine,
        });
    }
    create_private_dir(dir.as_path())?;
    for (file, leaf) in leaves {
        write(&objects, file.as_path(), leaf)?;
    }
    Ok(report)
}

/// What has a content: the vault's, what all came from, and each version.
fn sides(conflict: &Conflict) -> Vec<(String, Option<String>, Leaf)> {
    let mut sides = Vec::new();
    let is_file = |leaf: &Leaf| !matches!(leaf.kind, Kind::Tree | Kind::Foreign);
    if let Some(leaf) = conflict.vault.filter(is_file) {
        sides.push(("vault".to_owned(), None, leaf));
    }
    let bases = conflict.versions.iter().filter_map(|version| {
        let leaf = version.base?;
        Some((version.token(), leaf))
    });
    let bases: Vec<(String, Leaf)> = bases.collect();
    let is_one = bases.windows(2).all(|pair| pair[0].1 == pair[1].1);
    for (token, leaf) in bases {
        let side = if is_one {
            "base".to_owned()
        } else {
            format!("base-{token}")
        };
        if !sides.iter().any(|(known, ..)| *known == side) {
            sides.push((side, None, leaf));
        }
    }
    for version in &conflict.versions {
        if let Some(leaf) = version.local {
            sides.push((version.token(), Some(version.machine.clone()), leaf));
        }
    }
    sides
}

pub fn refuse_taken(file: &HostPath) -> Result<(), FlowError> {
    if file.as_path().symlink_metadata().is_err() {
        return Ok(());
    }
    Err(FlowError::Refused {
        what: format!("{file} is there already"),
        hint: "name a directory that has nothing of it".to_owned(),
    })
}

/// A file for its owner alone, where there was none.
pub fn new_file(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(file)
}

/// A link is written as a file with its target: nothing is to be followed.
fn write(objects: &Objects<'_>, file: &Path, leaf: Leaf) -> Result<(), FlowError> {
    let fault = BaseError::io("write", file);
    let written = new_file(file).and_then(|mut made| match objects.open(leaf.id) {
        Ok(mut content) => io::copy(&mut content, &mut made).map(|_| ()),
        Err(fault) => Err(io::Error::other(fault)),
    });
    Ok(written.map_err(fault)?)
}
