//! Which projects of this machine travel: adding, listing and removing them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;

use crate::base::{Finding, HostPath, Id, VaultPath};
use crate::layout::{Owner, names};
use crate::merge::{Graft, leaves};
use crate::project::{Match, ProjectError, Registered, Registry, find_match};
use crate::vault::Objects;
use crate::vault::wire::Aim;

use super::agreed::unit_key;
use super::another::stands;
pub use super::enrolment::ProjectLine;
use super::enrolment::{Wishes, enter, known_as};
use super::here::{Placement, identity_of, place};
use super::lacking::{Lack, of_places, refuse_gone};
use super::local_checkout::LocalCheckout;
use super::meeting::Ground;
use super::publish::{Publisher, Work};
use super::recognise::{KnownVault, candidate};
use super::round::RoundPlan;
use super::upstream::Upstream;
use super::wake::wake;
use super::{FlowError, Session, Writer};

#[derive(Clone, Debug, Default)]
pub struct ProjectAddOptions {
    /// The project, or anywhere in it; the working directory where nothing is said.
    pub path: Option<PathBuf>,
    pub name: Option<String>,
    /// State directories beside those that are known.
    pub dirs: Vec<String>,
    /// Another checkout of the same repository is another project.
    pub separate: bool,
}

#[derive(Debug, Serialize)]
pub struct ProjectAddReport {
    pub project: ProjectLine,
    /// It was registered before; what is new was added.
    pub already: bool,
    /// The state directories that it did not have before.
    pub added: Vec<VaultPath>,
    /// Directories that were named and are not there yet.
    pub absent: Vec<VaultPath>,
    /// The directory it was registered at before, which is gone.
    pub moved_from: Option<HostPath>,
    /// The path lay in a linked worktree of this project.
    pub linked_from: Option<HostPath>,
}

#[derive(Debug, Serialize)]
pub struct ProjectListReport {
    pub projects: Vec<ProjectLine>,
}

#[derive(Debug, Serialize)]
pub struct ProjectRemoveReport {
    pub project: ProjectLine,
    /// It was taken out of the vault; the vault's history keeps it.
    pub from_vault: bool,
    /// It should have been, and the vault does not have it.
    pub not_in_vault: bool,
}

/// Registers a project: from now on its state travels.
pub fn add(
    session: &Session<'_>,
    options: &ProjectAddOptions,
) -> Result<ProjectAddReport, FlowError> {
    // A list that begins with this one would hide which others travelled.
    if let Some(lack @ Lack::Everything) = of_places(session)? {
        return Err(lack.fault(session));
    }
    let found = LocalCheckout::at(session, options.path.clone().unwrap_or_default())?;
    let root = &found.root;
    let named = options.dirs.iter().map(|dir| state_dir(root, dir));
    let named: BTreeSet<VaultPath> = named.collect::<Result<_, _>>()?;
    let is_absent = |dir: &&VaultPath| root.below(dir).as_path().symlink_metadata().is_err();
    let absent = named.iter().filter(is_absent).cloned().collect();
    let name = options.name.clone().unwrap_or_else(|| found.own_name());
    let fresh = Registered {
        separate: options.separate,
        ..found.as_project(session, (Id::new(session.edges)?, name), &named)
    };
    refuse_ambiguous(session, &fresh)?;
    let wishes = Wishes {
        name: options.name.as_deref(),
        dirs: &named,
    };
    let entered = Registry::edit(&session.places.registry(), &session.holder(), |registry| {
        enter(registry, fresh, &wishes, &|known| stands(session, known))
    })?;
    wake(session);
    Ok(ProjectAddReport {
        project: ProjectLine::of(&entered.project),
        already: entered.already,
        added: entered.added,
        absent,
        moved_from: entered.moved_from,
        linked_from: found.linked_from,
    })
}

/// Where more than one project of the vault fits, a person decides. The vault is taken as this
/// machine saw it last: the remote is asked only where it never was.
fn refuse_ambiguous(session: &Session<'_>, fresh: &Registered) -> Result<(), FlowError> {
    let registry = Registry::load(&session.places.registry())?;
    let standing = identity_of(known_as(&registry, fresh).unwrap_or(fresh));
    // Whoever cannot be asked says so when something is to be fetched from it.
    let Ok(known) = KnownVault::last_seen(session) else {
        return Ok(());
    };
    match find_match(&standing, &known.identities()) {
        Match::Ambiguous(indexes) => Err(FlowError::Ambiguous {
            path: fresh.path.clone(),
            candidates: known.candidates(&indexes),
        }),
        Match::Same(_) | Match::None => Ok(()),
    }
}

/// A state directory as a person wrote it: below the project.
fn state_dir(root: &HostPath, text: &str) -> Result<VaultPath, FlowError> {
    let full = root.as_path().join(text);
    let tail = full
        .strip_prefix(root.as_path())
        .ok()
        .and_then(|tail| tail.to_str());
    let path =
        tail.map(|tail| VaultPath::parse(tail.trim_start_matches("./").trim_end_matches('/')));
    match path {
        Some(Ok(path)) if path.names().next() != Some(names::PROJECT_RECORD) => Ok(path),
        _ => Err(FlowError::Refused {
            what: format!("`{text}` is no directory inside {root}"),
            hint: "name a directory inside the project, such as `.notes`".to_owned(),
        }),
    }
}

/// The registered projects.
pub fn list(session: &Session<'_>) -> Result<ProjectListReport, FlowError> {
    let registry = Registry::load(&session.places.registry())?;
    if registry.projects.is_empty() {
        refuse_gone(session)?;
    }
    Ok(ProjectListReport {
        projects: registry.projects.iter().map(ProjectLine::of).collect(),
    })
}

/// Forgets a project here; with `from_vault` takes it out of the vault too.
pub fn remove(
    writer: &Writer<'_>,
    wanted: &str,
    from_vault: bool,
) -> Result<ProjectRemoveReport, FlowError> {
    let session = writer.session;
    let file = session.places.registry();
    let registry = Registry::load(&file)?;
    let project = registry
        .find(wanted)
        .ok_or_else(|| ProjectError::NotFound {
            wanted: wanted.to_owned(),
        })?
        .clone();
    let remote = writer.remote(Aim::Push)?;
    let mut objects = Objects::new(&writer.store);
    // Without the vault's part nothing has to be asked of the remote: what is agreed is our own.
    let began = session.edges.clock.now();
    let publisher = Publisher::new(
        writer,
        remote.as_deref().filter(|_| from_vault),
        began,
        false,
    );
    let mut taken = false;
    if from_vault {
        let ids = registry
            .projects
            .iter()
            .filter(|other| other.id != project.id && other.published);
        let mut removal = Removal {
            project: project.clone(),
            others: ids.map(|other| other.id.clone()).collect(),
            taken: false,
        };
        let ground = publisher.meet(&mut objects)?;
        publisher.publish(&mut objects, ground, &mut removal)?;
        taken = removal.taken;
    } else {
        super::memory::forget(
            writer,
            &mut objects,
            &unit_key(&Owner::Project(project.id.clone())),
        )?;
    }
    Registry::edit(&file, &session.holder(), |registry| {
        registry.projects.retain(|other| other.id != project.id);
        Ok(())
    })?;
    Ok(ProjectRemoveReport {
        project: ProjectLine::of(&project),
        from_vault: taken,
        not_in_vault: from_vault && !taken,
    })
}

/// Taking a project out of the vault. Its history stays.
struct Removal {
    project: Registered,
    others: Vec<Id>,
    /// The vault has it, and will not any more.
    taken: bool,
}

impl Work for Removal {
    fn plan(
        &mut self,
        objects: &mut Objects<'_>,
        ground: &Ground<'_>,
    ) -> Result<RoundPlan, FlowError> {
        let mut plan = RoundPlan {
            projects: self.others.clone(),
            ..RoundPlan::default()
        };
        let key = unit_key(&Owner::Project(self.project.id.clone()));
        plan.agreed.forget(&key);
        // What was never pushed from here is known to the vault under an id of its own.
        let name = match place(&self.project, ground.upstream) {
            Placement::Known { name } => name,
            Placement::Ambiguous { names, .. } => {
                let known = ground.upstream.projects.iter();
                let candidates = known.filter(|known| names.contains(&known.name));
                return Err(FlowError::Ambiguous {
                    path: self.project.path.clone(),
                    candidates: candidates.map(candidate).collect(),
                });
            }
            Placement::New { .. } | Placement::Removed => return Ok(plan),
        };
        let known = ground
            .upstream
            .projects
            .iter()
            .find(|known| known.name == name);
        let dir = names::project_dir(&name)?;
        let all: BTreeMap<_, _> = leaves(objects, known.map(|known| known.tree))?;
        plan.edits
            .extend(all.into_keys().map(|path| (dir.join(&path), Graft::Remove)));
        self.taken = true;
        Ok(plan)
    }

    fn withhold(&mut self, finding: &Finding) -> Result<(), FlowError> {
        Err(FlowError::GateHoldsRecord {
            path: finding.path.clone(),
            rule: finding.rule.clone(),
        })
    }

    fn moved(&mut self, _: &Upstream) {}
}
