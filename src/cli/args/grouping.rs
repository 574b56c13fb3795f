//! The arguments of `workspace` and `epic`.

use clap::{Args, Subcommand};

use super::task::{By, OneTask, TaskAddArgs};

#[derive(Debug, Subcommand)]
pub enum WorkspaceCommand {
    /// Make a workspace
    Add(WorkspaceArgs),
    /// See the workspaces, and how many open tasks are in each
    List,
    /// Give a workspace another name
    Rename {
        /// The workspace
        name: String,
        /// Its new name
        new: String,
        #[command(flatten)]
        by: By,
    },
    /// Delete a workspace that no task is in
    #[command(visible_alias = "rm")]
    Delete(WorkspaceArgs),
}

#[derive(Debug, Args)]
pub struct WorkspaceArgs {
    /// Its name
    pub name: String,
    #[command(flatten)]
    pub by: By,
}

#[derive(Debug, Subcommand)]
pub enum EpicCommand {
    /// Add an epic
    ///
    /// It is a task that others belong to: `task add TITLE --epic REF`, `task edit REF --epic REF`.
    Add(Box<TaskAddArgs>),
    /// See the epics, and how far each is
    List {
        /// Closed ones, too
        #[arg(long)]
        all: bool,
    },
    /// See an epic and what belongs to it
    Show {
        #[command(flatten)]
        task: OneTask,
    },
}
