//! The disk's side of a pull: what is written, deleted and kept in one project or tool.

use std::collections::BTreeMap;

use crate::base::{Blobs, Leaf, ObjectId, PathFault, VaultPath, create_private_dir};
use crate::doc::DocError;
use crate::merge::{InVault, OnDisk, Trio, Verdict, merge_notes};
use crate::restore::{RestoreError, Step, StepKind, StepOutcome, WhyKept, apply};
use crate::source::Reason;
use crate::vault::{Objects, content_id};

use super::agreed::{Notes, as_in_vault};
use super::guard::withhold_emptied;
use super::pull::{KeptLine, PulledUnit};
use super::real_names::real_names;
use super::report::{Change, ChangeKind};
use super::round::judge;
use super::scan::Scanned;
use super::{FlowError, Writer, settings_text};

/// What is to land, and how.
pub struct Landing {
    pub vault: Option<ObjectId>,
    pub base_notes: Notes,
    pub vault_notes: Notes,
    pub trios: Vec<Trio>,
    pub faults: Vec<PathFault>,
    pub allow_mass_delete: bool,
    pub dry_run: bool,
}

/// What became of it.
pub struct Landed {
    pub report: PulledUnit,
    /// What is agreed from now on, by path.
    pub agreed: Vec<(VaultPath, Option<Leaf>)>,
    pub notes: Option<Notes>,
    pub conflicts: Vec<VaultPath>,
}

/// Brings one unit up to what the vault has.
pub fn land(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    scanned: &mut Scanned,
    mut landing: Landing,
) -> Result<Landed, FlowError> {
    let trios = std::mem::take(&mut landing.trios);
    let mut decided = judge(objects, landing.vault, trios, scanned)?;
    if !landing.allow_mass_delete && withhold_emptied(scanned, &decided) {
        let trios = decided.into_iter().map(|(trio, _)| trio).collect();
        decided = judge(objects, landing.vault, trios, scanned)?;
    }
    let mut plan = Plan::new(scanned);
    plan.hostile(&landing.faults);
    let mut contents = BTreeMap::new();
    for (trio, verdict) in &decided {
        plan.take(objects, &landing, (trio, verdict), &mut contents)?;
    }
    let notes = plan.notes(&landing);
    let mut outcomes = Plan::settled(&decided);
    if landing.dry_run {
        plan.foresee();
    } else {
        outcomes.extend(plan.carry_out(writer, objects, &contents)?);
    }
    let (damaged, report, conflicts) = (plan.damaged, plan.report, plan.conflicts);
    for (path, fault) in damaged {
        let why = format!("in the vault: {fault}");
        scanned.withhold(path, Reason::Damaged, Some(why));
    }
    Ok(Landed {
        report,
        agreed: outcomes,
        notes,
        conflicts,
    })
}

/// Contents that are not in the vault as they will be on the disk.
type Contents = BTreeMap<VaultPath, Vec<u8>>;

struct Plan<'s> {
    scanned: &'s Scanned,
    report: PulledUnit,
    conflicts: Vec<VaultPath>,
    damaged: Vec<(VaultPath, DocError)>,
    deletes: Vec<Step>,
    writes: Vec<Step>,
    extras: Vec<Step>,
    /// What is agreed once a step is done, by path.
    then: BTreeMap<VaultPath, Option<Leaf>>,
}

impl<'s> Plan<'s> {
    fn new(scanned: &'s Scanned) -> Self {
        Self {
            scanned,
            report: PulledUnit::of(&scanned.unit),
            conflicts: Vec::new(),
            damaged: Vec::new(),
            deletes: Vec::new(),
            writes: Vec::new(),
            extras: Vec::new(),
            then: BTreeMap::new(),
        }
    }

    /// Names that no disk of ours takes: said, and nothing more.
    fn hostile(&mut self, faults: &[PathFault]) {
        self.report.refused_names = faults.iter().map(PathFault::to_string).collect();
    }

    fn take(
        &mut self,
        objects: &Objects<'_>,
        landing: &Landing,
        (trio, verdict): (&Trio, &Verdict),
        contents: &mut Contents,
    ) -> Result<(), FlowError> {
        let path = &trio.path;
        let kind = match verdict.disk {
            OnDisk::Leave => return Ok(()),
            OnDisk::Kept if verdict.vault == InVault::File => {
                self.conflicts.push(path.clone());
                self.report.keep(path, "changed_here_and_there");
                return Ok(());
            }
            OnDisk::Kept => {
                self.report.keep(path, "changed_here");
                return Ok(());
            }
            OnDisk::Delete => {
                let Some(expected) = trio.local else {
                    return Ok(());
                };
                StepKind::Delete { expected }
            }
            OnDisk::Write(leaf) => {
                let private = landing
                    .vault_notes
                    .get(path)
                    .is_some_and(|note| note.private);
                StepKind::Write {
                    leaf,
                    private,
                    expected: trio.local,
                }
            }
        };
        // The vault forgets the real name of a path with the path; this disk still knows it.
        let notes = match kind {
            StepKind::Delete { .. } => &self.scanned.notes,
            _ => &landing.vault_notes,
        };
        let Some(names) = real_names(path, notes) else {
            self.report.keep(path, "name_refused");
            return Ok(());
        };
        let mut step = Step {
            path: path.clone(),
            names,
            kind,
        };
        if self.scanned.unit.is_settings() && !self.with_local_keys(objects, &mut step, contents)? {
            return Ok(());
        }
        self.then.insert(path.clone(), verdict.base_after_pull);
        match step.kind {
            StepKind::Delete { .. } => self.deletes.push(step),
            _ => self.writes.push(step),
        }
        Ok(())
    }

    /// Settings keep this machine's own keys: what is written is the vault's text with them in it,
    /// and what is expected is the file as it stands here. False: this file stays as it is.
    fn with_local_keys(
        &mut self,
        objects: &Objects<'_>,
        step: &mut Step,
        contents: &mut Contents,
    ) -> Result<bool, FlowError> {
        let unit = &self.scanned.unit;
        let (leaf, expected) = match &step.kind {
            StepKind::Write { leaf, expected, .. } => (Some(*leaf), *expected),
            StepKind::Delete { expected } => (None, Some(*expected)),
            _ => return Ok(true),
        };
        let local = expected.and_then(|seen| settings_text::read(unit, &step.path, seen));
        if expected.is_some() && local.is_none() {
            self.report.keep(&step.path, "changed");
            return Ok(false);
        }
        let standing = local.as_ref().zip(expected);
        let raw = standing.map(|(raw, seen)| Leaf {
            id: content_id(raw),
            ..seen
        });
        match leaf {
            None => {
                let raw = raw.expect("a deletion expects a file");
                let bytes = local.as_deref().unwrap_or_default();
                if settings_text::has_local_keys(unit, &step.path, bytes) {
                    self.report.keep(&step.path, "has_local_keys");
                    return Ok(false);
                }
                step.kind = StepKind::Delete { expected: raw };
            }
            Some(leaf) => {
                let text = objects.blob(leaf.id)?;
                let merged = settings_text::overlay(unit, &step.path, &text, local.as_deref());
                let merged = match merged {
                    Ok(merged) => merged,
                    Err(fault) => {
                        self.damaged.push((step.path.clone(), fault));
                        self.report.keep(&step.path, "damaged_in_vault");
                        return Ok(false);
                    }
                };
                contents.insert(step.path.clone(), merged);
                let noted = self
                    .scanned
                    .notes
                    .get(&step.path)
                    .is_some_and(|note| note.private);
                step.kind = StepKind::Write {
                    leaf,
                    private: noted || expected.is_none(),
                    expected: raw,
                };
            }
        }
        Ok(true)
    }

    /// Empty directories and private files; what is noted as agreed from now on.
    fn notes(&mut self, landing: &Landing) -> Option<Notes> {
        let scanned = self.scanned;
        let speaks = |path: &VaultPath| scanned.scope(path) == crate::merge::Scope::Carried;
        let (base, vault) = (&landing.base_notes, &landing.vault_notes);
        let local = &as_in_vault(&scanned.notes, vault);
        let merged = merge_notes(base, local, vault, &speaks);
        let mut agreed = base.clone();
        for path in local.keys().chain(base.keys()).chain(vault.keys()) {
            if local.get(path) == vault.get(path) || merged.disk.contains_key(path) {
                match vault.get(path) {
                    Some(note) => agreed.insert(path.clone(), note.clone()),
                    None => agreed.remove(path),
                };
            }
        }
        for (path, note) in &merged.disk {
            let was = local.get(path).cloned().unwrap_or_default();
            let now = note.clone().unwrap_or_default();
            let kind = match (was.dir, now.dir) {
                (false, true) => StepKind::MakeDir,
                (true, false) => StepKind::RemoveDir,
                _ if was.private != now.private => StepKind::Private(now.private),
                _ => continue,
            };
            let notes = match kind {
                StepKind::RemoveDir => local,
                _ => vault,
            };
            if let Some(names) = real_names(path, notes) {
                self.extras.push(Step {
                    path: path.clone(),
                    names,
                    kind,
                });
            }
        }
        (agreed != *base).then_some(agreed)
    }

    /// Paths that need no step: what is agreed about them changes all the same.
    fn settled(decided: &[(Trio, Verdict)]) -> Vec<(VaultPath, Option<Leaf>)> {
        let settled = decided
            .iter()
            .filter(|(_, verdict)| verdict.disk == OnDisk::Leave);
        let settled = settled.filter(|(trio, verdict)| verdict.base_after_pull != trio.base);
        settled
            .map(|(trio, verdict)| (trio.path.clone(), verdict.base_after_pull))
            .collect()
    }

    fn foresee(&mut self) {
        for step in self.deletes.iter().chain(&self.writes) {
            self.report.changes.push(change_of(step));
        }
        self.report.recount();
    }

    /// Deletions first, so that a file can take the place of a directory; then files, then the rest.
    fn carry_out(
        &mut self,
        writer: &Writer<'_>,
        objects: &Objects<'_>,
        contents: &Contents,
    ) -> Result<Vec<(VaultPath, Option<Leaf>)>, FlowError> {
        let content = |step: &Step| -> Result<Vec<u8>, RestoreError> {
            match (&step.kind, contents.get(&step.path)) {
                (_, Some(bytes)) => Ok(bytes.clone()),
                (StepKind::Write { leaf, .. }, None) => Ok(objects.blob(leaf.id)?),
                _ => Ok(Vec::new()),
            }
        };
        let mut agreed = Vec::new();
        if self.scanned.unit.is_settings() && !self.writes.is_empty() {
            // The first settings of a tool may come before the tool.
            create_private_dir(self.scanned.unit.root.as_path())?;
        }
        for steps in [&self.deletes, &self.writes, &self.extras] {
            if steps.is_empty() {
                continue;
            }
            let root = &self.scanned.unit.root;
            let random = writer.session.edges.random.as_ref();
            let outcomes = apply(root, steps, &content, &content_id, random)?;
            for (step, outcome) in steps.iter().zip(outcomes) {
                match outcome {
                    StepOutcome::Done => {
                        // A mode or an empty directory says nothing about the content.
                        let content =
                            matches!(step.kind, StepKind::Write { .. } | StepKind::Delete { .. });
                        if let Some(leaf) = self.then.get(&step.path).filter(|_| content) {
                            agreed.push((step.path.clone(), *leaf));
                            self.report.changes.push(change_of(step));
                        }
                    }
                    StepOutcome::Kept(why) => self.report.keep(&step.path, word(why)),
                }
            }
        }
        self.report.recount();
        Ok(agreed)
    }
}

fn change_of(step: &Step) -> Change {
    let change = match &step.kind {
        StepKind::Write { expected: None, .. } => ChangeKind::Added,
        StepKind::Write { .. } => ChangeKind::Changed,
        _ => ChangeKind::Removed,
    };
    Change {
        path: step.path.clone(),
        change,
    }
}

const fn word(why: WhyKept) -> &'static str {
    match why {
        WhyKept::Changed => "changed",
        WhyKept::InTheWay => "in_the_way",
        WhyKept::NotADirectory => "not_a_directory",
        WhyKept::LinkLeaves => "link_leaves",
        WhyKept::NameRefused => "name_refused",
        WhyKept::NotAllowed => "not_allowed",
    }
}

impl PulledUnit {
    fn keep(&mut self, path: &VaultPath, why: &'static str) {
        self.kept_paths.push(KeptLine {
            path: path.clone(),
            why,
        });
        self.kept = self.kept_paths.len();
    }

    fn recount(&mut self) {
        let count = |kind: ChangeKind| {
            self.changes
                .iter()
                .filter(|change| change.change == kind)
                .count()
        };
        (self.added, self.changed, self.removed) = (
            count(ChangeKind::Added),
            count(ChangeKind::Changed),
            count(ChangeKind::Removed),
        );
    }
}
