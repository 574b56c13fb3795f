//! A damaged store as far as it reads: beside it stands one of links to its files, and in the place of
//! each pack that git would not open a copy with the beginning and the end that its index names.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use git2::{ObjectType, Repository};
use tempfile::TempDir;

use crate::base::{BaseError, HostPath, ObjectId, TEMP_PREFIX};

use super::super::maintain::Census;
use super::super::packed::indexes;
use super::super::store::oid;
use super::super::verify::{Depth, packs};
use super::super::{Store, VaultError, index};

/// The hash at the end of a pack, and of an index.
const SUM: usize = 20;

/// What is left of a store.
pub struct Wreck {
    pub(super) place: PathBuf,
    pub(super) repo: Repository,
    /// Those of a pack in the order in which they lie there.
    pub(super) ids: Vec<ObjectId>,
    _links: TempDir,
}

impl Wreck {
    /// Opens what is left at a place.
    pub fn open(place: &HostPath) -> Result<Self, VaultError> {
        let place = place.as_path().to_owned();
        let failed = |fault| VaultError::from(BaseError::io("read what is left of", &place)(fault));
        let git = |source| VaultError::Git {
            action: "read what is left of",
            path: place.clone(),
            source,
        };
        let links = link(&place).map_err(failed)?;
        let objects = links.path().join("objects");
        let ids = ids(&objects).map_err(failed)?;
        Ok(Self {
            repo: Repository::open_bare(links.path()).map_err(git)?,
            place,
            ids,
            _links: links,
        })
    }

    /// The commits with this message that a store has by now, the latest first.
    #[must_use]
    pub fn commits_saying(&self, message: &str, carried: &Store) -> Vec<ObjectId> {
        let time = |id: &ObjectId| {
            let (_, kind) = carried.repo.odb().ok()?.read_header(oid(*id)).ok()?;
            let commit = (kind == ObjectType::Commit).then(|| carried.repo.find_commit(oid(*id)));
            let commit = commit?.ok()?;
            let is_it = commit.message().is_ok_and(|text| text == message);
            is_it.then(|| commit.time().seconds())
        };
        let known = self.ids.iter().filter(|id| carried.has(**id));
        let mut found: Vec<_> = known.filter_map(|id| Some((time(id)?, *id))).collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().rev().map(|(_, id)| id).collect()
    }
}

/// A repository of links to the objects of the one at a place. Nothing is written to that.
fn link(place: &Path) -> io::Result<TempDir> {
    let links = tempfile::Builder::new()
        .prefix(TEMP_PREFIX)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(place.parent().unwrap_or(place))?;
    Repository::init_bare(links.path()).map_err(io::Error::other)?;
    let (from, to) = (place.join("objects"), links.path().join("objects"));
    let Ok(entries) = fs::read_dir(&from) else {
        return Ok(links);
    };
    for entry in entries {
        let entry = entry?;
        let is_loose = entry.file_name().len() == 2;
        if is_loose && entry.file_type()?.is_dir() {
            symlink(entry.path(), to.join(entry.file_name()))?;
        }
    }
    for from in indexes(&from)? {
        let index = to.join("pack").join(from.file_name().unwrap_or_default());
        symlink(&from, &index)?;
        let [from_pack, pack] = [&from, &index].map(|it| it.with_extension("pack"));
        match packs::fault(&from, Depth::Structure) {
            None => symlink(from_pack, pack)?,
            Some(_) => mended_copy(&from_pack, &pack)?,
        }
    }
    Ok(links)
}

/// A copy of a pack that begins and ends as its index says. Git opens it, and each object in it is read
/// for itself.
fn mended_copy(from: &Path, to: &Path) -> io::Result<()> {
    let bytes = fs::read(to.with_extension("idx"))?;
    // Without any index nothing in it is found.
    let Some(places) = index::read(&bytes) else {
        return Ok(());
    };
    let count = u32::try_from(places.len()).map_err(io::Error::other)?;
    let sums = bytes.len().saturating_sub(2 * SUM);
    let mut copy = File::create_new(to)?;
    let length = io::copy(&mut File::open(from)?, &mut copy)?;
    copy.write_all_at(b"PACK\0\0\0\x02", 0)?;
    copy.write_all_at(&count.to_be_bytes(), 8)?;
    copy.write_all_at(&bytes[sums..sums + SUM], length.max(12))
}

fn ids(objects: &Path) -> io::Result<Vec<ObjectId>> {
    let packed = indexes(objects)?;
    let packed = packed.iter().flat_map(|index| packs::objects(index));
    Ok(packed.chain(Census::take(objects)?.loose).collect())
}
