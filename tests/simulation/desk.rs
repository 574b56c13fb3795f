//! What a person at a machine does to its task list, with a clock of their own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use holdall::base::{Edges, Env, Holder, HostPath, Id, MachineId, Timestamp};
use holdall::layout::Entity;
use holdall::tasks::model::{self, field};
use holdall::tasks::{Filter, Hand, LONGEST, Pen, Store, TaskRow, TaskState, TasksError};
use serde_json::json;

use crate::kit::Rng;

use super::machine::{YEAR, edges};

/// Where somebody writes tasks.
pub struct Desk {
    edges: Edges,
    clock: Arc<AtomicI64>,
}

impl Desk {
    /// A clock that is off by up to ten years.
    pub fn new(rng: &mut Rng) -> Self {
        let skew = i64::try_from(rng.below(21)).expect("it is small") - 10;
        Self::at(1_800_000_000_000 + skew * YEAR, rng)
    }

    /// The same clock, and other chances.
    pub fn twin(&self, rng: &mut Rng) -> Self {
        Self::at(self.clock.load(Ordering::Relaxed), rng)
    }

    fn at(time: i64, rng: &mut Rng) -> Self {
        let clock = Arc::new(AtomicI64::new(time));
        Self {
            edges: edges(&clock, rng, Env::default()),
            clock,
        }
    }

    /// The clock goes on, or jumps.
    pub fn set_clock(&self, rng: &mut Rng) {
        let by = match rng.below(12) {
            0 => -YEAR,
            1 => YEAR,
            2 => -3_600_000,
            3 => 0,
            _ => 60_000,
        };
        self.clock.fetch_add(by, Ordering::Relaxed);
    }

    /// One deed or a few.
    pub fn work(&self, file: &Path, rng: &mut Rng) {
        let mut store = open(file);
        for _ in 0..=rng.below(3) {
            self.deed(&mut store, rng);
        }
    }

    fn deed(&self, store: &mut Store, rng: &mut Rng) {
        let known = rows(store);
        let disputes = store.reading().disputes().expect("it can be read");
        let task = (!known.is_empty()).then(|| &known[rng.below(known.len())]);
        match (rng.below(20), task) {
            // Few tasks, so that many write to the same.
            (0, _) | (_, None) => self.begin(store, rng),
            (1..=4, _) if !disputes.is_empty() => {
                let (on, _, name) = &disputes[rng.below(disputes.len())];
                self.settle(store, (on, name), rng);
            }
            (1..=11, Some(task)) => {
                let [name, value] = value(rng);
                self.write(store, |pen| {
                    let seen = pen.seen(&task.entity(), None)?;
                    pen.set(&task.entity(), (&name, json!(value)), &seen)
                });
            }
            (12 | 13, Some(task)) => {
                let label = json!(rng.pick(&["red", "green"]));
                self.write(store, |pen| pen.add(&task.entity(), field::LABELS, label));
            }
            (14 | 15, Some(task)) => self.write(store, |pen| {
                pen.remove(&task.entity(), field::LABELS, &|_, _| true)
            }),
            (16, Some(task)) => self.note(store, &task.entity(), "done so far"),
            (17 | 18, Some(task)) => self.write(store, |pen| {
                let seen = pen.seen(&task.entity(), None)?;
                pen.delete(&task.entity(), &seen)
            }),
            (_, Some(task)) => self.write(store, |pen| pen.undelete(&task.entity())),
        }
    }

    pub fn begin(&self, store: &mut Store, rng: &mut Rng) {
        let on = model::task(Id::new(&self.edges).expect("there is chance"));
        let title = json!(format!("Begun {}", rng.below(4)));
        let fields = vec![(field::TITLE, title), (field::STATUS, json!("todo"))];
        self.write(store, |pen| pen.begin(&on, fields));
    }

    fn note(&self, store: &mut Store, on: &Entity, text: &str) {
        self.write(store, |pen| pen.add(on, field::NOTES, json!(text)));
    }

    /// A note to the first task there is.
    pub fn note_first(&self, file: &Path, text: &str) {
        let mut store = open(file);
        let first = rows(&store).first().expect("there is one").entity();
        self.note(&mut store, &first, text);
    }

    /// Decides between the values of a field.
    fn settle(&self, store: &mut Store, (on, name): (&Entity, &str), rng: &mut Rng) {
        let chosen = json!(format!("Settled {}", rng.below(4)));
        let deletes = rng.below(2) == 0;
        self.write(store, |pen| {
            let seen = pen.seen(on, None)?;
            match name {
                "" if deletes => pen.delete(on, &seen),
                "" => pen.undelete(on),
                _ => pen.set(on, (name, chosen), &seen),
            }
        });
    }

    fn write<T>(
        &self,
        store: &mut Store,
        write: impl FnOnce(&mut Pen<'_, '_, '_>) -> Result<T, TasksError>,
    ) {
        let machine = MachineId::parse("k7f3q2hm9x").expect("it is one");
        let hand = Hand {
            machine: &machine,
            by: Some("desk"),
            censor: &|_, _| None,
        };
        let written =
            store.change::<_, TasksError>(&self.edges, |change| change.write(hand, "deed", write));
        written.expect("a task can be written");
    }
}

/// A field of a task and what it may hold; seldom a text that is too long for an op.
fn value(rng: &mut Rng) -> [String; 2] {
    match rng.below(30) {
        0 => {
            let long = format!("Long {}. ", rng.below(3)).repeat(LONGEST / 7);
            [field::DESCRIPTION.to_owned(), long]
        }
        1..=14 => {
            let status = rng.pick(&["todo", "active", "done"]);
            [field::STATUS.to_owned(), status.to_owned()]
        }
        _ => {
            let title = format!("Title {}", rng.below(4));
            [field::TITLE.to_owned(), title]
        }
    }
}

pub fn open(file: &Path) -> Store {
    let file = HostPath::new(file.to_owned()).expect("it is absolute");
    let holder = Holder {
        pid: 1,
        command: "task".to_owned(),
        since: Timestamp::from_millis(0),
    };
    Store::open(&file, &holder).expect("the store can be opened")
}

/// Every task, deleted ones too.
pub fn rows(store: &Store) -> Vec<TaskRow> {
    let of = |state| {
        let filter = Filter {
            state,
            ..Filter::default()
        };
        let rows = store.reading().list(&filter, Timestamp::from_millis(0));
        rows.expect("it can be read").rows
    };
    let mut rows = of(TaskState::All);
    rows.extend(of(TaskState::Deleted));
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    rows
}
