//! What the system says about a file.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use rustix::fs::{AtFlags, FileType};
use serde::{Deserialize, Serialize};

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

    /// Of what stands under a name in an open directory, a link itself and not what it leads to.
    pub fn at(dir: impl AsFd, name: &OsStr) -> io::Result<Self> {
        let seen = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let nanos = |seconds: i64, rest: u64| {
            let rest = i64::try_from(rest).unwrap_or_default();
            seconds.saturating_mul(1_000_000_000) + rest
        };
        Ok(Self {
            dev: seen.st_dev,
            ino: seen.st_ino,
            size: u64::try_from(seen.st_size).unwrap_or_default(),
            mtime_ns: nanos(seen.st_mtime, seen.st_mtime_nsec),
            ctime_ns: nanos(seen.st_ctime, seen.st_ctime_nsec),
            mode: seen.st_mode,
        })
    }

    #[must_use]
    pub fn is_file(&self) -> bool {
        FileType::from_raw_mode(self.mode) == FileType::RegularFile
    }

    /// Its owner may run it.
    #[must_use]
    pub const fn is_exec(&self) -> bool {
        self.mode & 0o100 != 0
    }

    /// Nobody but its owner may do anything with it: the bits of the group and of others are the low six.
    #[must_use]
    pub const fn is_private(&self) -> bool {
        self.mode.trailing_zeros() >= 6
    }
}
