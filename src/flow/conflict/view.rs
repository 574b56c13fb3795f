//! The conflicts as this machine sees them: what its copy of the vault has on file, what this disk has
//! of it, and what was decided here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::{Leaf, ObjectId, VaultPath};
use crate::flow::agreed::Agreed;
use crate::flow::compare::{Compared, compare};
use crate::flow::filing::conflict_id;
use crate::flow::scan::Scanned;
use crate::flow::{FlowError, Session};
use crate::layout::{Owner, VariantDir};
use crate::merge::Scope;
use crate::vault::Objects;

use super::carry::sift;
use super::queue::Decision;
use super::stand::place;
use super::version::{Version, as_file, on_file};

/// Shorter beginnings of an id or a token are taken for a slip.
const SHORTEST_PREFIX: usize = 4;

/// What a person picks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The one version that differs from the vault's.
    Local,
    /// What the vault has at the path.
    Vault,
    /// The one that is from elsewhere: the vault's of a file, the one other value of a field.
    Remote,
    /// What both came from.
    Base,
    /// The version with this token.
    Token(String),
    /// A content of one's own, out of an editor.
    Bytes(Vec<u8>),
    /// The same, as it is.
    Value(String),
    /// The same, in a file.
    File(PathBuf),
}

/// This disk's side of a conflict.
#[derive(Clone, Copy, Debug)]
pub struct HereSide {
    pub local: Option<Leaf>,
    /// What is agreed about the path.
    pub base: Option<Leaf>,
}

pub struct Conflict {
    pub id: String,
    pub owner: Owner,
    /// The project or tool as people call it.
    pub name: String,
    pub path: VaultPath,
    /// Its place in the vault; none where the project is not there any more.
    pub place: Option<VaultPath>,
    /// The conflict's directory; none where nothing is on file yet.
    pub filed: Option<ObjectId>,
    pub vault: Option<Leaf>,
    /// All there is to choose from, beside the vault's own.
    pub versions: Vec<Version>,
    pub is_damaged: bool,
    /// None where this disk does not have the project or tool, or may not speak of the path.
    pub here: Option<HereSide>,
    pub decided: Option<Decision>,
}

impl Conflict {
    /// As it is typed.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}:{}", self.name, self.path)
    }

    /// The version that a token means.
    pub fn version(&self, token: &str) -> Result<&Version, FlowError> {
        let typed = token.to_ascii_lowercase();
        let fits = |version: &&Version| is_meant(&version.token(), &typed);
        let mut fitting = self.versions.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(FlowError::NoSuch {
                what: "version",
                wanted: token.to_owned(),
                known: self.choices(),
            }),
        }
    }

    /// The version that needs no token.
    pub fn only_version(&self) -> Result<&Version, FlowError> {
        match self.versions.split_first() {
            Some((one, rest)) if rest.iter().all(|other| other.local == one.local) => Ok(one),
            _ => Err(FlowError::Refused {
                what: format!("{} has {} versions", self.reference(), self.versions.len()),
                hint: format!("say which: `--use TOKEN`, of {}", self.choices().join(", ")),
            }),
        }
    }

    fn choices(&self) -> Vec<String> {
        let choice = |version: &Version| format!("{} ({})", version.token(), version.machine);
        self.versions.iter().map(choice).collect()
    }
}

/// Whether what was typed is a name, or enough of its beginning.
pub fn is_meant(name: &str, typed: &str) -> bool {
    name == typed || (typed.len() >= SHORTEST_PREFIX && name.starts_with(typed))
}

pub struct View {
    pub compared: Compared,
    pub conflicts: Vec<Conflict>,
    /// Directories of conflicts that nobody can read.
    pub unreadable: Vec<String>,
}

impl View {
    pub fn of(session: &Session<'_>, objects: &mut Objects<'_>) -> Result<Self, FlowError> {
        let compared = compare(session, objects, None)?;
        let (filed, unreadable) = on_file(objects, compared.upstream.tree)?;
        let mut found: BTreeMap<String, Conflict> = BTreeMap::new();
        for filed in filed {
            let mut conflict = begun(&compared, filed.id, (&filed.owner, &filed.path))?;
            conflict.filed = Some(filed.tree);
            conflict.versions = filed.versions;
            conflict.is_damaged = filed.is_damaged;
            found.insert(conflict.id.clone(), conflict);
        }
        for scanned in compared.here.scanned() {
            for path in &scanned.disputed {
                let owner = &scanned.unit.owner;
                let id = conflict_id(owner, path);
                if !found.contains_key(&id) {
                    found.insert(id.clone(), begun(&compared, id, (owner, path))?);
                }
            }
        }
        let sifted = sift(session, objects, (&compared.here, &compared.upstream))?;
        let mut waiting = sifted.holding;
        for (id, decision) in &waiting {
            // Of what was never on file nothing may be left to see once the choice is written.
            if decision.filed.is_none() && !found.contains_key(id) {
                let about = (&decision.owner, &decision.path);
                found.insert(id.clone(), begun(&compared, id.clone(), about)?);
            }
        }
        let agreed = Agreed::load(objects.store())?;
        for conflict in found.values_mut() {
            conflict.decided = waiting.remove(&conflict.id);
            look_here(session, objects, (&compared, &agreed), conflict)?;
        }
        let mut conflicts: Vec<Conflict> = found.into_values().collect();
        conflicts.sort_by(|one, other| (&one.name, &one.path).cmp(&(&other.name, &other.path)));
        Ok(Self {
            compared,
            conflicts,
            unreadable,
        })
    }

    /// The conflict that a person means: by its id or a beginning of it, as PROJECT:PATH, or by the
    /// file on this disk.
    pub fn find(&self, session: &Session<'_>, wanted: &str) -> Result<&Conflict, FlowError> {
        let typed = wanted.to_ascii_lowercase();
        let by_id = |conflict: &&Conflict| is_meant(&conflict.id, &typed);
        let fitting: Vec<&Conflict> = self.conflicts.iter().filter(by_id).collect();
        match fitting.as_slice() {
            [one] => return Ok(one),
            [] => {}
            many => {
                let ids: Vec<&str> = many.iter().map(|it| it.id.as_str()).collect();
                return Err(FlowError::Refused {
                    what: format!("`{wanted}` could be {}", ids.join(" or ")),
                    hint: "type more of the id".to_owned(),
                });
            }
        }
        let asked = session.edges.env.cwd.join(wanted);
        let file = place_on_disk(&asked);
        let mut all = self.conflicts.iter();
        let found = all.find(|conflict| {
            let named = conflict.reference() == wanted;
            named || self.file(conflict).is_some_and(|path| path == file)
        });
        found.ok_or_else(|| FlowError::NoSuch {
            what: "conflict",
            wanted: wanted.to_owned(),
            known: self.conflicts.iter().map(Conflict::reference).collect(),
        })
    }

    /// The project or tool of this disk that a conflict is about, where this disk may speak of it.
    #[must_use]
    pub fn scanned(&self, conflict: &Conflict) -> Option<&Scanned> {
        conflict.here?;
        owner_here(&self.compared, &conflict.owner)
    }

    fn file(&self, conflict: &Conflict) -> Option<PathBuf> {
        let scanned = owner_here(&self.compared, &conflict.owner)?;
        let file = scanned.file(&conflict.path);
        Some(place_on_disk(file.as_path()))
    }
}

/// A path without links on the way to it: the file itself may be gone, or be a link.
fn place_on_disk(path: &Path) -> PathBuf {
    let (dir, name) = (path.parent(), path.file_name());
    match (dir.and_then(|dir| dir.canonicalize().ok()), name) {
        (Some(dir), Some(name)) => dir.join(name),
        _ => path.to_owned(),
    }
}

fn owner_here<'c>(compared: &'c Compared, owner: &Owner) -> Option<&'c Scanned> {
    let mut all = compared.here.scanned();
    all.find(|scanned| scanned.unit.owner == *owner)
}

fn begun(
    compared: &Compared,
    id: String,
    (owner, path): (&Owner, &VaultPath),
) -> Result<Conflict, FlowError> {
    let upstream = &compared.upstream;
    let place = place(upstream, owner)?.map(|dir| dir.join(path));
    Ok(Conflict {
        id,
        name: upstream.name_of(owner),
        owner: owner.clone(),
        path: path.clone(),
        place,
        filed: None,
        vault: None,
        versions: Vec::new(),
        is_damaged: false,
        here: None,
        decided: None,
    })
}

/// Adds what the vault has at the path and what this disk has, where that is not on file yet.
fn look_here(
    session: &Session<'_>,
    objects: &Objects<'_>,
    (compared, agreed): (&Compared, &Agreed),
    conflict: &mut Conflict,
) -> Result<(), FlowError> {
    if let Some(place) = &conflict.place {
        conflict.vault = compared.upstream.find(objects, place)?;
    }
    let scanned = owner_here(compared, &conflict.owner);
    let carried = scanned.filter(|scanned| scanned.scope(&conflict.path) == Scope::Carried);
    let Some(scanned) = carried else {
        return Ok(());
    };
    let upstream = &compared.upstream;
    let local = as_file(upstream.find_in(objects, scanned.tree, &conflict.path)?);
    let base = agreed.content(objects, &scanned.unit.key)?;
    let base = as_file(upstream.find_in(objects, base, &conflict.path)?);
    conflict.here = Some(HereSide { local, base });
    // Where a choice was written, what it replaced is still there to be chosen.
    let decided = conflict.decided.as_ref();
    let own = match decided.and_then(|it| it.here.as_ref().map(|here| (it.leaf(), here))) {
        Some((chosen, here)) if local == chosen => here.before,
        _ => local,
    };
    let is_own = own != as_file(conflict.vault) && own != base;
    let is_filed = |version: &Version| {
        version.dir.machine() == compared.machine.as_str() && version.local == own
    };
    if is_own && !conflict.versions.iter().any(is_filed) {
        conflict.versions.push(Version {
            dir: VariantDir::from(&compared.machine),
            machine: session.machine_name(),
            at: None,
            local: own,
            base,
            vault: as_file(conflict.vault),
        });
    }
    Ok(())
}
