//! Conflicts that wait for a person: what there is to choose from, and what becomes of a choice.
//!
//! *In*: this machine's copy of the vault, this disk, and what a person wants. *Out*: reports, the choice
//! on this disk, and a decision that the next push carries. *Never*: ask the remote, or decide unseen.

mod carry;
mod content;
mod disk;
mod draft;
mod export;
mod queue;
mod report;
mod resolve;
mod show;
mod stand;
mod version;
mod view;

pub use carry::{Carried, Sifted, carry, hold_paths, mark_decided, sift};
pub use draft::{Draft, Seen, draft};
pub use export::{ExportReport, ExportedFile, export};
pub use queue::take_back;
pub use report::{
    Comparison, ConflictEntry, ConflictListReport, ConflictShowReport, DecidedEntry, DecisionLine,
    DecisionOutcome, Sized, Thing, VariantEntry,
};
pub use resolve::{ResolveOptions, ResolveReport, Resolved, Target, resolve};
pub use show::{DiffOptions, diff, list, show};
pub use version::record;
pub use view::Choice;
