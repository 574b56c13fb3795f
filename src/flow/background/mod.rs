//! What happens by itself: when, by whose hand, and what is said where it did not.
//!
//! *In*: what is stored, the clock, and what the service manager answers. *Out*: what there is to do now,
//! whether a push is overdue, how the service stands. *Never*: do it; that is the business of the daemon,
//! which starts the same commands that a person types.

pub mod notify;
pub mod overdue;
mod plan;
pub mod reminder;
pub mod schedule;
pub mod service;
mod unseen;
pub use plan::{Errand, Mood, Plan, is_interrupted, is_unfinished, note_look, plan};
