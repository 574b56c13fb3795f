//! A store for tests, and what people do with it.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tempfile::TempDir;

use crate::base::{Edges, Holder, HostPath, Id, MachineId, Timestamp, VaultPath};
use crate::layout::{Entity, Filling, Segment, names};

use super::model::{self, field};
use super::*;

/// So many places were made: no two draw the same names.
static PLACES: AtomicUsize = AtomicUsize::new(0);

pub struct Place {
    pub edges: Edges,
    pub store: Store,
    pub dir: TempDir,
}

/// A chain's segments, by the number of their first op.
type Files = Vec<(u64, Vec<u8>)>;

pub const NOW: i64 = 1_795_222_923_123;

pub fn holder() -> Holder {
    Holder {
        pid: 7,
        command: "task add".to_owned(),
        since: Timestamp::from_millis(0),
    }
}

pub fn machine() -> MachineId {
    MachineId::parse("k7f3q2hm9x").expect("valid")
}

impl Place {
    pub fn new(millis: i64) -> Self {
        let dir = TempDir::new().expect("a temp dir");
        let file = HostPath::new(dir.path().join("tasks.db")).expect("absolute");
        let edges = Edges::fixed(millis);
        for _ in 0..1000 * PLACES.fetch_add(1, Ordering::Relaxed) {
            Id::new(&edges).expect("fixed");
        }
        Self {
            edges,
            store: Store::open(&file, &holder()).expect("made"),
            dir,
        }
    }

    pub fn write<T>(
        &mut self,
        what: &str,
        write: impl FnOnce(&mut Pen<'_, '_, '_>) -> Result<T, TasksError>,
    ) -> T {
        let machine = machine();
        let hand = Hand {
            machine: &machine,
            by: Some("desk"),
            censor: &|_, text| text.contains("hunter2").then(|| "f00d".to_owned()),
        };
        let done = self
            .store
            .change(&self.edges, |change| change.write(hand, what, write));
        done.expect("written")
    }

    pub fn add(&mut self, title: &str) -> Entity {
        let on = model::task(Id::new(&self.edges).expect("fixed"));
        self.write("add", |pen| {
            pen.begin(&on, vec![(field::TITLE, json!(title))])
        });
        on
    }

    pub fn set(&mut self, on: &Entity, name: &str, value: &str) {
        self.write("edit", |pen| {
            let seen = pen.seen(on, None)?;
            pen.set(on, (name, json!(value)), &seen)
        });
    }

    /// The chain that this store writes, as the vault would have it.
    pub fn chains(&self) -> Vec<(String, Files)> {
        let reading = self.store.reading();
        let chains = reading.chains().expect("read").into_iter();
        chains
            .map(|chain| {
                let mut filling = Filling::new(&chain.replica, &chain.machine);
                for line in reading.lines(&chain, 0).expect("read") {
                    filling.push(&line.bytes);
                }
                (chain.name, filling.files())
            })
            .collect()
    }

    /// Takes in all that another one has. False where a chain parts from the one here.
    pub fn take_in(&mut self, other: &Self) -> bool {
        let mut chains = other.chains().into_iter();
        chains.all(|chain| self.take_chains(&[chain]))
    }

    /// Takes in chains at once, in this order.
    pub fn take_chains(&mut self, chains: &[(String, Files)]) -> bool {
        let arrive = |change: &mut Change<'_>| {
            chains.iter().try_fold(true, |all, (name, files)| {
                let path = |first| names::segment(name, first).expect("valid");
                let paths: Vec<VaultPath> = files.iter().map(|(first, _)| path(*first)).collect();
                let segments = files.iter().zip(&paths);
                let segments: Vec<Segment<'_>> = segments
                    .map(|((_, bytes), path)| Segment::read(path, bytes).expect("valid"))
                    .collect();
                Ok::<_, TasksError>(all && change.arrive(name, &segments)?.is_some())
            })
        };
        self.store.change(&self.edges, arrive).expect("taken in")
    }

    /// The same store on another disk.
    pub fn copied(&self, millis: i64) -> Self {
        let mut copy = Self::new(millis);
        let to = copy.dir.path().join("copy.db");
        self.store.copy_to(&to).expect("copied");
        let file = HostPath::new(to).expect("absolute");
        copy.store = Store::open(&file, &holder()).expect("opened");
        copy
    }

    pub fn digest(&self) -> String {
        let digest = self.store.reading().digest();
        digest.expect("read").to_string()
    }

    pub fn task(&self, on: &Entity) -> TaskRow {
        let row = self.store.reading().task(on.id.as_str());
        row.expect("read").expect("there")
    }
}

/// Each takes in what the other has; then they agree.
pub fn meet(a: &mut Place, b: &mut Place) {
    assert!(a.take_in(b) && b.take_in(a));
    assert_eq!(a.digest(), b.digest());
}
