//! When a push in the background is due.
//!
//! *In*: how often, what came of the runs so far, the time and its zone. *Out*: now, or from when on, and
//! the runs to come. *Never*: a clock or a timer; whoever has them asks here.

mod cadence;
mod due;
mod error;

pub use cadence::Cadence;
pub use due::{Due, Facts, SLACK, Spread, due, rested, upcoming};
pub use error::ScheduleError;

#[cfg(test)]
mod tests;
