//! What a flow answers when it could not do its work: a kind for programs, hints for people.

use std::error::Error;
use std::path::PathBuf;

use crate::base::{BaseError, Holder, HostPath, Id, ObjectId, PathFault, StoreError, VaultPath};
use crate::config::ConfigError;
use crate::database::DatabaseError;
use crate::layout::LayoutError;
use crate::merge::MergeError;
use crate::project::ProjectError;
use crate::repo::RepoError;
use crate::restore::RestoreError;
use crate::schedule::ScheduleError;
use crate::service::ServiceError;
use crate::snapshot::SnapshotError;
use crate::source::SourceError;
use crate::vault::{VaultError, WireError};

use super::hosting::HostingError;
use super::kind::{
    ErrorKind, base_kind, config_kind, hosting_kind, layout_kind, project_kind, repo_kind,
    store_kind, tasks_kind, vault_kind, wire_kind,
};
use super::report::{Candidate, WithheldLine};

#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error("HOME is not set, so there is no place for holdall's data")]
    NoHome,
    #[error("another holdall is at work here{}", held_by(.holder.as_ref()))]
    Busy { holder: Option<Holder> },
    #[error("{} is damaged", .path.display())]
    BadFile {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("{place} is not a vault: it has no vault record")]
    NotAVault { place: String },
    #[error("{url} holds another vault ({theirs}) than the one this machine knows ({ours})")]
    OtherVault { url: String, ours: Id, theirs: Id },
    /// Nothing is left here that says which vault this machine's was.
    #[error(
        "{url} holds another vault ({theirs}) than this machine's: it does not know this machine, or none of its projects"
    )]
    StrangeVault { url: String, theirs: Id },
    #[error("{url} was replaced: its history shares nothing with what this machine saw there")]
    Replaced { url: String },
    #[error("{place} needs a newer holdall {}", if *.writing { "to write to it" } else { "to read it" })]
    NewerFormat { place: String, writing: bool },
    #[error("{url} refused the push: {reason}")]
    PushRefused { url: String, reason: String },
    #[error(
        "the vault{} could not be moved in {attempts} attempts: other machines were faster, or one holds its lock",
        at_remote(.url.as_ref())
    )]
    TooContended {
        url: Option<String>,
        attempts: usize,
    },
    #[error("no project is registered here and no settings travel, so there is nothing to push")]
    NothingToPush,
    #[error("all that could be pushed is withheld: {}", all_words(.lines))]
    AllWithheld { lines: Vec<WithheldLine> },
    #[error("{place} has a bad record{}", at_commit(.commit.as_ref()))]
    BadRecord {
        place: String,
        commit: Option<ObjectId>,
        #[source]
        source: LayoutError,
    },
    /// The address that was asked for, before it is the one that is kept.
    #[error("{source}")]
    Connecting { url: String, source: WireError },
    /// The address of a vault that a new machine asked for.
    #[error("{source}")]
    Restoring { url: String, source: WireError },
    #[error("the vault never had {what}")]
    NeverInVault { what: String, known: Vec<String> },
    #[error("`{name}` is no preset")]
    NoSuchPreset {
        name: String,
        known: Vec<&'static str>,
    },
    #[error("{path} was not in the vault at {}", .commit.short())]
    NotThen { path: VaultPath, commit: ObjectId },
    #[error("the vault{} is empty: nothing was pushed to it yet", at_remote(.url.as_ref()))]
    NothingToPull { url: Option<String> },
    #[error("no project here is called `{name}`")]
    NoSuchProject { name: String, known: Vec<String> },
    #[error("the vault has no project `{wanted}`")]
    NotInVault { wanted: String, known: Vec<String> },
    #[error("{path} could be {} in the vault: which one is meant cannot be told", either(.candidates))]
    Ambiguous {
        path: HostPath,
        candidates: Vec<Candidate>,
    },
    #[error(
        "{path} does not lie in the home directory, so it is no setting of yours that could travel"
    )]
    OutsideHome { path: String },
    #[error("{path} is not there")]
    NoSuchPath { path: PathBuf },
    #[error("`{what}` is neither a tool whose settings travel nor a path that was added")]
    NoSuchSetting { what: String },
    #[error("nothing was pulled or restored here that could be undone")]
    NothingToUndo,
    #[error("no run that can be undone has the number `{id}`")]
    NoSuchUndo { id: String },
    #[error("no value with this fingerprint was found or allowed here")]
    NoSuchSecret { near: Vec<String> },
    #[error("no {what} is known by `{wanted}`")]
    NoSuch {
        what: &'static str,
        wanted: String,
        known: Vec<String>,
    },
    /// The command line leaves open what nobody can be asked.
    #[error("{what}")]
    Unsaid { what: &'static str, hint: String },
    #[error("no address was given{}", now.as_ref().map_or_else(String::new, |url| format!("; the remote now is {url}")))]
    NoAddress { now: Option<String> },
    #[error("{what}")]
    Refused { what: String, hint: String },
    /// Something that this machine had is gone.
    #[error("{what}")]
    Lacking { what: String, hints: Vec<String> },
    #[error("{path} of the vault itself would carry a secret ({rule})")]
    GateHoldsRecord { path: VaultPath, rule: String },
    #[error(transparent)]
    Tasks(#[from] crate::tasks::TasksError),
    /// What was written is no value of what it was written for.
    #[error("{what}")]
    BadValue { what: String, hint: String },
    #[error(transparent)]
    Base(#[from] BaseError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Layout(#[from] LayoutError),
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Merge(#[from] MergeError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error(transparent)]
    Restore(#[from] RestoreError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error(transparent)]
    Repo(#[from] RepoError),
    #[error(transparent)]
    Hosting(#[from] HostingError),
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The remote is away, and what changed waits here.
    #[error("{source}")]
    Offline {
        /// Nothing where nothing changed since the remote was seen.
        commit: Option<ObjectId>,
        source: Box<FlowError>,
    },
    /// No fault of its own: it ends a push to a remote that is away.
    #[error("what changed is kept on this machine")]
    KeptHere { commit: Option<ObjectId> },
    /// The remote is damaged, and this machine's copy of the vault was found whole.
    #[error("{source}")]
    WholeHere { url: String, source: WireError },
    /// Something was changed before, and is told beside it.
    #[error("{source}")]
    Halfway { source: Box<FlowError> },
    /// Nobody here could start what is to run in the background.
    #[error("{source}")]
    NoService {
        cron_line: String,
        source: ServiceError,
    },
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<PathFault> for FlowError {
    fn from(fault: PathFault) -> Self {
        Self::Base(fault.into())
    }
}

fn either(candidates: &[Candidate]) -> String {
    let names: Vec<&str> = candidates.iter().map(|it| it.name.as_str()).collect();
    names.join(" or ")
}

fn all_words(lines: &[WithheldLine]) -> String {
    let words = lines.iter().map(|line| {
        let reason = serde_json::json!(line.reason);
        let reason = reason.as_str().unwrap_or_default().replace('_', " ");
        match line.detail.as_deref().or(line.rule.as_deref()) {
            Some(detail) => format!("{} ({reason}: {detail})", line.file),
            None => format!("{} ({reason})", line.file),
        }
    });
    words.collect::<Vec<_>>().join("; ")
}

fn at_commit(commit: Option<&ObjectId>) -> String {
    commit.map_or_else(String::new, |id| format!(" in commit {}", id.short()))
}

fn held_by(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| {
        format!(
            ": `{}` (process {}), since {}",
            holder.command,
            holder.pid,
            holder.since.locally_readable()
        )
    })
}

impl FlowError {
    /// A fault of a record, with the vault and the commit that have it.
    #[must_use]
    pub fn of_vault(self, place: &str, commit: Option<ObjectId>) -> Self {
        match self {
            Self::Layout(source) if !source.is_newer_format() => Self::BadRecord {
                place: place.to_owned(),
                commit,
                source,
            },
            other => other,
        }
    }

    /// The fault with its causes in one line; a cause that the line already tells is not told again.
    #[must_use]
    pub fn message(&self) -> String {
        let mut line = in_words(self);
        let mut cause = self.source();
        while let Some(fault) = cause {
            let text = in_words(fault);
            if !line.ends_with(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            cause = fault.source();
        }
        line
    }

    /// Whether something of this machine's copy of the vault is damaged.
    #[must_use]
    pub fn is_of_store(&self) -> bool {
        let is_read_there = matches!(
            self,
            Self::Store(_) | Self::Merge(MergeError::Store(_)) | Self::Vault(_)
        );
        is_read_there && self.kind() == ErrorKind::Corrupt
    }

    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoHome => ErrorKind::NotConfigured,
            Self::NoAddress { .. } | Self::Unsaid { .. } => ErrorKind::Usage,
            Self::Busy { .. } | Self::TooContended { .. } => ErrorKind::Busy,
            Self::Offline { .. } | Self::KeptHere { .. } => ErrorKind::Unreachable,
            Self::NotAVault { .. } => ErrorKind::NotAVault,
            Self::OtherVault { .. } | Self::StrangeVault { .. } => ErrorKind::OtherVault,
            Self::Replaced { .. } => ErrorKind::Rewound,
            Self::NewerFormat { .. } => ErrorKind::NewerFormat,
            Self::PushRefused { .. }
            | Self::NoService { .. }
            | Self::Service(ServiceError::Refused { .. })
            | Self::Refused { .. }
            | Self::Ambiguous { .. }
            | Self::AllWithheld { .. }
            | Self::GateHoldsRecord { .. } => ErrorKind::Refused,
            Self::NoSuchSetting { .. }
            | Self::NoSuchSecret { .. }
            | Self::NoSuch { .. }
            | Self::NeverInVault { .. }
            | Self::NotThen { .. }
            | Self::NothingToPush
            | Self::NothingToPull { .. }
            | Self::NothingToUndo
            | Self::NoSuchUndo { .. }
            | Self::NoSuchProject { .. }
            | Self::NotInVault { .. }
            | Self::NoSuchPath { .. } => ErrorKind::NotFound,
            Self::Store(fault) | Self::Merge(MergeError::Store(fault)) => store_kind(fault),
            Self::BadFile { .. }
            | Self::BadRecord { .. }
            | Self::Lacking { .. }
            | Self::Merge(_) => ErrorKind::Corrupt,
            Self::Layout(fault) => layout_kind(fault),
            Self::Wire(fault)
            | Self::Connecting { source: fault, .. }
            | Self::Restoring { source: fault, .. }
            | Self::WholeHere { source: fault, .. } => wire_kind(fault),
            Self::Vault(fault) => vault_kind(fault),
            Self::Project(fault) => project_kind(fault),
            Self::Repo(fault) => repo_kind(fault),
            Self::Tasks(fault) => tasks_kind(fault),
            Self::Halfway { source } => source.kind(),
            Self::Base(fault) => base_kind(fault),
            Self::Config(fault) => config_kind(fault),
            Self::Hosting(fault) => hosting_kind(fault),
            Self::OutsideHome { .. }
            | Self::NoSuchPreset { .. }
            | Self::BadValue { .. }
            | Self::Schedule(_)
            | Self::Source(SourceError::Rule { .. } | SourceError::TooManyRules { .. }) => {
                ErrorKind::Invalid
            }
            Self::Database(_)
            | Self::Source(_)
            | Self::Snapshot(_)
            | Self::Restore(_)
            | Self::Service(_) => ErrorKind::Io,
        }
    }

    /// The kind as scripts read it.
    #[must_use]
    pub fn kind_name(&self) -> String {
        self.kind().word().to_owned()
    }
}

/// libgit2 says its numbers behind the words: they are of no use to anybody here.
fn in_words(fault: &dyn Error) -> String {
    let text = fault.to_string();
    match text.split_once("; class=") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

fn at_remote(url: Option<&String>) -> String {
    url.map_or_else(String::new, |url| format!(" at {url}"))
}
