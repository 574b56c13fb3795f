//! Taking a snapshot of what the source found.

use std::collections::{BTreeMap, HashMap};

use crate::base::{HostPath, Intake, Kind, ObjectId, Sink, Tell, TreeEntry, VaultPath};
use crate::layout::{PathNote, encode_name};
use crate::source::{Dir, Entry, Left, Reason, Walked, What, alike};

use super::cache::{KnownDir, KnownDirs, StatCache, Whole, carry_over};
use super::database::{CopyDatabase, forget_databases};
use super::intake::{Asks, Job, JobKind, Key, OfDir, Outcome, Outcomes, read_all};
use super::spot::{host, is_all_private, is_log, place_of, shown};
use super::{Sanitizer, SnapshotError};

/// One project or tool to take a snapshot of.
pub struct Subject<'a> {
    pub root: &'a HostPath,
    pub walked: Walked,
    pub treatment: &'a dyn Fn(&VaultPath) -> Treatment,
    pub cache: &'a mut StatCache,
}

/// How the content of a file is taken.
#[derive(Debug)]
pub enum Treatment {
    /// Byte for byte.
    Plain,
    /// Settings, some of whose keys may stay here.
    Clean(Sanitizer),
    /// A database, of which a copy is made where it is in use.
    Copy,
}

/// What a disk holds, in clean form.
#[derive(Debug, Default)]
pub struct Snapshot {
    pub tree: Option<ObjectId>,
    pub files: u64,
    pub bytes: u64,
    pub notes: BTreeMap<VaultPath, PathNote>,
    /// What stays behind, and why.
    pub left: Vec<Left>,
    /// Logs that travel without their last line, which is not ended yet.
    pub half_lines: Vec<VaultPath>,
    pub missing_roots: Vec<VaultPath>,
    /// Names that not every disk can tell apart, and the directory that they stand in.
    pub alike: Vec<(VaultPath, Vec<String>)>,
    /// What a killed run of our own left behind.
    pub temp: Vec<HostPath>,
}

/// Reads what is new, and takes the rest from the caches. `tell` is told of every file that is read.
pub fn take<S: Sink + Intake>(
    subjects: Vec<Subject<'_>>,
    sink: &mut S,
    copy: CopyDatabase<'_>,
    tell: Tell<'_>,
) -> Result<Vec<Snapshot>, SnapshotError> {
    let takes: Vec<Taking<'_>> = subjects.into_iter().map(Taking::begin).collect();
    let mut jobs = Vec::new();
    for (unit, taking) in takes.iter().enumerate() {
        taking.unread(unit, &mut jobs);
    }
    let dirs: Vec<_> = takes
        .iter()
        .map(|taking| (taking.root, &*taking.dirs))
        .collect();
    let place = |(unit, dir, entry): Key| {
        let (root, dirs): (&HostPath, &[Taken]) = dirs[unit];
        let Taken { place, known, .. } = &dirs[dir];
        host(root, place, &known.listing.entries[entry].name)
    };
    let asks = Asks {
        place: &place,
        copy,
        tell,
    };
    let outcomes = read_all(jobs, sink, &asks)?;
    takes
        .into_iter()
        .enumerate()
        .map(|(unit, taking)| taking.finish((unit, &outcomes), sink))
        .collect()
}

/// One directory on its way into the snapshot.
struct Taken {
    path: VaultPath,
    place: Vec<u8>,
    on_the_way: bool,
    known: KnownDir,
    /// As the last run saw it.
    same: bool,
    /// What the last run made of it.
    before: Option<Whole>,
}

struct Taking<'a> {
    root: &'a HostPath,
    treatment: &'a dyn Fn(&VaultPath) -> Treatment,
    cache: &'a mut StatCache,
    dirs: Vec<Taken>,
    snapshot: Snapshot,
}

impl<'a> Taking<'a> {
    fn begin(subject: Subject<'a>) -> Self {
        let mut old = std::mem::take(&mut subject.cache.dirs);
        let take = |dir: Dir| {
            let before = old.remove(&dir.place);
            let same = dir.listing.is_none();
            let known = match (dir.listing, before) {
                (None, Some(known)) => KnownDir {
                    written: Vec::new(),
                    ..known
                },
                (None, None) => KnownDir::default(),
                (Some(listing), before) => {
                    let mut ids = carry_over(before.unwrap_or_default(), &listing);
                    forget_databases(&listing, &mut ids);
                    KnownDir {
                        ids,
                        alike: alike(&listing),
                        listing,
                        whole: None,
                        written: Vec::new(),
                    }
                }
            };
            Taken {
                path: dir.path,
                place: dir.place,
                on_the_way: dir.on_the_way,
                before: known.whole,
                known,
                same,
            }
        };
        let dirs: Vec<Taken> = subject.walked.dirs.into_iter().map(take).collect();
        subject.cache.changed |= !old.is_empty();
        Self {
            root: subject.root,
            treatment: subject.treatment,
            cache: subject.cache,
            dirs,
            snapshot: Snapshot {
                left: subject.walked.left,
                missing_roots: subject.walked.missing_roots,
                ..Snapshot::default()
            },
        }
    }

    /// The files whose content is not known.
    fn unread(&self, unit: usize, jobs: &mut Vec<Job>) {
        for (at, dir) in self.dirs.iter().enumerate() {
            let entries = dir
                .known
                .listing
                .entries
                .iter()
                .zip(&dir.known.ids)
                .enumerate();
            for (number, (entry, id)) in entries {
                let (What::File(stat) | What::Link(stat), None) = (&entry.what, id) else {
                    continue;
                };
                let Ok(path) = dir.path.child(entry.vault_name()) else {
                    continue;
                };
                let kind = match &entry.what {
                    What::Link(_) => JobKind::Link,
                    _ if is_log(&entry.name) => JobKind::Log {
                        may_be_torn: self.cache.is_young(stat),
                    },
                    _ => match (self.treatment)(&path) {
                        Treatment::Clean(sanitizer) => JobKind::Settings(Box::new(sanitizer)),
                        Treatment::Copy => JobKind::Database,
                        Treatment::Plain => JobKind::File,
                    },
                };
                jobs.push(Job {
                    key: (unit, at, number),
                    size: stat.size,
                    kind,
                });
            }
        }
    }

    /// Puts the trees together, from the innermost directories outwards.
    fn finish(
        mut self,
        (unit, outcomes): (usize, &Outcomes),
        sink: &mut dyn Sink,
    ) -> Result<Snapshot, SnapshotError> {
        let mut done: HashMap<Vec<u8>, Below> = HashMap::with_capacity(self.dirs.len());
        let mut known = KnownDirs::with_capacity(self.dirs.len());
        let mut changed = false;
        while let Some(mut dir) = self.dirs.pop() {
            let read = outcomes.of(unit, self.dirs.len());
            self.describe(&dir, read);
            let mut below = compose(&mut dir, read, &done, sink)?;
            changed |= self.settle(&mut dir, read, &mut below);
            done.insert(dir.place.clone(), below);
            known.insert(dir.place, dir.known);
        }
        if let Some(below) = done.get(&[][..]) {
            self.snapshot.tree = below.whole.tree;
            self.snapshot.files = below.whole.files;
            self.snapshot.bytes = below.whole.bytes;
        }
        self.cache.dirs = known;
        self.cache.changed |= changed;
        Ok(self.snapshot)
    }

    /// What is to be said about a directory beside its contents.
    fn describe(&mut self, dir: &Taken, read: OfDir<'_>) {
        let listing = &dir.known.listing;
        if let Some(reason) = listing.closed {
            self.snapshot.left.push(Left {
                path: dir.path.clone(),
                reason,
                rule: None,
                is_dir: true,
            });
        } else if listing.entries.is_empty() && !dir.on_the_way {
            note(&mut self.snapshot.notes, dir.path.clone(), |note| {
                note.dir = true;
            });
        }
        let alike = dir.known.alike.iter().cloned();
        let alike = alike.map(|names| (dir.path.clone(), names));
        self.snapshot.alike.extend(alike);
        let all_private = is_all_private(listing);
        if all_private {
            note(&mut self.snapshot.notes, dir.path.clone(), |note| {
                note.closed = true;
            });
        }
        for (number, entry) in listing.entries.iter().enumerate() {
            if let What::Stays(stay) = &entry.what {
                if stay.reason == Reason::Temporary {
                    self.snapshot
                        .temp
                        .push(host(self.root, &dir.place, &entry.name));
                }
                self.snapshot.left.push(Left {
                    path: shown(&dir.path, entry),
                    reason: stay.reason,
                    rule: stay.rule.clone(),
                    is_dir: stay.is_dir,
                });
                continue;
            }
            match read.get(number) {
                Some(Outcome::Left(reason, what)) => self.snapshot.left.push(Left {
                    path: shown(&dir.path, entry),
                    reason: *reason,
                    rule: what.as_deref().map(str::to_owned),
                    is_dir: false,
                }),
                Some(Outcome::Torn(_)) if is_log(&entry.name) => {
                    self.snapshot.half_lines.push(shown(&dir.path, entry));
                }
                _ => {}
            }
            let private = match &entry.what {
                What::File(stat) => stat.is_private() && !all_private,
                _ => false,
            };
            if private || entry.alias.is_some() {
                note(&mut self.snapshot.notes, shown(&dir.path, entry), |note| {
                    note.private |= private;
                    note.name = entry.alias.as_ref().map(|_| encode_name(&entry.name));
                });
            }
        }
    }

    /// What the next run may rely on; says whether that is anything new.
    fn settle(&self, dir: &mut Taken, read: OfDir<'_>, below: &mut Below) -> bool {
        let mut is_new = !dir.same;
        let mut is_whole = below.settled && dir.known.listing.closed.is_none();
        let entries = dir.known.listing.entries.iter().zip(&mut dir.known.ids);
        for (number, (entry, id)) in entries.enumerate() {
            let (What::File(stat) | What::Link(stat)) = &entry.what else {
                continue;
            };
            match read.get(number) {
                Some(Outcome::Torn(_)) => *id = None,
                Some(Outcome::Read(_)) if self.cache.is_racy(stat) => *id = None,
                Some(Outcome::Read(_)) => is_new = true,
                _ => {}
            }
            is_whole &= id.is_some();
        }
        below.settled = is_whole;
        dir.known.whole = is_whole.then_some(below.whole);
        is_new || dir.known.whole != dir.before
    }
}

/// What a directory and everything below it came to.
struct Below {
    whole: Whole,
    /// As the last run left it.
    same: bool,
    /// Everything below it can be relied on.
    settled: bool,
}

fn compose(
    dir: &mut Taken,
    read: OfDir<'_>,
    done: &HashMap<Vec<u8>, Below>,
    sink: &mut dyn Sink,
) -> Result<Below, SnapshotError> {
    let inner = |entry: &Entry| done.get(&place_of(&dir.place, &entry.name));
    let dirs = || {
        dir.known
            .listing
            .entries
            .iter()
            .filter(|entry| entry.what == What::Dir)
    };
    if let Some(whole) = dir.known.whole.filter(|_| dir.same)
        && dirs().all(|entry| inner(entry).is_some_and(|below| below.same))
    {
        return Ok(Below {
            whole,
            same: true,
            settled: true,
        });
    }
    let settled = dirs().all(|entry| inner(entry).is_some_and(|below| below.settled));
    let mut whole = Whole {
        tree: None,
        files: 0,
        bytes: 0,
    };
    let mut entries = Vec::new();
    let mut ids = std::mem::take(&mut dir.known.ids);
    for (number, (entry, id)) in dir.known.listing.entries.iter().zip(&mut ids).enumerate() {
        if let Some(Outcome::Read(now) | Outcome::Torn(now)) = read.get(number) {
            *id = Some(*now);
        }
        let below = inner(entry).map(|below| below.whole);
        if let Some(below) = below {
            whole.files += below.files;
            whole.bytes += below.bytes;
        }
        let Some((kind, id, size)) = leaf_of(entry, *id, below) else {
            continue;
        };
        if kind != Kind::Tree {
            whole.files += 1;
            whole.bytes += size;
        }
        entries.push(TreeEntry {
            name: entry.vault_name().to_vec(),
            kind,
            id,
        });
    }
    dir.known.ids = ids;
    if !entries.is_empty() {
        whole.tree = Some(sink.put_tree(&entries)?);
    }
    Ok(Below {
        whole,
        same: false,
        settled,
    })
}

/// What an entry is in a tree; nothing where it is in none.
fn leaf_of(
    entry: &Entry,
    id: Option<ObjectId>,
    below: Option<Whole>,
) -> Option<(Kind, ObjectId, u64)> {
    match &entry.what {
        What::File(stat) if stat.is_exec() => Some((Kind::Exec, id?, stat.size)),
        What::File(stat) => Some((Kind::File, id?, stat.size)),
        What::Link(stat) => Some((Kind::Link, id?, stat.size)),
        What::Dir => Some((Kind::Tree, below?.tree?, 0)),
        What::Stays(_) => None,
    }
}

fn note(
    notes: &mut BTreeMap<VaultPath, PathNote>,
    path: VaultPath,
    change: impl FnOnce(&mut PathNote),
) {
    change(notes.entry(path).or_default());
}
