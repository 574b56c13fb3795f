//! What tasks, projects and workspaces are made of: the names of their fields, and the words that some
//! of them have as values.

use crate::base::Id;
use crate::layout::Entity;

pub const TASK: &str = "task";
pub const PROJECT: &str = "project";
pub const WORKSPACE: &str = "workspace";

/// The fields of a task, a project, a workspace. Those of which one has many are the last three.
pub mod field {
    pub const TITLE: &str = "title";
    pub const DESCRIPTION: &str = "description";
    pub const STATUS: &str = "status";
    pub const PRIORITY: &str = "priority";
    pub const PROJECT: &str = "project";
    pub const WORKSPACE: &str = "workspace";
    /// The epic that a task belongs to.
    pub const EPIC: &str = "epic";
    /// Whether a task is an epic itself.
    pub const IS_EPIC: &str = "is_epic";
    pub const DUE: &str = "due";
    pub const AVAILABLE: &str = "available";
    /// What follows is a name that people chose.
    pub const META: &str = "meta.";
    pub const NAME: &str = "name";
    pub const PREFIX: &str = "prefix";
    /// The project that this one is another name of.
    pub const SAME: &str = "same";
    pub const LABELS: &str = "labels";
    pub const DEPENDS: &str = "depends";
    pub const NOTES: &str = "notes";
}

/// Where a task stands. Another version may know more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Active,
    Todo,
    Inbox,
    Backlog,
    Done,
    Canceled,
}

impl Status {
    pub const ALL: [Self; 6] = [
        Self::Active,
        Self::Todo,
        Self::Inbox,
        Self::Backlog,
        Self::Done,
        Self::Canceled,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Todo => "todo",
            Self::Inbox => "inbox",
            Self::Backlog => "backlog",
            Self::Done => "done",
            Self::Canceled => "canceled",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    /// Nobody has to do anything about it any more.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Done | Self::Canceled)
    }
}

/// How much a task matters. Another version may know more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    None,
    Low,
    Medium,
    High,
    Urgent,
}

impl Priority {
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Urgent,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// The workspace that everything is in that is in no other. It is there without anybody's doing, and
/// the same everywhere.
#[must_use]
pub fn default_workspace() -> Id {
    Id::parse("00000000000000000000000000").expect("26 digits")
}

pub const DEFAULT_WORKSPACE_NAME: &str = "default";

#[must_use]
pub fn task(id: Id) -> Entity {
    entity(TASK, id)
}

#[must_use]
pub fn project(id: Id) -> Entity {
    entity(PROJECT, id)
}

#[must_use]
pub fn workspace(id: Id) -> Entity {
    entity(WORKSPACE, id)
}

fn entity(kind: &str, id: Id) -> Entity {
    Entity {
        kind: kind.to_owned(),
        id,
    }
}

/// The part of an id that is chance: what refs begin with.
#[must_use]
pub fn key(id: &Id) -> &str {
    &id.as_str()[10..]
}
