//! Where a decision stands: towards the vault, and towards this disk.

use crate::base::{Kind, Leaf, VaultPath};
use crate::flow::FlowError;
use crate::flow::here::Here;
use crate::flow::meeting::Decided;
use crate::flow::scan::Scanned;
use crate::flow::upstream::Upstream;
use crate::layout::{Owner, names};
use crate::merge::Scope;
use crate::vault::Objects;

use super::queue::{Chosen, Decision, HereToo};
use super::version::as_file;

/// Where a decision stands towards the vault and this disk.
pub enum Standing {
    /// All is as it was when the person looked.
    Holds,
    /// The vault has it already.
    Arrived,
    /// Somebody filed, resolved or pushed something else.
    Changed,
    /// This disk has again what it had before: whoever brought it back took the choice back.
    TakenBack,
}

/// The project or tool of this disk, where a decision was made about its file here, and what stands
/// there now.
pub struct Spoken<'h> {
    pub scanned: &'h Scanned,
    here: HereToo,
    local: Option<Leaf>,
}

impl<'h> Spoken<'h> {
    pub fn of(
        objects: &Objects<'_>,
        (here, upstream): (&'h Here, &Upstream),
        decision: &Decision,
    ) -> Result<Option<Self>, FlowError> {
        let mut all = here.scanned();
        let scanned = all.find(|scanned| scanned.unit.owner == decision.owner);
        let carried = scanned.filter(|it| it.scope(&decision.path) == Scope::Carried);
        let (Some(scanned), Some(here)) = (carried, decision.here.clone()) else {
            return Ok(None);
        };
        let local = as_file(upstream.find_in(objects, scanned.tree, &decision.path)?);
        Ok(Some(Self {
            scanned,
            here,
            local,
        }))
    }

    /// Whether what the choice replaced stands there again.
    fn is_back(&self, decision: &Decision) -> bool {
        let before = self.here.before;
        self.here.written && before != decision.leaf() && self.local == before
    }

    /// What is agreed once the decision is in the vault: the choice, where this disk has it. Where a
    /// run was killed before it was written, what stood there is what the choice replaces.
    pub fn known(&self, decision: &Decision) -> Decided {
        // A file that is gone since was cleaned away with others, or is to be deleted once more.
        let has_it = match self.local {
            None => decision.leaf().is_none(),
            local => self.here.written || local == decision.leaf(),
        };
        let before = self.here.before;
        self.agreed(decision, if has_it { decision.leaf() } else { before })
    }

    /// What is agreed once the decision is dropped: a choice that stands here came from no side, so
    /// that it meets what the vault has as what both changed, and never wins as an edit of that. Where
    /// it changed nothing here, all is as before.
    pub fn dropped(&self, decision: &Decision, vault: Option<Leaf>) -> Option<Decided> {
        let HereToo {
            before,
            origin,
            written,
        } = self.here;
        let chosen = decision.leaf();
        if before == chosen {
            return (self.local == chosen).then(|| self.agreed(decision, origin));
        }
        let stands = self.local != before && (written || self.local == chosen);
        let is_no_side = |origin: &Leaf| ![self.local, vault].contains(&Some(*origin));
        stands.then(|| self.agreed(decision, origin.filter(is_no_side)))
    }

    fn agreed(&self, decision: &Decision, leaf: Option<Leaf>) -> Decided {
        Decided {
            key: self.scanned.unit.key.clone(),
            path: decision.path.clone(),
            leaf,
        }
    }
}

pub fn standing(
    objects: &Objects<'_>,
    upstream: &Upstream,
    (id, decision): (&str, &Decision),
    spoken: Option<&Spoken<'_>>,
) -> Result<Standing, FlowError> {
    let filed = upstream.dir(objects, &names::conflict_dir(id)?)?;
    let place = place(upstream, &decision.owner)?.map(|dir| dir.join(&decision.path));
    let vault = in_vault(objects, upstream, decision)?;
    let was_news = decision.filed.is_some() || decision.vault != vault;
    if filed.is_none() && was_news && as_file(vault) == decision.leaf() {
        return Ok(Standing::Arrived);
    }
    let can_put = match (&decision.chosen, &place) {
        (Chosen::Content(Some(leaf)), Some(place)) => {
            objects.store().has(leaf.id) && !is_blocked(objects, upstream, place)?
        }
        (Chosen::Content(Some(_)), None) => false,
        _ => true,
    };
    if filed != decision.filed || vault != decision.vault || !can_put {
        return Ok(Standing::Changed);
    }
    let is_back = spoken.is_some_and(|spoken| spoken.is_back(decision));
    Ok(if is_back {
        Standing::TakenBack
    } else {
        Standing::Holds
    })
}

/// What the vault has at the path now.
pub fn in_vault(
    objects: &Objects<'_>,
    upstream: &Upstream,
    decision: &Decision,
) -> Result<Option<Leaf>, FlowError> {
    match place(upstream, &decision.owner)? {
        Some(dir) => upstream.find(objects, &dir.join(&decision.path)),
        None => Ok(None),
    }
}

/// Where the vault has the project or tool.
pub fn place(upstream: &Upstream, owner: &Owner) -> Result<Option<VaultPath>, FlowError> {
    Ok(match owner {
        Owner::Project(id) => match upstream.project(id) {
            Some(project) => Some(names::project_dir(&project.name)?),
            None => None,
        },
        Owner::Settings(tool) => Some(names::settings_tool_dir(tool)?),
    })
}

/// Whether a file cannot be put there: the vault has a directory in its place, or a file above it.
pub fn is_blocked(
    objects: &Objects<'_>,
    upstream: &Upstream,
    place: &VaultPath,
) -> Result<bool, FlowError> {
    let found = upstream.find(objects, place)?;
    if found.is_some_and(|leaf| leaf.kind == Kind::Tree) {
        return Ok(true);
    }
    for above in place.ancestors().filter(|above| !above.is_root()) {
        let found = upstream.find(objects, &above)?;
        if found.is_some_and(|leaf| leaf.kind != Kind::Tree) {
            return Ok(true);
        }
    }
    Ok(false)
}
