//! What a walk sees: entries that travel, and entries that stay with the reason why.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};

use crate::base::{HostPath, VaultPath};

use super::Class;

/// What the system says about a file without opening it: enough to notice a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stat {
    pub dev: u64,
    pub ino: u64,
    pub size: u64,
    pub mtime_ns: i64,
    pub ctime_ns: i64,
    pub mode: u32,
}

impl Stat {
    #[must_use]
    pub fn of(seen: &Metadata) -> Self {
        let nanos = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000) + rest;
        Self {
            dev: seen.dev(),
            ino: seen.ino(),
            size: seen.size(),
            mtime_ns: nanos(seen.mtime(), seen.mtime_nsec()),
            ctime_ns: nanos(seen.ctime(), seen.ctime_nsec()),
            mode: seen.mode(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundKind {
    File {
        exec: bool,
        /// Nobody but the owner may read it.
        private: bool,
    },
    Link,
    /// A directory with nothing in it at all.
    EmptyDir,
}

/// An entry that travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Below the root, escaped where the vault cannot hold a name.
    pub path: VaultPath,
    /// The real last name, where `path` has it escaped.
    pub raw_name: Option<Vec<u8>>,
    pub host: HostPath,
    pub kind: FoundKind,
    pub stat: Stat,
}

/// Why an entry stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Disposable,
    MachineLocal,
    Secret,
    TooLarge,
    /// The project's own git carries it.
    Tracked,
    /// A socket, a fifo or a device.
    NotAFile,
    Unreadable,
    /// A root that is not there.
    Missing,
    /// A root that is a symbolic link, or lies behind one: what it leads to is somebody else's.
    LinkedRoot,
    /// A `.git`.
    Nested,
    /// A directory that says of itself that it is a cache, by a file `CACHEDIR.TAG`.
    CacheDir,
    /// An unfinished file of our own.
    Temporary,
    /// Its own rules cannot be understood.
    BadRules,
    /// The vault has no place for a name like this, escaped or not.
    BadName,
    /// It changed each time while it was read.
    Unstable,
    /// It is not what its name says: no JSON, empty where it had something, or full of NUL bytes.
    Damaged,
    /// The gate found a secret in it.
    HoldsSecret,
    /// Most of what was there is gone at once.
    MassDelete,
}

impl Reason {
    /// The reason that a class gives; none where it lets a path travel.
    #[must_use]
    pub const fn of(class: Class) -> Option<Self> {
        match class {
            Class::Keep => None,
            Class::Disposable => Some(Self::Disposable),
            Class::Local => Some(Self::MachineLocal),
            Class::Secret => Some(Self::Secret),
            Class::Large => Some(Self::TooLarge),
        }
    }
}

/// An entry that stays, and everything below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub path: VaultPath,
    pub reason: Reason,
    /// The pattern that decided, where one did; what was found, where something is wrong with it.
    pub rule: Option<String>,
    pub is_dir: bool,
}

/// What a walk saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// Sorted by path.
    pub found: Vec<Found>,
    /// Sorted by path.
    pub left: Vec<Left>,
    /// What a killed run of our own left behind.
    pub temp: Vec<HostPath>,
    pub missing_roots: Vec<VaultPath>,
}
