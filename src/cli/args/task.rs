//! The arguments of `task`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use crate::flow::task::Sort;

#[derive(Debug, Subcommand)]
pub enum TaskCommand {
    /// Add a task
    ///
    /// In the directory of a registered project it belongs to that project; --project says otherwise.
    /// With --stdin each line of the input is a task as a JSON object, such as
    /// {"title":"Fix the login","priority":"high"}: all of them are added, or where a line is wrong none.
    Add(TaskAddArgs),
    /// See the tasks that are open, what comes next first
    ///
    /// In the directory of a registered project: the tasks of that project.
    #[command(visible_alias = "ls")]
    List(TaskListArgs),
    /// See everything about a task: its notes, what it waits for, what waits for it
    Show {
        #[command(flatten)]
        task: OneTask,
    },
    /// Change tasks
    ///
    /// Several at once get the same values. With --stdin each line of the input is a JSON object that
    /// names a task and its new values, such as {"ref":"API-7KQ9","status":"done"}; a value of null
    /// takes away what may be absent, and `if_seen` is what --if-seen says. All lines are taken, or
    /// where one is wrong none.
    Edit(TaskEditArgs),
    /// Say that you are at it
    Start(TaskStateArgs),
    /// Say that it is done
    Done(TaskStateArgs),
    /// Say that nobody is going to do it
    Cancel(TaskStateArgs),
    /// Delete tasks; `task restore` brings them back
    #[command(visible_alias = "rm")]
    Delete(TaskStateArgs),
    /// Bring deleted tasks back
    Restore(TaskStateArgs),
    /// Write notes at a task
    #[command(subcommand)]
    Note(NoteCommand),
    /// Give tasks labels
    #[command(subcommand)]
    Label(LabelCommand),
    /// Say which tasks have to be done first
    ///
    /// A task that waits for another one is blocked until that is closed. Where tasks wait for each
    /// other in a circle, the dependency that was written last is kept and not waited for.
    #[command(subcommand)]
    Depend(DependCommand),
    /// Find tasks by words in their titles, descriptions and notes
    ///
    /// All words have to be there; the last one may be a beginning. Closed tasks are found, too.
    Search(TaskSearchArgs),
    /// See who wrote what, when, and on which machine; the latest first
    Log(TaskLogArgs),
    /// Take back what you did last
    ///
    /// Each command on tasks is one step, and this one takes back the last of this machine. What
    /// somebody wrote over it since stays, and is named. It works after a sync, too: the others get
    /// that it was taken back.
    Undo(TaskUndoArgs),
}

/// A task, as everything that changes one takes it.
#[derive(Debug, Args)]
pub struct OneTask {
    /// Its ref: API-7KQ9, 7KQ9, or its whole id
    #[arg(value_name = "REF")]
    pub reference: String,
}

/// Whose work it is.
#[derive(Debug, Args)]
pub struct By {
    /// Who does this (also: HOLDALL_BY) [default: your user name]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

#[derive(Debug, Args)]
pub struct TaskFields {
    /// What there is to know about it, in Markdown
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub description: Option<String>,
    /// The same, from a file
    #[arg(long, value_name = "F", value_hint = ValueHint::FilePath, conflicts_with = "description")]
    pub description_file: Option<PathBuf>,
    /// The same, from the input
    #[arg(long, conflicts_with_all = ["description", "description_file"])]
    pub description_stdin: bool,
    /// inbox, backlog, todo, active, done or canceled
    #[arg(long)]
    pub status: Option<String>,
    /// none, low, medium, high or urgent
    #[arg(long)]
    pub priority: Option<String>,
    /// The project that it belongs to, or `none`
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// The workspace that it belongs to, where its project is in none
    #[arg(long, value_name = "NAME")]
    pub workspace: Option<String>,
    /// The epic that it belongs to, or `none`
    #[arg(long, value_name = "REF")]
    pub epic: Option<String>,
    /// A label that it gets; may be given more than once
    #[arg(long, value_name = "LABEL")]
    pub label: Vec<String>,
    /// When it is due: 2026-12-01, `2026-12-01 14:00` (UTC), today, tomorrow, +3d, +2w, +4h, or `none`
    #[arg(long, value_name = "WHEN")]
    pub due: Option<String>,
    /// From when on it can be done; written as --due
    #[arg(long, value_name = "WHEN")]
    pub available: Option<String>,
    /// A field of your own; without a value it is taken away; may be given more than once
    #[arg(long, value_name = "NAME=VALUE")]
    pub meta: Vec<String>,
}

#[derive(Debug, Args)]
pub struct TaskAddArgs {
    /// What is to be done, in one line
    #[arg(required_unless_present = "stdin")]
    pub title: Vec<String>,
    #[command(flatten)]
    pub fields: TaskFields,
    /// A task that has to be done first; may be given more than once
    #[arg(long, value_name = "REF")]
    pub depends: Vec<String>,
    /// Add the tasks of the input, one JSON object on each line
    #[arg(long, conflicts_with_all = [
        "title", "description", "description_file", "description_stdin", "status", "priority",
        "project", "workspace", "epic", "label", "due", "available", "meta", "depends",
    ])]
    pub stdin: bool,
    #[command(flatten)]
    pub by: By,
}

#[derive(Debug, Args)]
pub struct TaskEditArgs {
    /// Their refs
    #[arg(value_name = "REF", required_unless_present = "stdin")]
    pub references: Vec<String>,
    /// What is to be done, in one line
    #[arg(long, allow_hyphen_values = true)]
    pub title: Option<String>,
    #[command(flatten)]
    pub fields: TaskFields,
    /// A label that is taken away; may be given more than once
    #[arg(long, value_name = "LABEL")]
    pub unlabel: Vec<String>,
    #[command(flatten)]
    pub seen: IfSeen,
    /// Change the tasks of the input, one JSON object on each line
    #[arg(long, conflicts_with_all = [
        "references", "title", "description", "description_file", "description_stdin", "status",
        "priority", "project", "workspace", "epic", "label", "unlabel", "due", "available", "meta",
        "if_seen",
    ])]
    pub stdin: bool,
    #[command(flatten)]
    pub by: By,
}

#[derive(Debug, Args)]
pub struct IfSeen {
    /// Write over what was there when you saw it, and nothing newer: what somebody else wrote to the
    /// same field since stands beside it as a conflict. TOKEN is the task's `seen` in --json
    #[arg(long, value_name = "TOKEN")]
    pub if_seen: Option<String>,
}

#[derive(Debug, Args)]
pub struct TaskStateArgs {
    /// Their refs
    #[arg(value_name = "REF", required = true)]
    pub references: Vec<String>,
    #[command(flatten)]
    pub seen: IfSeen,
    #[command(flatten)]
    pub by: By,
}

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags are bools, and clap lets only one of them stand"
)]
pub struct TaskFilter {
    /// Only those with this status; may be given more than once
    #[arg(long, group = "state")]
    pub status: Vec<String>,
    /// Only what can be begun: not blocked, and not for later
    #[arg(long, group = "state")]
    pub ready: bool,
    /// Only what waits for another task
    #[arg(long, group = "state")]
    pub blocked: bool,
    /// Only what should have been done by now
    #[arg(long, group = "state")]
    pub overdue: bool,
    /// Closed ones, too
    #[arg(long, group = "state")]
    pub all: bool,
    /// Only deleted ones
    #[arg(long, group = "state")]
    pub deleted: bool,
    /// Only those with this label; with all of them, where more than one is given
    #[arg(long, value_name = "LABEL")]
    pub label: Vec<String>,
    /// Only those of this priority; may be given more than once
    #[arg(long)]
    pub priority: Vec<String>,
    /// Only those of this project, or of `none`
    #[arg(long, value_name = "NAME", conflicts_with = "everywhere")]
    pub project: Option<String>,
    /// Those of all projects, also in the directory of one
    #[arg(long)]
    pub everywhere: bool,
    /// Only those in this workspace
    #[arg(long, value_name = "NAME")]
    pub workspace: Option<String>,
    /// Only what belongs to this epic, or to `none`
    #[arg(long, value_name = "REF")]
    pub epic: Option<String>,
    /// What comes first
    #[arg(long, value_enum, value_name = "BY", default_value_t = SortBy::Rank)]
    pub sort: SortBy,
    /// So many at most; 0 for all, which is the default of a list, and 50 that of a search
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SortBy {
    /// What is being done, then what matters, then what is due
    Rank,
    Due,
    Priority,
    /// The newest first
    Created,
    /// What changed last first
    Updated,
    Title,
}

impl From<SortBy> for Sort {
    fn from(by: SortBy) -> Self {
        match by {
            SortBy::Rank => Self::Rank,
            SortBy::Due => Self::Due,
            SortBy::Priority => Self::Priority,
            SortBy::Created => Self::Created,
            SortBy::Updated => Self::Updated,
            SortBy::Title => Self::Title,
        }
    }
}

#[derive(Debug, Args)]
pub struct TaskListArgs {
    #[command(flatten)]
    pub filter: TaskFilter,
}

#[derive(Debug, Args)]
pub struct TaskSearchArgs {
    /// Words that stand in it
    #[arg(required = true)]
    pub words: Vec<String>,
    #[command(flatten)]
    pub filter: TaskFilter,
}

#[derive(Debug, Args)]
pub struct TaskLogArgs {
    /// Only what was written to this task
    #[arg(value_name = "REF")]
    pub reference: Option<String>,
    /// So many lines at most; 0 for all
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
}

#[derive(Debug, Args)]
pub struct TaskUndoArgs {
    /// So many steps
    #[arg(value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub many: u16,
    /// See what can be taken back, and change nothing
    #[arg(long)]
    pub list: bool,
    /// Do again what was taken back last
    #[arg(long, conflicts_with_all = ["list", "many"])]
    pub redo: bool,
    #[command(flatten)]
    pub by: By,
}

#[derive(Debug, Subcommand)]
pub enum NoteCommand {
    /// Write a note at a task
    Add(NoteAddArgs),
    /// Take a note away
    Remove {
        #[command(flatten)]
        task: OneTask,
        /// The note, as `task note list` names it
        token: String,
        #[command(flatten)]
        by: By,
    },
    /// See the notes at a task, the oldest first
    List {
        #[command(flatten)]
        task: OneTask,
    },
}

#[derive(Debug, Args)]
pub struct NoteAddArgs {
    #[command(flatten)]
    pub task: OneTask,
    /// What it says
    #[arg(required_unless_present_any = ["file", "stdin"])]
    pub text: Vec<String>,
    /// The same, from a file
    #[arg(long, value_name = "F", value_hint = ValueHint::FilePath, conflicts_with = "text")]
    pub file: Option<PathBuf>,
    /// The same, from the input
    #[arg(long, conflicts_with_all = ["text", "file"])]
    pub stdin: bool,
    #[command(flatten)]
    pub by: By,
}

#[derive(Debug, Subcommand)]
pub enum LabelCommand {
    /// Give a task labels
    Add(LabelArgs),
    /// Take labels from a task
    Remove(LabelArgs),
    /// See every label that an open task has
    List,
}

#[derive(Debug, Args)]
pub struct LabelArgs {
    #[command(flatten)]
    pub task: OneTask,
    /// One word each
    #[arg(value_name = "LABEL", required = true)]
    pub labels: Vec<String>,
    #[command(flatten)]
    pub by: By,
}

#[derive(Debug, Subcommand)]
pub enum DependCommand {
    /// Have a task wait for others
    Add(DependArgs),
    /// Have it wait no longer
    Remove(DependArgs),
}

#[derive(Debug, Args)]
pub struct DependArgs {
    #[command(flatten)]
    pub task: OneTask,
    /// The tasks that have to be done first
    #[arg(value_name = "FIRST", required = true)]
    pub first: Vec<String>,
    #[command(flatten)]
    pub by: By,
}
