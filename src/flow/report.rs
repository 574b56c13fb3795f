//! What flows report: the JSON that scripts rely on, in one place.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::base::{HostPath, Id, Leaf, VaultPath};
use crate::merge::Remark;
pub use crate::source::Reason;
use crate::source::RulePlace;

pub use super::change::{Change, ChangeKind, Counts, Part};
use super::take::TakenLine;
use super::unit::Unit;

/// Something about a path that a person would want to hear.
#[derive(Clone, Debug, Serialize)]
pub struct RemarkLine {
    pub path: VaultPath,
    pub remark: &'static str,
}

/// What a run changes in one project or tool.
#[derive(Clone, Debug, Serialize)]
pub struct UnitChanges {
    pub name: String,
    pub path: HostPath,
    #[serde(skip)]
    pub is_settings: bool,
    /// Nothing of it was agreed with the vault before.
    pub first: bool,
    /// By settings file that changes: the keys that stay on this machine.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub local_keys: BTreeMap<VaultPath, Vec<String>>,
    /// How many files change; directories and modes are among the changes.
    pub files: usize,
    pub changes: Vec<Change>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<RemarkLine>,
    /// What changed elsewhere, too: the vault gets both changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<VaultPath>,
}

impl UnitChanges {
    #[must_use]
    pub fn of(unit: &Unit) -> Self {
        Self {
            name: unit.name.clone(),
            path: unit.root.clone(),
            is_settings: unit.is_settings(),
            first: false,
            local_keys: BTreeMap::new(),
            files: 0,
            changes: Vec::new(),
            remarks: Vec::new(),
            merged: Vec::new(),
        }
    }

    pub fn push(&mut self, path: &VaultPath, before: Option<Leaf>, after: Option<Leaf>) {
        self.changes.push(Change {
            path: path.clone(),
            change: ChangeKind::between(before, after),
        });
        self.files += 1;
    }

    /// What changes beside its files. Of a file that changes anyway that is said already.
    pub fn beside_files(&mut self, changes: Vec<Change>) {
        let said: BTreeSet<VaultPath> = self.changes.iter().map(|it| it.path.clone()).collect();
        let new = changes.into_iter().filter(|it| !said.contains(&it.path));
        self.changes.extend(new);
    }

    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(&self.changes)
    }

    /// Notes which keys of a settings file stay here.
    pub fn keep_keys(&mut self, unit: &Unit, path: &VaultPath) {
        let keys = unit.local_keys(path);
        if !keys.is_empty() {
            self.local_keys.insert(path.clone(), keys);
        }
    }

    pub fn remark(&mut self, path: &VaultPath, remark: Option<Remark>) {
        let remark = match remark {
            Some(Remark::DeletedHereChangedThere) => {
                "deleted here, changed elsewhere: the change stays"
            }
            Some(Remark::ChangedHereDeletedThere) => {
                "changed here, deleted elsewhere: the change stays"
            }
            Some(Remark::Merged) => return self.merged.push(path.clone()),
            None => return,
        };
        self.remarks.push(RemarkLine {
            path: path.clone(),
            remark,
        });
    }
}

/// A path that two machines changed and that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a line answers several yes-or-no questions that scripts ask"
)]
pub struct ConflictLine {
    pub id: String,
    pub kind: &'static str,
    pub project: String,
    pub path: VaultPath,
    /// The vault has every version of it. Else this disk's own waits for a push to be filed.
    pub filed: bool,
    /// This disk has a version that the vault does not have at the path.
    pub here: bool,
    /// Where versions are on file in the vault.
    pub dir: Option<VaultPath>,
    /// The machines whose versions these are, by name.
    pub machines: Vec<String>,
    /// It was decided here: the next push carries the decision.
    pub decided: bool,
    /// What the vault has of it cannot be read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub damaged: bool,
}

impl ConflictLine {
    /// A conflict, before anybody looked up who has which version.
    #[must_use]
    pub fn file(id: String, project: &str, path: VaultPath) -> Self {
        Self {
            id,
            kind: "file",
            project: project.to_owned(),
            path,
            filed: false,
            here: false,
            dir: None,
            machines: Vec::new(),
            decided: false,
            damaged: false,
        }
    }

    /// One of which nobody can say what it is about.
    #[must_use]
    pub fn damaged(id: String, record: VaultPath) -> Self {
        Self {
            damaged: true,
            ..Self::file(id, "the vault", record)
        }
    }
}

/// A path that stays behind and wants somebody's attention. Never its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WithheldLine {
    pub project: String,
    pub path: VaultPath,
    /// Where it is on this disk.
    pub file: HostPath,
    pub reason: Reason,
    pub rule: Option<String>,
    pub line: Option<usize>,
    /// Names a secret without telling it: for `secret allow`.
    pub fingerprint: Option<String>,
    /// What exactly is wrong with it, where that is known.
    pub detail: Option<String>,
}

/// A path that stays behind because a rule says so.
#[derive(Clone, Debug, Serialize)]
pub struct LeftLine {
    pub project: String,
    pub path: VaultPath,
    pub reason: Reason,
    pub rule: Option<String>,
    /// Where that rule stands.
    pub place: Option<RulePlace>,
}

/// A project or tool with more state than a person may be aware of.
#[derive(Clone, Debug, Serialize)]
pub struct LargeLine {
    pub project: String,
    /// In bytes.
    pub size: u64,
    pub limit: u64,
}

/// Names in one directory that differ only in case or Unicode form. All of them travel; a disk that
/// cannot tell them apart takes the first alone.
#[derive(Clone, Debug, Serialize)]
pub struct AlikeLine {
    pub project: String,
    /// The directory.
    pub path: VaultPath,
    pub names: Vec<String>,
}

/// How many files were looked at and what becomes of them.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct FileCounts {
    pub scanned: u64,
    #[serde(flatten)]
    pub counts: Counts,
}

/// A registered project that takes no part, and why.
#[derive(Clone, Debug, Serialize)]
pub struct SkippedProject {
    pub name: String,
    pub path: HostPath,
    pub reason: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
}

/// A project of the vault that a checkout of this disk could be.
#[derive(Clone, Debug, Serialize)]
pub struct Candidate {
    pub id: Id,
    pub name: String,
    pub remotes: Vec<String>,
}

/// A path that stays as it is on this disk, and why.
#[derive(Clone, Debug, Serialize)]
pub struct KeptLine {
    pub path: VaultPath,
    pub why: &'static str,
}

impl KeptLine {
    /// It stays so until a person does something about it.
    #[must_use]
    pub fn waits(&self) -> bool {
        [CASE_CLASH, DATABASE_IN_USE, LINKED, NOT_ALLOWED, READ_ONLY].contains(&self.why)
    }

    /// It is not for what is there that it stays so.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.waits() || self.why == JUST_WRITTEN
    }
}

/// This disk takes another name for that one.
pub const CASE_CLASH: &str = "case_clash";
/// A link stands there, or on the way to it: what it leads to is somebody else's.
pub const LINKED: &str = "linked";
/// This user may not write there.
pub const NOT_ALLOWED: &str = "not_allowed";
/// Nobody may write there: it is mounted so.
pub const READ_ONLY: &str = "read_only";
/// Something was written to a log that would be replaced.
pub const JUST_WRITTEN: &str = "just_written";
/// A program has the database open.
pub const DATABASE_IN_USE: &str = "database_in_use";

/// What a pull does in one project or tool.
#[derive(Debug, Serialize)]
pub struct PulledUnit {
    pub name: String,
    pub path: HostPath,
    #[serde(flatten)]
    pub counts: Counts,
    pub kept: usize,
    pub changes: Vec<Change>,
    pub kept_paths: Vec<KeptLine>,
    /// What changed here, too: the disk gets both changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<VaultPath>,
    /// Conflicts that were decided, because the person said for which side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<TakenLine>,
    /// Names in the vault that no disk of ours takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused_names: Vec<String>,
    #[serde(skip)]
    pub is_settings: bool,
}

impl PulledUnit {
    #[must_use]
    pub fn of(unit: &Unit) -> Self {
        Self::at(unit.name.clone(), unit.root.clone(), unit.is_settings())
    }

    #[must_use]
    pub fn at(name: String, path: HostPath, is_settings: bool) -> Self {
        Self {
            name,
            path,
            counts: Counts::default(),
            kept: 0,
            changes: Vec::new(),
            kept_paths: Vec::new(),
            merged: Vec::new(),
            taken: Vec::new(),
            refused_names: Vec::new(),
            is_settings,
        }
    }
}

/// Operations of the task list that travelled.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OpCounts {
    pub sent: usize,
    pub received: usize,
    /// Why tasks did not travel, where the rest did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}
