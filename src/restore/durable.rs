//! How what was written comes to stay, should the power go.
//!
//! Asking for each file and each directory costs a journal commit and a flush of the disk every time.
//! Where there is much to write, one call for the whole file system does it for all of them. It waits
//! for what other programs have not yet written too, so a few files are asked for one by one.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::Dev;

use super::RestoreError;

/// From so many steps on, one call for all costs less.
const MANY: usize = 32;

/// Of all that one run writes, wherever that is.
pub struct Durable {
    is_much: bool,
    seen: RefCell<Vec<FileSystem>>,
    #[cfg(test)]
    dirs: RefCell<Vec<u64>>,
}

struct FileSystem {
    device: Dev,
    /// A file or directory on it, where it can be asked as a whole.
    whole: Option<OwnedFd>,
    /// Something on it is not durable yet.
    owes: Cell<bool>,
}

impl Durable {
    /// For so many steps in all.
    #[must_use]
    pub const fn new(steps: usize) -> Self {
        Self {
            is_much: steps >= MANY,
            seen: RefCell::new(Vec::new()),
            #[cfg(test)]
            dirs: RefCell::new(Vec::new()),
        }
    }

    /// A file is written: it is durable now, or will be with the others.
    pub(super) fn file(&self, file: &File) -> io::Result<()> {
        if self.waits(file.as_fd())? {
            return Ok(());
        }
        file.sync_all()
    }

    /// The same for what a directory lists.
    pub(super) fn dir(&self, dir: &OwnedFd) -> io::Result<()> {
        #[cfg(test)]
        self.dirs.borrow_mut().push(rustix::fs::fstat(dir)?.st_ino);
        if self.waits(dir.as_fd())? {
            return Ok(());
        }
        Ok(rustix::fs::fsync(dir)?)
    }

    /// The run is through: all that it wrote is durable from here on.
    pub fn settle(&self) -> Result<(), RestoreError> {
        self.all().map_err(RestoreError::NotDurable)
    }

    /// What was put off is durable from here on.
    pub(super) fn all(&self) -> io::Result<()> {
        for system in &*self.seen.borrow() {
            if let Some(whole) = system.whole.as_ref().filter(|_| system.owes.get()) {
                sync_whole(whole)?;
                system.owes.set(false);
            }
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn was_asked_for(&self, dir: &std::path::Path) -> bool {
        let inode = rustix::fs::stat(dir).expect("it is there").st_ino;
        self.dirs.borrow().contains(&inode)
    }

    /// Whether it is put off. Another file system may be mounted further down.
    fn waits(&self, file: BorrowedFd<'_>) -> io::Result<bool> {
        if !self.is_much {
            return Ok(false);
        }
        let device = rustix::fs::fstat(file)?.st_dev;
        let mut seen = self.seen.borrow_mut();
        if let Some(system) = seen.iter().find(|system| system.device == device) {
            system.owes.set(true);
            return Ok(system.whole.is_some());
        }
        let whole = if can_whole(file)? {
            Some(file.try_clone_to_owned()?)
        } else {
            None
        };
        let can = whole.is_some();
        seen.push(FileSystem {
            device,
            whole,
            owes: Cell::new(true),
        });
        Ok(can)
    }
}

/// Whether one call makes all of a file system durable. One that lives in a program or on another
/// machine may say yes and pass nothing on, so only these are believed.
#[cfg(target_os = "linux")]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number of a kind has 32 bits, in a field that is wider on some machines"
)]
fn can_whole(dir: impl AsFd) -> io::Result<bool> {
    const EXT: u32 = 0xEF53;
    const XFS: u32 = 0x5846_5342;
    const BTRFS: u32 = 0x9123_683E;
    const F2FS: u32 = 0xF2F5_2010;
    const TMPFS: u32 = 0x0102_1994;
    let kind = rustix::fs::fstatfs(dir)?.f_type as u32;
    Ok([EXT, XFS, BTRFS, F2FS, TMPFS].contains(&kind))
}

#[cfg(target_os = "linux")]
fn sync_whole(dir: &OwnedFd) -> io::Result<()> {
    Ok(rustix::fs::syncfs(dir)?)
}

#[cfg(not(target_os = "linux"))]
fn can_whole(_: impl AsFd) -> io::Result<bool> {
    Ok(false)
}

#[cfg(not(target_os = "linux"))]
fn sync_whole(_: &OwnedFd) -> io::Result<()> {
    Ok(())
}
