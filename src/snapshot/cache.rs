//! What was read before need not be read again, as long as the file system says it is the same.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::base::{BaseError, HostPath, ObjectId, VaultPath, read_if_there, write_atomic};
use crate::source::Stat;

/// A file that changed this short before it was looked at may change again within one tick.
const RACY_NS: i64 = 20_000_000;
/// No cache of ours is larger; a larger file is not ours.
const MAX_BYTES: u64 = 1 << 30;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    dev: u64,
    ino: u64,
    size: u64,
    mtime_ns: i64,
    ctime_ns: i64,
    mode: u32,
    id: ObjectId,
}

#[derive(Default, Serialize, Deserialize)]
struct Content {
    /// The hash of everything that decides what a file's clean content is.
    key: [u8; 32],
    units: HashMap<String, HashMap<String, Row>>,
}

/// The ids of contents by path and stat. A cache that cannot be read is an empty one.
pub struct StatCache {
    old: Content,
    new: Content,
    /// The file system's own time when this run began.
    began_ns: i64,
    changed: bool,
}

impl StatCache {
    /// Reads the cache; `key` names the rules under which contents were cleaned.
    pub fn load(file: &HostPath, key: [u8; 32], began_ns: i64) -> Result<Self, BaseError> {
        let bytes = read_if_there(file.as_path(), MAX_BYTES)?.unwrap_or_default();
        let old = decode(&bytes).filter(|content| content.key == key);
        let changed = old.is_none();
        Ok(Self {
            old: old.unwrap_or_default(),
            new: Content {
                key,
                ..Content::default()
            },
            began_ns,
            changed,
        })
    }

    /// A content's id, if the file is the one that was read.
    pub fn known(&self, unit: &str, path: &VaultPath, stat: &Stat) -> Option<ObjectId> {
        let row = self.old.units.get(unit)?.get(path.as_str())?;
        let same = row.dev == stat.dev
            && row.ino == stat.ino
            && row.size == stat.size
            && row.mtime_ns == stat.mtime_ns
            && row.ctime_ns == stat.ctime_ns
            && row.mode == stat.mode;
        same.then_some(row.id)
    }

    /// Remembers a content for the next run.
    pub fn remember(&mut self, unit: &str, path: &VaultPath, stat: &Stat, id: ObjectId) {
        self.changed |= self.known(unit, path, stat) != Some(id);
        if stat.mtime_ns.max(stat.ctime_ns) + RACY_NS > self.began_ns {
            return;
        }
        let row = Row {
            dev: stat.dev,
            ino: stat.ino,
            size: stat.size,
            mtime_ns: stat.mtime_ns,
            ctime_ns: stat.ctime_ns,
            mode: stat.mode,
            id,
        };
        let rows = match self.new.units.get_mut(unit) {
            Some(rows) => rows,
            None => self.new.units.entry(unit.to_owned()).or_default(),
        };
        rows.insert(path.as_str().to_owned(), row);
    }

    /// Keeps what was known of a unit that this run does not look at.
    pub fn keep(&mut self, unit: &str) {
        if let Some(rows) = self.old.units.get(unit) {
            self.new.units.insert(unit.to_owned(), rows.clone());
        }
    }

    /// Writes the cache, if there is anything new in it.
    pub fn save(&self, file: &HostPath) -> Result<(), BaseError> {
        let count = |content: &Content| content.units.values().map(HashMap::len).sum::<usize>();
        if !self.changed && count(&self.old) == count(&self.new) {
            return Ok(());
        }
        let body = postcard::to_stdvec(&self.new).expect("a cache is plain data");
        let mut bytes = blake3::hash(&body).as_bytes().to_vec();
        bytes.extend_from_slice(&body);
        write_atomic(file.as_path(), &bytes)
    }
}

fn decode(bytes: &[u8]) -> Option<Content> {
    let (sum, body) = bytes.split_at_checked(32)?;
    (blake3::hash(body).as_bytes() == sum).then(|| postcard::from_bytes(body).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn stat(mtime_ns: i64) -> Stat {
        Stat {
            dev: 1,
            ino: 2,
            size: 3,
            mtime_ns,
            ctime_ns: mtime_ns,
            mode: 0o644,
        }
    }

    #[test]
    fn a_racy_file_is_read_again_and_a_settled_one_is_not() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let file = HostPath::new(dir.path().join("stat.cache")).expect("absolute");
        let path = VaultPath::parse("x").expect("valid");
        let id = ObjectId::from_bytes([1; 20]);
        let mut cache =
            StatCache::load(&file, [0; 32], 1_000_000_000).expect("no file is no fault");
        cache.remember("u", &path, &stat(100), id);
        let racy = VaultPath::parse("racy").expect("valid");
        cache.remember("u", &racy, &stat(999_999_999), id);
        cache.save(&file).expect("saved");
        let again = StatCache::load(&file, [0; 32], 2_000_000_000).expect("read");
        assert_eq!(again.known("u", &path, &stat(100)), Some(id));
        assert_eq!(again.known("u", &path, &stat(101)), None);
        assert_eq!(again.known("u", &racy, &stat(999_999_999)), None);
        let other_rules = StatCache::load(&file, [1; 32], 2_000_000_000).expect("read");
        assert_eq!(other_rules.known("u", &path, &stat(100)), None);
    }

    #[test]
    fn a_damaged_cache_is_an_empty_one() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let file = HostPath::new(dir.path().join("stat.cache")).expect("absolute");
        std::fs::write(
            file.as_path(),
            b"not a cache, but long enough to hold a sum of its own",
        )
        .expect("written");
        let cache = StatCache::load(&file, [0; 32], 0).expect("no fault");
        assert_eq!(
            cache.known("u", &VaultPath::parse("x").expect("valid"), &stat(1)),
            None
        );
    }
}
