//! What is live by full histories, which only this test keeps: of each op all that its writer had read.
//! Replicas name what is live for them, as every writer has to; what is expected never looks at names.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use crate::base::{MachineId, Timestamp};
use crate::layout::{Entity, OpId, OpTime};

use super::thing::EXISTENCE;
use super::*;

const REPLICAS: [&str; 4] = ["k7f3q2hm9x", "4zt8w2n6pa", "q5n8r3v7c1", "zzzzzzzzz0"];
const FIELDS: [&str; 2] = ["title", "status"];
const LABELS: &str = "labels";

/// What one replica does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Set {
        field: usize,
        value: u8,
    },
    Add {
        value: u8,
    },
    Remove {
        value: u8,
    },
    Delete,
    Undelete,
    /// Reads so many more ops of another replica's chain.
    Read {
        of: usize,
        count: usize,
    },
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let step = prop_oneof![
        3 => (0..FIELDS.len(), 0..3_u8).prop_map(|(field, value)| Step::Set { field, value }),
        2 => (0..3_u8).prop_map(|value| Step::Add { value }),
        2 => (0..3_u8).prop_map(|value| Step::Remove { value }),
        1 => Just(Step::Delete),
        1 => Just(Step::Undelete),
        6 => (0..REPLICAS.len(), 1..6_usize).prop_map(|(of, count)| Step::Read { of, count }),
    ];
    (0..REPLICAS.len(), step)
}

/// An op, and every op that its writer had when it wrote it.
struct Written {
    op: Op,
    history: BTreeSet<OpId>,
    /// The value that it adds or takes away.
    value: Option<u8>,
}

#[derive(Default)]
struct Replica {
    memory: Memory,
    chain: Vec<OpId>,
    /// How much of each other chain it has read.
    read: [usize; REPLICAS.len()],
    knows: BTreeSet<OpId>,
}

#[derive(Default)]
struct World {
    replicas: [Replica; REPLICAS.len()],
    all: BTreeMap<OpId, Written>,
}

fn thing() -> Entity {
    Entity::parse("task/01KAG6T0V2W4X6Y8Z1A3B5C7D9").expect("an entity")
}

fn content(value: u8) -> Content {
    Content::Plain(json!(value))
}

impl World {
    fn take(&mut self, who: usize, step: Step) {
        match step {
            Step::Set { field, value } => self.write(
                who,
                Act::Set {
                    field: FIELDS[field].to_owned(),
                    content: content(value),
                },
                None,
            ),
            Step::Add { value } => self.write(
                who,
                Act::Add {
                    field: LABELS.to_owned(),
                    content: content(value),
                },
                Some(value),
            ),
            Step::Remove { value } => self.write(
                who,
                Act::Remove {
                    field: LABELS.to_owned(),
                },
                Some(value),
            ),
            Step::Delete => self.write(who, Act::Delete, None),
            Step::Undelete => self.write(who, Act::Undelete, None),
            Step::Read { of, count } => self.read(who, of, count),
        }
    }

    fn read(&mut self, who: usize, of: usize, count: usize) {
        let chain = self.replicas[of].chain.clone();
        let reader = &mut self.replicas[who];
        for id in chain.iter().skip(reader.read[of]).take(count) {
            reader.memory.take_in(&self.all[id].op);
            reader.knows.insert(*id);
            reader.read[of] += 1;
        }
    }

    /// As every writer has to: it names what is live in the field, as far as it has read.
    fn write(&mut self, who: usize, act: Act, value: Option<u8>) {
        let number = self.all.len();
        let writer = &mut self.replicas[who];
        let live = writer
            .memory
            .things()
            .next()
            .map(|(_, thing)| thing.clone());
        let live = live.unwrap_or_default();
        let saw: Vec<OpId> = match &act {
            Act::Set { field, .. } => live.field(field).map(|write| write.id).collect(),
            Act::Remove { field } => live
                .field(field)
                .filter(|write| write.kind == WriteKind::Add(content(value.expect("it has one"))))
                .map(|write| write.id)
                .collect(),
            Act::Delete => live.all().map(|(_, write)| write.id).collect(),
            Act::Undelete => live.field(EXISTENCE).map(|write| write.id).collect(),
            Act::New { .. } | Act::Add { .. } => Vec::new(),
        };
        let replica = MachineId::parse(REPLICAS[who]).expect("an id");
        let op = Op {
            id: OpId::NONE.next(&number.to_be_bytes()),
            fork: None,
            replica,
            seq: writer.chain.len() as u64 + 1,
            // Clocks that are years apart change nothing.
            at: OpTime::first_of(Timestamp::from_millis(
                [0, 1 << 40, 5, 1_000][who] + i64::try_from(number).expect("few"),
            )),
            on: thing(),
            act,
            saw,
            by: None,
        };
        let history = writer.knows.clone();
        writer.memory.take_in(&op);
        writer.chain.push(op.id);
        writer.knows.insert(op.id);
        self.all.insert(op.id, Written { op, history, value });
    }

    /// Of the ops in `known` that `is_of` takes, those that no other such one comes behind.
    fn latest(&self, known: &BTreeSet<OpId>, is_of: impl Fn(&Written) -> bool) -> BTreeSet<OpId> {
        let of_it: Vec<&Written> = known
            .iter()
            .map(|id| &self.all[id])
            .filter(|it| is_of(it))
            .collect();
        let ids = of_it.iter().map(|written| written.op.id);
        ids.filter(|id| !of_it.iter().any(|later| later.history.contains(id)))
            .collect()
    }

    /// Whether everything is known that the writers of known ops knew.
    fn is_closed(&self, known: &BTreeSet<OpId>) -> bool {
        known.iter().all(|id| self.all[id].history.is_subset(known))
    }

    fn expected(&self, known: &BTreeSet<OpId>) -> BTreeMap<&str, BTreeSet<OpId>> {
        let mut fields = BTreeMap::new();
        for field in FIELDS {
            let is_of =
                |it: &Written| matches!(&it.op.act, Act::Set { field: of, .. } if of == field);
            fields.insert(field, self.latest(known, is_of));
        }
        let is_of = |it: &Written| matches!(it.op.act, Act::Delete | Act::Undelete);
        fields.insert(EXISTENCE, self.latest(known, is_of));
        // Who adds wins: only a removal that knew of it takes an item away.
        let labels = known.iter().map(|id| &self.all[id]).filter(|it| {
            matches!(it.op.act, Act::Add { .. })
                && !known.iter().map(|id| &self.all[id]).any(|later| {
                    matches!(later.op.act, Act::Remove { .. })
                        && later.value == it.value
                        && later.history.contains(&it.op.id)
                })
        });
        fields.insert(LABELS, labels.map(|it| it.op.id).collect());
        fields.retain(|_, ids| !ids.is_empty());
        fields
    }

    fn existence(&self, live: &BTreeMap<&str, BTreeSet<OpId>>) -> Existence {
        let none = BTreeSet::new();
        let (deletes, others): (Vec<&Written>, Vec<_>) = live
            .get(EXISTENCE)
            .unwrap_or(&none)
            .iter()
            .map(|id| &self.all[id])
            .partition(|it| it.op.act == Act::Delete);
        let edits = live.iter().filter(|(field, _)| **field != EXISTENCE);
        let mut edits = edits.flat_map(|(_, ids)| ids);
        let is_known = |id: &OpId| deletes.iter().any(|delete| delete.history.contains(id));
        match (deletes.is_empty(), others.is_empty()) {
            (true, _) => Existence::There,
            (_, true) if edits.all(is_known) => Existence::Deleted,
            _ => Existence::Disputed,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_live_is_what_nobody_wrote_after_who_knew_of_it(
        steps in prop::collection::vec(step(), 1..50)
    ) {
        let mut world = World::default();
        for (who, step) in steps {
            world.take(who, step);
        }
        for who in 0..REPLICAS.len() {
            for reads_on in [true, false] {
                let replica = &world.replicas[who];
                let expected = world.expected(&replica.knows);
                let thing = replica.memory.things().next().map(|(_, thing)| thing.clone());
                let thing = thing.unwrap_or_default();
                let mut live: BTreeMap<&str, BTreeSet<OpId>> = BTreeMap::new();
                for (field, write) in thing.all() {
                    live.entry(field).or_default().insert(write.id);
                }
                if world.is_closed(&replica.knows) {
                    prop_assert_eq!(thing.existence(), world.existence(&expected));
                    prop_assert_eq!(live, expected);
                } else {
                    // Who lacks what came between may show more, and never less.
                    let shows = |(field, ids): (&&str, &BTreeSet<OpId>)| {
                        live.get(*field).is_some_and(|live| live.is_superset(ids))
                    };
                    prop_assert!(expected.iter().all(shows));
                }
                prop_assert!(reads_on || world.is_closed(&replica.knows));
                for of in 0..REPLICAS.len() {
                    world.read(who, of, usize::MAX);
                }
            }
        }
        let [first, others @ ..] = &world.replicas;
        for other in others {
            prop_assert_eq!(&other.memory, &first.memory);
        }
        prop_assert_eq!(first.memory.early_names().count(), 0);
    }
}
