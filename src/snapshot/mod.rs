//! From files found on a disk to clean contents: read once, whole, sanitized, and remembered.
//!
//! *In*: what the source found, and a place for contents. *Out*: a leaf for every file that can
//! travel, a note for what git cannot carry, a reason for the rest. *Never*: know git.

mod cache;
mod database;
mod error;
mod gate;
mod intake;
mod portable;
mod read;
mod sanitize;
mod spot;
mod take;

pub use cache::{CacheKeys, StatCache};
pub use database::{CopyDatabase, stays_as_database};
pub use error::SnapshotError;
pub use gate::{Scanner, Secret, SecretGate, gate_version, masked, masked_name};
pub use read::{ReadOutcome, read_whole};
pub use sanitize::{Masked, Misfit, Sanitizer, reason_of};
pub use take::{Snapshot, Subject, Treatment, take};
