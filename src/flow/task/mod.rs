//! The task list as a person and their agents use it, on this machine alone: nobody is asked.
//!
//! *In*: what was typed, as text. *Out*: reports of tasks, with refs instead of ids. *Never*: write a
//! value that was not checked, or half of what one command asked for.

mod add;
mod censor;
pub(super) mod desk;
pub(super) mod edit;
mod epic;
mod gone;
mod links;
mod list;
mod log;
mod once;
pub(super) mod projects;
mod read_lines;
mod release;
mod shape;
pub(super) mod spoken;
mod undo;
pub(super) mod values;
pub(super) mod wishes;
pub(super) mod workspace;

pub use add::{AddReport, BriefTask, add, add_lines};
pub use censor::{HeldText, WithheldText, held_texts, texts_withheld};
pub use desk::{Circle, TasksReport};
pub use edit::{Change, EditOptions, edit, edit_lines};
pub use epic::{EpicLine, EpicListReport, EpicShowReport, list as list_epics, show as show_epic};
pub use gone::{had_tasks, is_gone};
pub use links::{
    LabelListReport, Link, NoteListReport, add_note, depend, label, labels, notes, remove_note,
};
pub use list::{Asked, ListOptions, ListReport, ShowReport, list, search, show};
pub use log::{TaskLogEntry, TaskLogReport, log};
pub use release::release;
pub use shape::{NoteEntry, TaskEntry};
pub use spoken::EXISTENCE;
pub use undo::{DeedEntry, KeptField, UndoReport, deeds, redo, undo};
pub use wishes::Wishes;
pub use workspace::{
    WorkspaceLine, WorkspaceListReport, WorkspaceReport, add as add_workspace,
    delete as delete_workspace, list as list_workspaces, rename as rename_workspace,
};

pub use crate::tasks::Sort;
pub use crate::tasks::model::{Priority, Status};
