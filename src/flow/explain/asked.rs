//! A path that a project or a tool owns: the way that a walk goes down to it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::base::{Gate, HostPath, VaultPath, read_limited};
use crate::repo::tracked;
use crate::snapshot::{Treatment, reason_of, stays_as_database};
use crate::source::{Decision, RULES_FILE, Reason, RuleLine, is_cache, is_repository, pattern_for};

use crate::flow::another::is_another;
use crate::flow::held::with_lines_of;
use crate::flow::hints::typed;
use crate::flow::unit::Unit;
use crate::flow::{FlowError, Session, allowance};

use super::{Change, ExplainReport, ExplainedRule, Stays, below};

/// A path that a project or a tool owns.
pub(super) struct Asked<'a> {
    session: &'a Session<'a>,
    unit: &'a Unit,
    tail: &'a Path,
    seen: Option<Metadata>,
    is_dir: bool,
    /// The path, or the directory above it that decided.
    decided_at: VaultPath,
    report: ExplainReport,
}

impl<'a> Asked<'a> {
    pub(super) fn new(
        session: &'a Session<'a>,
        unit: &'a Unit,
        path: &Path,
        tail: &'a Path,
        wants_dir: bool,
    ) -> Result<Self, FlowError> {
        let mut report = ExplainReport::of(HostPath::new(path)?);
        report.owner = Some(unit.name.clone());
        let seen = path.symlink_metadata().ok();
        Ok(Self {
            session,
            unit,
            tail,
            is_dir: seen.as_ref().map_or(wants_dir, Metadata::is_dir),
            seen,
            decided_at: VaultPath::root(),
            report,
        })
    }

    pub(super) fn explained(mut self) -> Result<ExplainReport, FlowError> {
        let (path, is_temp) = match below(self.tail) {
            Ok(below) => below,
            Err(above) => {
                self.report.below = Some(above);
                return Ok(self.report.stays(Stays::Left(Reason::BadName), None));
            }
        };
        self.report.below = Some(path.clone());
        let unit = self.unit;
        if is_another(&unit.root, &unit.marks, &self.session.edges.env).unwrap_or(false) {
            let reason = Stays::Left(Reason::OtherRepository);
            return Ok(self.report.stays(reason, None));
        }
        let Some(root) = unit.roots.iter().rfind(|root| path.below(root).is_some()) else {
            return self.outside(&path);
        };
        self.report.root = Some(root.clone());
        if is_temp {
            return Ok(self.report.stays(Stays::Left(Reason::Temporary), None));
        }
        self.say_merge(&path);
        let reason = self.reason(root, &path)?;
        self.report.travels = reason.is_none();
        self.report.reason = reason.map(Stays::Left);
        self.report.local_keys = self.unit.local_keys(&path);
        self.report.change = self.change(root, &path, reason);
        Ok(self.report)
    }

    fn outside(self, path: &VaultPath) -> Result<ExplainReport, FlowError> {
        if self.unit.is_settings() {
            return Ok(self.beside_settings(path));
        }
        let command = self.state_command(path)?;
        Ok(self.report.stays(Stays::OutsideState, command))
    }

    /// The command that makes the path travel; nothing where it would stay all the same.
    fn state_command(&self, path: &VaultPath) -> Result<Option<String>, FlowError> {
        let Some(top) = self.tail.iter().next() else {
            return Ok(None);
        };
        // What the vault calls otherwise cannot be named as a state directory.
        let name = path.names().next().filter(|name| OsStr::new(name) == top);
        let (Some(name), Some(word)) = (name, typed(top)) else {
            return Ok(None);
        };
        let dir = VaultPath::parse(name)?;
        let rules = self.session.rules.for_dir(name)?;
        let tail = path.tail(&dir).filter(|tail| !tail.is_empty());
        let is_out = tail.and_then(|tail| rules.decide(tail, self.is_dir));
        let in_git = self
            .tail
            .iter()
            .any(|name| name.as_bytes().eq_ignore_ascii_case(b".git"));
        let env = &self.session.edges.env;
        let is_tracked = |dir| {
            let all = tracked(&self.unit.root, &[dir], env)?;
            Ok::<_, FlowError>(all.contains(self.tail.as_os_str().as_bytes()))
        };
        if in_git || is_out.is_some_and(|decision| decision.is_out()) || is_tracked(dir)? {
            return Ok(None);
        }
        let sign = if word.starts_with('-') { '=' } else { ' ' };
        let root = typed(self.unit.root.as_path().as_os_str());
        Ok(root.map(|root| format!("holdall project add {root} --state{sign}{word}")))
    }

    /// In the home of a tool, and none of what its preset lets travel: it could be added, but for
    /// the home itself and for what a rule keeps here anyway.
    fn beside_settings(mut self, path: &VaultPath) -> ExplainReport {
        let ruled_out = self.unit.decide(path, self.is_dir);
        if let Some(decision) = ruled_out.filter(Decision::is_out) {
            self.report.class = Some(decision.class);
            self.report.rule = Some(explained(&decision.rule, path));
            return self.report.stays(Stays::NotListed, None);
        }
        if path.is_root() {
            let roots = self.unit.roots.iter().map(VaultPath::as_str);
            let roots: Vec<&str> = roots.collect();
            self.report.detail = Some(format!("of it travel {}", roots.join(", ")));
            return self.report.stays(Stays::NotListed, None);
        }
        let word = typed(self.report.path.as_path().as_os_str());
        let command = word.map(|word| format!("holdall settings add {word}"));
        self.report.stays(Stays::NotListed, command)
    }

    fn say_merge(&mut self, path: &VaultPath) {
        let merge = self.unit.merge(path).filter(|_| !self.is_dir);
        self.report.merge = merge.as_ref().map(|(merge, _)| *merge);
        self.report.merge_rule = merge.map(|(_, rule)| explained(&rule, path));
    }

    /// Why it stays, as a walk would find out: from the state directory down to the path.
    fn reason(&mut self, root: &VaultPath, path: &VaultPath) -> Result<Option<Reason>, FlowError> {
        if let Some((_, fault)) = self.unit.bad_rules.iter().find(|(dir, _)| dir == root) {
            let (line, why) = fault.line_and_cause();
            (self.report.line, self.report.detail) = (line, Some(why));
            return Ok(Some(fault.reason()));
        }
        let is_link = |at: &VaultPath| {
            let host = self.unit.root.below(at);
            host.as_path()
                .symlink_metadata()
                .is_ok_and(|seen| seen.is_symlink())
        };
        // A link travels as a link: nothing is below it.
        let links = path.ancestors().chain([root.clone()]);
        if links
            .chain(root.ancestors())
            .any(|at| !at.is_root() && is_link(&at))
        {
            return Ok(Some(Reason::LinkedRoot));
        }
        let tracked = if self.unit.is_settings() {
            BTreeSet::new()
        } else {
            tracked(
                &self.unit.root,
                std::slice::from_ref(root),
                &self.session.edges.env,
            )?
        };
        let above = path.ancestors().filter(|dir| dir.below(root).is_some());
        let mut way: Vec<(VaultPath, bool)> = above.map(|dir| (dir, true)).collect();
        way.reverse();
        way.push((path.clone(), self.is_dir));
        let mut raw = PathBuf::new();
        let mut names = self.tail.iter();
        for (at, is_dir) in way {
            while raw.iter().count() < at.names().count() {
                raw.extend(names.next());
            }
            let is_tracked = tracked.contains(raw.as_os_str().as_bytes());
            self.decided_at = at.clone();
            if let Some(reason) = self.reason_at(&at, is_dir, is_tracked) {
                return Ok(Some(reason));
            }
        }
        self.reason_of_file(path)
    }

    fn reason_at(&mut self, at: &VaultPath, is_dir: bool, is_tracked: bool) -> Option<Reason> {
        let name = self.tail.iter().nth(at.names().count().checked_sub(1)?)?;
        if name.as_bytes().eq_ignore_ascii_case(b".git") {
            return Some(Reason::Nested);
        }
        let host = self.unit.root.below(at);
        if is_dir && is_repository(&host) {
            return Some(Reason::Nested);
        }
        let decision = self.unit.decide_entry(at, is_dir);
        self.report.class = decision.as_ref().map(|decision| decision.class);
        self.report.rule = decision
            .as_ref()
            .map(|decision| explained(&decision.rule, at));
        match decision {
            Some(decision) if decision.is_out() => Reason::of(decision.class),
            _ if is_tracked => Some(Reason::Tracked),
            None if is_dir && is_cache(&host) => Some(Reason::CacheDir),
            _ => None,
        }
    }

    /// What can only be said of something that is there.
    fn reason_of_file(&mut self, path: &VaultPath) -> Result<Option<Reason>, FlowError> {
        let gate = allowance::at_hand(self.session)?;
        let find = |bytes: &[u8]| gate.inspect(path, &mut &*bytes).unwrap_or_default();
        let mut in_name = find(path.as_str().as_bytes());
        let target = std::fs::read_link(self.report.path.as_path());
        in_name.extend(target.iter().flat_map(|it| find(it.as_os_str().as_bytes())));
        if let Some(finding) = in_name.into_iter().next() {
            self.report.detail = Some(finding.rule);
            return Ok(Some(Reason::HoldsSecret));
        }
        let seen = self
            .seen
            .as_ref()
            .filter(|seen| !seen.is_dir() && !seen.is_symlink());
        let Some(seen) = seen else { return Ok(None) };
        if !seen.is_file() {
            return Ok(Some(Reason::NotAFile));
        }
        let is_copied = matches!(self.unit.treatment(path), Treatment::Copy);
        if let Some(reason) = stays_as_database(self.report.path.as_path(), is_copied) {
            return Ok(Some(reason));
        }
        let max = self.session.config.max_file;
        if seen.len() > max && self.report.class.is_none() {
            return Ok(Some(Reason::TooLarge));
        }
        let Ok(bytes) = read_limited(self.report.path.as_path(), max) else {
            return Ok((seen.len() <= max).then_some(Reason::Unreadable));
        };
        let found = match self.unit.sanitizer(path).map(|it| it.clean(&bytes)) {
            None => find(&bytes),
            Some(Err(fault)) => {
                self.report.line = None;
                self.report.detail = Some(fault.to_string());
                return Ok(Some(reason_of(&fault)));
            }
            Some(Ok(clean)) => {
                let mut sent = find(&clean.text);
                with_lines_of(&bytes, &mut sent);
                sent
            }
        };
        let Some(finding) = found.into_iter().next() else {
            return Ok(None);
        };
        (self.report.line, self.report.detail) = (Some(finding.line), Some(finding.rule));
        Ok(Some(Reason::HoldsSecret))
    }

    /// How to have it otherwise.
    fn change(&self, root: &VaultPath, path: &VaultPath, reason: Option<Reason>) -> Option<Change> {
        let (at, sign) = match reason {
            None => (path, ""),
            Some(
                Reason::Disposable
                | Reason::MachineLocal
                | Reason::Secret
                | Reason::TooLarge
                | Reason::CacheDir,
            ) => (&self.decided_at, "!"),
            Some(_) => return None,
        };
        let is_dir = self.is_dir || at != path;
        // Of the state directory itself no rule speaks.
        let (_, tail) = self.unit.rules_for(at, is_dir)?;
        if tail.is_empty() {
            return None;
        }
        let line = format!("{sign}{}", pattern_for(tail, is_dir)?);
        let top = self.unit.root.below(root);
        // A single file has no room for rules of its own.
        let file = if self.unit.is_settings() || !top.as_path().is_dir() {
            self.session.places.config_file.clone()
        } else {
            top.join(RULES_FILE)
        };
        Some(Change::Add { line, file })
    }
}

fn explained(rule: &RuleLine, matched: &VaultPath) -> ExplainedRule {
    ExplainedRule {
        pattern: rule.text.clone(),
        why: rule.why.clone(),
        place: rule.place.clone(),
        matched: matched.clone(),
    }
}
