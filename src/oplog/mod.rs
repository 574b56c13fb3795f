//! The rules of ops: what a set of them comes to, in whatever order they arrived, and who disagrees.
//!
//! *In*: ops as the vault has them, and a clock's word for each new one. *Out*: for each thing what is
//! live, what is shown, what is in conflict; sums by which two machines know that they agree.
//! *Never*: touch a disk, a database or git, or let a clock decide what supersedes what.

mod checkpoint;
mod clock;
mod digest;
mod op;
mod past;
mod shelf;
mod text;
mod thing;
mod view;

#[cfg(test)]
mod kit;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

pub use checkpoint::{Checkpoint, Place};
pub use clock::next_time;
pub use digest::Digest;
pub use op::{Act, Content, Op, OpFault};
pub use past::Past;
pub use shelf::{Memory, Shelf, apply, set_aside};
pub use text::TextMerge;
pub use thing::{Thing, Write, WriteKind, writes};
pub use view::{Existence, FieldView};
