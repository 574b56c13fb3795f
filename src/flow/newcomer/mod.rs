//! The new laptop: a machine that meets a vault and gets everything of it that has a place here.
//!
//! *In*: the address of a vault, directories to look in, a wish to clone. *Out*: a plan with what the
//! vault holds and where each project goes; then the address kept, checkouts registered or cloned, and
//! an ordinary pull. *Never*: touch a directory because of its name, delete anything, or keep the
//! address of what turned out to be no vault.

mod clone;
mod plan;
mod restore;
mod weigh;

pub use clone::{CloneWith, Tried};
pub use plan::{
    Place, RestoreOptions, RestorePlan, RestoreProject, RestoreTool, foresee, plan, toward,
};
pub use restore::{RestoreReport, restore};
