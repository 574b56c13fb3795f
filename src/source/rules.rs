//! What travels: patterns with classes, of which the last that matches decides.

use std::path::Path;
use std::sync::Arc;

use globset::{Candidate, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};

use super::SourceError;
use super::pattern::Pattern;
use super::preset::{GENERIC, RuleText, preset, preset_for_dir};

/// What a rule says about the paths that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It travels, whatever earlier rules say, and however large it is.
    Keep,
    /// It can be made again, or says nothing on another machine.
    Disposable,
    /// It is true on this machine only.
    Local,
    Secret,
    Large,
}

/// The rule that decided about a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub class: Class,
    pub pattern: Arc<str>,
    /// Where the rule stands: the name of its list, which is that of its preset.
    pub preset: Arc<str>,
    pub why: Arc<str>,
}

impl Decision {
    /// Whether the path stays behind.
    #[must_use]
    pub fn is_out(&self) -> bool {
        self.class != Class::Keep
    }
}

struct Rule {
    decision: Decision,
    dirs_only: bool,
}

/// The rules for one state directory, in order.
pub struct Rules {
    set: GlobSet,
    rules: Vec<Rule>,
}

/// A named list of rules.
type Layer<'a> = (&'a str, &'a [RuleText]);

impl Rules {
    /// The rules for a state directory in a project: those that hold everywhere, then those of the
    /// tool that keeps it. `off` names the presets that the person switched off.
    #[must_use]
    pub fn for_dir(dir: &str, off: &[String]) -> Self {
        let mut layers: Vec<Layer<'_>> = Vec::new();
        for preset in [preset(GENERIC), preset_for_dir(dir)].into_iter().flatten() {
            layers.push((&preset.name, &preset.rules));
        }
        Self::of_presets(layers, off)
    }

    /// The rules for the home directory of a tool.
    #[must_use]
    pub fn for_settings(tool: &str, off: &[String]) -> Self {
        let mut layers: Vec<Layer<'_>> = Vec::new();
        if let Some(generic) = preset(GENERIC) {
            layers.push((&generic.name, &generic.rules));
        }
        if let Some(own) = preset(tool).filter(|own| own.name != GENERIC) {
            layers.push((&own.name, &own.rules));
            layers.push((&own.name, &own.home_rules));
        }
        Self::of_presets(layers, off)
    }

    fn of_presets(mut layers: Vec<Layer<'_>>, off: &[String]) -> Self {
        layers.retain(|(name, _)| !off.iter().any(|other| other == name));
        Self::new(&layers).expect("the tests compile the rules of every preset")
    }

    /// Rules from named lists; later ones win.
    pub fn new(layers: &[Layer<'_>]) -> Result<Self, SourceError> {
        let mut builder = GlobSetBuilder::new();
        let mut rules = Vec::new();
        for (name, lines) in layers {
            let preset: Arc<str> = Arc::from(*name);
            for line in *lines {
                let pattern = Pattern::parse(&line.pattern)?;
                builder.add(pattern.glob);
                let class = if pattern.negated {
                    Class::Keep
                } else {
                    line.class
                };
                rules.push(Rule {
                    decision: Decision {
                        class,
                        pattern: Arc::from(line.pattern.as_str()),
                        preset: Arc::clone(&preset),
                        why: Arc::from(line.why.as_str()),
                    },
                    dirs_only: pattern.dirs_only,
                });
            }
        }
        let set = builder
            .build()
            .map_err(|source| SourceError::TooManyRules {
                preset: layers.last().map_or("", |(name, _)| name).to_owned(),
                source,
            })?;
        Ok(Self { set, rules })
    }

    /// What the rules say about a path below the state directory, whether it exists or not. A
    /// directory that is out takes everything below it along.
    #[must_use]
    pub fn decide(&self, path: &str, is_dir: bool) -> Option<Decision> {
        for (slash, _) in path.match_indices('/') {
            let above = self.decide_entry(&path[..slash], true);
            if above.as_ref().is_some_and(Decision::is_out) {
                return above;
            }
        }
        self.decide_entry(path, is_dir)
    }

    /// Like [`Rules::decide`], for a caller who knows that no directory above the path is out: a
    /// walk comes by each directory once and does not ask again for every file in it.
    #[must_use]
    pub fn decide_entry(&self, path: &str, is_dir: bool) -> Option<Decision> {
        if path.is_empty() {
            return None;
        }
        let candidate = Candidate::new(Path::new(path));
        let mut matched = Vec::new();
        self.set.matches_candidate_into(&candidate, &mut matched);
        let last = matched
            .into_iter()
            .filter(|at| is_dir || !self.rules[*at].dirs_only)
            .max()?;
        Some(self.rules[last].decision.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(lines: &[(&str, Class)]) -> Rules {
        let lines: Vec<RuleText> = lines
            .iter()
            .map(|(pattern, class)| RuleText {
                pattern: (*pattern).to_owned(),
                class: *class,
                why: "a test".to_owned(),
            })
            .collect();
        Rules::new(&[("test", &lines)]).expect("they compile")
    }

    /// Whether `path` (a directory with a slash at its end) is out under these disposable patterns.
    fn is_out(patterns: &[&str], path: &str) -> bool {
        let lines: Vec<_> = patterns.iter().map(|it| (*it, Class::Disposable)).collect();
        let name = path.trim_end_matches('/');
        rules(&lines)
            .decide(name, path.ends_with('/'))
            .is_some_and(|decision| decision.is_out())
    }

    #[test]
    fn a_name_without_slash_matches_at_any_depth() {
        assert!(is_out(&["x"], "x"));
        assert!(is_out(&["x"], "a/b/x"));
        assert!(is_out(&["*.log"], "a/b/run.log"));
        assert!(is_out(&["*.log"], ".log"));
        assert!(is_out(&["heartbeat-*"], "a/heartbeat-7"));
        assert!(!is_out(&["x"], "xy"));
        assert!(!is_out(&["*.log"], "a.log.md"));
        assert!(!is_out(&["a*c"], "ab/c"));
    }

    #[test]
    fn a_slash_at_the_front_or_in_the_middle_ties_to_the_top() {
        assert!(is_out(&["/x"], "x"));
        assert!(!is_out(&["/x"], "a/x"));
        assert!(is_out(&["a/x"], "a/x"));
        assert!(!is_out(&["a/x"], "b/a/x"));
        assert!(is_out(&["**/a/x"], "b/a/x"));
        assert!(is_out(&["a/**/x"], "a/x"));
        assert!(is_out(&["a/**/x"], "a/b/c/x"));
        assert!(is_out(&["a/*"], "a/x"));
        assert!(is_out(&["a/**"], "a/b/c"));
        assert!(!is_out(&["a/**"], "a/"));
    }

    #[test]
    fn a_slash_at_the_end_means_directories_only() {
        assert!(is_out(&["cache/"], "a/cache/"));
        assert!(!is_out(&["cache/"], "a/cache"));
        assert!(!is_out(&["/cache/"], "a/cache/"));
        assert!(is_out(&["a/cache/"], "a/cache/"));
    }

    #[test]
    fn a_directory_that_is_out_takes_everything_below_along() {
        assert!(is_out(&["cache/"], "a/cache/b/c"));
        assert!(is_out(&["cache/", "!c"], "a/cache/b/c"));
        assert!(is_out(&["*", "!c"], "a/c"));
        assert!(!is_out(&["*", "!*/", "!c"], "a/c"));
        assert!(!is_out(&["cache/*", "!cache/c"], "cache/c"));
    }

    #[test]
    fn the_last_match_wins() {
        assert!(!is_out(&["*.log", "!keep.log"], "keep.log"));
        assert!(is_out(&["!keep.log", "*.log"], "keep.log"));
        let both = rules(&[("*.json", Class::Local), ("a*", Class::Secret)]);
        let decision = both.decide("a.json", false).expect("two match");
        assert_eq!(decision.class, Class::Secret);
        assert_eq!(&*decision.pattern, "a*");
        assert_eq!(&*decision.preset, "test");
        let kept = rules(&[("*.log", Class::Disposable), ("a.log", Class::Keep)]);
        let decision = kept.decide("a.log", false).expect("two match");
        assert!(!decision.is_out());
        assert_eq!(kept.decide("b.md", false), None);
    }

    #[test]
    fn signs_of_the_glob_library_that_gitignore_lacks_are_literal() {
        assert!(is_out(&["{a,b}"], "{a,b}"));
        assert!(!is_out(&["{a,b}"], "a"));
        assert!(is_out(&["\\!a"], "!a"));
        assert!(is_out(&["\\*"], "*"));
        assert!(!is_out(&["\\*"], "x"));
        assert!(is_out(&["[!a]x"], "bx"));
        assert!(!is_out(&["[!a]x"], "ax"));
        assert!(is_out(&["[{,}]"], "{"));
        assert!(is_out(&["[]a]"], "]"));
        assert!(is_out(&["a?c"], "abc"));
    }

    #[test]
    fn odd_names_are_matched_like_any_other() {
        assert!(is_out(&["*.log"], "line\nbreak.log"));
        assert!(is_out(&["/q\"uote"], "q\"uote"));
        assert!(is_out(&["c:*"], "x/c:olon"));
        assert!(is_out(&["*"], "caf%E9"));
        assert!(is_out(&["caf\u{e9}"], "caf\u{e9}"));
        assert!(!is_out(&["caf\u{e9}"], "cafe\u{301}"));
    }

    fn classes(rules: &Rules, paths: &[&str]) -> Vec<Option<Class>> {
        let class = |path: &&str| {
            let decision = rules.decide(path.trim_end_matches('/'), path.ends_with('/'));
            decision.map(|decision| decision.class)
        };
        paths.iter().map(class).collect()
    }

    fn all(rules: &Rules, paths: &[&str], expected: Option<Class>) {
        for (path, class) in paths.iter().zip(classes(rules, paths)) {
            assert_eq!(class, expected, "{path}");
        }
    }

    #[test]
    fn aigon_keeps_its_state_and_drops_what_its_engine_drops() {
        let aigon = Rules::for_dir(".aigon", &[]);
        let state = ["workflows/f-1/events.jsonl", "state/x.json", "config.json"];
        all(&aigon, &state, None);
        let dropped = [
            "sessions/a.json",
            "x/locks/y",
            "cache/",
            "server/state.json",
            "logs/a.log",
            "heartbeat-7",
            "a.tmp.3",
            "budget-cache.json",
            "insights-cache.json",
            "recurring-state.json",
        ];
        all(&aigon, &dropped, Some(Class::Disposable));
        all(&aigon, &["config-hash"], Some(Class::Local));
        all(&aigon, &[".env", "x/.env.local"], Some(Class::Secret));
        assert_eq!(
            aigon.decide(".env.example", false).map(|d| d.is_out()),
            Some(false)
        );
    }

    #[test]
    fn claude_differs_between_project_and_home() {
        let project = Rules::for_dir(".claude", &[]);
        all(
            &project,
            &["settings.json", "agents/a.md", "projects/x"],
            None,
        );
        all(&project, &["settings.local.json"], Some(Class::Local));
        all(&project, &["worktrees/x/y"], Some(Class::Disposable));
        let home = Rules::for_settings("claude", &[]);
        all(&home, &["CLAUDE.md", "skills/x/SKILL.md"], None);
        all(&home, &[".credentials.json"], Some(Class::Secret));
        all(
            &home,
            &["projects/x/y.jsonl", "todos/1"],
            Some(Class::Local),
        );
    }

    #[test]
    fn what_holds_everywhere_holds_in_unknown_directories_too() {
        let unknown = Rules::for_dir(".mine", &[]);
        all(&unknown, &["notes.md", "a.lock.md", "Cargo.toml"], None);
        let dropped = [
            "node_modules/x/y.js",
            "a/target/",
            ".venv/bin/python",
            "x/.DS_Store",
            "x.swp",
            "a~",
            "d.pid",
            "d.sock",
            "x.lock",
            ".holdall-tmp-a1",
        ];
        all(&unknown, &dropped, Some(Class::Disposable));
        all(&unknown, &["x/.git/config", ".git"], Some(Class::Local));
        all(&unknown, &["x/Cargo.lock", "uv.lock"], Some(Class::Keep));
        let off = Rules::for_dir(".mine", &["generic".to_owned()]);
        assert_eq!(off.decide("a.swp", false), None);
    }

    #[test]
    fn beads_sends_lines_and_not_its_database() {
        let beads = Rules::for_dir(".beads", &[]);
        all(
            &beads,
            &["issues.jsonl", "config.yaml", "metadata.json"],
            None,
        );
        let local = [
            "beads.db",
            "beads.db-wal",
            "daemon.log",
            "bd.sock",
            "daemon.pid",
        ];
        for (path, class) in local.iter().zip(classes(&beads, &local)) {
            assert!(
                matches!(class, Some(Class::Local | Class::Disposable)),
                "{path}"
            );
        }
    }
}
