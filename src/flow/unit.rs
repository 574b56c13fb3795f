//! What is carried: each project's state directories, and each tool's settings.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use crate::base::{HostPath, VaultPath};
use crate::doc::{Format, KeyPattern};
use crate::layout::Owner;
use crate::project::{Identity, Registered};
use crate::snapshot::{Sanitizer, Treatment};
use crate::source::{
    Decision, MergeClass, Preset, RULES_FILE, RuleBook, RuleLine, Rules, SourceError, presets,
    rules_in,
};

use super::added::{Added, dir_of, settings_of};
use super::agreed::unit_key;
use super::another::marks_of;
use super::{FlowError, Session};

/// A directory of this disk, some of whose entries travel.
pub struct Unit {
    pub owner: Owner,
    /// Its name in the base tree and the cache.
    pub key: String,
    /// The same by the id under which this machine has registered it, until it notes the vault's.
    pub registered: Option<String>,
    /// Its name for people.
    pub name: String,
    pub root: HostPath,
    /// What is carried, below the root.
    pub roots: Vec<VaultPath>,
    /// By what is carried, the deepest last.
    rules: Vec<(VaultPath, Rules)>,
    /// The state directories whose own rules cannot be understood.
    pub bad_rules: Vec<(VaultPath, SourceError)>,
    /// What a person added and a preset speaks of: it travels as that tool's, or not at all.
    pub of_presets: Vec<VaultPath>,
    preset: Option<&'static Preset>,
    /// The person's home directory, where paths below it may be portable.
    home: Option<HostPath>,
    /// What tells the project's repository from others.
    pub marks: Identity,
    /// Fingerprints of the values that travel, though they look like secrets.
    pub allowed: Arc<BTreeSet<String>>,
}

/// The tool under which files of the home directory travel that belong to no preset.
pub const HOME_TOOL: &str = "home";

impl Unit {
    pub fn of_project(
        project: &Registered,
        dirs: &BTreeSet<VaultPath>,
        book: &RuleBook,
    ) -> Result<Self, SourceError> {
        let owner = Owner::Project(project.id.clone());
        let mut rules = Vec::with_capacity(dirs.len());
        let mut bad_rules = Vec::new();
        for dir in dirs {
            let shared = book.for_dir(dir.name().unwrap_or_default())?;
            let own = rules_in(&project.path.below(dir), &format!("{dir}/{RULES_FILE}"));
            match own.and_then(|own| shared.with_own(own)) {
                Ok(own) => rules.push((dir.clone(), own)),
                Err(fault) => bad_rules.push((dir.clone(), fault)),
            }
        }
        Ok(Self {
            key: unit_key(&owner),
            registered: None,
            name: project.name.clone(),
            root: project.path.clone(),
            roots: dirs.iter().cloned().collect(),
            rules,
            bad_rules,
            of_presets: Vec::new(),
            preset: None,
            home: None,
            marks: marks_of(project),
            allowed: Arc::default(),
            owner,
        })
    }

    fn of_tool(
        name: &str,
        root: HostPath,
        roots: Vec<VaultPath>,
        preset: Option<&'static Preset>,
        (home, rules): (&HostPath, Rules),
    ) -> Self {
        let owner = Owner::Settings(name.to_owned());
        Self {
            key: unit_key(&owner),
            registered: None,
            name: name.to_owned(),
            root,
            roots,
            rules: vec![(VaultPath::root(), rules)],
            bad_rules: Vec::new(),
            of_presets: Vec::new(),
            preset,
            home: Some(home.clone()),
            marks: Identity::default(),
            allowed: Arc::default(),
            owner,
        }
    }

    #[must_use]
    pub const fn is_settings(&self) -> bool {
        matches!(self.owner, Owner::Settings(_))
    }

    /// What is carried and has rules that can be understood.
    #[must_use]
    pub fn ruled(&self) -> Vec<VaultPath> {
        let is_whole = |root: &&VaultPath| !self.bad_rules.iter().any(|(dir, _)| dir == *root);
        self.roots.iter().filter(is_whole).cloned().collect()
    }

    /// Whether the path lies in what is carried.
    #[must_use]
    pub fn covers(&self, path: &VaultPath) -> bool {
        self.roots.iter().any(|root| path.below(root).is_some())
    }

    /// The rule that decides on a path, also on one that is not on this disk.
    #[must_use]
    pub fn decide(&self, path: &VaultPath, is_dir: bool) -> Option<Decision> {
        self.ask(path, is_dir, Rules::decide)
    }

    /// The same for an entry whose directories were asked about already.
    #[must_use]
    pub fn decide_entry(&self, path: &VaultPath, is_dir: bool) -> Option<Decision> {
        self.ask(path, is_dir, Rules::decide_entry)
    }

    fn ask(
        &self,
        path: &VaultPath,
        is_dir: bool,
        rule: impl Fn(&Rules, &str, bool) -> Option<Decision>,
    ) -> Option<Decision> {
        let (rules, tail) = self.rules_for(path, is_dir)?;
        rule(rules, tail, is_dir)
    }

    /// Changes with everything that decides what of it travels.
    #[must_use]
    pub fn rules_key(&self, tracked: Option<&BTreeSet<Vec<u8>>>, max_file: u64) -> [u8; 32] {
        let mut hash = blake3::Hasher::new();
        hash.update(env!("CARGO_PKG_VERSION").as_bytes());
        hash.update(&max_file.to_le_bytes());
        let mut list = |items: &mut dyn Iterator<Item = &[u8]>| {
            for item in items {
                hash.update(&(item.len() as u64).to_le_bytes());
                hash.update(item);
            }
            hash.update(&u64::MAX.to_le_bytes());
        };
        for (dir, rules) in &self.rules {
            list(&mut [dir.as_str().as_bytes(), &rules.key()].into_iter());
        }
        list(&mut self.roots.iter().map(|root| root.as_str().as_bytes()));
        list(&mut tracked.into_iter().flatten().map(Vec::as_slice));
        *hash.finalize().as_bytes()
    }

    /// Changes with everything that decides what its files are in clean form.
    #[must_use]
    pub fn contents_key(&self, shared: [u8; 32]) -> [u8; 32] {
        let mut hash = blake3::Hasher::new_keyed(&shared);
        for fingerprint in self.allowed.iter().filter(|_| self.is_settings()) {
            hash.update(fingerprint.as_bytes());
        }
        *hash.finalize().as_bytes()
    }

    /// The rules that hold for a path, and the path as they see it: below the state directory, or
    /// by its name where the state is that single file.
    #[must_use]
    pub fn rules_for<'a>(
        &'a self,
        path: &'a VaultPath,
        is_dir: bool,
    ) -> Option<(&'a Rules, &'a str)> {
        let mut deepest_first = self.rules.iter().rev();
        let (rules, tail) =
            deepest_first.find_map(|(base, rules)| path.tail(base).map(|tail| (rules, tail)))?;
        match (tail, is_dir) {
            ("", false) => Some((rules, path.name()?)),
            _ => Some((rules, tail)),
        }
    }

    /// How two versions of a file become one, where a rule says so.
    #[must_use]
    pub fn merge(&self, path: &VaultPath) -> Option<(MergeClass, Arc<RuleLine>)> {
        let (rules, tail) = self.rules_for(path, false)?;
        rules.merge(tail)
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
            allowed: Arc::clone(&self.allowed),
        })
    }

    /// How the content of a file is taken. A rule asks for the copy of a database.
    #[must_use]
    pub fn treatment(&self, path: &VaultPath) -> Treatment {
        if let Some(sanitizer) = self.sanitizer(path) {
            return Treatment::Clean(sanitizer);
        }
        match self.merge(path) {
            Some((MergeClass::Sqlite, _)) => Treatment::Copy,
            _ => Treatment::Plain,
        }
    }
}

/// Changes with everything that decides what the clean content of a file is, in all units.
#[must_use]
pub fn shared_contents_key(session: &Session<'_>) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(env!("CARGO_PKG_VERSION").as_bytes());
    hash.update(&crate::snapshot::gate_version());
    for text in crate::source::preset_texts() {
        hash.update(text.as_bytes());
    }
    hash.update(format!("{:?}", session.config.presets_off).as_bytes());
    // Contents that are known are in the store: in another one nobody put them.
    let store = session.places.store().as_path().metadata();
    let store = store.map(|meta| (meta.ino(), meta.created().ok())).ok();
    hash.update(format!("{store:?}").as_bytes());
    // Settings travel without the path of the home directory.
    hash.update(session.places.home.as_path().as_os_str().as_encoded_bytes());
    *hash.finalize().as_bytes()
}

/// The tools whose settings may travel from and to this machine, as far as they are wanted: those
/// that are here, or those that are not.
fn tools(
    session: &Session<'_>,
    wanted: impl Fn(&str, bool) -> bool,
) -> Result<Vec<Unit>, FlowError> {
    let config = &session.config;
    let added = Added::read(config, &session.places)?;
    let mut units = Vec::new();
    for preset in presets() {
        let home = &session.places.home;
        let Some(dir) = dir_of(preset) else { continue };
        let root = home.below(&dir);
        let out = config.presets_off.contains(&preset.name);
        let mut roots = settings_of(preset, config);
        roots.extend(added.beside(&preset.name));
        if !out && !roots.is_empty() && wanted(&preset.name, is_here(home, &root, &roots)) {
            let rules = session.rules.for_settings(&preset.name)?;
            let (name, preset) = (&preset.name, Some(preset));
            units.push(Unit::of_tool(name, root, roots, preset, (home, rules)));
        }
    }
    Ok(units)
}

/// Whether this machine has a tool: its directory, or one of its files where these lie in the home
/// directory itself.
fn is_here(home: &HostPath, root: &HostPath, files: &[VaultPath]) -> bool {
    let is_there = |path: &HostPath| path.as_path().symlink_metadata().is_ok();
    if root == home {
        return files.iter().any(|path| is_there(&root.below(path)));
    }
    is_there(root)
}

/// The tools of which this disk has nothing at all, as far as somebody asks for them.
pub fn absent_tools(
    session: &Session<'_>,
    is_asked: impl Fn(&str) -> bool,
) -> Result<Vec<Unit>, FlowError> {
    tools(session, |tool, is_here| !is_here && is_asked(tool))
}

/// The tools whose settings travel from this machine.
pub fn settings_units(session: &Session<'_>) -> Result<Vec<Unit>, FlowError> {
    let home = &session.places.home;
    let mut units = tools(session, |_, is_here| is_here)?;
    units.retain(|unit| unit.root.as_path().is_dir());
    let added = Added::read(&session.config, &session.places)?;
    if !added.is_empty_at_home() {
        let rules = (home, session.rules.for_settings(HOME_TOOL)?);
        let unit = Unit::of_tool(HOME_TOOL, home.clone(), added.nobodys, None, rules);
        units.push(Unit {
            of_presets: added.of_presets,
            ..unit
        });
    }
    Ok(units)
}
