//! The git store of this machine and the way to its remote.
//!
//! *In*: contents, trees, and where the remote is. *Out*: commits, refs, and what came of a push.
//! *Never*: what a task, a project or a snapshot is; a working tree; anything of the user's git
//! configuration but what reaching the remote needs.

mod ahead;
mod commit;
mod content;
mod copies;
mod delta;
mod error;
mod header;
mod history;
mod index;
mod maintain;
mod mend;
mod merge_text;
mod new_pack;
mod old_pack;
mod objects;
mod pack;
mod packed;
mod patch;
mod refs;
mod setup;
mod spool;
mod store;
mod sweep;
mod tree;
mod verify;
pub mod wire;

pub use ahead::Ahead;
pub use commit::{Author, CommitOutcome, NewCommit};
pub use error::{VaultError, WireError};
pub use history::{CommitInfo, Relation};
pub use mend::{FoundRefs, LostRefs, MadeAgain, Wreck};
pub use merge_text::{marked_merge, merge_text};
pub use objects::{Objects, content_id, stream_id};
pub use patch::text_patch;
pub use refs::RefName;
pub use store::Store;
pub use verify::{Depth, StoreFault, Verified};
