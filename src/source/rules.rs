//! What travels: rules in their order, of which the last that matches decides.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use globset::{Candidate, GlobSet, GlobSetBuilder};

use super::SourceError;
use super::line::{Class, MergeClass, RuleLine};
use super::preset::{GENERIC, Preset, preset_for_dir, presets};

/// The rule that decided about a path.
#[derive(Clone, Debug)]
pub struct Decision {
    pub class: Class,
    pub rule: Arc<RuleLine>,
}

impl Decision {
    /// Whether the path stays behind.
    #[must_use]
    pub fn is_out(&self) -> bool {
        self.class != Class::Keep
    }
}

/// The rules for one state directory, in order.
#[derive(Debug)]
pub struct Rules {
    shared: Arc<Layer>,
    /// What stands in the directory itself.
    own: Option<Layer>,
}

impl Rules {
    /// Rules from one list; later ones win.
    pub fn new(lines: Vec<RuleLine>) -> Result<Self, SourceError> {
        Ok(Self {
            shared: Arc::new(Layer::new(lines)?),
            own: None,
        })
    }

    /// These rules, and after them those of the directory itself.
    pub fn with_own(mut self, lines: Vec<RuleLine>) -> Result<Self, SourceError> {
        if !lines.is_empty() {
            self.own = Some(Layer::new(lines)?);
        }
        Ok(self)
    }

    /// Changes with everything that these rules say.
    #[must_use]
    pub fn key(&self) -> [u8; 32] {
        let mut hash = blake3::Hasher::new();
        hash.update(&self.shared.key);
        hash.update(self.own.as_ref().map_or(&[], |own| &own.key[..]));
        *hash.finalize().as_bytes()
    }

    /// What the rules say about a path below the state directory, whether it exists or not. A
    /// directory that is out takes everything below it along.
    #[must_use]
    pub fn decide(&self, path: &str, is_dir: bool) -> Option<Decision> {
        self.out_above(path)
            .map(|(_, decision)| decision)
            .or_else(|| self.decide_entry(path, is_dir))
    }

    /// The first directory above a path that is out, and the rule that says so.
    #[must_use]
    pub fn out_above<'p>(&self, path: &'p str) -> Option<(&'p str, Decision)> {
        path.match_indices('/').find_map(|(slash, _)| {
            let above = &path[..slash];
            let decision = self.decide_entry(above, true)?;
            decision.is_out().then_some((above, decision))
        })
    }

    /// Like [`Rules::decide`], for a caller who knows that no directory above the path is out: a
    /// walk comes by each directory once and does not ask again for every file in it.
    #[must_use]
    pub fn decide_entry(&self, path: &str, is_dir: bool) -> Option<Decision> {
        let rule = self.last(path, |rule| {
            rule.class.is_some() && (is_dir || !rule.pattern.dirs_only)
        })?;
        let class = rule.class?;
        let rule = Arc::clone(rule);
        Some(Decision { class, rule })
    }

    /// How two versions of a file become one, and the rule that says so.
    #[must_use]
    pub fn merge(&self, path: &str) -> Option<(MergeClass, Arc<RuleLine>)> {
        let rule = self.last(path, |rule| rule.merge.is_some() && !rule.pattern.dirs_only)?;
        Some((rule.merge?, Arc::clone(rule)))
    }

    fn last(&self, path: &str, counts: impl Fn(&RuleLine) -> bool) -> Option<&Arc<RuleLine>> {
        if path.is_empty() {
            return None;
        }
        self.own
            .as_ref()
            .and_then(|own| own.last(path, &counts))
            .or_else(|| self.shared.last(path, &counts))
    }
}

/// Rules that were compiled together.
#[derive(Debug)]
struct Layer {
    /// One glob for each rule, in the same order.
    set: GlobSet,
    rules: Vec<Arc<RuleLine>>,
    key: [u8; 32],
}

thread_local! {
    /// Room for the globs that match: a walk asks for every entry.
    static MATCHED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

impl Layer {
    fn new(lines: Vec<RuleLine>) -> Result<Self, SourceError> {
        let mut builder = GlobSetBuilder::new();
        for line in &lines {
            builder.add(line.pattern.glob.clone());
        }
        let mut hash = blake3::Hasher::new();
        for line in &lines {
            let says = (&line.text, line.class, line.merge, &line.lists);
            hash.update(format!("{says:?}\n").as_bytes());
        }
        let set = builder.build();
        Ok(Self {
            key: *hash.finalize().as_bytes(),
            set: set.map_err(|source| SourceError::TooManyRules { source })?,
            rules: lines.into_iter().map(Arc::new).collect(),
        })
    }

    fn last(&self, path: &str, counts: impl Fn(&RuleLine) -> bool) -> Option<&Arc<RuleLine>> {
        MATCHED.with_borrow_mut(|matched| {
            let candidate = Candidate::new(Path::new(path));
            self.set.matches_candidate_into(&candidate, matched);
            let mut rules = matched.iter().rev().map(|rule| &self.rules[*rule]);
            rules.find(|rule| counts(rule))
        })
    }
}

/// Where the rules of a state directory or of a tool's home come from: the presets, then a person's
/// own. They are compiled once for each tool, however many projects there are.
#[derive(Debug)]
pub struct RuleBook {
    /// Names of presets that are switched off.
    off: Vec<String>,
    own: Vec<RuleLine>,
    /// What was compiled so far. `generic` stands for directories of no tool.
    compiled: Mutex<BTreeMap<(Where, &'static str), Arc<Layer>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Where {
    InProject,
    AtHome,
}

impl RuleBook {
    #[must_use]
    pub const fn new(off: Vec<String>, own: Vec<RuleLine>) -> Self {
        Self {
            off,
            own,
            compiled: Mutex::new(BTreeMap::new()),
        }
    }

    /// The rules for a state directory in a project.
    pub fn for_dir(&self, dir: &str) -> Result<Rules, SourceError> {
        let lists = |preset: &'static Preset| vec![preset.rules.lines()];
        self.rules((Where::InProject, preset_for_dir(dir)), lists)
    }

    /// The rules for the home directory of a tool.
    pub fn for_settings(&self, tool: &str) -> Result<Rules, SourceError> {
        let tool = presets().iter().find(|preset| preset.name == tool);
        let lists = |preset: &'static Preset| vec![preset.rules.lines(), preset.home_rules.lines()];
        self.rules((Where::AtHome, tool), lists)
    }

    fn rules(
        &self,
        (place, tool): (Where, Option<&'static Preset>),
        lists: impl Fn(&'static Preset) -> Vec<&'static [RuleLine]>,
    ) -> Result<Rules, SourceError> {
        let name = tool.map_or(GENERIC, |tool| tool.name.as_str());
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = match compiled.entry((place, name)) {
            Entry::Occupied(known) => Arc::clone(known.get()),
            Entry::Vacant(new) => {
                let used = presets()
                    .iter()
                    .filter(|preset| preset.name == GENERIC || preset.name == name)
                    .filter(|preset| !self.off.contains(&preset.name));
                let of_presets = used.flat_map(lists).flatten().cloned();
                let lines = of_presets.chain(self.own.iter().cloned());
                Arc::clone(new.insert(Arc::new(Layer::new(lines.collect())?)))
            }
        };
        Ok(Rules { shared, own: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<RuleLine> {
        RuleLine::parse_file(text.as_bytes(), "test").expect("they are valid")
    }

    fn rules(text: &str) -> Rules {
        Rules::new(lines(text)).expect("they compile")
    }

    /// Whether `path` (a directory with a slash at its end) is out under these patterns.
    fn is_out(patterns: &[&str], path: &str) -> bool {
        let name = path.trim_end_matches('/');
        rules(&patterns.join("\n"))
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
        // An escaped slash wants one directory at least, as in git.
        assert!(!is_out(&["a/**\\/x"], "a/x"));
        assert!(is_out(&["a/**\\/x"], "a/b/x"));
        assert!(is_out(&["a/**\\/x"], "a/b/c/x"));
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
        let both = rules("*.json :local\na* :secret\n");
        let decision = both.decide("a.json", false).expect("two match");
        assert_eq!(decision.class, Class::Secret);
        assert_eq!(decision.rule.text, "a*");
        assert_eq!(decision.rule.place.to_string(), "test, line 2");
        let kept = rules("*.log :disposable\n/a.log :keep\n");
        let decision = kept.decide("a.log", false).expect("two match");
        assert!(!decision.is_out());
        assert!(kept.decide("b.md", false).is_none());
    }

    #[test]
    fn what_stands_in_the_directory_itself_comes_last() {
        let rules = rules("*.log\n!a.log\n").with_own(lines("a.log :secret\n!b.log\n"));
        let rules = rules.expect("they compile");
        let class = |path| rules.decide(path, false).map(|decision| decision.class);
        assert_eq!(class("a.log"), Some(Class::Secret));
        assert_eq!(class("x/b.log"), Some(Class::Keep));
        assert_eq!(class("c.log"), Some(Class::Local));
        assert_eq!(class("c.md"), None);
    }

    #[test]
    fn how_a_file_merges_is_decided_apart_from_whether_it_travels() {
        let rules = rules("*.jsonl :union\n/big/ :disposable\nx.jsonl :keep\ny.jsonl :json\n");
        let merge = |path| rules.merge(path).map(|(merge, _)| merge);
        assert_eq!(merge("x.jsonl"), Some(MergeClass::Union));
        assert_eq!(merge("a/y.jsonl"), Some(MergeClass::Json));
        assert_eq!(merge("y.md"), None);
        assert!(rules.decide("a.jsonl", false).is_none());
        assert_eq!(
            rules.decide("x.jsonl", false).map(|it| it.class),
            Some(Class::Keep)
        );
    }

    #[test]
    fn the_rules_of_a_person_come_after_the_presets() {
        let own = lines("!run.log\nsettings.json :local\n");
        let book = RuleBook::new(Vec::new(), own);
        for rules in [
            book.for_dir(".aigon"),
            book.for_dir(".x"),
            book.for_settings("claude"),
        ] {
            let rules = rules.expect("they compile");
            let class = |path| rules.decide(path, false).map(|decision| decision.class);
            assert_eq!(class("a/run.log"), Some(Class::Keep));
            assert_eq!(class("a.log"), Some(Class::Disposable));
            assert_eq!(class("settings.json"), Some(Class::Local));
        }
    }

    #[test]
    fn rules_are_asked_from_several_threads() {
        fn several<T: Send + Sync>(_: &T) {}
        several(&rules("a\n"));
        several(&RuleBook::new(Vec::new(), Vec::new()));
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
}
