//! The task list of this machine: a log of ops in SQLite, and what it comes to, ready to be asked for.
//!
//! *In*: what a person writes, one transaction for each command; chains of ops from elsewhere. *Out*:
//! tasks, projects, notes, disputes; the lines that others lack. *Never*: know the vault, print, or hold
//! a transaction while anything waits.

mod chains;
mod change;
mod circles;
mod content;
mod deeds;
mod dispute;
mod error;
mod file;
mod history;
mod log;
pub mod model;
mod names;
mod pen;
mod query;
mod reading;
mod rebuild;
mod refs;
mod render;
mod salvage;
mod schema;
mod store;
mod tokens;
mod undone;
mod verify;
mod withheld;

#[cfg(test)]
mod kit;
#[cfg(test)]
mod tests;

pub use chains::{Arrival, Chain, Line};
pub use change::Change;
pub use deeds::{Deed, Reversed};
pub use dispute::{Base, Dispute, Variant, Written};
pub use error::TasksError;
pub use history::LogLine;
pub use pen::{Censor, Hand, LONGEST, Pen};
pub use query::{Filter, Sort, State as TaskState};
pub use reading::{Listed, Note, ProjectRow, Reading, TaskRow, WorkspaceRow};
pub use salvage::{Rescued, Salvage};
pub use store::Store;
pub use tokens::token;
pub use undone::{REDO, UNDO, meant_by, name_over};
pub use verify::Verified;
pub use withheld::Withheld;
