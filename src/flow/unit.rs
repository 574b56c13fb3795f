//! What is carried: each project's state directories, and each tool's settings.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{HostPath, VaultPath};
use crate::doc::{Format, KeyPattern};
use crate::layout::Owner;
use crate::project::Registered;
use crate::snapshot::Sanitizer;
use crate::source::{Decision, Preset, Rules, presets};

use super::agreed::unit_key;
use super::{FlowError, Session};

/// A directory of this disk, some of whose entries travel.
pub struct Unit {
    pub owner: Owner,
    /// Its name in the base tree and the cache.
    pub key: String,
    /// Its name for people.
    pub name: String,
    pub root: HostPath,
    /// What is carried, below the root.
    pub roots: Vec<VaultPath>,
    rules: Vec<(VaultPath, Rules)>,
    preset: Option<&'static Preset>,
    /// The person's home directory, where paths below it may be portable.
    home: Option<HostPath>,
}

/// The tool under which files of the home directory travel that belong to no preset.
pub const HOME_TOOL: &str = "home";

impl Unit {
    #[must_use]
    pub fn of_project(project: &Registered, dirs: &BTreeSet<VaultPath>, off: &[String]) -> Self {
        let owner = Owner::Project(project.id.clone());
        let rules = dirs.iter().map(|dir| {
            (
                dir.clone(),
                Rules::for_dir(dir.name().unwrap_or_default(), off),
            )
        });
        Self {
            key: unit_key(&owner),
            name: project.name.clone(),
            root: project.path.clone(),
            roots: dirs.iter().cloned().collect(),
            rules: rules.collect(),
            preset: None,
            home: None,
            owner,
        }
    }

    fn of_tool(
        name: &str,
        root: HostPath,
        roots: Vec<VaultPath>,
        preset: Option<&'static Preset>,
        home: &HostPath,
    ) -> Self {
        let owner = Owner::Settings(name.to_owned());
        let rules = Rules::for_settings(name, &[]);
        Self {
            key: unit_key(&owner),
            name: name.to_owned(),
            root,
            roots,
            rules: vec![(VaultPath::root(), rules)],
            preset,
            home: Some(home.clone()),
            owner,
        }
    }

    #[must_use]
    pub const fn is_settings(&self) -> bool {
        matches!(self.owner, Owner::Settings(_))
    }

    /// Whether the path lies in what is carried.
    #[must_use]
    pub fn covers(&self, path: &VaultPath) -> bool {
        self.roots.iter().any(|root| path.below(root).is_some())
    }

    /// The rule that decides on a path, also on one that is not on this disk.
    #[must_use]
    pub fn decide(&self, path: &VaultPath, is_dir: bool) -> Option<Decision> {
        self.ask(path, |rules, below| rules.decide(below, is_dir))
    }

    /// The same for an entry whose directories were asked about already.
    #[must_use]
    pub fn decide_entry(&self, path: &VaultPath, is_dir: bool) -> Option<Decision> {
        self.ask(path, |rules, below| rules.decide_entry(below, is_dir))
    }

    fn ask(
        &self,
        path: &VaultPath,
        rule: impl Fn(&Rules, &str) -> Option<Decision>,
    ) -> Option<Decision> {
        self.rules
            .iter()
            .find_map(|(base, rules)| rule(rules, path.below(base)?.as_str()))
    }

    /// The key paths that a preset keeps on this machine.
    #[must_use]
    pub fn local_keys(&self, path: &VaultPath) -> Vec<String> {
        self.preset
            .and_then(|preset| preset.strip.get(path.as_str()))
            .cloned()
            .unwrap_or_default()
    }

    /// What to take out of a settings file. TOML and YAML that lie deeper in a directory that is
    /// carried as a whole are content, often templates, and travel as they are.
    #[must_use]
    pub fn sanitizer(&self, path: &VaultPath) -> Option<Sanitizer> {
        let format = Format::of(path.name()?)?;
        let is_settings = format == Format::Json || self.roots.contains(path);
        let patterns = |keys: Option<&Vec<String>>| {
            let keys = keys.into_iter().flatten();
            keys.map(|key| KeyPattern::parse(key).expect("the tests read every preset"))
                .collect()
        };
        let of_preset = |keys: fn(&Preset) -> &BTreeMap<String, Vec<String>>| {
            patterns(
                self.preset
                    .and_then(|preset| keys(preset).get(path.as_str())),
            )
        };
        (self.is_settings() && is_settings).then(|| Sanitizer {
            format,
            keys: of_preset(|preset| &preset.strip),
            portable: of_preset(|preset| &preset.portable),
            home: self.home.as_ref().and_then(|home| {
                let home = home.as_path().to_str()?.trim_end_matches('/');
                (!home.is_empty()).then(|| home.to_owned())
            }),
        })
    }

    /// Whether this machine has the tool: its directory, or one of its files where these lie in the
    /// home directory itself.
    fn is_here(&self) -> bool {
        let is_there = |path: &HostPath| path.as_path().symlink_metadata().is_ok();
        if self.home.as_ref() == Some(&self.root) {
            return self
                .roots
                .iter()
                .any(|path| is_there(&self.root.below(path)));
        }
        is_there(&self.root)
    }
}

/// The tools whose settings may travel from and to this machine, whether they are here or not.
fn tools(session: &Session<'_>) -> Vec<Unit> {
    let config = &session.config;
    let off = |list: &[String], preset: &Preset| list.contains(&preset.name);
    let unit = |preset: &'static Preset| {
        let home = &session.places.home;
        let root = match preset.home.as_deref()? {
            "" => home.clone(),
            dir => home.join(dir),
        };
        let roots = preset.settings();
        let out = off(&config.settings_off, preset) || off(&config.presets_off, preset);
        (!out && !roots.is_empty())
            .then(|| Unit::of_tool(&preset.name, root, roots, Some(preset), home))
    };
    presets().iter().filter_map(unit).collect()
}

/// The tools of which this disk has nothing at all.
pub fn absent_tools(session: &Session<'_>) -> Vec<Unit> {
    let mut units = tools(session);
    units.retain(|unit| !unit.is_here());
    units
}

/// The tools whose settings travel from this machine.
pub fn settings_units(session: &Session<'_>) -> Result<Vec<Unit>, FlowError> {
    let config = &session.config;
    let home = &session.places.home;
    let mut units = tools(session);
    units.retain(|unit| unit.is_here() && unit.root.as_path().is_dir());
    let added = config
        .settings_add
        .iter()
        .map(|path| added_path(home, path))
        .collect::<Result<Vec<_>, _>>()?;
    if !added.is_empty() {
        units.push(Unit::of_tool(HOME_TOOL, home.clone(), added, None, home));
    }
    Ok(units)
}

/// A path that a person added, below the home directory.
pub fn added_path(home: &HostPath, path: &str) -> Result<VaultPath, FlowError> {
    let tail = path.strip_prefix("~/").unwrap_or(path);
    let full = home.join(tail);
    let below =
        full.as_path()
            .strip_prefix(home.as_path())
            .map_err(|_| FlowError::OutsideHome {
                path: path.to_owned(),
            })?;
    let text = below.to_str().ok_or_else(|| FlowError::OutsideHome {
        path: path.to_owned(),
    })?;
    Ok(VaultPath::parse(text.trim_end_matches('/'))?)
}
