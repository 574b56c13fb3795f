//! A directory entry, reached name by name from a root, without following a single link.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

/// An open directory and a name in it.
pub struct Place {
    pub dir: OwnedFd,
    pub name: OsString,
}

/// What stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Nothing,
    File { mode: u32 },
    Link,
    Dir,
    Other,
}

const DIR: OFlags = OFlags::DIRECTORY
    .union(OFlags::RDONLY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Opens the root itself; it may be a link, because people link their directories.
pub fn open_root(path: &std::path::Path) -> io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// Walks down to the directory that holds the last name. `make` creates what is missing on the way;
/// without it a missing directory is nothing.
pub fn reach(root: &OwnedFd, names: &[OsString], make: bool) -> io::Result<Option<Place>> {
    let Some((last, above)) = names.split_last() else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the root itself is no place",
        ));
    };
    let mut dir = rustix::fs::openat(root, ".", DIR, Mode::empty())?;
    for name in above {
        dir = match rustix::fs::openat(&dir, name, DIR, Mode::empty()) {
            Ok(next) => next,
            Err(Errno::NOENT) if make => {
                match rustix::fs::mkdirat(&dir, name, Mode::from_raw_mode(0o755)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(fault) => return Err(fault.into()),
                }
                rustix::fs::openat(&dir, name, DIR, Mode::empty())?
            }
            Err(Errno::NOENT) => return Ok(None),
            Err(fault) => return Err(fault.into()),
        };
    }
    Ok(Some(Place {
        dir,
        name: last.clone(),
    }))
}

impl Place {
    pub fn standing(&self) -> io::Result<Standing> {
        match rustix::fs::statat(&self.dir, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => Standing::File {
                    mode: stat.st_mode & 0o7777,
                },
                FileType::Symlink => Standing::Link,
                FileType::Directory => Standing::Dir,
                _ => Standing::Other,
            }),
            Err(Errno::NOENT) => Ok(Standing::Nothing),
            Err(fault) => Err(fault.into()),
        }
    }

    /// The content of the regular file that stands here.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        use std::io::Read;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = rustix::fs::openat(&self.dir, &self.name, flags, Mode::empty())?;
        let mut bytes = Vec::new();
        std::fs::File::from(file).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    pub fn read_link(&self) -> io::Result<Vec<u8>> {
        Ok(rustix::fs::readlinkat(&self.dir, &self.name, Vec::new())?.into_bytes())
    }

    /// A new file beside it, to be renamed over it. Never opens one that is there.
    pub fn create_beside(&self, temp: &OsStr, mode: u32) -> io::Result<std::fs::File> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.dir, temp, flags, Mode::from_raw_mode(0o600))?;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))?;
        Ok(file.into())
    }

    pub fn link_beside(&self, temp: &OsStr, target: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(target, &self.dir, temp)?)
    }

    pub fn rename_from(&self, temp: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(
            &self.dir, temp, &self.dir, &self.name,
        )?)
    }

    pub fn unlink_beside(&self, temp: &OsStr) {
        rustix::fs::unlinkat(&self.dir, temp, AtFlags::empty()).ok();
    }

    pub fn unlink(&self) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(
            &self.dir,
            &self.name,
            AtFlags::empty(),
        )?)
    }

    pub fn make_dir(&self) -> io::Result<()> {
        match rustix::fs::mkdirat(&self.dir, &self.name, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Removes an empty directory; says whether it was one.
    pub fn remove_dir(&self) -> io::Result<bool> {
        match rustix::fs::unlinkat(&self.dir, &self.name, AtFlags::REMOVEDIR) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => Ok(false),
            Err(fault) => Err(fault.into()),
        }
    }

    pub fn set_mode(&self, mode: u32) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = rustix::fs::openat(&self.dir, &self.name, flags, Mode::empty())?;
        Ok(rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))?)
    }

    pub fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.dir)?)
    }
}
