//! What another tool kept, taken over: its list of projects, and its vault.
//!
//! *In*: the tool's own configuration. *Out*: projects registered, and one commit on top of the old
//! vault that makes it one of ours; what was there before stays in its history. *Never*: guess which
//! repository a directory belongs to, or drop what nobody recognises.

mod aigon;
mod import;
mod vault;

pub use import::{
    ImportOptions, ImportPlan, ImportReport, ImportedProject, RemoteKind, carry_out, foresee, plan,
    toward,
};
pub use vault::{Adopted, LeftThere};
