//! A disk as it is seen: as it is, or as it will be.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};

use crate::base::{Leaf, ObjectId};

/// What stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Nothing,
    File { mode: u32 },
    Link,
    Dir,
    Other,
}

/// The same, with the name of its content.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    Leaf(Leaf),
    Other,
}

/// How the caller names a content of this size: the restore compares, and knows no more of it.
pub type Hash<'a> = &'a dyn Fn(&mut dyn Read, u64) -> io::Result<ObjectId>;

/// Where a way down ends.
pub enum Reached<P> {
    Place(P),
    /// A directory on the way is missing.
    Nowhere,
    /// The disk takes another name for this one: `Dir` for `dir`.
    OtherSpelling,
}

pub trait Disk {
    type Spot: Spot;

    /// Goes down to the directory that holds the last name, and makes nothing.
    fn way_to(&self, names: &[OsString]) -> io::Result<Reached<Self::Spot>>;

    /// Whether the last of the names stands in its directory exactly so. A disk that does not tell
    /// case or Unicode forms apart finds `Dir` for `dir`.
    fn has_spelled(&self, spot: &Self::Spot, names: &[OsString]) -> io::Result<bool>;
}

/// A directory and a name in it.
pub trait Spot {
    fn name(&self) -> &OsStr;

    /// What stands under a name of this directory.
    fn standing_at(&self, name: &OsStr) -> io::Result<Standing>;

    /// The same, with the name of its content.
    fn look(&self, name: &OsStr, hash: Hash<'_>) -> io::Result<Found>;

    fn read_link(&self, name: &OsStr) -> io::Result<Vec<u8>>;

    /// The first bytes of a file; none where there is none that can be read.
    fn beginning(&self, name: &OsStr) -> Vec<u8>;
}
