//! From a disk to a list of entries: what travels, what stays, and which rule said so.
//!
//! *In*: a root, the roots of state below it, rules, and a question whether a path is tracked.
//! *Out*: [`Walked`], sorted, with a reason for everything that stays. *Never*: read the content of
//! a file that travels but for the rules in it, follow a link, or touch what it sees.

mod alike;
mod crew;
mod entry;
mod error;
mod judge;
mod line;
mod own;
mod pattern;
mod preset;
mod rules;
mod scan;
mod walk;

pub use alike::alike;
pub use entry::{Dir, Entry, Left, Listing, Reason, Stay, Walked, What};
pub use error::{RuleFault, RulePlace, SourceError};
pub use line::{Class, ListRule, MergeClass, RuleLine, pattern_for};
pub use own::{RULES_FILE, is_cache, is_repository, rules_in};
pub use preset::{Preset, preset_for_dir, preset_texts, presets};
pub use rules::{Decision, RuleBook, Rules};
pub use scan::{checkouts_below, state_dirs};
pub use walk::{WalkOptions, walk};
