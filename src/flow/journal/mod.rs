//! What a run is about to write onto this disk, stored before it writes: what a killed run is finished
//! by, and what an undo goes back by.
//!
//! *In*: what is to land, and what stands in its place. *Out*: one private commit, which is `landing`
//! while the run writes and can be undone by its number then. *Never*: enter a vault.

mod book;
mod record;

pub use book::{Journals, begin, drop_landing, interrupted, journal, journals, landed, prune};
pub use record::{Head, Journal, NoteSides, Touch, Touched, UnitPlace, touches};
