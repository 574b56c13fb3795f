//! What ops came to, without the ops: as far as each chain was read.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::MachineId;
use crate::layout::{Entity, OpId};

use super::digest::{Digest, Part};
use super::shelf::Memory;
use super::thing::Write;

/// Where an op writes, or is named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub on: Entity,
    pub field: String,
    pub id: OpId,
}

/// The state of a set of ops that has of each chain the first ones.
///
/// Two of them join: an op that one side has and does not show as live was superseded there, and how
/// far a side's frontier goes tells which ops it has. What is live, and how far it goes, is then that
/// of all the ops together.
///
/// One thing cannot be told without the ops: whether the other side has an op that this one names and
/// has not, and superseded it. Its frontier does not say, because a name is a hash. Such a name is kept.
/// It supersedes nothing that is not superseded anyway; but it stands in the sum. Where each side has
/// all that it names, no name waits, and the join is exact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// From the name of each chain to the `seq` of its last op that is in here.
    pub frontier: BTreeMap<String, u64>,
    pub live: BTreeMap<Place, Write>,
    /// The ops that are named and not there.
    pub early: BTreeSet<Place>,
}

impl Checkpoint {
    #[must_use]
    pub fn of(memory: &Memory, frontier: BTreeMap<String, u64>) -> Self {
        let mut live = BTreeMap::new();
        for (on, thing) in memory.things() {
            for (field, write) in thing.all() {
                live.insert(place(on, field, write.id), write.clone());
            }
        }
        let early = memory.early_names();
        Self {
            frontier,
            live,
            early: early.map(|(id, on, field)| place(on, field, id)).collect(),
        }
    }

    /// What both know together, whoever is asked.
    #[must_use]
    pub fn join(mut self, mut other: Self) -> Self {
        let there: BTreeSet<OpId> = self.live.keys().chain(other.live.keys()).map(id).collect();
        let mut dead = self.superseded_by(&other);
        dead.append(&mut other.superseded_by(&self));
        self.live.append(&mut other.live);
        self.live.retain(|place, _| !dead.contains(place));
        self.early.append(&mut other.early);
        self.early.retain(|place| !there.contains(&place.id));
        for (chain, seq) in other.frontier {
            let known = self.frontier.entry(chain).or_default();
            *known = seq.max(*known);
        }
        self
    }

    /// The live writes that are not live for another, who has them or names them.
    fn superseded_by(&self, other: &Self) -> BTreeSet<Place> {
        let live = self.live.iter();
        let dead = live.filter(|(place, write)| {
            !other.live.contains_key(*place) && (other.has(write) || other.early.contains(*place))
        });
        dead.map(|(place, _)| place.clone()).collect()
    }

    fn has(&self, write: &Write) -> bool {
        let known = self
            .frontier
            .get(&chain_of(&write.replica, write.fork.as_deref()));
        known.is_some_and(|last| write.seq <= *last)
    }

    /// The sum that whoever has the ops comes to.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut digest = Digest::default();
        for place in self.live.keys() {
            digest.put(Part::Live, place.id, &place.field);
        }
        for place in &self.early {
            digest.put(Part::Early, place.id, &place.field);
        }
        digest
    }
}

/// The name of a chain, as a frontier has it.
fn chain_of(replica: &MachineId, fork: Option<&str>) -> String {
    match fork {
        None => replica.to_string(),
        Some(fork) => format!("{replica}~{fork}"),
    }
}

fn place(on: &Entity, field: &str, id: OpId) -> Place {
    Place {
        on: on.clone(),
        field: field.to_owned(),
        id,
    }
}

const fn id(place: &Place) -> OpId {
    place.id
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Op;
    use super::super::kit::{self, Draft, MOST};
    use super::*;

    /// Of each chain so many ops.
    type Reach = [usize; 3];

    const CHAINS: [&str; 3] = ["4zt8w2n6pa", "k7f3q2hm9x", "k7f3q2hm9x~0a"];

    /// Ops of three chains, one of them a fork of another.
    fn chains(drafts: &[Draft]) -> Vec<Vec<Op>> {
        let mut chains = vec![Vec::new(); CHAINS.len()];
        for (draft, number) in drafts.iter().zip(0..MOST) {
            let at = usize::from(number) % CHAINS.len();
            let mut op = draft.op(number);
            stand_in(&mut op, CHAINS[at]);
            op.seq = chains[at].len() as u64 + 1;
            chains[at].push(op);
        }
        chains
    }

    fn stand_in(op: &mut Op, chain: &str) {
        let (replica, fork) = match chain.split_once('~') {
            Some((replica, fork)) => (replica, Some(fork.into())),
            None => (chain, None),
        };
        op.replica = MachineId::parse(replica).expect("an id");
        op.fork = fork;
    }

    fn drafts() -> impl Strategy<Value = Vec<Draft>> {
        prop::collection::vec(kit::draft(), 1..usize::from(MOST))
    }

    fn reach() -> impl Strategy<Value = Reach> {
        let most = usize::from(MOST) / CHAINS.len() + 1;
        [0..=most, 0..=most, 0..=most]
    }

    fn reached(chains: &[Vec<Op>], reach: &Reach) -> (Memory, Checkpoint) {
        let (mut memory, mut frontier) = (Memory::default(), BTreeMap::new());
        for ((chain, name), count) in chains.iter().zip(CHAINS).zip(reach) {
            for op in chain.iter().take(*count) {
                memory.take_in(op);
                frontier.insert(name.to_owned(), op.seq);
            }
        }
        let checkpoint = Checkpoint::of(&memory, frontier);
        (memory, checkpoint)
    }

    fn furthest(one: &Reach, other: &Reach) -> Reach {
        std::array::from_fn(|at| one[at].max(other[at]))
    }

    /// So that each op names only those that are there whatever is read: earlier ones of its chain, and
    /// those that all sides have.
    fn closed(mut chains: Vec<Vec<Op>>, common: &Reach) -> Vec<Vec<Op>> {
        let known: BTreeSet<OpId> = chains
            .iter()
            .zip(common)
            .flat_map(|(chain, count)| chain.iter().take(*count).map(|op| op.id))
            .collect();
        for chain in &mut chains {
            let own: Vec<OpId> = chain.iter().map(|op| op.id).collect();
            for (at, op) in chain.iter_mut().enumerate() {
                op.saw
                    .retain(|id| known.contains(id) || own[..at].contains(id));
            }
        }
        chains
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn checkpoints_join_to_that_of_all_the_ops(
            (drafts, one, other, third) in (drafts(), reach(), reach(), reach())
        ) {
            let chains = chains(&drafts);
            let (memory, a) = reached(&chains, &one);
            prop_assert_eq!(a.digest(), memory.digest);
            let (_, b) = reached(&chains, &other);
            let (all, union) = reached(&chains, &furthest(&one, &other));
            let joined = a.clone().join(b.clone());
            prop_assert_eq!(&joined.frontier, &union.frontier);
            prop_assert_eq!(&joined.live, &union.live);
            // A name too many is that of an op that is there, and dead.
            prop_assert!(joined.early.is_superset(&union.early));
            for place in joined.early.difference(&union.early) {
                prop_assert!(all.ops().any(|op| op.id == place.id));
                prop_assert!(!union.live.keys().any(|live| live.id == place.id));
            }
            prop_assert_eq!(&b.clone().join(a.clone()), &joined);
            prop_assert_eq!(&a.clone().join(a.clone()), &a);
            prop_assert_eq!(&joined.clone().join(b).live, &union.live);
            // And it does no harm to those who come later.
            let (_, c) = reached(&chains, &third);
            let (_, union) = reached(&chains, &furthest(&furthest(&one, &other), &third));
            prop_assert_eq!(joined.join(c).live, union.live);
        }

        #[test]
        fn where_everything_that_is_named_is_there_the_join_is_exact(
            (drafts, one, other, common) in (drafts(), reach(), reach(), reach())
        ) {
            let (one, other) = (furthest(&one, &common), furthest(&other, &common));
            let chains = closed(chains(&drafts), &common);
            let (_, a) = reached(&chains, &one);
            let (_, b) = reached(&chains, &other);
            let (memory, union) = reached(&chains, &furthest(&one, &other));
            let joined = a.join(b);
            prop_assert_eq!(joined.digest(), memory.digest);
            prop_assert_eq!(joined, union);
        }
    }

    #[test]
    fn whoever_slept_brings_nothing_back_that_a_checkpoint_has_superseded() {
        let mut ops = [kit::set(0, 1, &[]), kit::set(1, 2, &[0])];
        for (op, chain) in ops.iter_mut().zip(CHAINS) {
            stand_in(op, chain);
            op.seq = 1;
        }
        let begun = |ops: &[Op]| {
            let mut memory = Memory::default();
            let mut frontier = BTreeMap::new();
            for op in ops {
                memory.take_in(op);
                frontier.insert(chain_of(&op.replica, op.fork.as_deref()), op.seq);
            }
            Checkpoint::of(&memory, frontier)
        };
        let joined = begun(&ops).join(begun(&ops[..1]));
        assert_eq!(joined, begun(&ops));
        let live: Vec<OpId> = joined.live.keys().map(id).collect();
        assert_eq!(live, [ops[1].id]);
    }
}
