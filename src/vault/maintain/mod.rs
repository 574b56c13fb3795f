//! Keeping this machine's store small: few packs, few loose objects, later versions told as changes.
//!
//! *In*: the store, when a run has done all else with it. *Out*: the same objects in fewer files.
//! *Never*: the network; deleting what the new pack does not have, unless nothing has led to it for two
//! weeks; a large content compressed again.
//!
//! A new pack is written beside the old ones, synced, and looked at; it appears with its index; only
//! then the old ones go. Whoever reads meanwhile finds each object in the one or the other. A run
//! that is killed leaves temp files, or objects twice, which the next gathering makes one of.

mod census;
mod delta;
mod gather;
mod lineage;
mod plan;
mod reach;
mod source;
mod stock;
mod target;

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

use git2::Repository;

use crate::base::{BaseError, ObjectId, Timestamp};

use super::{Store, VaultError};
use census::Census;
use gather::{Gather, Gathered};
use plan::Job;
use source::Source;
use stock::Stock;

impl Store {
    /// Puts the store in order where that is due, and says whether it was. For the holder of the run
    /// lock, as the last thing that a run does with the store: what it has open are the old packs.
    pub fn maintain(&self, now: Timestamp) -> Result<bool, VaultError> {
        let objects = self.path.join("objects");
        let failed = BaseError::io("consolidate the packs of", &self.path);
        let census = Census::take(&objects).map_err(failed)?;
        let jobs = plan::due(&census, now.seconds());
        for job in &jobs {
            let failed = BaseError::io("consolidate the packs of", &self.path);
            self.gather(&objects, &census, job).map_err(failed)?;
        }
        Ok(!jobs.is_empty())
    }

    fn gather(&self, objects: &Path, census: &Census, job: &Job) -> io::Result<()> {
        let packs = objects.join("pack");
        // A look of its own at the store: this one's may know less than the disk has.
        let repo = Repository::open_bare(&self.path).map_err(io::Error::other)?;
        let odb = repo.odb().map_err(io::Error::other)?;
        let aside = job.sifts.as_deref().unwrap_or_default();
        let open = |at: &usize| Source::open(&packs, &census.packs[*at].name);
        let sources = job.packs.iter().chain(aside).map(open);
        let sources = sources.collect::<io::Result<Vec<_>>>()?;
        let loose = if job.with_loose {
            &census.loose[..]
        } else {
            &[]
        };
        let mut stock = Stock::new(&sources, loose)?;
        if job.sifts.is_some() {
            let live = reach::reachable(&repo, &odb).map_err(io::Error::other)?;
            stock.sift(live, job.packs.len());
        }
        let gathered = Gather::new(&odb, stock)?.write(&packs)?;
        check(&packs, &gathered)?;
        clear(objects, &gathered, (&sources, loose))
    }
}

/// Whether what was gathered is in the new packs, as the disk has them now.
fn check(packs: &Path, gathered: &Gathered) -> io::Result<()> {
    let mut found = HashSet::new();
    for name in &gathered.packs {
        let entries = Source::open(packs, name)?.entries;
        found.extend(entries.iter().map(|entry| entry.id));
    }
    if gathered.objects.is_subset(&found) {
        Ok(())
    } else {
        Err(source::damaged(
            "a new pack has not all that it should have",
        ))
    }
}

/// Deletes the old files. An index goes before its pack: without it nobody looks for the pack.
fn clear(
    objects: &Path,
    gathered: &Gathered,
    (sources, loose): (&[Source], &[ObjectId]),
) -> io::Result<()> {
    let packs = objects.join("pack");
    // Git's index over several packs would name some that are gone.
    remove(&packs.join("multi-pack-index"))?;
    for source in sources {
        let is_needless = |entry: &source::Entry| {
            gathered.objects.contains(&entry.id) || gathered.dropped.contains(&entry.id)
        };
        let is_done = source.entries.iter().all(is_needless);
        if is_done && !gathered.packs.contains(&source.name) {
            for ending in ["idx", "rev", "bitmap", "keep", "aside", "pack"] {
                remove(&packs.join(&source.name).with_extension(ending))?;
            }
        }
    }
    for id in loose.iter().filter(|id| gathered.objects.contains(id)) {
        let path = census::loose_path(objects, *id);
        remove(&path)?;
        // One that is not empty stays.
        path.parent().map(fs::remove_dir);
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::census::Sort;
    use super::*;
    use crate::base::{Blobs, HostPath, Kind, Sink, TreeEntry};
    use crate::vault::{Author, NewCommit, Objects, RefName};

    /// A month after the beginning of time, which is when what is old was made.
    const NOW: Timestamp = Timestamp::from_millis(30 * 24 * 60 * 60 * 1000);

    /// A store, and what was committed into it.
    struct Ground {
        dir: tempfile::TempDir,
        store: Store,
        contents: Vec<(ObjectId, Vec<u8>)>,
        tip: Option<ObjectId>,
    }

    impl Ground {
        fn new() -> Self {
            let dir = tempfile::tempdir().expect("a temp dir");
            Self {
                store: open(&dir),
                dir,
                contents: Vec::new(),
                tip: None,
            }
        }

        /// A commit with these files, on the branch or beside it.
        fn commit(&mut self, files: &[Vec<u8>], on_branch: bool) -> ObjectId {
            let mut objects = Objects::new(&self.store);
            let mut entries = Vec::new();
            for (number, bytes) in files.iter().enumerate() {
                let id = objects.put_blob(bytes).expect("stored");
                if on_branch {
                    self.contents.push((id, bytes.clone()));
                }
                entries.push(TreeEntry {
                    name: format!("file-{number:03}").into_bytes(),
                    kind: Kind::File,
                    id,
                });
            }
            let author = Author {
                name: "laptop".to_owned(),
                email: "m@x".to_owned(),
            };
            let new = NewCommit {
                tree: objects.put_tree(&entries).expect("stored"),
                parent: self.tip,
                author: &author,
                at: NOW,
                message: "m",
            };
            let id = objects.private_commit(&new).expect("made");
            if on_branch {
                self.store.write_ref(RefName::Branch, id).expect("moved");
                self.tip = Some(id);
            }
            id
        }

        /// Versions of 70 files, each with a few bytes changed, and the store put in order each time.
        fn versions(count: u32) -> Self {
            let mut ground = Self::new();
            let mut files: Vec<_> = (0..70).map(|number| noise(number, 3_000)).collect();
            for version in 0..count {
                for file in &mut files {
                    file.splice(100..110, noise(version, 12));
                }
                ground.commit(&files, true);
                ground.store.maintain(NOW).expect("in order");
            }
            ground
        }

        /// A commit that makes it time to put all of the store in order.
        fn put_in_order(&mut self, seed: u32) {
            self.commit(&[noise(seed, 600_000)], true);
            assert!(
                self.store.maintain(NOW).expect("in order"),
                "nothing was due"
            );
        }

        fn census(&self) -> Census {
            Census::take(&self.store.path.join("objects")).expect("counted")
        }

        fn packs(&self) -> std::path::PathBuf {
            self.store.path.join("objects/pack")
        }

        fn names(&self, is_wanted: fn(Sort) -> bool) -> Vec<String> {
            let packs = self.census().packs.into_iter();
            let packs = packs.filter(|pack| is_wanted(pack.sort));
            packs.map(|pack| pack.name).collect()
        }

        /// Makes every pack as old as can be.
        fn age(&self) {
            for entry in fs::read_dir(self.packs()).expect("packs").flatten() {
                let file = fs::File::open(entry.path()).expect("opened");
                let long_ago = std::time::UNIX_EPOCH;
                file.set_modified(long_ago).expect("a time can be set");
            }
        }

        /// Everything that was committed is read by somebody who opens the store now.
        fn is_whole(&self) {
            let again = open(&self.dir);
            for (id, bytes) in &self.contents {
                assert_eq!(&again.blob(*id).expect("it is there"), bytes);
            }
            let odb = again.repo.odb().expect("objects");
            let all = reach::reachable(&again.repo, &odb).expect("nothing is missing");
            assert!(all.contains(&self.tip.expect("something was committed")));
        }
    }

    fn open(dir: &tempfile::TempDir) -> Store {
        let place = HostPath::new(dir.path().join("vault.git")).expect("absolute");
        Store::open(&place).expect("opened")
    }

    /// Bytes that no deflate makes fewer.
    fn noise(seed: u32, length: u32) -> Vec<u8> {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let next = |_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[1]
        };
        (0..length).map(next).collect()
    }

    const fn is_aside(sort: Sort) -> bool {
        matches!(sort, Sort::Aside { .. })
    }

    #[test]
    fn versions_are_told_as_changes_and_read_back() {
        let ground = Ground::versions(60);
        let census = ground.census();
        let bytes: u64 = census.packs.iter().map(|pack| pack.bytes).sum();
        assert!(
            census.packs.len() <= 5 && census.loose.len() <= 512,
            "{census:?}"
        );
        // 60 versions of 210 000 bytes.
        assert!(bytes < 2_500_000, "{bytes}");
        ground.is_whole();
    }

    #[test]
    fn what_nothing_leads_to_is_set_aside_for_two_weeks_and_then_gone() {
        let mut ground = Ground::versions(2);
        let lost = ground.commit(&[noise(900, 200_000)], false);
        ground.put_in_order(901);
        let before = ground.names(is_aside);
        assert_eq!(before.len(), 1);
        ground.put_in_order(902);
        assert!(open(&ground.dir).commit_info(lost).is_ok());
        assert_eq!(ground.names(is_aside), before, "not two weeks yet");
        ground.age();
        ground.put_in_order(903);
        assert!(open(&ground.dir).commit_info(lost).is_err());
        assert!(!ground.names(is_aside).contains(&before[0]));
        ground.is_whole();
    }

    #[test]
    fn what_came_into_use_again_is_not_deleted() {
        let mut ground = Ground::versions(2);
        let lost = ground.commit(&[noise(900, 200_000)], false);
        ground.put_in_order(901);
        assert_eq!(ground.names(is_aside).len(), 1);
        ground.store.write_ref(RefName::Late, lost).expect("a ref");
        ground.age();
        ground.put_in_order(902);
        assert_eq!(ground.names(is_aside).len(), 0);
        assert!(open(&ground.dir).commit_info(lost).is_ok());
        ground.is_whole();
    }

    #[test]
    fn a_damaged_pack_is_left_as_it_is() {
        use std::os::unix::fs::{FileExt, PermissionsExt};
        let mut ground = Ground::versions(2);
        let pack = ground.census().packs.pop().expect("there is one");
        let path = ground.packs().join(&pack.name).with_extension("pack");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
        let file = fs::File::options().write(true).open(&path).expect("opened");
        file.write_all_at(&[0x55; 3], pack.bytes / 2)
            .expect("damaged");
        ground.commit(&[noise(901, 400_000)], true);
        let before = format!("{:?}", ground.census());
        assert!(ground.store.maintain(NOW).is_err());
        assert_eq!(format!("{:?}", ground.census()), before);
    }

    #[test]
    fn a_large_content_gets_a_pack_of_its_own_and_stays_there() {
        let mut ground = Ground::new();
        // More than a handful, so that they come as one pack.
        let mut files: Vec<_> = (0..70).map(|number| noise(number, 3_000)).collect();
        files.push(noise(1_000, 17 << 20));
        ground.commit(&files, true);
        let is_large: fn(Sort) -> bool = |sort| sort == Sort::Large;
        ground.commit(&[noise(1_002, 3 << 20)], true);
        assert!(ground.store.maintain(NOW).expect("in order"));
        let before = ground.names(is_large);
        assert_eq!(before.len(), 1);
        ground.put_in_order(1_003);
        assert_eq!(ground.names(is_large), before);
        ground.is_whole();
    }

    #[test]
    fn what_a_killed_gathering_left_is_swept() {
        let ground = Ground::versions(2);
        for name in [
            "pack-1.pack",
            "pack-1.keep",
            "pack-2.aside",
            "pack-3.idx",
            ".holdall-tmp-x",
        ] {
            fs::File::create(ground.packs().join(name)).expect("made");
        }
        assert_eq!(ground.store.sweep().expect("swept"), 5);
        ground.is_whole();
    }
}
