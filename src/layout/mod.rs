//! Every path and record of the vault: the mirror of `vault-layout/SPEC.md`, and the only place that spells a file name of the vault.
//!
//! *In*: bytes and names as they stand in a vault, none of them trusted. *Out*: checked records, the
//! bytes of records, paths, and faults that carry the number of the rule they break.
//! *Never*: touch a disk or git, or decide what to do about a fault.

mod allowed;
mod chains;
mod check;
mod conflict;
mod error;
mod filling;
mod machine;
pub mod names;
mod note;
mod op;
mod project;
mod record;
mod segment;
mod texts;
mod vault;

pub use allowed::{AllowedEntry, AllowedRecord};
pub use chains::fork_hash;
pub use check::{VaultFiles, check};
pub use conflict::{ConflictRecord, Owner, Side, SideKind, VariantDir, VariantRecord};
pub use error::LayoutError;
pub use filling::Filling;
pub use machine::{Frontier, Head, MachineRecord};
pub use note::{PathNote, decode_name, encode_name};
pub use op::{Entity, OpId, OpRecord, OpTime, TextName};
pub use project::ProjectRecord;
pub use record::{Record, check_record_size};
pub use segment::{OpLine, Seal, Segment, SegmentHeader};
pub use texts::{ATTRIBUTES_TEXT, readme_text};
pub use vault::{Access, VaultRecord};

/// The version of the format that this code writes and fully understands.
pub const FORMAT: u32 = 1;

/// The one branch of the vault: `refs/heads/main`.
pub const BRANCH: &str = "main";
