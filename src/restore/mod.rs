//! Writing what the vault has onto this disk, and never over something it did not expect there.
//!
//! *In*: a directory, and a list of steps with what each expects to find. *Out*: what became of each
//! step. *Never*: follow a link, leave the directory, or believe a path.

mod apply;
mod error;
mod place;

pub use apply::{Content, Hash, Step, StepKind, StepOutcome, WhyKept, apply};
pub use error::RestoreError;
