//! L: what this disk holds now.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Finding, HostPath, Leaf, ObjectId, VaultPath};
use crate::layout::{Owner, PathNote, names};
use crate::merge::{Edits, Graft, Scope, edit};
use crate::snapshot::{StatCache, TakeOptions, take};
use crate::source::{Left, Reason, WalkOptions, walk};
use crate::vault::Objects;

use super::agreed::Notes;
use super::unit::Unit;
use super::{Event, FlowError, Session, conflicts};

/// One project or tool, as it is on this disk.
pub struct Scanned {
    pub unit: Unit,
    pub tree: Option<ObjectId>,
    pub leaves: BTreeMap<VaultPath, Leaf>,
    pub notes: Notes,
    /// What stays behind, and why.
    pub left: BTreeMap<VaultPath, Left>,
    /// What the gate found in files that are withheld for it.
    pub findings: BTreeMap<VaultPath, Vec<Finding>>,
    /// The line at which a directory's own rules cannot be understood.
    pub lines: BTreeMap<VaultPath, usize>,
    pub missing_roots: Vec<VaultPath>,
    /// How large all of it is, in bytes.
    pub size: u64,
    /// There is something in the unit's directory: it is no mount point that waits for its disk.
    is_inhabited: bool,
    /// A tool that has no directory here: what was agreed about it is of another time.
    pub is_absent: bool,
    /// Temp files that a killed restore left.
    pub temp: Vec<HostPath>,
    tracked: BTreeSet<Vec<u8>>,
}

impl Scanned {
    /// Whether this machine may speak of a path.
    #[must_use]
    pub fn scope(&self, path: &VaultPath) -> Scope {
        if !self.unit.covers(path) || self.tracked.contains(path.as_str().as_bytes()) {
            return Scope::Out;
        }
        let left = self.left.get(path).into_iter();
        let above = path.ancestors().filter_map(|dir| self.left.get(&dir));
        if let Some(left) = left.chain(above).next() {
            // A size is of the moment; that a file is large because a rule says so is not.
            let by_rule = left.reason == Reason::TooLarge && left.rule.is_some();
            return if is_held(left.reason) && !by_rule {
                Scope::Held
            } else {
                Scope::Out
            };
        }
        if self.leaves.contains_key(path) {
            return Scope::Carried;
        }
        let ruled_out = self
            .unit
            .decide(path, false)
            .is_some_and(|decision| decision.is_out());
        if ruled_out {
            Scope::Out
        } else {
            Scope::Carried
        }
    }

    /// Whether a path lies in a state directory that is gone from a checkout that is there: it was
    /// cloned again, or cleaned. Of a directory in which nothing is at all nobody can say that.
    #[must_use]
    pub fn is_brought_back(&self, path: &VaultPath) -> bool {
        self.is_inhabited
            && self
                .missing_roots
                .iter()
                .any(|root| path.below(root).is_some())
    }

    /// Leaves the directories whose own rules are broken: what they meant cannot be guessed.
    fn leave_unruled(&mut self) {
        for (dir, fault) in std::mem::take(&mut self.unit.bad_rules) {
            let (line, why) = fault.line_and_cause();
            self.lines.extend(line.map(|line| (dir.clone(), line)));
            self.withhold(dir, Reason::BadRules, Some(why));
        }
    }

    /// Leaves the file behind that a finding is about, if it is one of this unit, which lies in `dir` of
    /// the vault, or a version of it was to be filed in a conflict. False where it is not, or where leaving the file
    /// behind did not help.
    pub fn hold_back(&mut self, dir: &VaultPath, finding: &Finding) -> bool {
        let filed = || {
            let id = finding.path.below(&names::conflicts_dir())?;
            let id = id.names().next()?;
            let mut paths = self.leaves.keys().chain(self.findings.keys());
            paths
                .find(|path| conflicts::id(&self.unit.owner, path) == id)
                .cloned()
        };
        let Some(path) = finding.path.below(dir).or_else(filed) else {
            return false;
        };
        let findings = self.findings.entry(path.clone()).or_default();
        if findings.contains(finding) {
            return false;
        }
        findings.push(finding.clone());
        self.withhold(path, Reason::HoldsSecret, Some(finding.rule.clone()));
        true
    }

    /// The values that hold a file back, each once.
    pub fn secrets(&self, path: &VaultPath) -> Vec<&Finding> {
        let mut seen = BTreeSet::new();
        let findings = self.findings.get(path).into_iter().flatten();
        findings
            .filter(|finding| seen.insert(&finding.fingerprint))
            .collect()
    }

    /// Leaves a path behind after all.
    pub fn withhold(&mut self, path: VaultPath, reason: Reason, rule: Option<String>) {
        let is_dir = !self.leaves.contains_key(&path);
        self.leaves.remove(&path);
        self.left.insert(
            path.clone(),
            Left {
                path,
                reason,
                rule,
                is_dir,
            },
        );
    }
}

/// Reasons that are of the moment: what was agreed stays agreed. The others are rules.
#[must_use]
pub const fn is_held(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::Disposable
            | Reason::MachineLocal
            | Reason::Secret
            | Reason::Tracked
            | Reason::Nested
            | Reason::CacheDir
            | Reason::Temporary
    )
}

/// Looks at one unit.
pub fn scan(
    session: &Session<'_>,
    unit: Unit,
    cache: &mut StatCache,
    objects: &mut Objects<'_>,
) -> Result<Scanned, FlowError> {
    session.tell(&Event::Scanning { name: &unit.name });
    let tracked = match &unit.owner {
        Owner::Project(_) => crate::repo::tracked(&unit.root, &unit.roots, &session.edges.env),
        Owner::Settings(_) => Ok(BTreeSet::new()),
    };
    if !unit.root.as_path().is_dir() {
        return Ok(unreadable(unit, Reason::Missing, None));
    }
    let tracked = match tracked {
        Ok(tracked) => tracked,
        // Without the list of tracked files none of them can be told from state: all of it waits.
        Err(fault) => {
            return Ok(unreadable(
                unit,
                Reason::Unreadable,
                Some(&fault.to_string()),
            ));
        }
    };
    let is_whole = |root: &&VaultPath| !unit.bad_rules.iter().any(|(dir, _)| dir == *root);
    let roots: Vec<VaultPath> = unit.roots.iter().filter(is_whole).cloned().collect();
    let walked = walk(&WalkOptions {
        root: &unit.root,
        roots: &roots,
        rules: &|path, is_dir| unit.decide_entry(path, is_dir),
        tracked: &|path| tracked.contains(path),
        max_file: session.config.max_file,
    })?;
    let sanitizer = |path: &VaultPath| unit.sanitizer(path);
    let options = TakeOptions {
        unit: &unit.key,
        sanitizer: &sanitizer,
        progress: &|_| (),
    };
    let snapshot = take(&walked, &options, cache, objects)?;
    let mut notes = snapshot.notes;
    parent_names(&unit.root, &walked.found, &mut notes);
    // A root that is not there is only worth a word where something was agreed below it: the guard
    // says so.
    let left = walked
        .left
        .into_iter()
        .filter(|left| left.reason != Reason::Missing)
        .chain(snapshot.left)
        .map(|left| (left.path.clone(), left));
    let mut scanned = Scanned {
        tree: None,
        leaves: snapshot.leaves,
        notes,
        left: left.collect(),
        findings: BTreeMap::new(),
        lines: BTreeMap::new(),
        missing_roots: walked.missing_roots,
        size: walked.found.iter().map(|found| found.stat.size).sum(),
        is_inhabited: is_inhabited(&unit.root),
        is_absent: false,
        temp: walked.temp,
        tracked,
        unit,
    };
    scanned.leave_unruled();
    scanned.tree = tree_of(objects, &scanned.leaves)?;
    Ok(scanned)
}

fn is_inhabited(root: &HostPath) -> bool {
    std::fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some())
}

/// The tree of a set of leaves.
pub fn tree_of(
    objects: &mut Objects<'_>,
    leaves: &BTreeMap<VaultPath, Leaf>,
) -> Result<Option<ObjectId>, FlowError> {
    let edits: Edits = leaves
        .iter()
        .map(|(path, leaf)| (path.clone(), Graft::Leaf(*leaf)))
        .collect();
    Ok(edit(objects, None, &edits)?)
}

/// A unit of which this disk has nothing, so that all of it may land.
pub fn absent(unit: Unit) -> Scanned {
    Scanned {
        left: BTreeMap::new(),
        is_absent: true,
        ..unreadable(unit, Reason::Missing, None)
    }
}

fn unreadable(unit: Unit, reason: Reason, why: Option<&str>) -> Scanned {
    let left = unit.roots.iter().map(|root| {
        let left = Left {
            path: root.clone(),
            reason,
            rule: why.map(str::to_owned),
            is_dir: true,
        };
        (root.clone(), left)
    });
    Scanned {
        tree: None,
        leaves: BTreeMap::new(),
        notes: Notes::new(),
        left: left.collect(),
        findings: BTreeMap::new(),
        lines: BTreeMap::new(),
        missing_roots: Vec::new(),
        size: 0,
        is_inhabited: false,
        is_absent: false,
        temp: Vec::new(),
        tracked: BTreeSet::new(),
        unit,
    }
}

/// Directories whose own name had to be escaped are noted too, so that they get it back.
fn parent_names(root: &HostPath, found: &[crate::source::Found], notes: &mut Notes) {
    use std::os::unix::ffi::OsStrExt;
    for found in found
        .iter()
        .filter(|found| found.path.as_str().contains('%'))
    {
        let mut host = found.host.as_path().parent();
        for dir in found.path.ancestors() {
            let Some(at) = host.filter(|at| *at != root.as_path()) else {
                break;
            };
            let real = at.file_name().map(OsStrExt::as_bytes).unwrap_or_default();
            if dir.name().is_some_and(|name| name.as_bytes() != real) {
                let name = Some(crate::layout::encode_name(real));
                notes.entry(dir).or_insert_with(|| PathNote {
                    name,
                    ..PathNote::default()
                });
            }
            host = at.parent();
        }
    }
}
