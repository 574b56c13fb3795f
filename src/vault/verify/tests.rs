use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;

use super::*;
use crate::base::{HostPath, Kind, Sink, Timestamp, TreeEntry};
use crate::vault::{Author, NewCommit, Objects, RefName};

/// A store in which each step of its making is a pack of its own.
struct Ground {
    dir: TempDir,
    content: ObjectId,
    tree: ObjectId,
    commit: ObjectId,
}

impl Ground {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temp dir");
        let store = open(&dir);
        let content = stored(&store, |objects| {
            objects.put_blob(&b"what is in it\n".repeat(100))
        });
        let entry = |name: &str, kind, id| TreeEntry {
            name: name.as_bytes().to_vec(),
            kind,
            id,
        };
        let inner = stored(&store, |objects| {
            objects.put_tree(&[entry("x", Kind::File, content)])
        });
        let mut objects = Objects::new(&store);
        let root = objects.put_tree(&[entry("dir", Kind::Tree, inner)]);
        let commit = committed(&mut objects, root.expect("stored"), None);
        Self {
            dir,
            content,
            tree: inner,
            commit,
        }
    }

    fn faults(&self, depth: Depth) -> Vec<String> {
        let found = open(&self.dir).verify(depth, &|_| {}).expect("looked at");
        found.faults.iter().map(ToString::to_string).collect()
    }

    /// The pack that has an object.
    fn pack_of(&self, id: ObjectId) -> PathBuf {
        let objects = self.dir.path().join("vault.git/objects");
        let mut all = indexes(&objects).expect("listed").into_iter();
        let index = all.find(|index| packs::objects(index).contains(&id));
        index.expect("it is in one").with_extension("pack")
    }

    /// Changes the file beside a pack, or the pack itself.
    fn damage(&self, id: ObjectId, ending: &str, damage: impl FnOnce(&mut Vec<u8>)) {
        let file = self.pack_of(id).with_extension(ending);
        let mut bytes = fs::read(&file).expect("read");
        damage(&mut bytes);
        fs::remove_file(&file).expect("removed");
        fs::write(&file, bytes).expect("written");
    }
}

fn open(dir: &TempDir) -> Store {
    let place = HostPath::new(dir.path().join("vault.git")).expect("absolute");
    Store::open(&place).expect("opened")
}

fn stored(
    store: &Store,
    put: impl FnOnce(&mut Objects<'_>) -> Result<ObjectId, StoreError>,
) -> ObjectId {
    let mut objects = Objects::new(store);
    let id = put(&mut objects).expect("stored");
    objects.flush().expect("written");
    id
}

fn committed(objects: &mut Objects<'_>, tree: ObjectId, parent: Option<ObjectId>) -> ObjectId {
    let author = Author {
        name: "laptop".to_owned(),
        email: "m@x".to_owned(),
    };
    let new = NewCommit {
        tree,
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

#[test]
fn a_whole_store_has_no_fault_and_an_empty_one_neither() {
    let ground = Ground::new();
    for depth in [Depth::Structure, Depth::Contents] {
        let found = open(&ground.dir).verify(depth, &|_| {}).expect("looked at");
        assert_eq!((found.objects, found.faults.len()), (4, 0), "{found:?}");
    }
    let empty = tempfile::tempdir().expect("a temp dir");
    let found = open(&empty).verify(Depth::Contents, &|_| {});
    assert_eq!(found.expect("looked at").objects, 0);
}

#[test]
fn whatever_is_missing_below_a_ref_is_named() {
    for pick in [
        |ground: &Ground| ground.content,
        |ground: &Ground| ground.tree,
        |ground: &Ground| ground.commit,
    ] {
        let ground = Ground::new();
        let (id, pack) = (pick(&ground), ground.pack_of(pick(&ground)));
        for ending in ["idx", "pack"] {
            fs::remove_file(pack.with_extension(ending)).expect("removed");
        }
        let faults = ground.faults(Depth::Structure);
        assert_eq!(faults, [format!("object {id} is missing")]);
    }
}

#[test]
fn a_changed_letter_of_a_content_shows_when_it_is_read() {
    let ground = Ground::new();
    // Behind the header of the pack, and that of its only entry.
    ground.damage(ground.content, "pack", |bytes| bytes[20] ^= 0x10);
    assert_eq!(ground.faults(Depth::Structure), [""; 0]);
    let faults = ground.faults(Depth::Contents).join("\n");
    assert!(faults.contains("it has another checksum"), "{faults}");
    assert!(faults.contains(&ground.content.to_string()), "{faults}");
}

#[test]
fn a_pack_that_is_not_of_its_index_shows_at_once() {
    type Damage = fn(&mut Vec<u8>);
    let cases: [(&str, Damage, &str); 5] = [
        (
            "idx",
            |bytes| bytes[1040] ^= 1,
            "its index has another checksum",
        ),
        ("idx", |bytes| bytes.truncate(7), "its index is cut off"),
        (
            "pack",
            |bytes| bytes.truncate(40),
            "does not end as its index says",
        ),
        ("pack", |bytes| bytes.truncate(5), "it is cut off"),
        (
            "pack",
            |bytes| bytes[11] += 1,
            "does not begin as its index says",
        ),
    ];
    for (ending, damage, words) in cases {
        let ground = Ground::new();
        ground.damage(ground.content, ending, damage);
        let faults = ground.faults(Depth::Structure).join("\n");
        assert!(faults.contains(words), "{words}: {faults}");
    }
}

#[test]
fn a_ref_that_says_nothing_is_a_fault() {
    let ground = Ground::new();
    let file = ground.dir.path().join("vault.git/refs/holdall/kept/x");
    fs::create_dir_all(file.parent().expect("it has one")).expect("made");
    fs::write(&file, "nothing\n").expect("written");
    let faults = ground.faults(Depth::Structure).join("\n");
    assert!(faults.contains("a ref cannot be read"), "{faults}");
}

#[test]
fn a_store_that_is_put_in_order_meanwhile_is_not_damaged() {
    let ground = Ground::new();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut parent = ground.commit;
            for number in 0..60 {
                let store = open(&ground.dir);
                let mut objects = Objects::new(&store);
                let id = objects.put_blob(format!("{number}\n").as_bytes());
                let entry = TreeEntry {
                    name: b"x".to_vec(),
                    kind: Kind::File,
                    id: id.expect("stored"),
                };
                let tree = objects.put_tree(&[entry]).expect("stored");
                parent = committed(&mut objects, tree, Some(parent));
                store.maintain().expect("in order");
            }
            over.store(true, Ordering::Relaxed);
        });
        while !over.load(Ordering::Relaxed) {
            for depth in [Depth::Structure, Depth::Contents] {
                assert_eq!(ground.faults(depth), [""; 0]);
            }
        }
    });
}

#[test]
fn what_comes_into_a_store_beside_another_one_stays_there() {
    let ground = Ground::new();
    let store = open(&ground.dir);
    let place = HostPath::new(ground.dir.path().join("beside.git")).expect("absolute");
    let beside = store.beside(&place).expect("made");
    assert!(beside.has(ground.content));
    let id = stored(&beside, |objects| objects.put_blob(b"new\n"));
    assert!(beside.has(id) && !open(&ground.dir).has(id));
}
