//! Fields of tasks, projects and workspaces that two wrote at once.
//!
//! *In*: the task list of this machine, and what a person wants. *Out*: what there is to choose from, and
//! a choice as one deed. *Never*: ask the vault for more than the names of machines, lock a field, or make
//! a task list where there is none.

mod compare;
mod decided;
mod draft;
mod entry;
mod export;
mod open;
mod pick;
mod resolve;
mod value;
mod view;

pub use compare::compare;
pub use decided::decided;
pub use draft::draft;
pub use entry::{FieldChange, FieldEntry, FieldVariant};
pub use export::export;
pub use open::{FieldLine, open};
pub use resolve::{FieldOptions, LeftField, ResolvedField, Settled, Shown, resolve};
pub use view::{Fields, is_hex};
