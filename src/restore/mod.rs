//! Writing what the vault has onto this disk, and never over something it did not expect there.
//!
//! *In*: a directory, and a list of steps with what each expects to find. *Out*: what became of each
//! step. *Never*: follow a link, leave the directory, or believe a path.

mod apply;
mod beside;
mod database;
mod error;
mod kept;
mod link;
mod place;
mod taken;

pub use apply::{Content, Step, StepKind, Target, apply};
pub use beside::mode_to_set;
pub use error::RestoreError;
pub use kept::{StepOutcome, WhyKept};
pub use place::Hash;
pub use taken::settle_taken;
