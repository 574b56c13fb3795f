//! What the commands on conflicts report.

use serde::Serialize;

use crate::base::{HostPath, Timestamp, VaultPath};

use super::field::FieldEntry;

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Thing {
    Absent,
    File,
    Exec,
    Link,
    Directory,
}

/// The same, and its size in bytes.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sized {
    pub kind: Thing,
    pub size: Option<u64>,
}

#[derive(Debug, Serialize)]
pub struct VariantEntry {
    /// What `--use` takes.
    pub token: String,
    /// The content, where it is a short text.
    pub value: Option<String>,
    /// By name.
    pub machine: String,
    /// When it was filed; none while it is on this disk alone.
    pub at: Option<Timestamp>,
    pub filed: bool,
    pub local: Sized,
    /// What it came from, and what the vault had, when it was filed.
    pub base: Sized,
    pub vault: Sized,
}

/// A decision that waits for the next push.
#[derive(Debug, Serialize)]
pub struct DecidedEntry {
    /// What was chosen: `vault`, `base`, a token, or the file.
    pub chosen: String,
    pub at: Timestamp,
}

#[derive(Debug, Serialize)]
pub struct ConflictEntry {
    pub id: String,
    pub kind: &'static str,
    /// How it is typed: PROJECT:PATH.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Files have none.
    pub field: Option<String>,
    pub project: String,
    pub path: VaultPath,
    /// Where the file is on this disk, where its project is here.
    pub file: Option<HostPath>,
    /// This disk has the project and may speak of the path.
    pub here: bool,
    /// Something that is on file cannot be read: then it can only be decided by hand.
    pub damaged: bool,
    pub variants: Vec<VariantEntry>,
    /// What both sides came from, where all variants say the same and it is a short text.
    pub base: Option<String>,
    /// What the vault has at the path.
    pub vault: Sized,
    pub decided: Option<DecidedEntry>,
}

/// A conflict of either kind.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum EitherConflict {
    File(ConflictEntry),
    Field(FieldEntry),
}

impl EitherConflict {
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::File(file) => &file.id,
            Self::Field(field) => &field.id,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct ConflictListReport {
    pub conflicts: Vec<EitherConflict>,
    /// Directories below `conflicts/` that cannot be read.
    pub unreadable: Vec<String>,
    pub remote: Option<String>,
    /// When this machine's copy last was in step with the remote.
    pub in_step: Option<Timestamp>,
}

/// How one version differs.
#[derive(Debug, Serialize)]
pub struct Comparison {
    pub token: String,
    pub machine: String,
    /// `vault` or `base`; of fields `shown` or `base`.
    pub from: &'static str,
    /// A unified diff; none where one of the two is no text, or too long to be read.
    pub patch: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct ConflictShowReport {
    pub conflict: EitherConflict,
    pub diffs: Vec<Comparison>,
    pub remote: Option<String>,
    pub in_step: Option<Timestamp>,
}

/// What became of a decision in a push; a pull drops some.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionOutcome {
    /// The vault has the choice, and the conflict is gone.
    Carried,
    /// The conflict or the vault's content is another one by now: the decision says nothing of it.
    Dropped,
    /// What the choice replaced was brought back on this disk.
    TakenBack,
    /// The gate holds the content back: the decision waits.
    Withheld,
}

/// A decision about a conflict, as a push or a pull tells of it.
#[derive(Clone, Debug, Serialize)]
pub struct DecisionLine {
    pub id: String,
    pub project: String,
    pub path: VaultPath,
    pub outcome: DecisionOutcome,
}
