//! Which of the tools' global settings travel.

use std::path::PathBuf;

use serde::Serialize;

use crate::base::{HostPath, VaultPath};
use crate::config::Written;
use crate::layout::names;
use crate::merge::find;
use crate::project::Registry;
use crate::source::{Class, Decision, pattern_for, presets, state_dirs};
use crate::vault::RefName;

use super::added::{Belongs, added_path, belongs, refuse_own_places};
use super::hints::quoted;
use super::unit::{HOME_TOOL, settings_units};
use super::{FlowError, Session, kept_config};

/// One path that travels, or would if it were there.
#[derive(Debug, Serialize)]
pub struct SettingsPath {
    pub path: VaultPath,
    pub present: bool,
    /// It is a link, or lies behind one: then it stays, for what it leads to is kept elsewhere.
    pub linked: bool,
    /// Keys that stay on this machine.
    pub local_keys: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct SettingsTool {
    pub tool: String,
    pub root: HostPath,
    pub paths: Vec<SettingsPath>,
    /// What was added though a preset speaks of it: it does not travel for that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub of_presets: Vec<VaultPath>,
    /// The patterns of what its preset keeps on this machine.
    pub stays: Vec<String>,
    /// Where it comes from: a preset, or `settings add`.
    pub preset: bool,
}

#[derive(Debug, Serialize)]
pub struct SettingsListReport {
    pub tools: Vec<SettingsTool>,
    /// Presets that are switched off, or whose directory is not here.
    pub absent: Vec<AbsentTool>,
}

#[derive(Debug, Serialize)]
pub struct AbsentTool {
    pub tool: String,
    pub why: &'static str,
}

#[derive(Debug, Serialize)]
pub struct SettingsChangeReport {
    pub what: String,
    pub changed: bool,
}

/// What travels, and of which tool.
pub fn list(session: &Session<'_>) -> Result<SettingsListReport, FlowError> {
    let units = settings_units(session)?;
    let tools: Vec<SettingsTool> = units
        .iter()
        .map(|unit| SettingsTool {
            tool: unit.name.clone(),
            root: unit.root.clone(),
            of_presets: unit.of_presets.clone(),
            stays: patterns_that_stay(&unit.name, &session.config.rules),
            preset: unit.name != HOME_TOOL,
            paths: unit
                .roots
                .iter()
                .map(|path| settings_path(unit, path))
                .collect(),
        })
        .collect();
    let absent = presets()
        .iter()
        .filter(|preset| preset.home.is_some() && !preset.settings().is_empty());
    let absent = absent
        .filter(|preset| !tools.iter().any(|tool| tool.tool == preset.name))
        .map(|preset| {
            let off = |list: &[String]| list.contains(&preset.name);
            let switched_off =
                off(&session.config.settings_off) || off(&session.config.presets_off);
            AbsentTool {
                tool: preset.name.clone(),
                why: if switched_off { "off" } else { "not_here" },
            }
        });
    Ok(SettingsListReport {
        absent: absent.collect(),
        tools,
    })
}

/// What a preset keeps here, but for what the person's own rules let go again.
fn patterns_that_stay(tool: &str, own: &[Written]) -> Vec<String> {
    let preset = presets().iter().find(|preset| preset.name == tool);
    let rules = preset
        .into_iter()
        .flat_map(|preset| preset.rules.lines().iter().chain(preset.home_rules.lines()));
    let stays = rules.filter(|rule| rule.class.is_some_and(|class| class != Class::Keep));
    let goes = |text: &str| {
        own.iter()
            .any(|rule| rule.text.strip_prefix('!') == Some(text))
    };
    let stays = stays.filter(|rule| !goes(&rule.text));
    stays.map(|rule| rule.text.clone()).collect()
}

fn settings_path(unit: &super::unit::Unit, path: &VaultPath) -> SettingsPath {
    SettingsPath {
        path: path.clone(),
        present: unit.root.below(path).as_path().exists(),
        linked: is_linked(&unit.root, path),
        local_keys: unit.local_keys(path),
    }
}

/// Whether the path, or a directory on the way to it from the root, is a link.
fn is_linked(root: &HostPath, path: &VaultPath) -> bool {
    path.ancestors().chain([path.clone()]).any(|part| {
        let seen = root.below(&part).as_path().symlink_metadata();
        seen.is_ok_and(|seen| seen.is_symlink())
    })
}

/// Lets a path of the home directory travel; a tool that was switched off comes back by its name.
pub fn add(session: &Session<'_>, what: &str) -> Result<SettingsChangeReport, FlowError> {
    let mut file = kept_config::open(&session.places)?;
    let changed = if session.config.settings_off.iter().any(|tool| tool == what) {
        let off: Vec<String> = session
            .config
            .settings_off
            .iter()
            .filter(|tool| *tool != what)
            .cloned()
            .collect();
        file.set_list("settings.off", &off)?
    } else {
        let path = below_home(session, what)?;
        refuse_home(session, &path)?;
        refuse_own_places(&session.places, &path, || {
            "name a file or directory of another program".to_owned()
        })?;
        let belongs = belongs(&session.config, &path);
        refuse_of_preset(session, &path, &belongs)?;
        refuse_of_project(session, &path)?;
        refuse_ruled_out(session, &path, &belongs)?;
        let is_there = session.places.home.below(&path).as_path().exists();
        if !is_there && !is_in_vault(session, &path, &belongs)? {
            return Err(FlowError::NoSuchPath {
                path: session.places.home.below(&path).as_path().to_owned(),
            });
        }
        refuse_linked(session, &path)?;
        file.set_list("settings.add", &with_added(session, &path)?)?
    };
    kept_config::save(&session.places, &mut file)?;
    Ok(SettingsChangeReport {
        what: what.to_owned(),
        changed,
    })
}

/// All that was added, and this path. What lies in it travels with it from now on.
fn with_added(session: &Session<'_>, path: &VaultPath) -> Result<Vec<String>, FlowError> {
    let mut added = session.config.settings_add.clone();
    for text in &session.config.settings_add {
        let known = added_path(&session.places.home, text)?;
        if known == *path {
            return Ok(added);
        }
        if path.below(&known).is_some() {
            return Err(FlowError::Refused {
                what: format!("~/{path} travels already, with ~/{known}"),
                hint: "what travels: `holdall settings list`".to_owned(),
            });
        }
        added.retain(|one| one != text || known.below(path).is_none());
    }
    added.push(format!("~/{path}"));
    Ok(added)
}

/// Whether another machine sent it: then it can be added before it is here.
fn is_in_vault(
    session: &Session<'_>,
    path: &VaultPath,
    belongs: &Belongs,
) -> Result<bool, FlowError> {
    let (tool, tail) = place_of(path, belongs);
    let Some(store) = session.store()? else {
        return Ok(false);
    };
    let tip = store.read_ref(RefName::Branch)?;
    let tree = tip.map(|tip| store.tree_of(tip)).transpose()?;
    let place = names::settings_tool_dir(tool)?.join(tail);
    Ok(find(&store, tree, &place)?.is_some())
}

/// The tool that an added path travels with, and where it lies below that one's directory.
fn place_of<'p>(path: &'p VaultPath, belongs: &'p Belongs) -> (&'p str, &'p VaultPath) {
    match belongs {
        Belongs::Beside { tool, tail } => (tool, tail),
        _ => (HOME_TOOL, path),
    }
}

/// Nothing travels that lies behind a link.
fn refuse_linked(session: &Session<'_>, path: &VaultPath) -> Result<(), FlowError> {
    if is_linked(&session.places.home, path) {
        return Err(FlowError::Refused {
            what: format!(
                "~/{path} is a link, or lies behind one: what it leads to does not travel by it"
            ),
            hint: "add the file or directory itself, where it lies below the home directory"
                .to_owned(),
        });
    }
    Ok(())
}

/// Lets a path, or all settings of a tool, stay here from now on. What is in the vault stays there.
pub fn remove(session: &Session<'_>, what: &str) -> Result<SettingsChangeReport, FlowError> {
    let mut file = kept_config::open(&session.places)?;
    let is_tool = presets()
        .iter()
        .any(|preset| preset.name == what && preset.home.is_some());
    let changed = if is_tool {
        let mut off = session.config.settings_off.clone();
        let known = off.iter().any(|tool| tool == what);
        off.extend((!known).then(|| what.to_owned()));
        file.set_list("settings.off", &off)?
    } else {
        let path = below_home(session, what)?;
        let keeps =
            |text: &&String| added_path(&session.places.home, text).ok().as_ref() != Some(&path);
        let kept: Vec<String> = session
            .config
            .settings_add
            .iter()
            .filter(keeps)
            .cloned()
            .collect();
        if kept.len() == session.config.settings_add.len() {
            return Err(FlowError::NoSuchSetting {
                what: what.to_owned(),
            });
        }
        file.set_list("settings.add", &kept)?
    };
    kept_config::save(&session.places, &mut file)?;
    Ok(SettingsChangeReport {
        what: what.to_owned(),
        changed,
    })
}

/// A path as a person wrote it: relative to where they stand, or to their home.
fn below_home(session: &Session<'_>, what: &str) -> Result<VaultPath, FlowError> {
    let full: PathBuf = match what.strip_prefix('~') {
        Some("" | "/") => session.places.home.as_path().to_owned(),
        Some(tail) if tail.starts_with('/') => session
            .places
            .home
            .join(tail.trim_start_matches('/'))
            .as_path()
            .to_owned(),
        _ => session.edges.env.cwd.join(what),
    };
    if full == session.places.home.as_path() {
        return Ok(VaultPath::root());
    }
    let text = full.to_str().ok_or_else(|| FlowError::OutsideHome {
        path: what.to_owned(),
    })?;
    added_path(&session.places.home, text)
}

/// No more than its owner named travels of the home directory.
fn refuse_home(session: &Session<'_>, path: &VaultPath) -> Result<(), FlowError> {
    if path.is_root() {
        return Err(FlowError::Refused {
            what: format!("{} is the whole home directory", session.places.home),
            hint: "name the file or directory in it that is to travel".to_owned(),
        });
    }
    Ok(())
}

/// No file has two owners: what a preset speaks of travels by its rules alone.
fn refuse_of_preset(
    session: &Session<'_>,
    path: &VaultPath,
    belongs: &Belongs,
) -> Result<(), FlowError> {
    let (tool, what) = match belongs {
        Belongs::Carried { tool } => (tool, format!("travels already, by the preset `{tool}`")),
        Belongs::HomeOf { tool } => (
            tool,
            format!("is the home of `{tool}`, whose preset says what of it travels"),
        ),
        Belongs::Nobody | Belongs::Beside { .. } => return Ok(()),
    };
    let hint = if session.config.settings_off.contains(tool) {
        format!("to switch it on again: `holdall settings add {tool}`")
    } else {
        format!(
            "what of it travels, and which keys stay: `holdall settings list`; to keep a part of it here, add a rule to `rules` in {}",
            session.places.config_file
        )
    };
    let hint = match belongs {
        Belongs::HomeOf { .. } => {
            format!(
                "{hint}; a file or directory in it that is not among these can be added by its own name"
            )
        }
        _ => hint,
    };
    Err(FlowError::Refused {
        what: format!("~/{path} {what}"),
        hint,
    })
}

/// The state of a project travels with the project.
fn refuse_of_project(session: &Session<'_>, path: &VaultPath) -> Result<(), FlowError> {
    let full = session.places.home.below(path);
    for project in Registry::load(&session.places.registry())?.projects {
        let found = state_dirs(&project.path, &session.config.presets_off);
        for dir in project.dirs.iter().chain(&found) {
            let state = project.path.below(dir);
            let (one, other) = (state.as_path(), full.as_path());
            if one.starts_with(other) || other.starts_with(one) {
                return Err(FlowError::Refused {
                    what: format!("~/{path} would travel twice: {state} is state of a project"),
                    hint: format!(
                        "what travels with {}: `holdall project explain {}`",
                        project.name,
                        quoted(&state.to_string())
                    ),
                });
            }
        }
    }
    Ok(())
}

/// What a rule keeps here would silently never travel: so it is said at once.
fn refuse_ruled_out(
    session: &Session<'_>,
    path: &VaultPath,
    belongs: &Belongs,
) -> Result<(), FlowError> {
    let (tool, tail) = place_of(path, belongs);
    let rules = session.rules.for_settings(tool)?;
    let is_dir = session.places.home.below(path).as_path().is_dir();
    let decision = rules.decide(tail.as_str(), is_dir);
    let Some(decision) = decision.filter(Decision::is_out) else {
        return Ok(());
    };
    let own = pattern_for(tail.as_str(), is_dir).unwrap_or_default();
    Err(FlowError::Refused {
        what: format!(
            "~/{path} never travels: {} (rule `{}` in {})",
            decision.rule.why, decision.rule.text, decision.rule.place
        ),
        hint: format!(
            "if it should: add `!{own}` to `rules` in {}, where it holds for every tool and every state directory of this machine",
            session.places.config_file
        ),
    })
}
