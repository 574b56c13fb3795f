//! Conflicts that wait for a person: what there is to choose from, and what becomes of a choice.
//!
//! *In*: this machine's copy of the vault, this disk, the task list, and what a person wants. *Out*: reports,
//! the choice on this disk and a decision that the next push carries; of a field the choice itself.
//! *Never*: ask the remote, or decide unseen.

mod carry;
mod content;
mod disk;
mod draft;
mod either;
mod export;
mod field;
mod named;
mod queue;
mod report;
mod resolve;
mod seen;
mod show;
mod stand;
mod version;
mod view;

pub use carry::{Carried, Sifted, carry, hold_paths, mark_decided, sift};
pub use either::{
    EitherResolved, ResolveOptions, ResolveReport, Target, diff, draft, export, list, resolve, show,
};
pub use export::{ExportReport, ExportedFile};
pub use field::{
    FieldChange, FieldEntry, FieldLine, FieldVariant, LeftField, ResolvedField, open as open_fields,
};
pub use named::Named;
pub use queue::take_back;
pub use report::{
    Comparison, ConflictEntry, ConflictListReport, ConflictShowReport, DecidedEntry, DecisionLine,
    DecisionOutcome, EitherConflict, Sized, Thing, VariantEntry,
};
pub use resolve::Resolved;
pub use seen::EitherSeen;
pub use show::DiffOptions;
pub use version::record;
pub use view::Choice;
