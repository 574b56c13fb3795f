//! The vault of Aigon as a tree of ours. It has the content of each project's `.aigon` right below
//! the project's name, and settings right below `settings`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::{Blobs, HostPath, Id, Kind, Leaf, ObjectId, Sink, TreeEntry, Trees, VaultPath};
use crate::layout::{ProjectRecord, Record, names};
use crate::merge::{Edits, Graft, find, leaves, list_dir};
use crate::project::{Identity, Match, find_match};
use crate::vault::Objects;

use super::super::local_checkout::LocalCheckout;
use super::super::unit::{Unit, absent_tools, settings_units};
use super::super::upstream::{VaultProject, projects};
use super::super::{FlowError, Session};

/// The tool, its state directory, and its settings.
const TOOL: &str = "aigon";
const STATE: &str = ".aigon";
const CONFIG: &str = "config.json";
const DEFINITIONS: &str = "workflow-definitions";

/// A project of the old vault that becomes one of ours.
#[derive(Clone, Debug, Serialize)]
pub struct Adopted {
    pub id: Id,
    pub name: String,
    pub path: HostPath,
    pub files: usize,
    #[serde(skip)]
    pub checkout: LocalCheckout,
}

/// Something of the old vault that stays where it is.
#[derive(Clone, Debug, Serialize)]
pub struct LeftThere {
    pub path: VaultPath,
    pub why: &'static str,
}

/// What becomes of a tree.
#[derive(Default)]
pub struct Adoption {
    pub edits: Edits,
    pub projects: Vec<Adopted>,
    pub settings: Vec<VaultPath>,
    pub left: Vec<LeftThere>,
}

/// Whether a tree that is no vault of ours is laid out as one of Aigon.
pub fn is_aigons(trees: &dyn Trees, tree: ObjectId) -> Result<bool, FlowError> {
    let is_dir = |path: &VaultPath| -> Result<bool, FlowError> {
        let found = find(trees, Some(tree), path)?;
        Ok(found.is_some_and(|leaf| leaf.kind == Kind::Tree))
    };
    let config = find(trees, Some(tree), &below(&names::settings_dir(), CONFIG)?)?;
    Ok(config.is_some() || is_dir(&names::projects_dir())?)
}

fn below(dir: &VaultPath, name: &str) -> Result<VaultPath, FlowError> {
    Ok(dir.child(name.as_bytes())?)
}

/// Gives a record to every project that exactly one of the repositories can be, and moves settings to
/// their tool.
pub fn adopt(
    session: &Session<'_>,
    objects: &mut Objects<'_>,
    tree: ObjectId,
    checkouts: &[LocalCheckout],
) -> Result<Adoption, FlowError> {
    let mut adoption = Adoption::default();
    let known: Vec<Identity> = projects(objects.store(), tree)?
        .iter()
        .map(VaultProject::identity)
        .collect();
    let entries = list_dir(objects, Some(tree), &names::projects_dir())?;
    for entry in entries.into_iter().filter(|it| it.kind == Kind::Tree) {
        let Ok(path) = names::projects_dir().child(&entry.name) else {
            continue;
        };
        let inside = objects.tree(entry.id)?;
        // It has a record: it is ours already.
        if inside
            .iter()
            .any(|it| it.name == names::PROJECT_RECORD.as_bytes())
        {
            continue;
        }
        let name = path.name().unwrap_or_default().to_owned();
        let fitting = checkouts.iter().filter(|it| it.own_name() == name);
        match fitting.collect::<Vec<_>>().as_slice() {
            [one] if find_match(&one.identity(), &known) != Match::None => {
                adoption.left.push(LeftThere {
                    path,
                    why: "known_already",
                });
            }
            [one] => {
                let id = Id::new(session.edges)?;
                let graft = as_ours(objects, &id, &name, (one, entry.id))?;
                adoption.edits.insert(path, graft);
                adoption.projects.push(Adopted {
                    id,
                    name,
                    path: one.root.clone(),
                    files: leaves(objects, Some(entry.id))?.len(),
                    checkout: (*one).clone(),
                });
            }
            [] => adoption.left.push(LeftThere {
                path,
                why: "no_repository",
            }),
            _ => adoption.left.push(LeftThere {
                path,
                why: "several_repositories",
            }),
        }
    }
    settings(session, objects, tree, &mut adoption)?;
    Ok(adoption)
}

/// The project's directory with its record, and what was in it one level further down.
fn as_ours(
    objects: &mut Objects<'_>,
    id: &Id,
    name: &str,
    (checkout, content): (&LocalCheckout, ObjectId),
) -> Result<Graft, FlowError> {
    let record = ProjectRecord {
        remotes: checkout.remotes.clone(),
        roots: checkout.roots.clone(),
        dirs: vec![VaultPath::parse(STATE)?],
        ..ProjectRecord::new(id.clone(), name.to_owned())
    };
    let record = objects.put_blob(&record.write())?;
    let entry = |name: &str, kind, id| TreeEntry {
        name: name.as_bytes().to_vec(),
        kind,
        id,
    };
    let tree = objects.put_tree(&[
        entry(STATE, Kind::Tree, content),
        entry(names::PROJECT_RECORD, Kind::File, record),
    ])?;
    Ok(Graft::Tree(tree))
}

/// Settings go to their tool, without what belongs to one machine. What is there already stays.
fn settings(
    session: &Session<'_>,
    objects: &mut Objects<'_>,
    tree: ObjectId,
    adoption: &mut Adoption,
) -> Result<(), FlowError> {
    let ours = names::settings_tool_dir(TOOL)?;
    for name in [CONFIG, DEFINITIONS] {
        let (from, to) = (below(&names::settings_dir(), name)?, below(&ours, name)?);
        let Some(leaf) = find(objects, Some(tree), &from)? else {
            continue;
        };
        let is_taken = find(objects, Some(tree), &to)?.is_some();
        let moved = match leaf.kind {
            _ if is_taken => None,
            Kind::Tree => Some(BTreeMap::from([(to, Graft::Tree(leaf.id))])),
            Kind::File => {
                clean(session, objects, leaf)?.map(|leaf| BTreeMap::from([(to, Graft::Leaf(leaf))]))
            }
            _ => None,
        };
        let Some(moved) = moved else {
            adoption.left.push(LeftThere {
                path: from,
                why: if is_taken {
                    "has_a_successor"
                } else {
                    "not_readable"
                },
            });
            continue;
        };
        if leaf.kind == Kind::Tree {
            let inside = leaves(objects, Some(leaf.id))?;
            let gone = inside
                .into_keys()
                .map(|path| (from.join(&path), Graft::Remove));
            adoption.edits.extend(gone);
        } else {
            adoption.edits.insert(from, Graft::Remove);
        }
        adoption.settings.extend(moved.keys().cloned());
        adoption.edits.extend(moved);
    }
    Ok(())
}

/// The file as this machine would send it; nothing where it cannot be read.
fn clean(
    session: &Session<'_>,
    objects: &mut Objects<'_>,
    leaf: Leaf,
) -> Result<Option<Leaf>, FlowError> {
    let path = VaultPath::parse(CONFIG)?;
    let tools = settings_units(session)?.into_iter();
    let mut tools = tools.chain(absent_tools(session, |name| name == TOOL)?);
    let sanitizer = tools
        .find(|unit: &Unit| unit.name == TOOL)
        .and_then(|unit| unit.sanitizer(&path));
    let text = objects.blob(leaf.id)?;
    let Some(Ok(stripped)) = sanitizer.map(|it| it.clean(&text)) else {
        return Ok(None);
    };
    Ok(Some(Leaf {
        id: objects.put_blob(&stripped.text)?,
        ..leaf
    }))
}
