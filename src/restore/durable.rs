//! How what was written comes to stay, should the power go.
//!
//! Asking for each file and each directory costs a journal commit and a flush of the disk every time.
//! Where there is much to write, one call for the whole file system does it for all of them. It waits
//! for what other programs have not yet written too, so a few files are asked for one by one.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::Dev;

/// From so many steps on, one call for all costs less.
const MANY: usize = 32;

pub struct Durable {
    whole: Option<Whole>,
}

/// A file system that is asked as a whole.
struct Whole {
    dir: OwnedFd,
    device: Dev,
}

impl Durable {
    pub fn new(root: impl AsFd, steps: usize) -> io::Result<Self> {
        let dir = root.as_fd();
        let whole = if steps >= MANY && can_whole(dir)? {
            Some(Whole {
                device: device_of(dir)?,
                dir: dir.try_clone_to_owned()?,
            })
        } else {
            None
        };
        Ok(Self { whole })
    }

    /// A file is written: it is durable now, or will be with the others.
    pub fn file(&self, file: &File) -> io::Result<()> {
        if self.waits(file)? {
            return Ok(());
        }
        file.sync_all()
    }

    /// The same for what a directory lists.
    pub fn dir(&self, dir: &OwnedFd) -> io::Result<()> {
        if self.waits(dir)? {
            return Ok(());
        }
        Ok(rustix::fs::fsync(dir)?)
    }

    /// What was put off is durable from here on.
    pub fn all(&self) -> io::Result<()> {
        self.whole
            .as_ref()
            .map_or(Ok(()), |whole| sync_whole(&whole.dir))
    }

    /// Another file system may be mounted further down.
    fn waits(&self, file: impl AsFd) -> io::Result<bool> {
        match &self.whole {
            Some(whole) => Ok(device_of(file)? == whole.device),
            None => Ok(false),
        }
    }
}

fn device_of(file: impl AsFd) -> io::Result<Dev> {
    Ok(rustix::fs::fstat(file)?.st_dev)
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
