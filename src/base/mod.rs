//! Words that every other room uses: ids, paths, the edges of the process, and careful file work.
//!
//! *In*: nothing of the domain. *Out*: small types and functions with one obvious meaning each.
//! *Never*: a word of the domain (project, task, setting), or a decision that belongs to a box.

mod edges;
mod error;
mod file;
mod git_dir;
mod id;
mod lock;
mod path;
mod process;
mod progress;
pub mod seams;
mod sqlite;
mod stat;
mod store;
mod time;
mod token;

pub use edges::{Clock, Edges, Env, OsRandom, Random, SystemClock};
pub use error::{BaseError, StoreError};
pub use file::{
    TAKEN_PREFIX, TEMP_PREFIX, create_private_dir, is_taken_name, is_temp_name, read_if_there,
    read_limited, sweep_temp_files, sync_dir, write_atomic, write_passing,
};
pub use git_dir::{GIT_DIR_NAMES, is_git_dir};
pub use id::{Id, MachineId};
pub use lock::{FileLock, Holder, LockOutcome, LockState};
pub use path::{HostPath, PathFault, VaultPath, escape_name};
pub use process::{Alive, Ender, Heard, Program, Running, TOKEN_VAR, Talk, find_program};
pub use progress::{Progress, Tally, Tell};
pub use sqlite::{database_of, is_database, is_hot_journal};
pub use stat::Stat;
pub use store::{
    Blobs, Finding, Gate, Intake, Kind, Leaf, ObjectId, Packer, Parcel, Sink, TreeEntry, Trees,
};
pub use time::Timestamp;
pub use token::looks_like_token;
