//! A directory of this disk, as the project that it could be.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::base::{HostPath, Id, VaultPath};
use crate::project::{Identity, Registered, normalise_remote};
use crate::repo::Checkout;
use crate::source::{SourceError, state_dirs};

use super::{FlowError, Session};

/// What is known of it, registered or not.
#[derive(Clone, Debug)]
pub struct LocalCheckout {
    /// Where it begins, without links in its path.
    pub root: HostPath,
    /// The path lay in a linked worktree of it.
    pub linked_from: Option<HostPath>,
    /// Normalised, those of `origin` first.
    pub remotes: Vec<String>,
    pub roots: Vec<String>,
}

impl LocalCheckout {
    /// The project that a person names from where they stand: a checkout or anywhere in it, or a
    /// directory without a repository.
    pub fn at(session: &Session<'_>, given: PathBuf) -> Result<Self, FlowError> {
        let found = directory(session, given)?;
        let own = match crate::repo::discover(&found, &session.edges.env)? {
            Some(checkout) => Self::of(checkout),
            None => Self {
                root: found,
                linked_from: None,
                remotes: Vec::new(),
                roots: Vec::new(),
            },
        };
        refuse_places(session, &own.root)?;
        Ok(own)
    }

    #[must_use]
    pub fn of(checkout: Checkout) -> Self {
        let mut remotes = Vec::new();
        let urls = checkout.remotes.iter();
        for remote in urls.filter_map(|url| normalise_remote(url)) {
            if !remotes.contains(&remote) {
                remotes.push(remote);
            }
        }
        Self {
            root: checkout.root,
            linked_from: checkout.linked_from,
            remotes,
            roots: checkout.roots,
        }
    }

    /// How it is known to whoever never saw it.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity {
            id: None,
            remotes: self.remotes.iter().cloned().collect(),
            roots: self.roots.iter().cloned().collect(),
        }
    }

    /// As it goes into the list of this machine, with the state directories that some preset knows
    /// and those that were named.
    #[must_use]
    pub fn as_project(
        &self,
        session: &Session<'_>,
        (id, name): (Id, String),
        named: &BTreeSet<VaultPath>,
    ) -> Registered {
        let mut dirs = named.clone();
        dirs.extend(state_dirs(&self.root, &session.config.presets_off));
        Registered {
            id,
            name,
            path: self.root.clone(),
            dirs: dirs.into_iter().collect(),
            remotes: self.remotes.clone(),
            roots: self.roots.clone(),
            published: false,
            separate: false,
            unknown: serde_json::Map::new(),
        }
    }

    /// What it is called where nobody gave it a name.
    #[must_use]
    pub fn own_name(&self) -> String {
        self.root.as_path().file_name().map_or_else(
            || "root".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        )
    }
}

/// A directory as a person names it from where they stand.
pub fn directory(session: &Session<'_>, given: PathBuf) -> Result<HostPath, FlowError> {
    let path = session.edges.env.cwd.join(given);
    if !path.is_absolute() {
        return Err(FlowError::Refused {
            what: "the directory in which this runs was deleted".to_owned(),
            hint: "change to one that is there, or name it by its whole path".to_owned(),
        });
    }
    match path.canonicalize() {
        Ok(found) if found.is_dir() => Ok(HostPath::new(found)?),
        Ok(path) => Err(SourceError::NotADirectory { path }.into()),
        Err(fault) if matches!(fault.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Err(FlowError::NoSuchPath { path })
        }
        Err(source) => Err(SourceError::Io { path, source }.into()),
    }
}

/// The vault must not travel inside itself; and what has everything in it is nobody's project.
pub fn refuse_places(session: &Session<'_>, root: &HostPath) -> Result<(), FlowError> {
    let places = &session.places;
    let home = places.home.as_path();
    let is_home = *root == places.home
        || home
            .canonicalize()
            .is_ok_and(|home| home.as_path() == root.as_path());
    let what = match places.met_by(root.as_path()) {
        _ if is_home => format!("{root} is your home directory, and no project"),
        _ if root.as_path().parent().is_none() => format!("{root} is no project"),
        Some(own) => format!("{root} cannot be a project: holdall keeps its own data in {own}"),
        None => return Ok(()),
    };
    Err(FlowError::Refused {
        what,
        hint: "register the project's own directory".to_owned(),
    })
}
