//! From a disk to a list of entries: what travels, what stays, and which rule said so.
//!
//! *In*: a root, the roots of state below it, rules, and a question whether a path is tracked.
//! *Out*: [`Walked`], sorted, with a reason for everything that stays. *Never*: read the content of
//! a file, follow a link, or touch what it sees.

mod crew;
mod entry;
mod error;
mod pattern;
mod preset;
mod rules;
mod scan;
mod walk;

pub use entry::{Dir, Entry, Left, Listing, Reason, Stat, Stay, Walked, What};
pub use error::SourceError;
pub use preset::{Preset, RuleText, preset, preset_for_dir, presets, presets_fingerprint};
pub use rules::{Class, Decision, Rules};
pub use scan::{checkouts_below, state_dirs};
pub use walk::{WalkOptions, walk};
