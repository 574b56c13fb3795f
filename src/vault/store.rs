//! The bare repository that is this machine's copy of the vault.

use std::cell::{Cell, OnceCell};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use git2::{
    ErrorCode, OdbLookupFlags, Oid, Repository, RepositoryInitOptions, RepositoryOpenFlags,
};

use crate::base::{
    BaseError, Blobs, HostPath, ObjectId, StoreError, TreeEntry, Trees, create_private_dir,
};

use super::pack::{self, Type};
use super::packed::Packs;
use super::{VaultError, header, setup, tree};

/// An open store. One per thread: libgit2 does not share objects between threads.
pub struct Store {
    pub(super) repo: Repository,
    pub(super) path: PathBuf,
    /// Objects came since it was opened.
    pub(super) grew: Cell<bool>,
    /// Those that were there when headers were first asked for.
    packs: OnceCell<Packs>,
}

pub(super) fn oid(id: ObjectId) -> Oid {
    Oid::from_bytes(id.as_bytes()).expect("an object id has the length of a git id")
}

pub(super) fn object_id(oid: Oid) -> ObjectId {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(oid.as_bytes());
    ObjectId::from_bytes(bytes)
}

impl Store {
    /// Opens the store, or makes an empty one: bare, sha1, one branch, no templates.
    pub fn open(path: &HostPath) -> Result<Self, VaultError> {
        setup::durable_writes();
        let path = path.as_path().to_owned();
        let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::BARE;
        let nowhere: [&std::ffi::OsStr; 0] = [];
        match Repository::open_ext(&path, flags, nowhere) {
            Ok(repo) => Ok(Self::of(repo, path)),
            Err(fault) if fault.code() == ErrorCode::NotFound => Self::create(path),
            Err(source) => Err(VaultError::Git {
                action: "open",
                path,
                source,
            }),
        }
    }

    /// Opens the store if there is one, and changes nothing.
    pub fn open_existing(path: &HostPath) -> Result<Option<Self>, VaultError> {
        match fs::metadata(path.as_path().join("HEAD")) {
            Ok(_) => Self::open(path).map(Some),
            Err(fault) if fault.kind() == ErrorKind::PermissionDenied => {
                Err(BaseError::io("open", path.as_path())(fault).into())
            }
            Err(_) => Ok(None),
        }
    }

    /// The same store as it is for somebody who opens it now.
    pub(super) fn opened_again(&self) -> Result<Self, VaultError> {
        let repo = Repository::open_bare(&self.path).map_err(self.fault("open"))?;
        Ok(Self::of(repo, self.path.clone()))
    }

    /// An empty store that has all objects of this one as well. What comes into it stays there: for
    /// somebody who wants to know what a fetch would bring.
    pub fn beside(&self, path: &HostPath) -> Result<Self, VaultError> {
        let beside = Self::open(path)?;
        let file = beside.path.join("objects/info/alternates");
        let objects = self.path.join("objects");
        let line = [objects.as_os_str().as_encoded_bytes(), b"\n"].concat();
        crate::base::write_passing(&file, &line)?;
        beside.opened_again()
    }

    /// A repository appears whole or not at all: it is made beside its place and renamed.
    fn create(path: PathBuf) -> Result<Self, VaultError> {
        let parent = path.parent().unwrap_or(&path).to_owned();
        create_private_dir(&parent)?;
        let fresh = tempfile::Builder::new()
            .prefix(crate::base::TEMP_PREFIX)
            .tempdir_in(&parent)
            .map_err(BaseError::io("create a directory in", &parent))?;
        let mut options = RepositoryInitOptions::new();
        options
            .bare(true)
            .initial_head("main")
            .external_template(false);
        Repository::init_opts(fresh.path(), &options).map_err(|source| VaultError::Git {
            action: "create",
            path: path.clone(),
            source,
        })?;
        // libgit2 opens the directory to everybody again.
        fs::set_permissions(fresh.path(), fs::Permissions::from_mode(0o700))
            .map_err(BaseError::io("set the permissions of", fresh.path()))?;
        let fresh = fresh.keep();
        match fs::rename(&fresh, &path) {
            Ok(()) => {}
            // An interrupted older run may have left a part of a store without a HEAD.
            Err(_) if path.exists() => {
                fs::remove_dir_all(&fresh).ok();
                return Err(VaultError::Git {
                    action: "create",
                    path,
                    source: git2::Error::from_str("something else is at its place"),
                });
            }
            Err(fault) => return Err(BaseError::io("create", &path)(fault).into()),
        }
        let repo = Repository::open_bare(&path).map_err(|source| VaultError::Git {
            action: "open",
            path: path.clone(),
            source,
        })?;
        Ok(Self::of(repo, path))
    }

    const fn of(repo: Repository, path: PathBuf) -> Self {
        Self {
            repo,
            path,
            grew: Cell::new(false),
            packs: OnceCell::new(),
        }
    }

    /// Whether the object is here. Never looks for packs that appeared meanwhile.
    #[must_use]
    pub fn has(&self, id: ObjectId) -> bool {
        self.repo
            .odb()
            .is_ok_and(|odb| odb.exists_ext(oid(id), OdbLookupFlags::NO_REFRESH))
    }

    /// An object's type and size. It does not say whether the object is whole.
    pub(super) fn header(&self, id: ObjectId) -> Result<(Type, u64), StoreError> {
        let objects = self.path.join("objects");
        let packs = self
            .packs
            .get_or_init(|| Packs::open(&objects).unwrap_or_default());
        if let Some(found) = packs.header(id) {
            return Ok(found);
        }
        // It may have come since, or lie by itself.
        match header::look(&objects, id) {
            Ok(found) => found.ok_or(StoreError::Missing { id }),
            Err(fault) => Err(StoreError::Damaged {
                id,
                reason: fault.to_string(),
            }),
        }
    }

    /// A pack came in: from now on it is looked into, and the store may have become too much.
    pub(super) fn has_grown(&self) -> Result<(), VaultError> {
        let odb = self.repo.odb().map_err(self.fault("read"))?;
        odb.refresh().map_err(self.fault("read"))?;
        self.grew.set(true);
        Ok(())
    }

    /// An object's type and bytes.
    pub(super) fn read(&self, id: ObjectId) -> Result<(Type, Vec<u8>), StoreError> {
        read_object(&self.repo, id)
    }

    pub(super) fn fault(&self, action: &'static str) -> impl Fn(git2::Error) -> VaultError {
        let path = self.path.clone();
        move |source| VaultError::Git {
            action,
            path: path.clone(),
            source,
        }
    }
}

/// An object's type and bytes, checked against the id.
pub(super) fn read_object(repo: &Repository, id: ObjectId) -> Result<(Type, Vec<u8>), StoreError> {
    let (kind, bytes) = read_unchecked(repo, id)?;
    if pack::object_id(kind, &bytes) == id {
        Ok((kind, bytes))
    } else {
        Err(other_content(id))
    }
}

/// The same for an object out of another repository: this also sees through contents that were made
/// to have an id in common, and takes twice as long.
pub(super) fn read_foreign(repo: &Repository, id: ObjectId) -> Result<(Type, Vec<u8>), StoreError> {
    let (kind, bytes) = read_unchecked(repo, id)?;
    if is_of(id, kind, &bytes) {
        Ok((kind, bytes))
    } else {
        Err(other_content(id))
    }
}

/// Whether bytes that were never ours are those of the id.
pub(super) fn is_of(id: ObjectId, kind: Type, bytes: &[u8]) -> bool {
    Oid::hash_object(kind.to_git2(), bytes).is_ok_and(|found| found == oid(id))
}

fn other_content(id: ObjectId) -> StoreError {
    StoreError::Damaged {
        id,
        reason: "its content has another id".to_owned(),
    }
}

fn read_unchecked(repo: &Repository, id: ObjectId) -> Result<(Type, Vec<u8>), StoreError> {
    let failed = |fault: git2::Error| read_fault(id, &fault);
    let odb = repo.odb().map_err(failed)?;
    let object = odb.read(oid(id)).map_err(failed)?;
    let kind = Type::from_git2(object.kind()).ok_or_else(|| StoreError::Damaged {
        id,
        reason: "it is of a kind that a vault does not have".to_owned(),
    })?;
    Ok((kind, object.data().to_vec()))
}

fn read_fault(id: ObjectId, fault: &git2::Error) -> StoreError {
    match fault.code() {
        ErrorCode::NotFound => StoreError::Missing { id },
        _ => StoreError::Damaged {
            id,
            reason: fault.message().to_owned(),
        },
    }
}

pub(super) fn expect_type(
    id: ObjectId,
    found: (Type, Vec<u8>),
    wanted: Type,
) -> Result<Vec<u8>, StoreError> {
    let (kind, bytes) = found;
    if kind == wanted {
        Ok(bytes)
    } else {
        Err(StoreError::Damaged {
            id,
            reason: format!("it is a {kind:?}, not a {wanted:?}"),
        })
    }
}

impl Trees for Store {
    fn tree(&self, id: ObjectId) -> Result<Vec<TreeEntry>, StoreError> {
        let bytes = expect_type(id, self.read(id)?, Type::Tree)?;
        tree::decode(id, &bytes)
    }
}

impl Blobs for Store {
    fn blob(&self, id: ObjectId) -> Result<Vec<u8>, StoreError> {
        expect_type(id, self.read(id)?, Type::Blob)
    }

    fn size(&self, id: ObjectId) -> Result<u64, StoreError> {
        self.header(id).map(|(_, size)| size)
    }
}
