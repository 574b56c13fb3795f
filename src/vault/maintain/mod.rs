//! Keeping this machine's store small: few packs, few loose objects, later versions told as changes.
//!
//! *In*: the store, when a run has done all else with it. *Out*: the same objects in fewer files.
//! *Never*: the network; deleting an object. What no ref leads to stays, because the caches name it,
//! and because whoever finds an object in the store takes all that it leads to for present.
//!
//! A new pack is written beside the old ones, synced, and appears with its index; only then the old
//! ones go. Whoever reads meanwhile finds each object in the one or the other. A run that is killed
//! leaves temp files, or objects twice, which the next gathering makes one of.

mod census;
mod gather;
mod lineage;
mod plan;

use std::fs;
use std::io;
use std::path::Path;

use crate::base::{BaseError, seams};

use super::old_pack::OldPack;
use super::{Store, VaultError};
pub(super) use census::Census;
use census::loose_path;

impl Store {
    /// Puts the store in order where that is due, and says whether it was. For the holder of the run
    /// lock, as the last thing that a run does with the store: what it has open are the old packs.
    /// Where nothing came since it was opened it is not even looked at.
    pub fn maintain(&self) -> Result<bool, VaultError> {
        if !self.grew.replace(false) {
            return Ok(false);
        }
        let done = self.consolidate();
        Ok(done.map_err(BaseError::io("consolidate the packs of", &self.path))?)
    }

    fn consolidate(&self) -> io::Result<bool> {
        let objects = self.path.join("objects");
        let census = Census::take(&objects)?;
        let Some(count) = plan::due(&census) else {
            return Ok(false);
        };
        let packs = objects.join("pack");
        let names = census.packs[..count].iter().rev().map(|pack| &pack.name);
        let names: Vec<&String> = names.collect();
        let old = names.iter().map(|name| OldPack::open(&packs, name));
        let new = gather::gather(self, old.collect::<io::Result<_>>()?, &census.loose)?;
        // Git's index over several packs would name some that are gone.
        remove(&packs.join("multi-pack-index"))?;
        for name in names.into_iter().filter(|name| **name != new) {
            // The index before the pack: without it nobody looks for the pack.
            for ending in ["idx", "rev", "bitmap", "keep", "pack"] {
                remove(&packs.join(name).with_extension(ending))?;
            }
        }
        for id in census.loose {
            let path = loose_path(&objects, id);
            remove(&path)?;
            // One that is not empty stays.
            path.parent().map(fs::remove_dir);
        }
        Ok(true)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    seams::step()?;
    match fs::remove_file(path) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Blobs, HostPath, Kind, ObjectId, Sink, Timestamp, TreeEntry, Trees};
    use crate::vault::store::object_id;
    use crate::vault::{Author, NewCommit, Objects, RefName};

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

        /// A commit with these files on top of the last one.
        fn commit(&mut self, files: &[Vec<u8>]) {
            let mut objects = Objects::new(&self.store);
            let mut entries = Vec::new();
            for (number, bytes) in files.iter().enumerate() {
                let id = objects.put_blob(bytes).expect("stored");
                self.contents.push((id, bytes.clone()));
                entries.push(entry(&format!("file-{number:03}"), Kind::File, id));
            }
            self.tip = Some(commit(&mut objects, &entries, self.tip));
        }

        /// Versions of 70 files, each with a few bytes changed, and the store put in order each time.
        fn versions(count: u32) -> Self {
            let mut ground = Self::new();
            let mut files: Vec<_> = (0..70).map(|number| noise(number, 3_000)).collect();
            for version in 0..count {
                for file in &mut files {
                    file.splice(100..110, noise(version, 12));
                }
                ground.commit(&files);
                ground.store.maintain().expect("in order");
            }
            ground
        }

        fn census(&self) -> Census {
            Census::take(&self.store.path.join("objects")).expect("counted")
        }

        fn packs(&self) -> std::path::PathBuf {
            self.store.path.join("objects/pack")
        }

        /// Everything that was committed is read by somebody who opens the store now.
        fn is_whole(&self) {
            let again = open(&self.dir);
            for (id, bytes) in &self.contents {
                assert_eq!(&again.blob(*id).expect("it is there"), bytes);
            }
            let mut tip = self.tip;
            while let Some(id) = tip {
                let info = again.commit_info(id).expect("it is there");
                assert!(again.tree(info.tree).is_ok());
                tip = info.parents.first().copied();
            }
        }
    }

    fn entry(name: &str, kind: Kind, id: ObjectId) -> TreeEntry {
        let name = name.as_bytes().to_vec();
        TreeEntry { name, kind, id }
    }

    fn commit(
        objects: &mut Objects<'_>,
        entries: &[TreeEntry],
        parent: Option<ObjectId>,
    ) -> ObjectId {
        let author = Author {
            name: "laptop".to_owned(),
            email: "m@x".to_owned(),
        };
        let new = NewCommit {
            tree: objects.put_tree(entries).expect("stored"),
            parent,
            author: &author,
            at: Timestamp::from_millis(0),
            message: "m",
        };
        let id = objects.private_commit(&new, None).expect("made");
        objects.flush().expect("written");
        let store = objects.store();
        store.write_ref(RefName::Branch, id).expect("moved");
        id
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

    #[test]
    fn versions_are_told_as_changes_and_read_back() {
        let ground = Ground::versions(60);
        let census = ground.census();
        let bytes: u64 = census.packs.iter().map(|pack| pack.bytes).sum();
        assert!(
            census.packs.len() <= 7 && census.loose.is_empty(),
            "{census:?}"
        );
        // 60 versions of 210 000 bytes.
        assert!(bytes < 2_500_000, "{bytes}");
        ground.is_whole();
    }

    #[test]
    fn what_was_told_among_the_small_ones_stays_told_in_the_big_one() {
        let mut ground = Ground::new();
        let files: Vec<_> = (0..70).map(|number| noise(number, 150_000)).collect();
        ground.commit(&files);
        let mut objects = Objects::new(&ground.store);
        let first = ground.tip.expect("just made");
        let first = ground.store.tree_of(first).expect("it is there");
        let mut entries = ground.store.tree(first).expect("it is there");
        let mut times = 0;
        for version in 0..200 {
            let mut bytes = noise(0, 3_000);
            bytes.splice(100..110, noise(version, 12));
            entries[0].id = objects.put_blob(&bytes).expect("stored");
            ground.contents.push((entries[0].id, bytes));
            ground.tip = Some(commit(&mut objects, &entries, ground.tip));
            times += u32::from(ground.store.maintain().expect("in order"));
        }
        drop(objects);
        assert_eq!(times, 33, "when there were six more");
        ground.commit(&[noise(900, 2_000_000)]);
        assert!(ground.store.maintain().expect("in order"));
        let census = ground.census();
        let bytes: u64 = census.packs.iter().map(|pack| pack.bytes).sum();
        assert_eq!(census.packs.len(), 1);
        // Each version has 3 kB in a content and as much in a tree.
        assert!(bytes < 70 * 150_000 + 2_000_000 + 200_000, "{bytes}");
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
        ground.commit(&[noise(901, 400_000)]);
        let before = format!("{:?}", ground.census());
        assert!(ground.store.maintain().is_err());
        assert_eq!(format!("{:?}", ground.census()), before);
    }

    #[test]
    fn a_large_content_is_carried_along_packed_and_loose() {
        let mut ground = Ground::new();
        // More than a handful, so that they come as one pack.
        let mut files: Vec<_> = (0..70).map(|number| noise(number, 3_000)).collect();
        files.push(noise(1_000, 17 << 20));
        ground.commit(&files);
        for seed in [1_001, 1_002] {
            ground.commit(&[noise(seed, 17 << 20)]);
            // As git leaves it there.
            let loose = noise(seed + 10, 17 << 20);
            let id = ground.store.repo.blob(&loose).expect("written");
            ground.contents.push((object_id(id), loose));
            assert!(ground.store.maintain().expect("in order"));
            let census = ground.census();
            assert_eq!((census.packs.len(), census.loose.len()), (1, 0));
        }
        ground.is_whole();
    }

    #[test]
    fn a_directory_is_no_earlier_version_of_a_link() {
        let mut ground = Ground::new();
        let mut objects = Objects::new(&ground.store);
        let mut put = |bytes: &[u8]| {
            let id = objects.put_blob(bytes).expect("stored");
            ground.contents.push((id, bytes.to_vec()));
            id
        };
        let inside = [noise(1, 90_000), noise(2, 90_000)].map(|bytes| put(&bytes));
        let names: Vec<_> = (0..50).map(|number| format!("{number}")).collect();
        let wide = names.iter().map(|name| entry(name, Kind::File, inside[0]));
        let wide: Vec<_> = wide.collect();
        // As like the directory as can be.
        let link = put(&crate::vault::tree::encode(&wide)[1..]);
        let wide = objects.put_tree(&wide).expect("stored");
        for at in [
            entry("at", Kind::File, inside[1]),
            entry("at", Kind::Tree, wide),
            entry("at", Kind::Link, link),
        ] {
            let beside = entry("beside", Kind::File, inside[0]);
            ground.tip = Some(commit(&mut objects, &[at, beside], ground.tip));
        }
        drop(objects);
        ground.commit(&[noise(3, 300_000)]);
        assert!(ground.store.maintain().expect("in order"));
        ground.is_whole();
    }

    #[test]
    fn nothing_is_looked_at_where_nothing_came() {
        let ground = Ground::versions(1);
        for number in 0..9 {
            let idle = ground.packs().join(format!("pack-{number}.idx"));
            fs::write(idle.with_extension("pack"), "").expect("made");
            fs::write(idle, "").expect("made");
        }
        assert!(!open(&ground.dir).maintain().expect("no fault"));
    }

    #[test]
    fn what_a_killed_gathering_left_is_swept() {
        let ground = Ground::versions(2);
        for name in ["pack-1.pack", "pack-3.idx", ".holdall-tmp-x"] {
            fs::File::create(ground.packs().join(name)).expect("made");
        }
        assert_eq!(ground.store.sweep().expect("swept"), 3);
        ground.is_whole();
    }
}
