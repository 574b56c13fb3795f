//! T: what the vault holds now, and how that stands to what this machine saw last.
//!
//! *In*: the remote, and what was seen of it before. *Out*: the tree to build on, fetched and read; a
//! history that was lost is merged back in first. *Never*: write to the remote, or take one that
//! cannot be reached for an empty one.

mod heal;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::base::seams::{Rule, is_broken};
use crate::base::{Id, Kind, Leaf, ObjectId, Tell, TreeEntry, Trees, VaultPath};
use crate::layout::{Access, Owner, ProjectRecord, VaultRecord, names};
use crate::merge::{Lookup, Trio, find, list_dir};
use crate::project::Identity;
use crate::vault::wire::Remote;
use crate::vault::{Objects, RefName, Relation, Store};

use super::agreed::Agreed;
use super::filing::Filer;
use super::{FlowError, stored};

/// The vault had moved in a way that needed mending, and was mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Healed {
    /// The remote was older than what this machine saw: what it lost goes back.
    Rewound,
    /// The remote's history went another way: both are merged.
    Diverged,
    /// The remote was empty again: the whole history goes back.
    Emptied,
}

/// What the vault holds, ready to be merged with.
#[derive(Debug)]
pub struct Upstream {
    /// What the ref to be moved points at now.
    pub expected: Option<ObjectId>,
    /// The commit to build on.
    pub parent: Option<ObjectId>,
    pub tree: Option<ObjectId>,
    pub record: Option<VaultRecord>,
    pub projects: Vec<VaultProject>,
    /// What lies below `projects`, in lower case: each of them a project, or something that somebody
    /// put there and that no project may get mixed up with.
    pub taken: BTreeSet<String>,
    /// Projects of this machine that the vault, as it was seen last, never had: linked or taken over
    /// since, so nobody took them out.
    pub unmet: BTreeSet<Id>,
    pub healed: Option<Healed>,
    /// The tree of the lost history that was merged in: all of it was published before.
    pub lost: Option<ObjectId>,
    /// This machine meets the vault for the first time: nothing that was agreed before counts.
    pub first_meeting: bool,
    /// The trees that were looked into.
    lookup: Lookup,
}

/// A project as the vault has it.
#[derive(Clone, Debug)]
pub struct VaultProject {
    pub name: String,
    pub record: ProjectRecord,
    /// The tree of its directory, with the record in it.
    pub tree: ObjectId,
    pub record_id: ObjectId,
}

impl VaultProject {
    /// How it is known.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity {
            id: Some(self.record.id.clone()),
            remotes: self.record.remotes.iter().cloned().collect(),
            roots: self.record.roots.iter().cloned().collect(),
        }
    }
}

/// Whether directories of the vault have one id: somebody copied one by hand.
pub fn have_one_id<'p>(mut projects: impl Iterator<Item = &'p VaultProject>) -> bool {
    let first = projects.next();
    first.is_some_and(|first| projects.any(|other| other.record.id == first.record.id))
}

impl Upstream {
    pub fn project(&self, id: &Id) -> Option<&VaultProject> {
        self.projects
            .iter()
            .find(|project| project.record.id == *id)
    }

    /// The project or tool that something is of, as people call it.
    #[must_use]
    pub fn name_of(&self, owner: &Owner) -> String {
        match owner {
            Owner::Settings(tool) => tool.clone(),
            Owner::Project(id) => self
                .project(id)
                .map_or_else(|| id.to_string(), |project| project.name.clone()),
        }
    }

    /// The tree of a directory of the vault.
    pub fn dir(&self, trees: &dyn Trees, path: &VaultPath) -> Result<Option<ObjectId>, FlowError> {
        Ok(self.lookup.find_dir(trees, self.tree, path)?)
    }

    /// What the vault has at a path. Many are asked for, and most in directories that are long.
    pub fn find(&self, trees: &dyn Trees, path: &VaultPath) -> Result<Option<Leaf>, FlowError> {
        Ok(self.lookup.find(trees, self.tree, path)?)
    }

    /// The same in another tree.
    pub fn find_in(
        &self,
        trees: &dyn Trees,
        tree: Option<ObjectId>,
        path: &VaultPath,
    ) -> Result<Option<Leaf>, FlowError> {
        Ok(self.lookup.find(trees, tree, path)?)
    }

    /// The same, once this machine has taken it in.
    #[must_use]
    pub fn once_met(mut self) -> Self {
        self.first_meeting = false;
        self
    }

    fn at(expected: Option<ObjectId>, parent: Option<ObjectId>, tree: Option<ObjectId>) -> Self {
        Self {
            expected,
            parent,
            tree,
            record: None,
            projects: Vec::new(),
            taken: BTreeSet::new(),
            unmet: BTreeSet::new(),
            healed: None,
            lost: None,
            first_meeting: false,
            lookup: Lookup::default(),
        }
    }

    /// Reads the records that every round needs.
    fn read(mut self, store: &Store, place: &str) -> Result<Self, FlowError> {
        let Some(tree) = self.tree else {
            return Ok(self);
        };
        let bad = |fault: FlowError| fault.of_vault(place, self.parent);
        let record = vault_record(store, tree, place).map_err(bad)?;
        self.projects = projects(store, tree).map_err(bad)?;
        let names = project_names(store, tree)?.into_iter();
        self.taken = names.map(|name| name.to_lowercase()).collect();
        self.record = Some(record);
        Ok(self)
    }
}

/// The vault record of a tree; a tree without one is no vault.
pub fn vault_record(store: &Store, tree: ObjectId, place: &str) -> Result<VaultRecord, FlowError> {
    let path = names::vault_record();
    let found = stored::record(store, &path, find(store, Some(tree), &path)?)?;
    let record: VaultRecord = found.ok_or_else(|| FlowError::NotAVault {
        place: place.to_owned(),
    })??;
    match record.access() {
        Access::Refused => Err(FlowError::NewerFormat {
            place: place.to_owned(),
            writing: false,
        }),
        Access::Full | Access::ReadOnly => Ok(record),
    }
}

/// Every project of a vault. One whose record cannot be read is an error: to go on without it could
/// join two projects.
pub fn projects(store: &Store, tree: ObjectId) -> Result<Vec<VaultProject>, FlowError> {
    let mut found = Vec::new();
    let Some(dir) = find(store, Some(tree), &names::projects_dir())? else {
        return Ok(found);
    };
    if dir.kind != Kind::Tree {
        return Ok(found);
    }
    for entry in store.tree(dir.id)? {
        let Ok(name) = String::from_utf8(entry.name) else {
            continue;
        };
        if entry.kind != Kind::Tree {
            continue;
        }
        let Ok(path) = names::project_record(&name) else {
            continue;
        };
        let own = VaultPath::parse(names::PROJECT_RECORD).expect("a fixed name");
        let leaf = find(store, Some(entry.id), &own)?;
        // A directory without a record is not ours: somebody put it there by hand.
        if let (Some(leaf), Some(record)) = (leaf, stored::record(store, &path, leaf)?) {
            found.push(VaultProject {
                name,
                record: record?,
                tree: entry.id,
                record_id: leaf.id,
            });
        }
    }
    Ok(found)
}

/// Everything that lies below `projects`, whoever it is of.
pub fn project_names(trees: &dyn Trees, tree: ObjectId) -> Result<Vec<String>, FlowError> {
    let entries = list_dir(trees, Some(tree), &names::projects_dir())?;
    let name = |entry: &TreeEntry| String::from_utf8_lossy(&entry.name).into_owned();
    Ok(entries.iter().map(name).collect())
}

/// The project's record lies beside its content, and is merged by itself.
pub fn content_trios(mut trios: Vec<Trio>) -> Vec<Trio> {
    trios.retain(|trio| trio.path.as_str() != names::PROJECT_RECORD);
    trios
}

/// Where the vault is: at a remote, or on this machine alone.
pub enum Source<'a> {
    /// And who is told how far the fetch is.
    Remote(&'a dyn Remote, Tell<'a>),
    /// At the remote of this address, which is away: as it was seen last.
    Away(&'a str),
    Here,
}

/// Looks at the vault as it is now, fetches it, and says how it stands to what was seen.
pub fn look(
    objects: &mut Objects<'_>,
    source: &Source<'_>,
    agreed: &Agreed,
    filer: &Filer<'_>,
) -> Result<Upstream, FlowError> {
    let store = objects.store();
    let branch = store.read_ref(RefName::Branch)?;
    let published = store.read_ref(RefName::Published)?;
    let (tip, url) = match source {
        Source::Here => {
            let tree = branch.map(|tip| store.tree_of(tip)).transpose()?;
            return Upstream::at(branch, branch, tree).read(store, "the vault on this machine");
        }
        Source::Away(url) => (published, *url),
        Source::Remote(remote, _) => match remote.tip() {
            Err(_) if is_broken(Rule::UnreachableIsNotEmpty) => (None, remote.url()),
            answer => (answer?, remote.url()),
        },
    };
    let Some(tip) = tip else {
        let tree = branch.map(|tip| store.tree_of(tip)).transpose()?;
        let mut upstream = Upstream::at(None, branch, tree).read(store, url)?;
        upstream.healed = published.map(|_| Healed::Emptied);
        return Ok(upstream);
    };
    if let Source::Remote(remote, tell) = source {
        remote.fetch(store, tip, tell)?;
    }
    let tree = store.tree_of(tip)?;
    let record = vault_record(store, tree, url).map_err(|fault| fault.of_vault(url, Some(tip)))?;
    let ours = match branch {
        Some(branch) => Some(vault_record(
            store,
            store.tree_of(branch)?,
            "the vault on this machine",
        )?),
        None => None,
    };
    // The branch is never behind what was published: what was pushed while no remote was configured
    // is in it too, and was seen by this disk.
    let Some(seen) = branch.filter(|_| ours.is_some()) else {
        let mut upstream = Upstream::at(Some(tip), Some(tip), Some(tree)).read(store, url)?;
        upstream.first_meeting = agreed.tree.is_some();
        return Ok(upstream);
    };
    let ours = ours.expect("filtered above");
    if ours.vault != record.vault {
        if published.is_some() {
            return Err(FlowError::OtherVault {
                url: url.to_owned(),
                ours: ours.vault,
                theirs: record.vault,
            });
        }
        let mut upstream = Upstream::at(Some(tip), Some(tip), Some(tree)).read(store, url)?;
        upstream.first_meeting = true;
        return Ok(upstream);
    }
    let epochs = (ours.epoch, record.epoch);
    let mut upstream = stand(objects, (url, filer), (seen, tip), epochs)?;
    if upstream.healed == Some(Healed::Rewound) && published == Some(tip) {
        // The remote lost nothing: it only was not told yet.
        upstream.healed = None;
    }
    upstream.read(store, url)
}

/// How the tip stands to what was seen, and what is built on.
fn stand(
    objects: &mut Objects<'_>,
    (url, filer): (&str, &Filer<'_>),
    (seen, tip): (ObjectId, ObjectId),
    (our_epoch, their_epoch): (u64, u64),
) -> Result<Upstream, FlowError> {
    let store = objects.store();
    let plain = |parent: ObjectId| -> Result<Upstream, FlowError> {
        Ok(Upstream::at(
            Some(tip),
            Some(parent),
            Some(store.tree_of(parent)?),
        ))
    };
    match store.relation(seen, tip)? {
        Relation::Same | Relation::Ahead => plain(tip),
        Relation::Rewound if is_broken(Rule::RewoundIsHealed) => plain(tip),
        // A compaction: the same vault with a new history.
        _ if their_epoch > our_epoch => plain(tip),
        Relation::Rewound => {
            let mut upstream = plain(seen)?;
            upstream.healed = Some(Healed::Rewound);
            Ok(upstream)
        }
        Relation::Diverged(base) => {
            store.keep(&format!("diverged-{}", seen.short()), seen)?;
            let mut upstream = plain(tip)?;
            let merged = heal::merge_histories(objects, filer, (base, seen, tip))?;
            // Another machine may have brought it all back already.
            if upstream.tree != Some(merged) {
                // The records are read from the store, where the merged tree has to be by then.
                objects.flush()?;
                upstream.tree = Some(merged);
                upstream.lost = Some(store.tree_of(seen)?);
                upstream.healed = Some(Healed::Diverged);
            }
            Ok(upstream)
        }
        Relation::Unrelated if begins_with(store, tip, seen)? => plain(tip),
        Relation::Unrelated => Err(FlowError::Replaced {
            url: url.to_owned(),
        }),
    }
}

/// Whether the vault was at some time of a history just what it is in another one's commit: somebody
/// shortened the history, and lost nothing that was seen.
fn begins_with(store: &Store, tip: ObjectId, seen: ObjectId) -> Result<bool, FlowError> {
    let known = store.tree_of(seen)?;
    for commit in store.commits(tip, None)? {
        if store.tree_of(commit)? == known {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a tip of the same vault can be built on, as one with the tip and the epoch that were seen.
pub fn goes_on(
    store: &Store,
    (seen, our_epoch): (ObjectId, u64),
    (tip, their_epoch): (ObjectId, u64),
) -> Result<bool, FlowError> {
    Ok(their_epoch > our_epoch
        || store.relation(seen, tip)? != Relation::Unrelated
        || begins_with(store, tip, seen)?)
}
