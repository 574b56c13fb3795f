//! A landing as its journal has it; and a landing made from a journal, to finish it or to go back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::base::{Leaf, Sink, VaultPath};
use crate::flow::FlowError;
use crate::flow::agreed::{Notes, is_of_tool};
use crate::flow::journal::{NoteSides, Touch, Touched, UnitPlace};
use crate::flow::meeting::Meeting;
use crate::flow::noted::is_closed;
use crate::flow::real_names::real_names;
use crate::flow::report::PulledUnit;
use crate::flow::scan::Scanned;
use crate::layout::PathNote;
use crate::restore::{Step, StepKind};
use crate::vault::{Objects, content_id};

use super::Landing;
use super::told::EDITED_SINCE;

/// What an edit made since and the way from one version to another come to together, where there is
/// such a thing: asked with what it began from, what the disk has, and where the way leads.
pub type Join<'a> =
    dyn FnMut(&VaultPath, [Option<Leaf>; 3]) -> Result<Option<Leaf>, FlowError> + 'a;

impl Landing {
    /// Notes what the steps touch, as it is and as it will be.
    pub(super) fn touch(&mut self, scanned: &Scanned, (met, vault_notes): (&Meeting, &Notes)) {
        let bases: HashMap<&VaultPath, Option<Leaf>> = met
            .decided
            .iter()
            .map(|(trio, _)| (&trio.path, trio.base))
            .collect();
        let mut paths = BTreeMap::new();
        let mut notes = NoteSides::default();
        for step in self.deletes.iter().chain(&self.writes) {
            let path = &step.path;
            let touch = Touch {
                before: step.kind.expected(),
                after: self.written(step),
                agreed: bases.get(path).copied().flatten(),
                then: self.then.get(path).copied().flatten(),
            };
            paths.insert(path.clone(), touch);
            keep_names(path, &scanned.notes, &mut notes.before);
            keep_names(path, vault_notes, &mut notes.after);
            if touch.before.is_some() && is_closed(path, &scanned.notes) {
                note(&mut notes.before, path).private = true;
            }
            if matches!(step.kind, StepKind::Write { private: true, .. }) {
                note(&mut notes.after, path).private = true;
            }
        }
        for step in &self.extras {
            let path = &step.path;
            keep_names(path, &scanned.notes, &mut notes.before);
            keep_names(path, vault_notes, &mut notes.after);
            match step.kind {
                StepKind::MakeDir => note(&mut notes.after, path).dir = true,
                StepKind::RemoveDir => note(&mut notes.before, path).dir = true,
                StepKind::Private(private) => {
                    note(&mut notes.before, path).private = is_closed(path, &scanned.notes);
                    note(&mut notes.after, path).private = private;
                }
                StepKind::Write { .. } | StepKind::Append { .. } | StepKind::Delete { .. } => {}
            }
        }
        if let Some(then) = &self.notes {
            notes.agreed = lacking(&met.base_notes, then);
            notes.then = lacking(then, &met.base_notes);
        }
        (self.touched.paths, self.touched.notes) = (paths, notes);
    }

    /// What a step leaves at its path.
    fn written(&self, step: &Step) -> Option<Leaf> {
        let leaf = step.kind.leaf()?;
        let own = self.contents.get(&step.path);
        Some(own.map_or(leaf, |bytes| Leaf {
            id: content_id(bytes),
            ..leaf
        }))
    }

    /// What the journal has of it: settings with their own keys go into this machine's store for that.
    pub fn journal(&self, objects: &mut Objects<'_>) -> Result<(String, Touched), FlowError> {
        for bytes in self.contents.values().chain(&self.replaced) {
            objects.put_blob(bytes)?;
        }
        let settled: BTreeSet<&VaultPath> = self.settled.iter().map(|(path, _)| path).collect();
        let mut touched = self.touched.clone();
        // A step that was given up since touches nothing.
        let stands = |path: &VaultPath| self.then.contains_key(path) || settled.contains(path);
        touched.paths.retain(|path, _| stands(path));
        Ok((self.key.clone(), touched))
    }

    /// An edit of this disk: what is agreed of it is none of its business.
    pub fn leave_agreed(&mut self) {
        self.notes = None;
        self.settled.clear();
        self.touched.notes.agreed.clear();
        self.touched.notes.then.clear();
    }

    /// The way from what a journal has as before to what it has as after, on a disk where this was
    /// found. A path where neither stands was edited since: it gets what both come to together, or
    /// is kept.
    pub fn again(
        (key, mut touched): (&str, Touched),
        found: &BTreeMap<VaultPath, Leaf>,
        agreed: &Notes,
        join: &mut Join<'_>,
    ) -> Result<Self, FlowError> {
        let mut landing = Self::bare(key, &touched.place);
        for (path, touch) in &mut touched.paths {
            let here = found.get(path).copied();
            if here != touch.before && here != touch.after {
                let Some(joined) = join(path, [touch.before, here, touch.after])? else {
                    landing.report.keep(path, EDITED_SINCE);
                    continue;
                };
                (touch.before, touch.after) = (here, Some(joined));
                landing.merged.insert(path.clone());
            }
            if here == touch.after {
                landing.settled.push((path.clone(), touch.then));
            } else {
                landing.step(path, touch, &touched.notes);
            }
        }
        for (path, was, is) in touched.notes.differing() {
            let kind = match (was.dir, is.dir) {
                (false, true) => StepKind::MakeDir,
                (true, false) => StepKind::RemoveDir,
                // A file that is written has its mode by that.
                _ if touched.paths.contains_key(path) => continue,
                _ => StepKind::Private(is.private),
            };
            let notes = match kind {
                StepKind::RemoveDir => &touched.notes.before,
                _ => &touched.notes.after,
            };
            landing.extra(path.clone(), notes, kind);
        }
        landing.keep_blocked();
        let notes = touched.notes.agree(agreed);
        landing.notes = (notes != *agreed).then_some(notes);
        landing.touched = touched;
        for kept in &landing.report.kept_paths {
            landing.touched.paths.remove(&kept.path);
        }
        Ok(landing)
    }

    fn bare(key: &str, place: &UnitPlace) -> Self {
        let report = PulledUnit::at(place.name.clone(), place.root.clone(), is_of_tool(key));
        Self::new(report, key.to_owned(), place.roots.clone())
    }

    fn step(&mut self, path: &VaultPath, touch: &Touch, notes: &NoteSides) {
        let (kind, notes) = match (touch.before, touch.after) {
            (expected, Some(leaf)) => {
                let private = notes.after.get(path).is_some_and(|note| note.private);
                let kind = StepKind::Write {
                    leaf,
                    private,
                    expected,
                };
                (kind, &notes.after)
            }
            (Some(expected), None) => (StepKind::Delete { expected }, &notes.before),
            (None, None) => return,
        };
        let Some(names) = real_names(path, notes) else {
            return;
        };
        let path = path.clone();
        self.then.insert(path.clone(), touch.then);
        let list = match kind {
            StepKind::Delete { .. } => &mut self.deletes,
            _ => &mut self.writes,
        };
        list.push(Step { path, names, kind });
    }
}

fn note<'n>(notes: &'n mut Notes, path: &VaultPath) -> &'n mut PathNote {
    notes.entry(path.clone()).or_default()
}

/// The real names on the way to a path.
fn keep_names(path: &VaultPath, known: &Notes, notes: &mut Notes) {
    if known.is_empty() {
        return;
    }
    for at in path.ancestors().chain([path.clone()]) {
        if let Some(name) = known.get(&at).and_then(|note| note.name.clone()) {
            note(notes, &at).name = Some(name);
        }
    }
}

/// What of some notes others lack, or have otherwise.
fn lacking(notes: &Notes, others: &Notes) -> Notes {
    let differs = |(path, note): &(&VaultPath, &PathNote)| others.get(*path) != Some(*note);
    let notes = notes.iter().filter(differs);
    notes
        .map(|(path, note)| (path.clone(), note.clone()))
        .collect()
}
