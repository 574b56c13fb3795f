//! L: what this disk holds now.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;

use crate::base::{Finding, HostPath, ObjectId, Stat, VaultPath};
use crate::layout::Owner;
use crate::merge::Scope;
use crate::restore::Step;
use crate::snapshot::{CacheKeys, Snapshot, StatCache, Subject, take};
use crate::source::{Left, Reason, WalkOptions, walk};
use crate::vault::Objects;

use super::agreed::Notes;
use super::another::is_another;
use super::database_copy::copy_of;
use super::real_names::real_names;
use super::unit::{Unit, shared_contents_key};
use super::{Event, FlowError, Session, Stage};

/// One project or tool, as it is on this disk.
pub struct Scanned {
    pub unit: Unit,
    pub tree: Option<ObjectId>,
    /// How many files and links travel, and their size.
    pub files: u64,
    pub bytes: u64,
    pub notes: Notes,
    /// What stays behind, and why.
    pub left: BTreeMap<VaultPath, Left>,
    /// Logs that travel without their last line, which is not ended yet.
    pub half_lines: BTreeSet<VaultPath>,
    /// What the gate found in files that are withheld for it.
    pub findings: BTreeMap<VaultPath, Vec<Finding>>,
    /// What the gate found in the project's own record.
    pub(super) of_record: Vec<Finding>,
    /// The paths that both sides changed.
    pub disputed: Vec<VaultPath>,
    /// The paths that have a person's choice, which a push has to carry first.
    pub decided: BTreeSet<VaultPath>,
    /// The line at which a directory's own rules cannot be understood.
    pub lines: BTreeMap<VaultPath, usize>,
    pub missing_roots: Vec<VaultPath>,
    /// Names that not every disk can tell apart, and the directory that they stand in.
    pub alike: Vec<(VaultPath, Vec<String>)>,
    /// There is something in the unit's directory: it is no mount point that waits for its disk.
    is_inhabited: bool,
    /// A tool that has no directory here: what was agreed about it is of another time.
    pub is_absent: bool,
    /// Temp files that a killed restore left.
    pub temp: Vec<HostPath>,
    tracked: Tracked,
    cache: Option<StatCache>,
}

impl Scanned {
    fn of(unit: Unit, tracked: Tracked, cache: StatCache, snapshot: Snapshot) -> Self {
        // A root that is not there is only worth a word where something was agreed below it: the
        // guard says so.
        let left = snapshot.left.into_iter();
        let left = left.filter(|left| left.reason != Reason::Missing);
        let mut scanned = Self {
            tree: snapshot.tree,
            files: snapshot.files,
            bytes: snapshot.bytes,
            notes: snapshot.notes,
            left: left.map(|left| (left.path.clone(), left)).collect(),
            half_lines: snapshot.half_lines.into_iter().collect(),
            findings: BTreeMap::new(),
            of_record: Vec::new(),
            disputed: Vec::new(),
            decided: BTreeSet::new(),
            lines: BTreeMap::new(),
            missing_roots: snapshot.missing_roots,
            alike: snapshot.alike,
            is_inhabited: is_inhabited(&unit.root),
            is_absent: false,
            temp: snapshot.temp,
            tracked,
            cache: Some(cache),
            unit,
        };
        scanned.leave_unruled();
        for path in std::mem::take(&mut scanned.unit.of_presets) {
            scanned.withhold(path, Reason::OfPreset, None);
        }
        scanned
    }

    /// A file was written here: as long as it stands so, its content need not be read. What is cleaned
    /// on its way to the vault has another content here.
    pub fn learn(&mut self, step: &Step, stat: Stat) {
        let (Some(cache), Some(leaf)) = (&mut self.cache, step.kind.leaf()) else {
            return;
        };
        let Some((name, above)) = step.names.split_last() else {
            return;
        };
        if self.unit.sanitizer(&step.path).is_some() {
            return;
        }
        let above: Vec<&[u8]> = above.iter().map(|name| name.as_bytes()).collect();
        cache.learn(&above.join(&b'/'), name.as_bytes(), (stat, leaf.id));
    }

    /// Remembers what was read, for the next run. The store has all of it by now.
    pub fn save_cache(&self) -> Result<(), FlowError> {
        Ok(self.cache.as_ref().map_or(Ok(()), StatCache::save)?)
    }

    /// Where a path is on this disk, as far as its real name is known.
    #[must_use]
    pub fn file(&self, path: &VaultPath) -> HostPath {
        let root = &self.unit.root;
        match real_names(path, &self.notes) {
            Some(names) => names.iter().fold(root.clone(), |at, name| at.join(name)),
            None => root.below(path),
        }
    }

    /// Whether this machine may speak of a path.
    #[must_use]
    pub fn scope(&self, path: &VaultPath) -> Scope {
        if !self.unit.covers(path) || self.tracked.contains(path.as_str().as_bytes()) {
            return Scope::Out;
        }
        if self.decided.contains(path) {
            return Scope::Held;
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
            self.withhold(dir, fault.reason(), Some(why));
        }
    }

    /// Leaves a path behind after all.
    pub fn withhold(&mut self, path: VaultPath, reason: Reason, rule: Option<String>) {
        let is_dir = self.unit.roots.contains(&path);
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
            | Reason::OfPreset
            | Reason::Nested
            | Reason::CacheDir
            | Reason::Temporary
            | Reason::BesideDatabase
    )
}

/// Looks at all units, side by side.
pub fn scan(
    session: &Session<'_>,
    units: Vec<Unit>,
    objects: &mut Objects<'_>,
    began_ns: i64,
) -> Result<Vec<Scanned>, FlowError> {
    session.tell(&Event::Scanning { units: units.len() });
    let prepared = prepare(session, units, began_ns);
    let (mut ready, mut waiting) = (Vec::new(), Vec::new());
    for (number, prepared) in prepared.into_iter().enumerate() {
        match prepared.tracked {
            Ok(tracked) => ready.push((number, prepared.unit, tracked, prepared.cache)),
            Err((reason, why)) => {
                waiting.push((number, unreadable(prepared.unit, reason, why.as_deref())));
            }
        }
    }
    let mut scanned = waiting;
    scanned.extend(take_all(session, ready, objects)?);
    scanned.sort_by_key(|(number, _)| *number);
    Ok(scanned.into_iter().map(|(_, scanned)| scanned).collect())
}

type Tracked = BTreeSet<Vec<u8>>;

/// A unit, and what is known before its directories are listed.
struct Prepared {
    unit: Unit,
    /// Without the list of tracked files none of them can be told from state: then all of it waits.
    tracked: Result<Tracked, (Reason, Option<String>)>,
    cache: StatCache,
}

/// Asks each project's git and reads each cache; on two threads, because both wait for the disk.
fn prepare(session: &Session<'_>, units: Vec<Unit>, began_ns: i64) -> Vec<Prepared> {
    let (env, places, max_file) = (&session.edges.env, &session.places, session.config.max_file);
    let contents = shared_contents_key(session);
    let one = |unit: Unit| {
        let tracked = match &unit.owner {
            _ if !unit.root.as_path().is_dir() => Err((Reason::Gone, None)),
            Owner::Settings(_) => Ok(Tracked::new()),
            Owner::Project(_) if is_another(&unit.root, &unit.marks, env).unwrap_or(false) => {
                Err((Reason::OtherRepository, None))
            }
            Owner::Project(_) => crate::repo::tracked(&unit.root, &unit.roots, env)
                .map_err(|fault| (Reason::Unreadable, Some(fault.to_string()))),
        };
        let keys = CacheKeys {
            contents: unit.contents_key(contents),
            rules: unit.rules_key(tracked.as_ref().ok(), max_file),
        };
        let cache = StatCache::open(places.stat_cache(&unit.key), keys, began_ns);
        Prepared {
            unit,
            tracked,
            cache,
        }
    };
    let half = units.len() / 2;
    let mut units = units;
    let second = units.split_off(half);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| second.into_iter().map(one).collect::<Vec<_>>());
        let mut all: Vec<Prepared> = units.into_iter().map(one).collect();
        match other.join() {
            Ok(more) => all.extend(more),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        all
    })
}

/// Lists and reads.
fn take_all(
    session: &Session<'_>,
    ready: Vec<(usize, Unit, Tracked, StatCache)>,
    objects: &mut Objects<'_>,
) -> Result<Vec<(usize, Scanned)>, FlowError> {
    let walked = {
        let roots: Vec<Vec<VaultPath>> = ready.iter().map(|(_, unit, ..)| unit.ruled()).collect();
        let asked: Vec<_> = ready
            .iter()
            .map(|(_, unit, tracked, cache)| {
                (
                    |path: &VaultPath, is_dir| unit.decide_entry(path, is_dir),
                    |path: &[u8]| tracked.contains(path),
                    |place: &[u8]| cache.past(place),
                )
            })
            .collect();
        let options: Vec<_> = ready
            .iter()
            .zip(&roots)
            .zip(&asked)
            .map(
                |(((_, unit, _, _), roots), (rules, tracked, past))| WalkOptions {
                    root: &unit.root,
                    roots,
                    rules,
                    tracked,
                    max_file: session.config.max_file,
                    past,
                },
            )
            .collect();
        walk(&options)
    };
    let (named, caches): (Vec<_>, Vec<_>) = ready
        .into_iter()
        .map(|(number, unit, tracked, cache)| ((number, unit, tracked), cache))
        .unzip();
    let mut caches: Vec<StatCache> = caches;
    let treatments: Vec<_> = named
        .iter()
        .map(|(_, unit, _)| |path: &VaultPath| unit.treatment(path))
        .collect();
    let subjects = named.iter().zip(&treatments).zip(&mut caches).zip(walked);
    let subjects = subjects.map(|((((_, unit, _), treatment), cache), walked)| {
        Ok(Subject {
            root: &unit.root,
            walked: walked?,
            treatment,
            cache,
        })
    });
    let subjects = subjects.collect::<Result<Vec<_>, FlowError>>()?;
    let copy = |database: &HostPath| copy_of(&session.places, database);
    let snapshots = take(subjects, objects, &copy, &session.tells(Stage::Reading))?;
    drop(treatments);
    let scanned = named.into_iter().zip(caches).zip(snapshots);
    Ok(scanned
        .map(|(((number, unit, tracked), cache), snapshot)| {
            (number, Scanned::of(unit, tracked, cache, snapshot))
        })
        .collect())
}

/// Whether there is anything in a directory.
#[must_use]
pub fn is_inhabited(root: &HostPath) -> bool {
    std::fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some())
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
        files: 0,
        bytes: 0,
        notes: Notes::new(),
        left: left.collect(),
        half_lines: BTreeSet::new(),
        findings: BTreeMap::new(),
        of_record: Vec::new(),
        disputed: Vec::new(),
        decided: BTreeSet::new(),
        lines: BTreeMap::new(),
        missing_roots: Vec::new(),
        alike: Vec::new(),
        is_inhabited: false,
        is_absent: false,
        temp: Vec::new(),
        tracked: Tracked::new(),
        cache: None,
        unit,
    }
}
