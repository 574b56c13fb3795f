//! What a walk sees: entries that travel, and entries that stay with the reason why.

use std::fs::DirEntry;

use serde::{Deserialize, Serialize};

use crate::base::{Stat, VaultPath};

use super::Class;

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
    /// The directory of the project or tool is not there.
    Gone,
    /// The project's directory has another repository in it.
    OtherRepository,
    /// A root that is a symbolic link, or lies behind one: what it leads to is somebody else's.
    LinkedRoot,
    /// It was added as it is, and the preset of its tool says what of it travels.
    OfPreset,
    /// A `.git`, or another directory that git takes for a repository.
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
    /// The last line of a log, which nobody has ended yet; its full lines travel.
    HalfLine,
    /// It is not what its name says: no JSON, empty where it had something, or full of NUL bytes.
    Damaged,
    /// It can be read, and is written in a way in which nothing can be taken out without risk.
    NotEditable,
    /// What the vault has at the path cannot be read as what its name says.
    DamagedInVault,
    /// The vault's version has no place for keys of this machine.
    NoPlace,
    /// A database that a program has open: its file is not all of it.
    DatabaseInUse,
    /// What SQLite keeps beside a database, for whoever has it open.
    BesideDatabase,
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

/// What a name in a directory is, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// It travels.
    File(Stat),
    Link(Stat),
    /// It was entered: it has a listing of its own.
    Dir,
    Stays(Stay),
}

/// Why a name, and everything below it, stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    pub reason: Reason,
    /// The pattern that decided, where one did; of a bad name, how it is spelt here.
    pub rule: Option<String>,
    pub is_dir: bool,
    /// Where more than the name decided: what did.
    pub stat: Option<Stat>,
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// As it is on the disk.
    pub name: Vec<u8>,
    /// As the vault has it, where it cannot have the real one.
    pub alias: Option<String>,
    pub what: What,
}

impl Entry {
    /// Its name in the vault.
    #[must_use]
    pub fn vault_name(&self) -> &[u8] {
        self.alias
            .as_ref()
            .map_or(&self.name, |alias| alias.as_bytes())
    }

    /// Whether a name still is what it was when it was decided about.
    pub(super) fn still_is(&self, found: &DirEntry) -> bool {
        let Ok(kind) = found.file_type() else {
            return false;
        };
        let same = |stat: &Stat| found.metadata().is_ok_and(|seen| Stat::of(&seen) == *stat);
        match &self.what {
            What::File(stat) => kind.is_file() && same(stat),
            What::Link(stat) => kind.is_symlink() && same(stat),
            What::Dir => kind.is_dir(),
            What::Stays(stay) => match stay.reason {
                Reason::Unreadable | Reason::BadName => false,
                Reason::NotAFile => !kind.is_dir() && !kind.is_file() && !kind.is_symlink(),
                _ => kind.is_dir() == stay.is_dir && stay.stat.as_ref().is_none_or(same),
            },
        }
    }
}

/// What a walk saw in one directory, in the order in which the system told it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    pub entries: Vec<Entry>,
    /// The directory stays as a whole, for what was found in it.
    pub closed: Option<Reason>,
}

/// A directory that was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dir {
    /// Below the root, escaped where the vault cannot hold a name.
    pub path: VaultPath,
    /// The same, byte for byte as on the disk.
    pub place: Vec<u8>,
    /// It only leads to roots of state: nothing else of it was looked at.
    pub on_the_way: bool,
    /// Nothing where it is as the walk before this one saw it.
    pub listing: Option<Listing>,
}

/// What a walk saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// Every directory after the one that it lies in; sorted by place.
    pub dirs: Vec<Dir>,
    /// Roots that could not be entered.
    pub left: Vec<Left>,
    pub missing_roots: Vec<VaultPath>,
}
