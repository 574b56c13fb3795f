//! The paths that a person added to the settings, and the tool that each of them belongs to.

use crate::base::{HostPath, VaultPath};
use crate::config::Config;
use crate::source::{Preset, presets};

use super::{FlowError, Places};

/// Whose a path below the home directory is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// No preset knows it.
    Nobody,
    /// It lies in the home of a tool, and is none of what the preset lets travel: it travels beside
    /// that, under the preset's rules and at this path below the tool's directory.
    Beside { tool: String, tail: VaultPath },
    /// It is carried without being added: it is, or lies in, what the preset lets travel.
    Carried { tool: String },
    /// It is the home of a tool: what of it travels, the preset says.
    HomeOf { tool: String },
}

/// The directory of a tool, below the person's home; nothing where the preset is of projects alone.
#[must_use]
pub fn dir_of(preset: &Preset) -> Option<VaultPath> {
    match preset.home.as_deref()? {
        "" => Some(VaultPath::root()),
        dir => Some(VaultPath::parse(dir).expect("the tests read every preset")),
    }
}

/// What a preset lets travel on this machine; nothing where its tool is switched off.
#[must_use]
pub fn settings_of(preset: &Preset, config: &Config) -> Vec<VaultPath> {
    if config.settings_off.contains(&preset.name) {
        return Vec::new();
    }
    preset.settings()
}

/// Whose a path below the home directory is. A preset that is switched off altogether knows nothing.
#[must_use]
pub fn belongs(config: &Config, path: &VaultPath) -> Belongs {
    let on = |preset: &&Preset| !config.presets_off.contains(&preset.name);
    for preset in presets().iter().filter(on) {
        let Some(dir) = dir_of(preset) else { continue };
        let Some(tail) = path.below(&dir) else {
            continue;
        };
        let tool = preset.name.clone();
        let lies_in = |roots: &[VaultPath]| roots.iter().any(|root| tail.below(root).is_some());
        if lies_in(&settings_of(preset, config)) {
            return Belongs::Carried { tool };
        }
        if tail.is_root() && !dir.is_root() {
            return Belongs::HomeOf { tool };
        }
        // Of the home directory itself only the files that the preset names are the tool's.
        if !dir.is_root() || lies_in(&preset.settings()) {
            return Belongs::Beside { tool, tail };
        }
    }
    Belongs::Nobody
}

/// All of them, by whose they are.
#[derive(Default)]
pub struct Added {
    beside: Vec<(String, VaultPath)>,
    /// Below the home directory.
    pub nobodys: Vec<VaultPath>,
    /// What travels of these, if anything does, a preset says: below the home directory.
    pub of_presets: Vec<VaultPath>,
}

impl Added {
    pub fn read(config: &Config, places: &Places) -> Result<Self, FlowError> {
        let mut added = Self::default();
        for text in &config.settings_add {
            let path = added_path(&places.home, text)?;
            // `settings add` refuses them; a file can be written by hand.
            refuse_own_places(places, &path, || {
                format!("take it out of settings.add in {}", places.config_file)
            })?;
            match belongs(config, &path) {
                Belongs::Nobody => added.nobodys.push(path),
                Belongs::Beside { tool, tail } => added.beside.push((tool, tail)),
                Belongs::Carried { .. } | Belongs::HomeOf { .. } => added.of_presets.push(path),
            }
        }
        Ok(added)
    }

    /// What travels beside the settings of a tool.
    pub fn beside(&self, tool: &str) -> impl Iterator<Item = VaultPath> {
        let of_tool = self.beside.iter().filter(move |(name, _)| name == tool);
        of_tool.map(|(_, path)| path.clone())
    }

    #[must_use]
    pub const fn is_empty_at_home(&self) -> bool {
        self.nobodys.is_empty() && self.of_presets.is_empty()
    }
}

/// The vault must not travel inside itself; and nothing that others wrote becomes this machine's
/// configuration, which names commands that are run here.
pub fn refuse_own_places(
    places: &Places,
    path: &VaultPath,
    hint: impl FnOnce() -> String,
) -> Result<(), FlowError> {
    let full = places.home.below(path);
    match places.met_by(full.as_path()) {
        Some(own) => Err(FlowError::Refused {
            what: format!("{full} cannot travel: holdall keeps its own data in {own}"),
            hint: hint(),
        }),
        None => Ok(()),
    }
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
