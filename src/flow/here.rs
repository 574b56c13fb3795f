//! What is on this machine, and where each of it stands in the vault.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::seams::{Rule, is_broken};
use crate::base::{Finding, Id, Kind, VaultPath};
use crate::layout::{Owner, names};
use crate::merge::list_dir;
use crate::project::{Identity, Match, Registered, Registry, find_match, unique_name};
use crate::source::{SourceError, state_dirs};
use crate::vault::Objects;

use super::agreed::unit_key;
use super::scan::{Scanned, absent, scan};
use super::unit::{Unit, absent_tools, settings_units};
use super::upstream::{Upstream, VaultProject, have_one_id};
use super::{FlowError, Session, allowance};

/// Where a registered project stands in the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// The vault has it under this name.
    Known { name: String },
    /// The vault does not have it yet; this will be its name, which nothing there has.
    New { name: String },
    /// The vault had it, and somebody took it out: nothing is sent until it is added again.
    Removed,
    /// It could be more than one of the vault's projects; where those have one id, no choice of a
    /// person could say which.
    Ambiguous { names: Vec<String>, is_one_id: bool },
}

pub struct LocalProject {
    /// As registered, with the id that the vault knows it by.
    pub registered: Registered,
    pub placement: Placement,
    pub scanned: Scanned,
    /// Its record would tell a secret: it waits as a whole, and what was agreed stays agreed.
    pub is_held: bool,
}

impl LocalProject {
    /// Leaves behind what a finding is about, a file or at last all of it. False where the finding is
    /// about something else.
    fn hold_back(&mut self, finding: &Finding) -> bool {
        let Some(Ok(dir)) = self.vault_name().map(names::project_dir) else {
            return false;
        };
        if self.scanned.hold_back(&dir, finding) {
            return true;
        }
        let is_news = !self.is_held && finding.path.below(&dir).is_some();
        self.is_held |= is_news;
        is_news
    }

    /// From now on this is its id.
    pub fn known_by(&mut self, id: Id) {
        self.registered.id = id;
        self.scanned.unit.owner = Owner::Project(self.registered.id.clone());
        self.scanned.unit.key = unit_key(&self.scanned.unit.owner);
    }

    /// Its name in the vault; nothing where it takes no part.
    pub fn vault_name(&self) -> Option<&str> {
        match &self.placement {
            Placement::Known { name } | Placement::New { name } => Some(name),
            Placement::Removed | Placement::Ambiguous { .. } => None,
        }
    }
}

/// Everything that this machine carries, scanned.
pub struct Here {
    pub projects: Vec<LocalProject>,
    pub settings: Vec<Scanned>,
    /// Projects of this machine that the run is not about.
    pub others: Vec<Id>,
    /// The run is about everything.
    pub is_whole: bool,
}

/// Which part of it a run is about.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Names of projects; none means all, and the settings.
    pub projects: Vec<String>,
}

impl Selection {
    fn takes(&self, project: &Registered) -> bool {
        self.projects.is_empty() || self.projects.contains(&project.name)
    }

    fn check(&self, registry: &Registry) -> Result<(), FlowError> {
        let unknown = self.projects.iter().find(|name| {
            !registry
                .projects
                .iter()
                .any(|project| project.name == **name)
        });
        match unknown {
            Some(name) => Err(FlowError::NoSuchProject {
                name: name.clone(),
                known: registry
                    .projects
                    .iter()
                    .map(|project| project.name.clone())
                    .collect(),
            }),
            None => Ok(()),
        }
    }
}

/// What the run is about, and what the vault says of it. By equal ones this disk is looked at in just
/// the same way.
#[derive(PartialEq)]
pub struct Frame {
    projects: Vec<Framed>,
    others: Vec<Id>,
    is_whole: bool,
    /// The values that travel, though they look like secrets.
    allowed: Arc<BTreeSet<String>>,
}

/// A project of this machine.
#[derive(PartialEq)]
struct Framed {
    registered: Registered,
    /// Its key by the id under which it is registered.
    listed: String,
    placement: Placement,
    /// What is carried of it on other machines.
    dirs: Vec<VaultPath>,
    /// How the vault knows it.
    identity: Option<Identity>,
}

impl Frame {
    pub fn of(
        session: &Session<'_>,
        objects: &Objects<'_>,
        upstream: &Upstream,
        selection: &Selection,
    ) -> Result<Self, FlowError> {
        let registry = Registry::load(&session.places.registry())?;
        selection.check(&registry)?;
        let is_whole = selection.projects.is_empty();
        let mut frame = Self {
            projects: Vec::new(),
            others: Vec::new(),
            is_whole,
            allowed: if is_whole {
                allowance::allowed(session, objects, upstream.tree)?
            } else {
                Arc::default()
            },
        };
        let placements = place_all(&registry.projects, upstream);
        for (mut registered, placement) in registry.projects.into_iter().zip(placements) {
            if !selection.takes(&registered) {
                let others = &mut frame.others;
                others.extend(registered.published.then(|| registered.id.clone()));
                continue;
            }
            let listed = unit_key(&Owner::Project(registered.id.clone()));
            let there = adopt(&mut registered, &placement, upstream);
            frame.projects.push(Framed {
                dirs: there.map_or_else(Vec::new, |it| it.record.dirs.clone()),
                identity: there.map(VaultProject::identity),
                registered,
                listed,
                placement,
            });
        }
        Ok(frame)
    }

    fn units(&self, session: &Session<'_>) -> Result<Vec<Unit>, FlowError> {
        let projects = self.projects.iter().map(|project| project.unit(session));
        let mut units = projects.collect::<Result<Vec<_>, _>>()?;
        if self.is_whole {
            units.extend(settings_units(session)?);
            for unit in &mut units {
                unit.allowed = Arc::clone(&self.allowed);
            }
        }
        Ok(units)
    }
}

impl Framed {
    fn unit(&self, session: &Session<'_>) -> Result<Unit, SourceError> {
        let registered = &self.registered;
        let mut dirs: BTreeSet<VaultPath> = registered.dirs.iter().cloned().collect();
        // A tool may have begun to keep state here after the project was added.
        dirs.extend(state_dirs(&registered.path, &session.config.presets_off));
        dirs.extend(self.dirs.iter().cloned());
        let mut unit = Unit::of_project(registered, &dirs, &session.rules)?;
        unit.registered = (self.listed != unit.key).then(|| self.listed.clone());
        // Another machine may have told the vault of a new address already.
        if let Some(identity) = &self.identity {
            unit.marks.learn(identity.clone());
        }
        Ok(unit)
    }
}

impl Here {
    /// Scans what the run is about, under the identities that the vault knows.
    pub fn scan(
        session: &Session<'_>,
        upstream: &Upstream,
        selection: &Selection,
        (objects, began_ns): (&mut Objects<'_>, i64),
    ) -> Result<Self, FlowError> {
        let frame = Frame::of(session, objects, upstream, selection)?;
        Self::framed(session, &frame, (objects, began_ns))
    }

    pub fn framed(
        session: &Session<'_>,
        frame: &Frame,
        (objects, began_ns): (&mut Objects<'_>, i64),
    ) -> Result<Self, FlowError> {
        let units = frame.units(session)?;
        let mut scanned = scan(session, units, objects, began_ns)?.into_iter();
        let projects = frame.projects.iter().zip(scanned.by_ref());
        let projects = projects.map(|(project, scanned)| LocalProject {
            registered: project.registered.clone(),
            placement: project.placement.clone(),
            scanned,
            is_held: false,
        });
        Ok(Self {
            projects: projects.collect(),
            settings: scanned.collect(),
            others: frame.others.clone(),
            is_whole: frame.is_whole,
        })
    }

    /// Adds the tools that the vault has settings of and this disk has not: a new machine gets them, and
    /// what was deleted as a whole comes back, as a state directory does. Who does not want them
    /// switches them off.
    pub fn expect_settings(
        &mut self,
        session: &Session<'_>,
        upstream: &Upstream,
        objects: &Objects<'_>,
    ) -> Result<(), FlowError> {
        let allowed = allowance::allowed(session, objects, upstream.tree)?;
        let there = list_dir(objects, upstream.tree, &names::settings_dir())?;
        let is_there = |tool: &str| {
            let mut dirs = there.iter().filter(|entry| entry.kind == Kind::Tree);
            dirs.any(|dir| dir.name == tool.as_bytes())
        };
        for mut unit in absent_tools(session, is_there)? {
            unit.allowed = Arc::clone(&allowed);
            self.settings.push(absent(unit));
        }
        Ok(())
    }

    /// The vault moved: every project's place is looked up again.
    pub fn place_again(&mut self, upstream: &Upstream) {
        let registered: Vec<Registered> = self
            .projects
            .iter()
            .map(|project| project.registered.clone())
            .collect();
        for (project, placement) in self
            .projects
            .iter_mut()
            .zip(place_all(&registered, upstream))
        {
            adopt(&mut project.registered, &placement, upstream);
            project.known_by(project.registered.id.clone());
            project.placement = placement;
        }
    }

    /// Leaves a file behind in which the gate found something; it lies at this path of the vault, or
    /// its version was to be filed in a conflict there. Where the record of a project has it, all of
    /// the project stays. False where it is nothing of this machine's state.
    pub fn hold_back(&mut self, finding: &Finding) -> bool {
        let tool = |scanned: &mut Scanned| {
            let dir = names::settings_tool_dir(&scanned.unit.name).ok()?;
            Some(scanned.hold_back(&dir, finding))
        };
        let mut projects = self.projects.iter_mut();
        let in_project = projects.any(|project| project.hold_back(finding));
        let mut tools = self.settings.iter_mut();
        in_project || tools.any(|scanned| tool(scanned).unwrap_or(false))
    }

    pub fn scanned(&self) -> impl Iterator<Item = &Scanned> {
        self.projects
            .iter()
            .map(|project| &project.scanned)
            .chain(&self.settings)
    }
}

impl Here {
    pub fn scanned_mut(&mut self) -> impl Iterator<Item = &mut Scanned> {
        let projects = self.projects.iter_mut();
        projects
            .map(|project| &mut project.scanned)
            .chain(&mut self.settings)
    }
}

/// Takes over the id by which the vault knows the project; what the vault has of it.
fn adopt<'u>(
    registered: &mut Registered,
    placement: &Placement,
    upstream: &'u Upstream,
) -> Option<&'u VaultProject> {
    let Placement::Known { name } = placement else {
        return None;
    };
    let known = upstream
        .projects
        .iter()
        .find(|project| project.name == *name)?;
    registered.id = known.record.id.clone();
    Some(known)
}

/// Where one project stands.
#[must_use]
pub fn place(project: &Registered, upstream: &Upstream) -> Placement {
    let mut placements = place_all(std::slice::from_ref(project), upstream);
    placements.pop().expect("one placement for each project")
}

/// Where each project stands; names of new ones are unique among all.
fn place_all(projects: &[Registered], upstream: &Upstream) -> Vec<Placement> {
    let candidates: Vec<Identity> = upstream
        .projects
        .iter()
        .map(VaultProject::identity)
        .collect();
    let mut taken = upstream.taken.clone();
    let was_there = |project: &Registered| {
        project.published && !upstream.first_meeting && !upstream.unmet.contains(&project.id)
    };
    let mut placements = Vec::with_capacity(projects.len());
    for project in projects {
        let placement = match find_match(&identity_of(project), &candidates) {
            Match::Same(index) => Placement::Known {
                name: upstream.projects[index].name.clone(),
            },
            Match::Ambiguous(indexes) => Placement::Ambiguous {
                is_one_id: have_one_id(indexes.iter().map(|index| &upstream.projects[*index])),
                names: indexes
                    .into_iter()
                    .map(|index| upstream.projects[index].name.clone())
                    .collect(),
            },
            Match::None if project.published && is_broken(Rule::RemovedProjectStays) => {
                Placement::Known {
                    name: project.name.clone(),
                }
            }
            Match::None if was_there(project) => Placement::Removed,
            Match::None => {
                let name = unique_name(&project.name, &|name| taken.contains(&name.to_lowercase()));
                taken.insert(name.to_lowercase());
                Placement::New { name }
            }
        };
        placements.push(placement);
    }
    placements
}

/// How a registered project is known. A separate checkout is known by its id alone.
#[must_use]
pub fn identity_of(project: &Registered) -> Identity {
    let marks = |list: &[String]| {
        if project.separate {
            BTreeSet::new()
        } else {
            list.iter().cloned().collect()
        }
    };
    Identity {
        id: Some(project.id.clone()),
        remotes: marks(&project.remotes),
        roots: marks(&project.roots),
    }
}
