//! Writing what the vault has onto this disk, and never over something it did not expect there.
//!
//! *In*: a directory, and a list of steps with what each expects to find. *Out*: what became of each
//! step. *Never*: follow a link, leave the directory, or believe a path.

mod append;
mod apply;
mod beside;
mod coming;
mod database;
mod durable;
mod emptied;
mod error;
mod foresee;
mod group;
mod judge;
mod kept;
mod link;
mod place;
mod repository;
mod seen;
mod step;
mod survey;
mod taken;

pub use apply::apply;
pub use durable::Durable;
pub use error::RestoreError;
pub use foresee::Foresight;
pub use kept::{StepOutcome, WhyKept};
pub use seen::Hash;
pub use step::{Content, Step, StepKind, Target};
pub use survey::survey;
pub use taken::settle_taken;
