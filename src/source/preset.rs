//! What is known of the tools: where each keeps state, which settings travel, what stays.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::base::VaultPath;

use super::error::RulePlace;
use super::line::RuleLine;

/// One tool.
#[derive(Debug)]
pub struct Preset {
    pub name: String,
    pub about: String,
    /// The state directories (or files) that it keeps in a project.
    pub dirs: Vec<String>,
    /// Its directory below the person's home; empty where its files lie in the home itself.
    pub home: Option<String>,
    settings: Vec<String>,
    /// Per file of the settings: the key paths that stay on the machine.
    pub strip: BTreeMap<String, Vec<String>>,
    /// Per file of the settings: the key paths of texts in which the home directory travels as `~`.
    pub portable: BTreeMap<String, Vec<String>>,
    /// For the state directories and for the settings, relative to each.
    pub rules: Shipped,
    /// For the settings alone, after `rules`.
    pub home_rules: Shipped,
}

/// Rules of a preset, which most runs never ask for: they are read when somebody does.
#[derive(Debug)]
pub struct Shipped {
    place: RulePlace,
    texts: Vec<RuleText>,
    read: OnceLock<Vec<RuleLine>>,
}

impl Shipped {
    pub fn lines(&self) -> &[RuleLine] {
        let line = |rule: &RuleText| {
            let line = RuleLine::parse(&rule.rule, &self.place).expect("the tests read every rule");
            RuleLine {
                why: rule.why.clone(),
                ..line.expect("no rule of a preset is a comment")
            }
        };
        self.read
            .get_or_init(|| self.texts.iter().map(line).collect())
    }
}

/// A preset as its file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PresetText {
    name: String,
    about: String,
    #[serde(default)]
    dirs: Vec<String>,
    #[serde(default)]
    home: Option<String>,
    /// What travels of `home`: files, and directories with a slash at the end.
    #[serde(default)]
    settings: Vec<String>,
    #[serde(default)]
    strip: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    portable: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    rules: Vec<RuleText>,
    #[serde(default)]
    home_rules: Vec<RuleText>,
}

/// A rule as a person would write it, and the reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    rule: String,
    why: String,
}

impl Preset {
    fn read(text: &str) -> Self {
        let text: PresetText = serde_json::from_str(text).expect("the tests read every preset");
        let place = RulePlace::Preset {
            preset: text.name.clone(),
        };
        let rules = |texts: Vec<RuleText>| Shipped {
            place: place.clone(),
            texts,
            read: OnceLock::new(),
        };
        Self {
            rules: rules(text.rules),
            home_rules: rules(text.home_rules),
            name: text.name,
            about: text.about,
            dirs: text.dirs,
            home: text.home,
            settings: text.settings,
            strip: text.strip,
            portable: text.portable,
        }
    }

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
    PARSED.get_or_init(|| FILES.iter().map(|text| Preset::read(text)).collect())
}

/// The files that the presets are read from: equal texts are equal presets.
#[must_use]
pub const fn preset_texts() -> &'static [&'static str] {
    &FILES
}

/// The preset of the tool that keeps this state directory.
#[must_use]
pub fn preset_for_dir(dir: &str) -> Option<&'static Preset> {
    presets().iter().find(|preset| preset.knows_dir(dir))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{MergeClass, RuleBook, Rules};
    use super::*;

    fn of_dir(dir: &str) -> Rules {
        let book = RuleBook::new(Vec::new(), Vec::new());
        book.for_dir(dir).expect("every preset compiles")
    }

    fn of_home(tool: &str) -> Rules {
        let book = RuleBook::new(Vec::new(), Vec::new());
        book.for_settings(tool).expect("every preset compiles")
    }

    /// Holds a table of classes and of the paths that have each; `-` is what no rule names.
    #[track_caller]
    fn holds(rules: &Rules, table: &[(&str, &[&str])]) {
        for (class, paths) in table {
            for path in *paths {
                let decision = rules.decide(path.trim_end_matches('/'), path.ends_with('/'));
                let word = decision.map_or("-", |decision| decision.class.word());
                assert_eq!(word, *class, "{path}");
            }
        }
    }

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
            for rule in preset.rules.lines().iter().chain(preset.home_rules.lines()) {
                assert!(!rule.why.is_empty(), "{}: {}", preset.name, rule.text);
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
        let plain: &[(&str, &[&str])] = &[("-", &["plain.md"])];
        for preset in presets() {
            for dir in &preset.dirs {
                holds(&of_dir(dir), plain);
            }
            holds(&of_home(&preset.name), plain);
        }
    }

    #[test]
    fn generic_drops_what_is_made_again_in_directories_that_no_preset_knows() {
        let state = [
            "notes.md",
            "a.lock.md",
            "Cargo.toml",
            "logs.md",
            "pid",
            "targets/x",
        ];
        let table: &[(&str, &[&str])] = &[
            ("-", &state),
            (
                "disposable",
                &[
                    "cache/x",
                    "a/.cache/x",
                    "caches/",
                    "x/__pycache__/y.pyc",
                    "a/b.pyc",
                    "run.log",
                    "tmp/x",
                    "a/temp/",
                    "x.tmp",
                    "x.temp",
                    "d.sock",
                    "d.socket",
                    "d.pid",
                    "x.lock",
                    "x.swp",
                    "x.swo",
                    "a~",
                    ".#a",
                    "#a#",
                    "x/.DS_Store",
                    "Thumbs.db",
                    "desktop.ini",
                    "node_modules/x/y.js",
                    "a/target/",
                    ".venv/bin/python",
                    ".holdall-tmp-a1",
                ],
            ),
            ("local", &["x/.git/config", ".git"]),
            (
                "secret",
                &[".env", "a/.env.local", ".netrc", "id_rsa", "k/id_ed25519"],
            ),
            (
                "keep",
                &["x/Cargo.lock", "uv.lock", ".env.example", "a/.env.sample"],
            ),
        ];
        holds(&of_dir(".mine"), table);
        holds(&of_home("home"), table);
        let off = RuleBook::new(vec!["generic".to_owned()], Vec::new());
        let off = off.for_dir(".mine").expect("nothing to compile");
        holds(&off, &[("-", &["x.swp", "node_modules/x", ".env"])]);
    }

    #[test]
    fn aigon_keeps_its_state_and_drops_what_its_engine_drops() {
        let table: &[(&str, &[&str])] = &[
            (
                "-",
                &[
                    "workflows/f-1/events.jsonl",
                    "state/x.json",
                    "config.json",
                    "session",
                ],
            ),
            (
                "disposable",
                &[
                    "sessions/a.json",
                    "x/locks/y",
                    "cache/",
                    "server/state.json",
                    "logs/a.log",
                    "heartbeat-7",
                    "x/heartbeat-agent",
                    "a.tmp.3",
                    "budget-cache.json",
                    "insights-cache.json",
                    "recurring-state.json",
                ],
            ),
            ("local", &["config-hash"]),
            ("secret", &[".env", "x/.env.local", ".envrc"]),
            ("keep", &[".env.example"]),
        ];
        holds(&of_dir(".aigon"), table);
        holds(&of_home("aigon"), table);
    }

    #[test]
    fn claude_differs_between_project_and_home() {
        let table: &[(&str, &[&str])] = &[
            (
                "-",
                &[
                    "settings.json",
                    "agents/a.md",
                    "projects/x",
                    "todos/1",
                    "debug/x",
                ],
            ),
            ("local", &["settings.local.json"]),
            ("disposable", &["worktrees/x/y"]),
            ("secret", &[".credentials.json"]),
        ];
        holds(&of_dir(".claude"), table);
        let table: &[(&str, &[&str])] = &[
            (
                "-",
                &[
                    "CLAUDE.md",
                    "settings.json",
                    "agents/a.md",
                    "skills/x/SKILL.md",
                    "commands/c.md",
                    "rules/r.md",
                    "keybindings.json",
                ],
            ),
            ("secret", &[".credentials.json"]),
            (
                "local",
                &["projects/x/y.jsonl", "todos/1", "file-history/x"],
            ),
            (
                "disposable",
                &["debug/x", "shell-snapshots/x", "paste-cache/x", "statsig/x"],
            ),
        ];
        holds(&of_home("claude"), table);
    }

    #[test]
    fn codex_sends_instructions_and_neither_logins_nor_conversations() {
        let table: &[(&str, &[&str])] = &[
            (
                "-",
                &[
                    "AGENTS.md",
                    "prompts/review.md",
                    "skills/x/SKILL.md",
                    "config.toml",
                ],
            ),
            ("secret", &["auth.json"]),
            (
                "disposable",
                &["log/x", "models_cache.json", "version.json"],
            ),
            (
                "local",
                &[
                    "sessions/2026/x.jsonl",
                    "archived_sessions/x",
                    "history.jsonl",
                    "state.sqlite",
                    "a/state.sqlite-wal",
                    "x.sqlite3",
                ],
            ),
        ];
        holds(&of_dir(".codex"), table);
        holds(&of_home("codex"), table);
    }

    #[test]
    fn gemini_sends_settings_and_no_logins() {
        let table: &[(&str, &[&str])] = &[
            ("-", &["GEMINI.md", "settings.json", "commands/x.toml"]),
            (
                "secret",
                &[
                    "oauth_creds.json",
                    "mcp-oauth-tokens.json",
                    "mcp-oauth-tokens-v2.json",
                ],
            ),
            (
                "local",
                &[
                    "google_accounts.json",
                    "installation_id",
                    "history/x",
                    "trustedFolders.json",
                    "user_id",
                ],
            ),
            ("disposable", &["tmp/x"]),
        ];
        holds(&of_dir(".gemini"), table);
        holds(&of_home("gemini"), table);
    }

    #[test]
    fn cursor_sends_rules_and_servers() {
        let state: &[&str] = &["mcp.json", "rules/a.mdc", "commands/x.md"];
        holds(
            &of_dir(".cursor"),
            &[("-", state), ("-", &["extensions/x"])],
        );
        let home: &[(&str, &[&str])] = &[
            ("-", state),
            ("disposable", &["extensions/x"]),
            ("local", &["projects/x"]),
        ];
        holds(&of_home("cursor"), home);
    }

    #[test]
    fn aider_sends_its_files_and_not_its_caches() {
        let rules = of_dir(".aider.chat.history.md");
        let files = [
            ".aider.conf.yml",
            ".aider.chat.history.md",
            ".aider.input.history",
        ];
        holds(
            &rules,
            &[("-", &files), ("disposable", &[".aider.tags.cache.v4/x"])],
        );
        let merge = |path| rules.merge(path).map(|(merge, _)| merge);
        assert_eq!(merge(".aider.chat.history.md"), Some(MergeClass::Union));
        assert_eq!(merge(".aider.input.history"), Some(MergeClass::Union));
        assert_eq!(merge(".aider.conf.yml"), None);
    }

    #[test]
    fn beads_sends_lines_and_not_its_database() {
        let rules = of_dir(".beads");
        let table: &[(&str, &[&str])] = &[
            (
                "-",
                &[
                    "issues.jsonl",
                    "interactions.jsonl",
                    "config.yaml",
                    "metadata.json",
                ],
            ),
            (
                "local",
                &[
                    "beads.db",
                    "beads.db-wal",
                    "x.sqlite3",
                    "ephemeral.sqlite3-shm",
                    ".local_version",
                    "last-touched",
                    "sync-state.json",
                    "export-state/x",
                    "redirect",
                ],
            ),
            (
                "disposable",
                &[
                    "daemon.log",
                    "daemon.pid",
                    "daemon.lock",
                    "bd.sock",
                    "beads.left.jsonl",
                    ".sync.lock",
                ],
            ),
        ];
        holds(&rules, table);
        let merge = |path| rules.merge(path).map(|(merge, _)| merge);
        assert_eq!(merge("issues.jsonl"), Some(MergeClass::Union));
        assert_eq!(merge("metadata.json"), None);
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
        assert!(preset_for_dir(".unheard-of").is_none());
    }
}
