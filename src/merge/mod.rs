//! Three-way merging of trees, by path: what was agreed, what this disk has, what the vault has.
//!
//! *In*: three trees, through [`crate::base::Trees`]. *Out*: the paths where they differ, a verdict
//! for each, and edited trees. *Never*: touch a disk, know where a tree lies, or write a marker into
//! a file.

mod clash;
mod content;
mod edit;
mod error;
mod lookup;
mod notes;
mod table;
mod walk;

pub use clash::settle_clashes;
pub use content::{ContentClass, Contents, ListRule, MergeText, Plain, merge_contents, plain};
pub use edit::{Edits, Graft, edit, make_room};
pub use error::MergeError;
pub use lookup::{Lookup, find, find_dir, list_dir};
pub use notes::{NoteMerge, merge_notes};
pub use table::{InVault, OnDisk, Remark, Scope, Verdict, decide, merged};
pub use walk::{Differences, Trio, differences, leaves};

#[cfg(test)]
mod kit;
