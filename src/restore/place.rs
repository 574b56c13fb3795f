//! A directory entry, reached name by name from a root, without following a single link.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::rc::Rc;

use rustix::fs::{Access, AtFlags, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::base::{Kind, Leaf, ObjectId, seams};

use super::durable::Durable;
use super::seen::{Disk, Found, Hash, Reached, Spot, Standing};

/// An open directory and a name in it.
pub struct Place {
    pub dir: Rc<OwnedFd>,
    pub name: OsString,
}

/// So much of a file is its beginning.
const BEGINNING: u64 = 16;

const DIR: OFlags = OFlags::DIRECTORY
    .union(OFlags::RDONLY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// The names in a directory, as they are spelled there.
pub(super) type Listing = BTreeSet<OsString>;

/// The directory that paths start at.
pub struct Root {
    dir: OwnedFd,
    /// A test can be another disk here.
    pub(super) list: fn(&OwnedFd) -> io::Result<Listing>,
    /// What the directories on the way were seen to hold, by their names from the root.
    listed: RefCell<BTreeMap<Vec<OsString>, Listing>>,
}

impl Root {
    /// The root itself may be a link, because people link their directories.
    pub fn open(path: &std::path::Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        Ok(Self {
            dir: rustix::fs::open(path, flags, Mode::empty())?,
            list,
            listed: RefCell::default(),
        })
    }

    /// Walks down to the directory that holds the last name. What is missing on the way is made, where
    /// it is said how that becomes durable.
    pub fn reach(&self, names: &[OsString], make: Option<&Durable>) -> io::Result<Reached<Place>> {
        let Some((last, above)) = names.split_last() else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the root itself is no place",
            ));
        };
        let mut dir = rustix::fs::openat(&self.dir, ".", DIR, Mode::empty())?;
        for (depth, name) in above.iter().enumerate() {
            dir = match rustix::fs::openat(&dir, name, DIR, Mode::empty()) {
                Ok(next) if self.is_spelled(&dir, &names[..=depth])? => next,
                Ok(_) => return Ok(Reached::OtherSpelling),
                Err(Errno::NOENT) => match make {
                    Some(durable) => self.make_dir(&dir, &names[..=depth], durable)?,
                    None => return Ok(Reached::Nowhere),
                },
                Err(fault) => return Err(fault.into()),
            };
        }
        Ok(Reached::Place(Place {
            dir: Rc::new(dir),
            name: last.clone(),
        }))
    }

    fn make_dir(
        &self,
        dir: &OwnedFd,
        names: &[OsString],
        durable: &Durable,
    ) -> io::Result<OwnedFd> {
        seams::step()?;
        let (name, above) = names
            .split_last()
            .expect("a directory on the way has a name");
        match rustix::fs::mkdirat(dir, name, Mode::from_raw_mode(0o755)) {
            Ok(()) => {
                durable.dir(dir)?;
                let mut listed = self.listed.borrow_mut();
                listed
                    .entry(above.to_vec())
                    .or_default()
                    .insert(name.clone());
            }
            Err(Errno::EXIST) => {}
            Err(fault) => return Err(fault.into()),
        }
        Ok(rustix::fs::openat(dir, name, DIR, Mode::empty())?)
    }

    /// Whether the last of the names stands in its directory exactly so. A disk that does not tell
    /// case or Unicode forms apart opens `Dir` for `dir`.
    pub fn is_spelled(&self, dir: &OwnedFd, names: &[OsString]) -> io::Result<bool> {
        let Some((name, above)) = names.split_last() else {
            return Ok(true);
        };
        let mut listed = self.listed.borrow_mut();
        if listed.get(above).is_some_and(|names| names.contains(name)) {
            return Ok(true);
        }
        // It may have come since.
        let now = (self.list)(dir)?;
        let is_spelled = now.contains(name);
        listed.insert(above.to_vec(), now);
        Ok(is_spelled)
    }
}

fn list(dir: &OwnedFd) -> io::Result<Listing> {
    let entries = rustix::fs::Dir::read_from(dir)?;
    entries
        .map(|entry| Ok(OsString::from_vec(entry?.file_name().to_bytes().to_vec())))
        .collect()
}

impl Disk for Root {
    type Spot = Place;

    fn way_to(&self, names: &[OsString]) -> io::Result<Reached<Place>> {
        self.reach(names, None)
    }

    fn has_spelled(&self, spot: &Place, names: &[OsString]) -> io::Result<bool> {
        self.is_spelled(&spot.dir, names)
    }
}

impl Spot for Place {
    fn name(&self) -> &OsStr {
        &self.name
    }

    fn standing_at(&self, name: &OsStr) -> io::Result<Standing> {
        match rustix::fs::statat(&self.dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => Standing::File {
                    mode: stat.st_mode & 0o7777,
                },
                FileType::Symlink => Standing::Link,
                FileType::Directory => Standing::Dir,
                _ => Standing::Other,
            }),
            // Nothing has a name that is too long: not what stands beside the longest one either.
            Err(Errno::NOENT | Errno::NAMETOOLONG) => Ok(Standing::Nothing),
            Err(fault) => Err(fault.into()),
        }
    }

    fn look(&self, name: &OsStr, hash: Hash<'_>) -> io::Result<Found> {
        let (kind, id) = match self.standing_at(name)? {
            Standing::Nothing => return Ok(Found::Nothing),
            Standing::Dir | Standing::Other => return Ok(Found::Other),
            Standing::File { mode } if mode & 0o100 != 0 => (Kind::Exec, self.file(name, hash)?),
            Standing::File { .. } => (Kind::File, self.file(name, hash)?),
            Standing::Link => {
                let target = self.read_link(name)?;
                (Kind::Link, hash(&mut &*target, target.len() as u64)?)
            }
        };
        Ok(Found::Leaf(Leaf { kind, id }))
    }

    fn read_link(&self, name: &OsStr) -> io::Result<Vec<u8>> {
        Ok(rustix::fs::readlinkat(&self.dir, name, Vec::new())?.into_bytes())
    }

    fn beginning(&self, name: &OsStr) -> Vec<u8> {
        let mut head = Vec::new();
        if let Ok(file) = self.open(name) {
            file.take(BEGINNING).read_to_end(&mut head).ok();
        }
        head
    }
}

impl Place {
    fn file(&self, name: &OsStr, hash: Hash<'_>) -> io::Result<ObjectId> {
        let mut file = self.open(name)?;
        let size = file.metadata()?.len();
        hash(&mut file, size)
    }

    fn open(&self, name: &OsStr) -> io::Result<std::fs::File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        Ok(rustix::fs::openat(&self.dir, name, flags, Mode::empty())?.into())
    }

    /// The file that stands there, open at its end.
    pub fn open_end(&self) -> io::Result<std::fs::File> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.dir, &self.name, flags, Mode::empty())?.into())
    }

    /// A new file beside it, to be renamed over it. Never opens one that is there.
    pub fn create_beside(&self, temp: &OsStr, mode: u32) -> io::Result<std::fs::File> {
        seams::step_beside()?;
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.dir, temp, flags, Mode::from_raw_mode(0o600))?;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))?;
        Ok(file.into())
    }

    pub fn link_beside(&self, temp: &OsStr, target: &OsStr) -> io::Result<()> {
        seams::step_beside()?;
        Ok(rustix::fs::symlinkat(target, &self.dir, temp)?)
    }

    pub fn rename_beside(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        seams::step()?;
        Ok(rustix::fs::renameat(&self.dir, from, &self.dir, to)?)
    }

    /// Gives a file beside it a name that nothing has yet; false where something has it.
    pub fn rename_new(&self, from: &OsStr, to: &OsStr) -> io::Result<bool> {
        seams::step()?;
        let flags = RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(&self.dir, from, &self.dir, to, flags) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            // This file system knows no such rename: a look and the plain one are as near as it gets.
            Err(fault) if is_unknown(fault) => {
                let is_free = self.standing_at(to)? == Standing::Nothing;
                if is_free {
                    self.rename_beside(from, to)?;
                }
                Ok(is_free)
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// Exchanges it with a file beside it in one step; false where this file system cannot.
    pub fn exchange(&self, with: &OsStr) -> io::Result<bool> {
        seams::step()?;
        let flags = RenameFlags::EXCHANGE;
        match rustix::fs::renameat_with(&self.dir, with, &self.dir, &self.name, flags) {
            Ok(()) => Ok(true),
            Err(fault) if is_unknown(fault) => Ok(false),
            Err(fault) => Err(fault.into()),
        }
    }

    pub fn unlink_beside(&self, temp: &OsStr) {
        if seams::step().is_ok() {
            rustix::fs::unlinkat(&self.dir, temp, AtFlags::empty()).ok();
        }
    }

    pub fn make_dir(&self) -> io::Result<()> {
        seams::step()?;
        match rustix::fs::mkdirat(&self.dir, &self.name, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Removes an empty directory; says whether it was one.
    pub fn remove_dir(&self) -> io::Result<bool> {
        seams::step()?;
        match rustix::fs::unlinkat(&self.dir, &self.name, AtFlags::REMOVEDIR) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => Ok(false),
            Err(fault) => Err(fault.into()),
        }
    }

    /// The names in the directory that stands there.
    pub fn list(&self) -> io::Result<Listing> {
        let dir = rustix::fs::openat(&self.dir, &self.name, DIR, Mode::empty())?;
        let mut names = list(&dir)?;
        names.retain(|name| name != "." && name != "..");
        Ok(names)
    }

    /// A fault where no name may come or go in its directory.
    pub fn takes(&self) -> io::Result<()> {
        let access = Access::WRITE_OK | Access::EXEC_OK;
        Ok(rustix::fs::accessat(
            &self.dir,
            ".",
            access,
            AtFlags::empty(),
        )?)
    }

    pub fn set_mode(&self, mode: u32) -> io::Result<()> {
        seams::step()?;
        let file = self.open(&self.name)?;
        Ok(rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))?)
    }

    pub fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.dir)?)
    }
}

/// Whether a rename with flags failed because it is not known here.
fn is_unknown(fault: Errno) -> bool {
    [Errno::INVAL, Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP].contains(&fault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(path: &str) -> Vec<OsString> {
        path.split('/').map(OsString::from).collect()
    }

    #[test]
    fn a_directory_of_another_spelling_is_not_entered() {
        let dir = tempfile::tempdir().expect("a temp dir");
        fs::create_dir_all(dir.path().join("dir/in")).expect("made");
        let mut root = Root::open(dir.path()).expect("open");
        // A disk that takes `dir` for the `Dir` it has.
        root.list = |_| Ok(BTreeSet::from(["Dir".into(), "in".into()]));
        let reached = |path: &str| {
            root.reach(&names(path), Some(&Durable::new(1)))
                .expect("no fault")
        };
        assert!(matches!(reached("dir/x"), Reached::OtherSpelling));
        assert!(matches!(reached("dir/in/x"), Reached::OtherSpelling));
        assert!(matches!(reached("new/in/x"), Reached::Place(_)));
        assert!(matches!(reached("new/in/y"), Reached::Place(_)));
    }

    #[test]
    fn a_new_name_replaces_nothing() {
        let dir = tempfile::tempdir().expect("a temp dir");
        fs::write(dir.path().join("temp"), "new").expect("written");
        fs::write(dir.path().join("x"), "old").expect("written");
        let root = Root::open(dir.path()).expect("open");
        let Ok(Reached::Place(place)) = root.reach(&names("x"), None) else {
            unreachable!("it is there");
        };
        let renamed = |to: &str| {
            place
                .rename_new("temp".as_ref(), to.as_ref())
                .expect("no fault")
        };
        assert!(!renamed("x"));
        assert_eq!(
            fs::read_to_string(dir.path().join("x")).expect("there"),
            "old"
        );
        assert!(renamed("y"));
    }
}
