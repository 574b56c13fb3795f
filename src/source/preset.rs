//! What is known of the tools: where each keeps state, which settings travel, what stays.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::base::VaultPath;

use super::Class;

/// A rule as people write it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    pub pattern: String,
    pub class: Class,
    /// The reason, as a person reads it.
    pub why: String,
}

/// One tool.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    pub name: String,
    pub about: String,
    /// The state directories (or files) that it keeps in a project.
    #[serde(default)]
    pub dirs: Vec<String>,
    /// Its directory below the person's home; empty where its files lie in the home itself.
    #[serde(default)]
    pub home: Option<String>,
    /// What travels of `home`: files, and directories with a slash at the end.
    #[serde(default)]
    settings: Vec<String>,
    /// Per file of the settings: the key paths that stay on the machine.
    #[serde(default)]
    pub strip: BTreeMap<String, Vec<String>>,
    /// Per file of the settings: the key paths of texts in which the home directory travels as `~`.
    #[serde(default)]
    pub portable: BTreeMap<String, Vec<String>>,
    /// For the state directories and for the settings, relative to each.
    #[serde(default)]
    pub rules: Vec<RuleText>,
    /// For the settings alone, after `rules`.
    #[serde(default)]
    pub home_rules: Vec<RuleText>,
}

impl Preset {
    /// What travels of the home directory, as paths below it.
    #[must_use]
    pub fn settings(&self) -> Vec<VaultPath> {
        self.settings
            .iter()
            .map(|text| text.trim_end_matches('/'))
            .map(|text| VaultPath::parse(text).expect("the tests read every preset"))
            .collect()
    }

    /// Whether this preset knows the directory, wherever in a project it lies.
    #[must_use]
    pub fn knows_dir(&self, dir: &str) -> bool {
        let name = dir.rsplit('/').next().unwrap_or(dir);
        self.dirs.iter().any(|known| known == name)
    }
}

const FILES: [&str; 8] = [
    include_str!("presets/generic.json"),
    include_str!("presets/aigon.json"),
    include_str!("presets/claude.json"),
    include_str!("presets/beads.json"),
    include_str!("presets/codex.json"),
    include_str!("presets/gemini.json"),
    include_str!("presets/cursor.json"),
    include_str!("presets/aider.json"),
];
/// The preset whose rules hold everywhere.
pub(super) const GENERIC: &str = "generic";

/// All presets, `generic` first.
#[must_use]
pub fn presets() -> &'static [Preset] {
    static PARSED: OnceLock<Vec<Preset>> = OnceLock::new();
    PARSED.get_or_init(|| {
        FILES
            .iter()
            .map(|text| serde_json::from_str(text).expect("the tests read every preset"))
            .collect()
    })
}

/// The preset with this name.
#[must_use]
pub fn preset(name: &str) -> Option<&'static Preset> {
    presets().iter().find(|preset| preset.name == name)
}

/// The preset of the tool that keeps this state directory.
#[must_use]
pub fn preset_for_dir(dir: &str) -> Option<&'static Preset> {
    presets().iter().find(|preset| preset.knows_dir(dir))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::Rules;
    use super::*;

    #[test]
    fn every_preset_is_complete_and_named_once() {
        let names: Vec<&str> = presets().iter().map(|it| it.name.as_str()).collect();
        let expected = [
            "generic", "aigon", "claude", "beads", "codex", "gemini", "cursor", "aider",
        ];
        assert_eq!(names, expected);
        let mut dirs = BTreeSet::new();
        for preset in presets() {
            assert!(!preset.about.is_empty());
            for dir in &preset.dirs {
                assert!(VaultPath::parse(dir).is_ok(), "{dir}");
                assert!(dirs.insert(dir), "{dir} has two owners");
            }
            for rule in preset.rules.iter().chain(&preset.home_rules) {
                assert!(!rule.why.is_empty(), "{}: {}", preset.name, rule.pattern);
                assert!(!rule.pattern.ends_with(' '));
            }
            let settings = preset.settings();
            assert_eq!(preset.home.is_some(), !settings.is_empty());
            for file in preset.strip.keys().chain(preset.portable.keys()) {
                assert!(settings.iter().any(|path| path.as_str() == file), "{file}");
            }
        }
    }

    #[test]
    fn the_rules_of_every_preset_compile() {
        for preset in presets() {
            for dir in &preset.dirs {
                assert_eq!(Rules::for_dir(dir, &[]).decide("plain.md", false), None);
            }
            let rules = Rules::for_settings(&preset.name, &[]);
            assert_eq!(rules.decide("plain.md", false), None);
        }
    }

    #[test]
    fn aigon_is_known_by_its_directory() {
        let aigon = preset_for_dir("packages/x/.aigon").expect("known");
        assert_eq!(aigon.home.as_deref(), Some(".aigon"));
        let settings = aigon.settings();
        let texts: Vec<&str> = settings.iter().map(VaultPath::as_str).collect();
        assert_eq!(texts, ["config.json", "workflow-definitions"]);
        let stripped = ["repos", "serverPort", "sync", "backup"];
        assert_eq!(aigon.strip["config.json"], stripped);
        assert_eq!(preset_for_dir(".unheard-of"), None);
    }
}
