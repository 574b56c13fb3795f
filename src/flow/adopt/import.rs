//! Taking over what Aigon knows: its repositories are registered, and its vault becomes one of ours.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;

use crate::base::{Finding, HostPath, ObjectId, VaultPath};
use crate::merge::{Graft, edit, find};
use crate::project::Registry;
use crate::vault::wire::{Aim, PushOutcome, Remote, Update};
use crate::vault::{CommitOutcome, NewCommit, Objects, Store, WireError};

use super::super::anew::connected;
use super::super::another::stands;
use super::super::compare::whatever_is_there;
use super::super::configure::{ConfigureOptions, configure, refuse_public};
use super::super::enrolment::join;
use super::super::local_checkout::LocalCheckout;
use super::super::newcomer;
use super::super::project::{ProjectAddOptions, add};
use super::super::recognise::own_id;
use super::super::records::skeleton;
use super::super::upstream::vault_record;
use super::super::{Event, FlowError, Session, Stage, Writer, allowance};
use super::aigon::AigonConfig;
use super::vault::{Adopted, Adoption, LeftThere, adopt, is_aigons};

#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The configuration; where nothing is said, the one in the home directory.
    pub file: Option<PathBuf>,
    /// Take a vault that everybody may read.
    pub allow_public: bool,
}

/// What is at the address that the configuration has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RemoteKind {
    /// The configuration has none.
    None,
    Empty,
    /// A vault of ours already.
    Vault,
    AigonVault,
    /// An address that this version cannot reach.
    NotReached,
}

/// A repository of the configuration.
#[derive(Debug, Serialize)]
pub struct ImportedProject {
    pub path: String,
    /// Its name in the list of this machine; nothing before it is in it.
    pub name: Option<String>,
    /// Why it is not registered.
    pub why: Option<String>,
    /// Where that is on this disk.
    #[serde(skip)]
    at: PathBuf,
}

#[derive(Debug, Serialize)]
pub struct ImportPlan {
    pub config: HostPath,
    pub remote: Option<String>,
    pub remote_kind: RemoteKind,
    /// Why it cannot be reached.
    pub remote_fault: Option<String>,
    /// The cadence that the configuration has. It is told, and not taken over.
    pub schedule: Option<String>,
    pub projects: Vec<ImportedProject>,
    /// Projects of the old vault that become ours.
    pub adopted: Vec<Adopted>,
    /// Settings, by their new place.
    pub settings: Vec<VaultPath>,
    /// What of the old vault stays as it is.
    pub left: Vec<LeftThere>,
    #[serde(skip)]
    found: Vec<LocalCheckout>,
    #[serde(skip)]
    tip: Option<ObjectId>,
}

#[derive(Debug, Serialize)]
pub struct ImportReport {
    pub dry_run: bool,
    #[serde(flatten)]
    pub plan: ImportPlan,
    /// The commit that made the old vault one of ours.
    pub commit: Option<ObjectId>,
    /// Files that the gate holds back: they are in the vault's history, as they were, and no longer
    /// at their path.
    pub withheld: Vec<Finding>,
}

impl ImportReport {
    #[must_use]
    pub const fn of_plan(plan: ImportPlan) -> Self {
        Self {
            dry_run: true,
            plan,
            commit: None,
            withheld: Vec::new(),
        }
    }

    #[must_use]
    pub fn needs_decision(&self) -> bool {
        let is_left = |project: &ImportedProject| project.why.is_some();
        !self.withheld.is_empty()
            || !self.plan.left.is_empty()
            || self.plan.remote_fault.is_some()
            || self.plan.projects.iter().any(is_left)
    }
}

fn config_file(session: &Session<'_>, options: &ImportOptions) -> Result<HostPath, FlowError> {
    match &options.file {
        Some(file) => Ok(HostPath::new(session.edges.env.cwd.join(file))?),
        None => Ok(session.places.home.join(".aigon/config.json")),
    }
}

/// A session as if the address were configured; without it where this version cannot reach it. The
/// second answer is why.
pub fn toward<'a>(
    session: Session<'a>,
    options: &ImportOptions,
) -> Result<(Session<'a>, Option<String>), FlowError> {
    let config = AigonConfig::read(&config_file(&session, options)?)?;
    let Some(url) = config.remote else {
        return Ok((session, None));
    };
    match session.address(&url) {
        Err(fault @ FlowError::Wire(WireError::BadUrl { .. })) => {
            Ok((session, Some(fault.message())))
        }
        _ => newcomer::toward(session, &url).map(|session| (session, None)),
    }
}

/// The plan of a dry run: nothing stays of what is fetched, unless there is a store.
pub fn foresee(
    session: &Session<'_>,
    fault: Option<String>,
    options: &ImportOptions,
) -> Result<ImportPlan, FlowError> {
    let (store, _stand_in) = whatever_is_there(session)?;
    plan(session, &store, fault, options)
}

pub fn plan(
    session: &Session<'_>,
    store: &Store,
    remote_fault: Option<String>,
    options: &ImportOptions,
) -> Result<ImportPlan, FlowError> {
    let file = config_file(session, options)?;
    let config = AigonConfig::read(&file)?;
    let mut plan = ImportPlan {
        config: file,
        remote_kind: match (&config.remote, &remote_fault) {
            (None, _) => RemoteKind::None,
            (Some(_), Some(_)) => RemoteKind::NotReached,
            (Some(_), None) => RemoteKind::Empty,
        },
        remote: config.remote,
        remote_fault,
        schedule: config.schedule,
        projects: Vec::new(),
        adopted: Vec::new(),
        settings: Vec::new(),
        left: Vec::new(),
        found: Vec::new(),
        tip: None,
    };
    for path in config.repos {
        let at = on_disk(session, &path);
        let why = match LocalCheckout::at(session, at.clone()) {
            Ok(found) => {
                plan.found.push(found);
                None
            }
            Err(fault) => Some(fault.message()),
        };
        plan.projects.push(ImportedProject {
            path,
            name: None,
            why,
            at,
        });
    }
    // One repository may be named twice, or by one of its worktrees.
    plan.found.sort_by(|a, b| a.root.cmp(&b.root));
    plan.found.dedup_by(|a, b| a.root == b.root);
    if plan.remote_kind == RemoteKind::Empty {
        look(session, store, &mut plan)?;
    }
    Ok(plan)
}

/// As a shell reads it: `~/` is the home directory.
fn on_disk(session: &Session<'_>, path: &str) -> PathBuf {
    match path.strip_prefix("~/") {
        Some(below) => session.places.home.as_path().join(below),
        None => PathBuf::from(path),
    }
}

/// What is at the remote, and what becomes of it.
fn look(session: &Session<'_>, store: &Store, plan: &mut ImportPlan) -> Result<(), FlowError> {
    let machine = own_id(session)?;
    let Some(remote) = session.remote(&machine, Aim::Fetch)? else {
        return Ok(());
    };
    session.tell(&Event::Contacting { url: remote.url() });
    let Some(tip) = remote.tip()? else {
        return Ok(());
    };
    remote.fetch(store, tip, &session.tells(Stage::Fetching))?;
    let tree = store.tree_of(tip)?;
    plan.remote_kind = match vault_record(store, tree, remote.url()) {
        Ok(_) => RemoteKind::Vault,
        Err(FlowError::NotAVault { .. }) if is_aigons(store, tree)? => RemoteKind::AigonVault,
        Err(fault) => return Err(fault.of_vault(remote.url(), Some(tip))),
    };
    plan.tip = Some(tip);
    let adoption = adopt(session, &mut Objects::new(store), tree, &plan.found)?;
    plan.adopted = adoption.projects;
    plan.settings = adoption.settings;
    plan.left = adoption.left;
    Ok(())
}

/// The vault first, by one commit; then the address is kept, and the repositories are registered.
pub fn carry_out(
    writer: &Writer<'_>,
    mut plan: ImportPlan,
    options: &ImportOptions,
) -> Result<ImportReport, FlowError> {
    let session = writer.session;
    let mut done = Change::default();
    let is_named = !matches!(plan.remote_kind, RemoteKind::None | RemoteKind::NotReached);
    if let Some(remote) = writer.remote(Aim::Push)?.filter(|_| is_named) {
        if !options.allow_public {
            refuse_public(session, remote.url())?;
        }
        if let Some(tip) = plan.tip {
            done = change(writer, remote.as_ref(), tip, &plan)?;
        }
        let address = ConfigureOptions {
            url: remote.url().to_owned(),
            // It was asked about before anything went there.
            allow_public: true,
            ..ConfigureOptions::default()
        };
        configure(writer, &address)?;
    }
    // Where there is no vault to connect, nothing of it comes back that is gone.
    if let Some(lack) = writer.lacked() {
        return Err(lack.fault(session));
    }
    connected(writer, true)?;
    plan.adopted = done.adopted;
    let mut names = BTreeMap::new();
    for adopted in &plan.adopted {
        let fresh = adopted.checkout.as_project(
            session,
            (adopted.id.clone(), adopted.name.clone()),
            &BTreeSet::new(),
        );
        let entered = Registry::edit(&session.places.registry(), &session.holder(), |registry| {
            join(registry, fresh, &|_| false, &|known| stands(session, known))
        })?;
        names.insert(adopted.path.clone(), entered.project.name);
    }
    for project in plan.projects.iter_mut().filter(|it| it.why.is_none()) {
        let root = LocalCheckout::at(session, project.at.clone())?.root;
        project.name = names.get(&root).cloned();
        if project.name.is_none() {
            let options = ProjectAddOptions {
                path: Some(project.at.clone()),
                ..ProjectAddOptions::default()
            };
            match add(session, &options) {
                Ok(report) => project.name = Some(report.project.name),
                Err(fault) => project.why = Some(fault.message()),
            }
        }
    }
    Ok(ImportReport {
        dry_run: false,
        plan,
        commit: done.commit,
        withheld: done.withheld,
    })
}

#[derive(Default)]
struct Change {
    commit: Option<ObjectId>,
    adopted: Vec<Adopted>,
    withheld: Vec<Finding>,
}

/// One commit on top of what is there, if anything is to be changed.
fn change(
    writer: &Writer<'_>,
    remote: &dyn Remote,
    tip: ObjectId,
    plan: &ImportPlan,
) -> Result<Change, FlowError> {
    let session = writer.session;
    let now = session.edges.clock.now();
    let before = writer.store.tree_of(tip)?;
    let mut objects = Objects::new(&writer.store);
    let Adoption {
        mut edits,
        projects,
        ..
    } = adopt(session, &mut objects, before, &plan.found)?;
    if plan.remote_kind == RemoteKind::AigonVault {
        let mut own = BTreeMap::new();
        skeleton(&mut objects, session.edges, now, &mut own)?;
        // What somebody wrote there for people stays.
        let readme = crate::layout::names::readme();
        if find(&objects, Some(before), &readme)?.is_some() {
            own.remove(&readme);
        }
        edits.extend(own);
    }
    let mut done = Change {
        adopted: projects,
        ..Change::default()
    };
    if edits.is_empty() {
        return Ok(done);
    }
    let gate = allowance::gate(session, &objects, Some(before))?;
    let mut tree = edit(&mut objects, Some(before), &edits)?;
    let author = writer.author();
    loop {
        let new = NewCommit {
            tree: tree.expect("a vault has its own record"),
            parent: Some(tip),
            author: &author,
            at: now,
            message: "A vault of Aigon, taken over: nothing of it is lost, its history goes on\n",
        };
        match objects.commit(&new, None, &gate, &session.tells(Stage::Checking))? {
            CommitOutcome::Made(commit) => {
                objects.flush()?;
                send(writer, remote, &objects, (tip, commit))?;
                done.commit = Some(commit);
                return Ok(done);
            }
            CommitOutcome::Held(findings) => {
                let held = findings.iter();
                let gone = held.map(|it| (it.path.clone(), Graft::Remove)).collect();
                let without = edit(&mut objects, tree, &gone)?;
                if let Some(held) = findings.first().filter(|_| without == tree) {
                    return Err(FlowError::GateHoldsRecord {
                        path: held.path.clone(),
                        rule: held.rule.clone(),
                    });
                }
                tree = without;
                done.withheld.extend(findings);
            }
        }
    }
}

fn send(
    writer: &Writer<'_>,
    remote: &dyn Remote,
    objects: &Objects<'_>,
    (from, to): (ObjectId, ObjectId),
) -> Result<(), FlowError> {
    let session = writer.session;
    session.tell(&Event::Pushing { url: remote.url() });
    let update = Update {
        from: Some(from),
        to,
    };
    match remote.push(objects, update, &session.tells(Stage::Sending))? {
        PushOutcome::Accepted => Ok(()),
        PushOutcome::Moved => Err(FlowError::TooContended {
            url: Some(remote.url().to_owned()),
            attempts: 1,
        }),
        PushOutcome::Refused { reason } => Err(FlowError::PushRefused {
            url: remote.url().to_owned(),
            reason,
        }),
    }
}
