//! `task`, `workspace`, `epic`: the task list.
//!
//! *In*: typed arguments, and texts from files and the input. *Out*: answers: tables for people, whole
//! reports for programs. *Never*: decide what a value may be; the flows do.

mod change;
mod grouping;
mod links;
mod list;
mod past;
mod texts;
mod words;

use crate::flow::FlowError;
use crate::flow::task::{Change, Status};

use super::answer::Answer;
use super::args::TaskCommand;
use super::ctx::Ctx;

pub use grouping::{run_epic, run_workspace};
pub use texts::from_input;
pub use words::{withheld, withheld_hints};

pub fn run(ctx: &Ctx, name: &str, command: &TaskCommand) -> Result<Answer, FlowError> {
    let state = |args, change| change::run_state(ctx, name, (args, change));
    match command {
        TaskCommand::Add(args) => change::run_add(ctx, name, (args, false)),
        TaskCommand::List(args) => list::run_list(ctx, name, args),
        TaskCommand::Show { task } => list::run_show(ctx, name, &task.reference),
        TaskCommand::Edit(args) => change::run_edit(ctx, name, args),
        TaskCommand::Start(args) => state(args, Change::Status(Status::Active)),
        TaskCommand::Done(args) => state(args, Change::Status(Status::Done)),
        TaskCommand::Cancel(args) => state(args, Change::Status(Status::Canceled)),
        TaskCommand::Delete(args) => state(args, Change::Delete),
        TaskCommand::Restore(args) => state(args, Change::Restore),
        TaskCommand::Note(command) => links::run_note(ctx, name, command),
        TaskCommand::Label(command) => links::run_label(ctx, name, command),
        TaskCommand::Depend(command) => links::run_depend(ctx, name, command),
        TaskCommand::Search(args) => list::run_search(ctx, name, args),
        TaskCommand::Log(args) => past::run_log(ctx, name, args),
        TaskCommand::Undo(args) => past::run_undo(ctx, name, args),
    }
}
