//! The small traits through which boxes see objects without knowing git.

use std::fmt;
use std::fs::File;
use std::io;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{BaseError, StoreError, VaultPath};

/// The name of an object. Opaque to everybody but the store that gave it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId([u8; 20]);

impl ObjectId {
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    pub fn parse(text: &str) -> Result<Self, BaseError> {
        let malformed = || BaseError::Malformed {
            text: text.chars().take(50).collect(),
            expected: "an object id of 40 hexadecimal digits",
        };
        if text.len() != 40 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(malformed());
        }
        let mut bytes = [0; 20];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| malformed())?;
        }
        Ok(Self(bytes))
    }

    /// The first characters, as people quote them.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string()[..10].to_owned()
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::parse(&text).map_err(de::Error::custom)
        } else {
            <[u8; 20]>::deserialize(deserializer).map(Self)
        }
    }
}

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    File,
    Exec,
    Link,
    Tree,
    /// Something that other programs may put into a tree and holdall only carries along.
    Foreign,
}

/// A file or link: what it is, and its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Leaf {
    pub kind: Kind,
    pub id: ObjectId,
}

impl Leaf {
    /// The tree, where it is a directory.
    #[must_use]
    pub fn dir(self) -> Option<ObjectId> {
        (self.kind == Kind::Tree).then_some(self.id)
    }
}

/// One name in a tree. The name is as the store has it, and not to be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    pub name: Vec<u8>,
    pub kind: Kind,
    pub id: ObjectId,
}

/// Reads trees by id.
pub trait Trees {
    /// The entries of a tree, each name once, in the store's order.
    fn tree(&self, id: ObjectId) -> Result<Vec<TreeEntry>, StoreError>;
}

/// Reads contents by id.
pub trait Blobs {
    fn blob(&self, id: ObjectId) -> Result<Vec<u8>, StoreError>;
    /// How many bytes it has, without reading them.
    fn size(&self, id: ObjectId) -> Result<u64, StoreError>;
}

/// Takes contents in and says their ids; the same bytes always get the same id.
pub trait Sink {
    fn put_blob(&mut self, bytes: &[u8]) -> Result<ObjectId, StoreError>;
    /// Stores a tree; entries may come in any order, each name once.
    fn put_tree(&mut self, entries: &[TreeEntry]) -> Result<ObjectId, StoreError>;
}

/// A content that was made ready for a store.
#[derive(Debug)]
pub struct Parcel {
    pub id: ObjectId,
    pub size: usize,
    /// As the store keeps it; nothing where the store has it already.
    pub packed: Option<Vec<u8>>,
}

/// Makes contents ready for a store, on a thread of its own.
pub trait Packer: Send {
    fn pack(&mut self, bytes: &[u8]) -> Parcel;
}

/// Takes in many contents at once, and large ones.
pub trait Intake {
    fn packer(&self) -> Result<Box<dyn Packer>, StoreError>;
    fn put_parcel(&mut self, parcel: Parcel) -> Result<ObjectId, StoreError>;
    /// Takes in `size` bytes of a file. Nothing is kept, and none is the answer, where the file has
    /// less, or does not `stay` what it was until the end.
    fn put_stream(
        &mut self,
        size: u64,
        file: &mut File,
        stays: &dyn Fn(&File) -> bool,
    ) -> Result<Option<ObjectId>, StoreError>;
}

/// Why a content may not leave this machine: the rule, the line and a name for the value that says
/// nothing about it. Never the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub path: VaultPath,
    pub rule: String,
    pub line: usize,
    /// The same for the same value, wherever it stands.
    pub fingerprint: String,
}

/// The one gate through which every outgoing byte passes, on several threads at once.
pub trait Gate: Sync {
    /// Looks at a content that is about to be stored at `path` for everybody to read. It is read in
    /// pieces, so that its size does not matter. Every value that holds it back is in the answer.
    fn inspect(&self, path: &VaultPath, content: &mut dyn io::Read) -> io::Result<Vec<Finding>>;
}
