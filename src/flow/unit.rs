//! What is carried: each project's state directories, and each tool's settings.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::base::{HostPath, VaultPath};
use crate::doc::KeyPattern;
use crate::layout::Owner;
use crate::project::Registered;
use crate::snapshot::Sanitizer;
use crate::source::{Decision, Preset, Rules, presets, presets_fingerprint};

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
    rules: Vec<(VaultPath, LazyRules)>,
    /// Presets that are switched off.
    off: Vec<String>,
    preset: Option<&'static Preset>,
}

/// Compiling rules is dear, and where nothing changed nobody asks them.
type LazyRules = OnceLock<Rules>;

/// The tool under which files of the home directory travel that belong to no preset.
pub const HOME_TOOL: &str = "home";

impl Unit {
    #[must_use]
    pub fn of_project(project: &Registered, dirs: &BTreeSet<VaultPath>, off: &[String]) -> Self {
        let owner = Owner::Project(project.id.clone());
        let rules = dirs.iter().map(|dir| (dir.clone(), LazyRules::new()));
        Self {
            key: unit_key(&owner),
            name: project.name.clone(),
            root: project.path.clone(),
            roots: dirs.iter().cloned().collect(),
            rules: rules.collect(),
            off: off.to_vec(),
            preset: None,
            owner,
        }
    }

    fn of_tool(
        name: &str,
        root: HostPath,
        roots: Vec<VaultPath>,
        preset: Option<&'static Preset>,
    ) -> Self {
        let owner = Owner::Settings(name.to_owned());
        Self {
            key: unit_key(&owner),
            name: name.to_owned(),
            root,
            roots,
            rules: vec![(VaultPath::root(), LazyRules::new())],
            off: Vec::new(),
            preset,
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
        self.rules.iter().find_map(|(base, rules)| {
            let below = path.below(base)?;
            let rules = rules.get_or_init(|| match &self.owner {
                Owner::Project(_) => Rules::for_dir(base.name().unwrap_or_default(), &self.off),
                Owner::Settings(tool) => Rules::for_settings(tool, &self.off),
            });
            rule(rules, below.as_str())
        })
    }

    /// Changes with everything that decides what of it travels.
    #[must_use]
    pub fn rules_key(&self, tracked: Option<&BTreeSet<Vec<u8>>>, max_file: u64) -> [u8; 32] {
        let mut hash = blake3::Hasher::new();
        hash.update(env!("CARGO_PKG_VERSION").as_bytes());
        hash.update(&presets_fingerprint());
        hash.update(&max_file.to_le_bytes());
        let mut list = |items: &mut dyn Iterator<Item = &[u8]>| {
            for item in items {
                hash.update(&(item.len() as u64).to_le_bytes());
                hash.update(item);
            }
            hash.update(&u64::MAX.to_le_bytes());
        };
        list(&mut self.off.iter().map(String::as_bytes));
        list(&mut self.roots.iter().map(|root| root.as_str().as_bytes()));
        list(&mut tracked.into_iter().flatten().map(Vec::as_slice));
        *hash.finalize().as_bytes()
    }

    /// The key paths that a preset keeps on this machine.
    #[must_use]
    pub fn local_keys(&self, path: &VaultPath) -> Vec<String> {
        self.preset
            .and_then(|preset| preset.strip.get(path.as_str()))
            .cloned()
            .unwrap_or_default()
    }

    /// What to take out of a settings file. JSON alone has keys that can be taken out.
    #[must_use]
    pub fn sanitizer(&self, path: &VaultPath) -> Option<Sanitizer> {
        let is_json = path.name().is_some_and(|name| name.ends_with(".json"));
        let pattern = |key: &String| KeyPattern::parse(key).expect("the tests read every preset");
        (self.is_settings() && is_json).then(|| Sanitizer {
            keys: self.local_keys(path).iter().map(pattern).collect(),
        })
    }
}

/// The tools whose settings may travel from and to this machine, whether they are here or not.
fn tools(session: &Session<'_>) -> Vec<Unit> {
    let config = &session.config;
    let off = |list: &[String], preset: &Preset| list.contains(&preset.name);
    let unit = |preset: &'static Preset| {
        let root = session.places.home.join(preset.home.as_ref()?);
        let roots = preset.settings();
        let out = off(&config.settings_off, preset) || off(&config.presets_off, preset);
        (!out && !roots.is_empty()).then(|| Unit::of_tool(&preset.name, root, roots, Some(preset)))
    };
    presets().iter().filter_map(unit).collect()
}

/// The tools of which this disk has nothing at all.
pub fn absent_tools(session: &Session<'_>) -> Vec<Unit> {
    let mut units = tools(session);
    units.retain(|unit| unit.root.as_path().symlink_metadata().is_err());
    units
}

/// The tools whose settings travel from this machine.
pub fn settings_units(session: &Session<'_>) -> Result<Vec<Unit>, FlowError> {
    let config = &session.config;
    let home = &session.places.home;
    let mut units = tools(session);
    units.retain(|unit| unit.root.as_path().is_dir());
    let added = config
        .settings_add
        .iter()
        .map(|path| added_path(home, path))
        .collect::<Result<Vec<_>, _>>()?;
    if !added.is_empty() {
        units.push(Unit::of_tool(HOME_TOOL, home.clone(), added, None));
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
