//! What was seen and read before need not be looked into again, as long as the file system says that
//! it is the same.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::base::{BaseError, HostPath, ObjectId, Stat, read_if_there, write_passing};
use crate::source::{Listing, What};

/// A file that changed this short before it was looked at may change again within one tick.
const RACY_NS: i64 = 20_000_000;
/// The same where the file system counts in seconds, or in two of them.
const RACY_COARSE_NS: i64 = 2_000_000_000;
/// A last line that is not ended yet is waited for so long.
const TORN_NS: i64 = 60 * SECOND_NS;
const SECOND_NS: i64 = 1_000_000_000;
/// No cache of ours is larger; a larger file is not ours.
const MAX_BYTES: u64 = 1 << 30;

/// What everything below a directory came to, where all of it is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Whole {
    pub tree: Option<ObjectId>,
    pub files: u64,
    pub bytes: u64,
}

/// One directory as the last run left it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct KnownDir {
    pub listing: Listing,
    /// The content of each entry of the listing, where it was read and has settled.
    pub ids: Vec<Option<ObjectId>>,
    /// The names that not every disk can tell apart.
    pub alike: Vec<Vec<String>>,
    pub whole: Option<Whole>,
    /// Files that were written here after the listing was made, as they stood then.
    pub written: Vec<Written>,
}

/// A name, and what is known of it.
pub(super) type Written = (Vec<u8>, Stat, ObjectId);

/// By place below the root of the unit.
pub(super) type KnownDirs = HashMap<Vec<u8>, KnownDir>;

/// What decides whether a cache still holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheKeys {
    /// Of everything that decides what a file's clean content is.
    pub contents: [u8; 32],
    /// Of everything that decides what travels.
    pub rules: [u8; 32],
}

#[derive(Default, Serialize, Deserialize)]
struct Stored {
    keys: CacheKeys,
    dirs: KnownDirs,
}

/// What is known of one project or tool. A cache that cannot be read is an empty one.
pub struct StatCache {
    file: HostPath,
    keys: CacheKeys,
    /// The rules are those of the last run: its listings still speak.
    same_rules: bool,
    pub(super) dirs: KnownDirs,
    pub(super) changed: bool,
    /// The file system's own time when this run began.
    began_ns: i64,
}

impl StatCache {
    #[must_use]
    pub fn open(file: HostPath, keys: CacheKeys, began_ns: i64) -> Self {
        let bytes = read_if_there(file.as_path(), MAX_BYTES).ok().flatten();
        let stored = decode(&bytes.unwrap_or_default()).unwrap_or_default();
        let holds = stored.keys.contents == keys.contents;
        Self {
            file,
            keys,
            same_rules: holds && stored.keys.rules == keys.rules,
            dirs: if holds { stored.dirs } else { KnownDirs::new() },
            changed: stored.keys != keys,
            began_ns,
        }
    }

    /// Whether a cache is as it was written. What another version wrote is, though nobody here reads it.
    pub fn is_sound(file: &HostPath) -> Result<bool, BaseError> {
        let bytes = read_if_there(file.as_path(), MAX_BYTES)?;
        Ok(bytes.is_none_or(|bytes| body(&bytes).is_some()))
    }

    /// What the last run under the same rules saw in a directory.
    #[must_use]
    pub fn past(&self, place: &[u8]) -> Option<&Listing> {
        let known = self.dirs.get(place).filter(|_| self.same_rules)?;
        Some(&known.listing)
    }

    /// A file that was written here just now is known, as long as it stands as it did then.
    pub fn learn(&mut self, dir: &[u8], name: &[u8], (stat, id): (Stat, ObjectId)) {
        let known = self.dirs.entry(dir.to_vec()).or_default();
        known.whole = None;
        known.written.push((name.to_vec(), stat, id));
        self.changed = true;
    }

    /// Whether a file may change once more without a sign of it.
    pub(super) fn is_racy(&self, stat: &Stat) -> bool {
        let latest = stat.mtime_ns.max(stat.ctime_ns);
        let coarse = stat.mtime_ns % SECOND_NS == 0 && stat.ctime_ns % SECOND_NS == 0;
        let window = if coarse { RACY_COARSE_NS } else { RACY_NS };
        latest.saturating_add(window) > self.began_ns
    }

    /// Whether somebody may be in the middle of a line of it.
    pub(super) const fn is_young(&self, stat: &Stat) -> bool {
        stat.mtime_ns.saturating_add(TORN_NS) > self.began_ns
    }

    /// Writes the cache, if there is anything new in it.
    pub fn save(&self) -> Result<(), BaseError> {
        if !self.changed {
            return Ok(());
        }
        let stored = StoredRef {
            keys: self.keys,
            dirs: &self.dirs,
        };
        let body = postcard::to_stdvec(&stored).expect("a cache is plain data");
        let mut bytes = blake3::hash(&body).as_bytes().to_vec();
        bytes.extend_from_slice(&body);
        write_passing(self.file.as_path(), &bytes)
    }
}

/// [`Stored`], to be written.
#[derive(Serialize)]
struct StoredRef<'a> {
    keys: CacheKeys,
    dirs: &'a KnownDirs,
}

/// What stands behind the checksum, if it is right.
fn body(bytes: &[u8]) -> Option<&[u8]> {
    let (sum, body) = bytes.split_at_checked(32)?;
    (blake3::hash(body).as_bytes() == sum).then_some(body)
}

fn decode(bytes: &[u8]) -> Option<Stored> {
    let stored: Stored = postcard::from_bytes(body(bytes)?).ok()?;
    let sound = |dir: &KnownDir| dir.ids.len() == dir.listing.entries.len();
    stored.dirs.values().all(sound).then_some(stored)
}

/// The contents of a listing that are known from an older one: same name, same stat.
pub(super) fn carry_over(old: KnownDir, new: &Listing) -> Vec<Option<ObjectId>> {
    let mut known: HashMap<Vec<u8>, (What, Option<ObjectId>)> = HashMap::new();
    for (entry, id) in old.listing.entries.into_iter().zip(old.ids) {
        known.insert(entry.name, (entry.what, id));
    }
    for (name, stat, id) in old.written {
        known.insert(name, (What::File(stat), Some(id)));
    }
    let id = |entry: &crate::source::Entry| {
        let (what, id) = known.get(&entry.name)?;
        (*what == entry.what).then_some(*id)?
    };
    new.entries.iter().map(id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Entry;

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

    fn cache(dir: &tempfile::TempDir, keys: CacheKeys, began_ns: i64) -> StatCache {
        let file = HostPath::new(dir.path().join("unit")).expect("absolute");
        StatCache::open(file, keys, began_ns)
    }

    fn one_dir() -> KnownDir {
        KnownDir {
            listing: Listing {
                entries: vec![Entry {
                    name: b"x".to_vec(),
                    alias: None,
                    what: What::File(stat(5)),
                }],
                closed: None,
            },
            ids: vec![Some(ObjectId::from_bytes([1; 20]))],
            alike: Vec::new(),
            whole: None,
            written: Vec::new(),
        }
    }

    #[test]
    fn what_another_version_wrote_is_sound_and_what_a_power_cut_left_is_not() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let file = HostPath::new(dir.path().join("unit")).expect("absolute");
        let is_sound = || StatCache::is_sound(&file).expect("looked at");
        assert!(is_sound(), "there is none");
        let body = b"of a version to come";
        let whole = [blake3::hash(body).as_bytes().as_slice(), body].concat();
        write_passing(file.as_path(), &whole).expect("written");
        assert!(is_sound());
        assert!(decode(&whole).is_none());
        for end in [0, 20, whole.len() - 1] {
            write_passing(file.as_path(), &whole[..end]).expect("written");
            assert!(!is_sound(), "{end}");
        }
    }

    #[test]
    fn a_cache_is_kept_and_asked_under_its_own_rules_alone() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let keys = CacheKeys::default();
        let mut first = cache(&dir, keys, 0);
        assert!(!first.changed, "an empty cache under the keys of nothing");
        first.dirs.insert(b".aigon".to_vec(), one_dir());
        first.changed = true;
        first.save().expect("saved");
        let again = cache(&dir, keys, 0);
        assert_eq!(again.past(b".aigon"), Some(&one_dir().listing));
        let other_rules = CacheKeys {
            rules: [1; 32],
            ..keys
        };
        let again = cache(&dir, other_rules, 0);
        assert_eq!(again.past(b".aigon"), None);
        assert_eq!(again.dirs.len(), 1, "contents are still known");
        let other_contents = CacheKeys {
            contents: [1; 32],
            ..keys
        };
        assert!(cache(&dir, other_contents, 0).dirs.is_empty());
    }

    #[test]
    fn a_file_that_changed_just_now_is_racy_and_longer_where_the_clock_is_coarse() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let cache = cache(&dir, CacheKeys::default(), 10 * SECOND_NS);
        assert!(!cache.is_racy(&stat(9 * SECOND_NS + 1)));
        assert!(cache.is_racy(&stat(10 * SECOND_NS - 1)));
        assert!(cache.is_racy(&stat(9 * SECOND_NS)));
        assert!(!cache.is_racy(&stat(7 * SECOND_NS)));
    }

    #[test]
    fn a_content_is_known_by_name_and_stat() {
        let mut new = one_dir().listing;
        assert!(carry_over(one_dir(), &new)[0].is_some());
        new.entries[0].what = What::File(stat(6));
        assert!(carry_over(one_dir(), &new)[0].is_none());
    }

    #[test]
    fn what_was_written_here_is_known_in_whatever_order_it_is_found() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let keys = CacheKeys::default();
        let mut cache = self::cache(&dir, keys, 0);
        let id = ObjectId::from_bytes([2; 20]);
        cache.dirs.insert(b".aigon".to_vec(), one_dir());
        for name in [b"y", b"z"] {
            cache.learn(b".aigon", name, (stat(7), id));
        }
        cache.save().expect("saved");
        let again = self::cache(&dir, keys, 0).dirs.remove(&b".aigon"[..]);
        let known = again.expect("it was saved");
        let mut found = Listing::default();
        for (name, time) in [(b"z", 7), (b"x", 5), (b"y", 8)] {
            found.entries.push(Entry {
                name: name.to_vec(),
                alias: None,
                what: What::File(stat(time)),
            });
        }
        let ids = carry_over(known, &found);
        assert_eq!(ids[0], Some(id));
        assert!(ids[1].is_some());
        assert_eq!(ids[2], None, "it was written to since");
    }

    #[test]
    fn a_damaged_cache_is_an_empty_one() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let text = "not a cache, but long enough to hold a sum of its own";
        std::fs::write(dir.path().join("unit"), text).expect("written");
        assert!(cache(&dir, CacheKeys::default(), 0).dirs.is_empty());
    }
}
