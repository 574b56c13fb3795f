//! Explain: whether a path travels, which rule decides, where that rule stands, and how to change it.
//!
//! *In*: a path, which need not exist. *Out*: [`ExplainReport`]: what a push would do with it, and
//! why. *Never*: write, ask the remote, or show a byte of a secret.

mod asked;

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use crate::base::{HostPath, VaultPath, escape_name, is_temp_name};
use crate::project::{Registered, Registry};
use crate::repo::locate;
use crate::source::{Class, MergeClass, Reason, RulePlace, presets, state_dirs};

use super::added::dir_of;
use super::hints::typed;
use super::lacking::refuse_gone;
use super::unit::{Unit, settings_units};
use super::{FlowError, Session};

use asked::Asked;

/// Why a path stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stays {
    /// No registered project and no tool's home holds it.
    NotRegistered,
    /// It lies in a project, and in none of its state directories.
    OutsideState,
    /// It lies in a linked worktree: the state of the main checkout is the one that travels.
    LinkedWorktree,
    /// It lies in the home of a tool, and is none of the settings that travel.
    NotListed,
    /// Its tool is switched off.
    SwitchedOff,
    /// Its tool is not on this machine.
    NoTool,
    #[serde(untagged)]
    Left(Reason),
}

/// A rule that had a say.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedRule {
    pub pattern: String,
    pub why: String,
    pub place: RulePlace,
    /// What it matched: the path, or a directory above it.
    pub matched: VaultPath,
}

/// How to have it otherwise: a line to add to a file, or a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Change {
    /// To `rules` in the configuration, or to the directory's own rules.
    Add {
        line: String,
        file: HostPath,
    },
    Run {
        run: String,
    },
}

#[derive(Debug, Serialize)]
#[must_use]
pub struct ExplainReport {
    pub path: HostPath,
    pub exists: bool,
    pub travels: bool,
    pub reason: Option<Stays>,
    /// The project or tool that it belongs to.
    pub owner: Option<String>,
    /// Where it lies below the owner's directory.
    pub below: Option<VaultPath>,
    /// The state directory or settings path that it belongs to.
    pub root: Option<VaultPath>,
    pub class: Option<Class>,
    pub rule: Option<ExplainedRule>,
    pub merge: Option<MergeClass>,
    pub merge_rule: Option<ExplainedRule>,
    /// Keys of a settings file that stay on this machine.
    pub local_keys: Vec<String>,
    /// The line of a finding or of a broken rule.
    pub line: Option<usize>,
    /// What more there is to say.
    pub detail: Option<String>,
    pub change: Option<Change>,
}

/// Explains a path, whether it exists or not.
pub fn explain(session: &Session<'_>, path: &Path) -> Result<ExplainReport, FlowError> {
    let wants_dir = path.as_os_str().as_bytes().ends_with(b"/");
    let asked = tidy(&session.edges.env.cwd.join(path));
    let real = real(&asked);
    for place in [&asked, &real] {
        if let Some((unit, tail)) = owner(session, place)? {
            return Asked::new(session, &unit, place, &tail, wants_dir)?.explained();
        }
    }
    stranger(session, &real)
}

/// Without `.` and `..`: a path that need not exist cannot be resolved by the system.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                tidy.pop();
            }
            Component::CurDir => {}
            other => tidy.push(other),
        }
    }
    tidy
}

/// The path with the links above its last name resolved, as far as they are there.
fn real(path: &Path) -> PathBuf {
    let mut above = path.parent();
    while let Some(dir) = above {
        if let (Ok(real), Ok(tail)) = (dir.canonicalize(), path.strip_prefix(dir)) {
            return real.join(tail);
        }
        above = dir.parent();
    }
    path.to_owned()
}

/// The project or tool whose directory holds a path, the innermost; and the path below it.
fn owner(session: &Session<'_>, path: &Path) -> Result<Option<(Unit, PathBuf)>, FlowError> {
    let registry = Registry::load(&session.places.registry())?;
    let projects = registry.projects.iter();
    let project = projects
        .filter(|project| path.starts_with(project.path.as_path()))
        .max_by_key(|project| project.path.as_path().components().count());
    let tool = settings_units(session)?
        .into_iter()
        .filter(|unit| path.starts_with(unit.root.as_path()))
        .filter(|unit| {
            // The whole home directory belongs to no tool.
            let tail = path.strip_prefix(unit.root.as_path()).ok();
            let tail = tail.and_then(|tail| below(tail).ok());
            unit.root != session.places.home || tail.is_some_and(|(tail, _)| unit.covers(&tail))
        })
        .max_by_key(|unit| unit.root.as_path().components().count());
    let depth = |root: &HostPath| root.as_path().components().count();
    let unit = match (project, tool) {
        (Some(project), Some(tool)) if depth(&tool.root) > depth(&project.path) => tool,
        (Some(project), _) => project_unit(session, project)?,
        (None, Some(tool)) => tool,
        (None, None) => return Ok(None),
    };
    let tail = path.strip_prefix(unit.root.as_path()).unwrap_or(path);
    let tail = tail.to_owned();
    Ok(Some((unit, tail)))
}

fn project_unit(session: &Session<'_>, project: &Registered) -> Result<Unit, FlowError> {
    let mut dirs: BTreeSet<VaultPath> = project.dirs.iter().cloned().collect();
    dirs.extend(state_dirs(&project.path, &session.config.presets_off));
    Ok(Unit::of_project(project, &dirs, &session.rules)?)
}

/// A path below a root as the vault spells it; or the directory that holds a name it cannot spell.
fn below(tail: &Path) -> Result<(VaultPath, bool), VaultPath> {
    let mut path = VaultPath::root();
    let mut is_temp = false;
    for name in tail {
        is_temp |= is_temp_name(name.as_bytes());
        let child = path
            .child(name.as_bytes())
            .or_else(|_| path.child(escape_name(name.as_bytes()).as_bytes()));
        path = child.map_err(|_| path)?;
    }
    Ok((path, is_temp))
}

/// A path that belongs to nothing that travels.
fn stranger(session: &Session<'_>, path: &Path) -> Result<ExplainReport, FlowError> {
    refuse_gone(session)?;
    let mut report = ExplainReport::of(HostPath::new(path)?);
    let of_tool = presets().iter().find(|preset| {
        let home = &session.places.home;
        match dir_of(preset) {
            None => false,
            // Of the home itself only the files that it names are the tool's.
            Some(dir) if dir.is_root() => preset
                .settings()
                .iter()
                .any(|file| path.starts_with(home.below(file))),
            Some(dir) => path.starts_with(home.below(&dir).as_path()),
        }
    });
    if let Some(preset) = of_tool {
        report.owner = Some(preset.name.clone());
        let off = |list: &[String]| list.contains(&preset.name);
        let by_settings = off(&session.config.settings_off);
        if !by_settings && !off(&session.config.presets_off) {
            return Ok(report.stays(Stays::NoTool, None));
        }
        return Ok(report.stays(
            Stays::SwitchedOff,
            by_settings.then(|| format!("holdall settings add {}", preset.name)),
        ));
    }
    let there = path.ancestors().find(|dir| dir.is_dir());
    let checkout = match there {
        Some(dir) => locate(&HostPath::new(dir)?, &session.edges.env)
            .ok()
            .flatten(),
        None => None,
    };
    let registry = Registry::load(&session.places.registry())?;
    let main = checkout
        .as_ref()
        .and_then(|checkout| registry.at(&checkout.root));
    if let (Some(main), Some(_)) = (
        main,
        checkout.as_ref().and_then(|it| it.linked_from.as_ref()),
    ) {
        report.owner = Some(main.name.clone());
        report.detail = Some(format!("its main checkout is {}", main.path));
        return Ok(report.stays(Stays::LinkedWorktree, None));
    }
    let root = checkout.and_then(|checkout| typed(checkout.root.as_path().as_os_str()));
    let add = root.map(|root| format!("holdall project add {root}"));
    Ok(report.stays(Stays::NotRegistered, add))
}

impl ExplainReport {
    fn of(path: HostPath) -> Self {
        Self {
            exists: path.as_path().symlink_metadata().is_ok(),
            path,
            travels: false,
            reason: None,
            owner: None,
            below: None,
            root: None,
            class: None,
            rule: None,
            merge: None,
            merge_rule: None,
            local_keys: Vec::new(),
            line: None,
            detail: None,
            change: None,
        }
    }

    fn stays(mut self, reason: Stays, command: Option<String>) -> Self {
        self.reason = Some(reason);
        self.change = command.map(|run| Change::Run { run });
        self
    }
}
