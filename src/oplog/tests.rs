//! Whatever the order, and however often: a set of ops comes to one thing.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use crate::layout::{Entity, OpId};

use super::digest::Part;
use super::kit::{Draft, MOST, draft, id, set, taken_in};
use super::*;

fn ops() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(draft(), 1..usize::from(MOST)).prop_map(|drafts| {
        let numbered = drafts.iter().zip(0..MOST);
        numbered.map(|(draft, number)| draft.op(number)).collect()
    })
}

/// What the definition makes of each thing, and the sum over all of it, found from nothing.
fn defined(ops: &[Op]) -> (BTreeMap<Entity, Thing>, Digest) {
    let known: BTreeSet<OpId> = ops.iter().map(|op| op.id).collect();
    let (mut things, mut digest) = (BTreeMap::new(), Digest::default());
    for on in ops.iter().map(|op| &op.on).collect::<BTreeSet<_>>() {
        let of_it = ops.iter().filter(|op| op.on == *on);
        let (thing, early) = Thing::of(of_it, &|id| known.contains(&id));
        for (field, write) in thing.all() {
            digest.put(Part::Live, write.id, field);
        }
        for (id, field) in early {
            digest.put(Part::Early, id, &field);
        }
        if thing != Thing::default() {
            things.insert(on.clone(), thing);
        }
    }
    (things, digest)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_order_comes_to_what_the_definition_says(
        (ops, shuffled, again) in ops().prop_flat_map(|ops| {
            let shuffled = Just(ops.clone()).prop_shuffle();
            (Just(ops.clone()), shuffled, prop::collection::vec(0..ops.len(), 0..6))
        })
    ) {
        let (things, digest) = defined(&ops);
        let repeated = again.iter().map(|at| &ops[*at]);
        let memory = taken_in(shuffled.iter().chain(repeated));
        let found: BTreeMap<_, _> = memory.things().map(|(on, it)| (on.clone(), it.clone())).collect();
        prop_assert_eq!(found, things);
        prop_assert_eq!(memory.digest, digest);
        prop_assert_eq!(memory, taken_in(&ops));
    }

    /// An op dies only by one that names it.
    #[test]
    fn nothing_dies_that_nobody_names(ops in ops()) {
        let memory = taken_in(&ops);
        for op in &ops {
            let is_named = ops.iter().any(|it| it.saw.contains(&op.id));
            let mut held = memory.things().filter(|(on, _)| **on == op.on);
            let live = held.any(|(_, thing)| thing.all().any(|(_, write)| write.id == op.id));
            let says_something = !matches!(op.act, Act::Remove { .. });
            prop_assert!(live || is_named || !says_something, "{op:?}");
        }
    }
}

fn shown(memory: &Memory) -> (serde_json::Value, usize) {
    let (_, thing) = memory.things().next().expect("one thing");
    let view = thing.view("status").expect("a value");
    match view.shown.value() {
        Some(Content::Plain(value)) => (value.clone(), view.others.len()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_writers_who_did_not_see_each_other_are_a_conflict_until_one_names_both() {
    let ops = [set(1, 0, &[]), set(2, 1, &[1]), set(3, 2, &[1])];
    assert_eq!(shown(&taken_in(&ops)), (json!(2), 1));
    let resolved = [&ops[..], &[set(4, 1, &[2, 3])]].concat();
    assert_eq!(shown(&taken_in(&resolved)), (json!(1), 0));
    // Two who resolve it otherwise are a conflict again, of two and no more.
    let twice = [&resolved[..], &[set(5, 0, &[2, 3])]].concat();
    assert_eq!(shown(&taken_in(&twice)), (json!(0), 1));
}

#[test]
fn equal_values_are_no_conflict_and_a_chain_of_edits_offers_its_last() {
    assert_eq!(
        shown(&taken_in(&[set(1, 7, &[]), set(2, 7, &[])])),
        (json!(7), 0)
    );
    let chain = [
        set(1, 0, &[]),
        set(2, 1, &[1]),
        set(3, 2, &[2]),
        set(4, 3, &[1]),
    ];
    assert_eq!(shown(&taken_in(&chain)), (json!(3), 1));
    let three = [
        set(1, 0, &[]),
        set(2, 1, &[1]),
        set(3, 2, &[1]),
        set(4, 3, &[1]),
    ];
    assert_eq!(shown(&taken_in(&three)), (json!(3), 2));
}

#[test]
fn whoever_adds_again_what_another_removes_keeps_it() {
    let label = |number, what, names: &[u8]| {
        let draft = Draft {
            what,
            thing: 0,
            field: 2,
            value: 1,
            names: names.to_vec(),
            at: 0,
        };
        draft.op(number)
    };
    let memory = taken_in(&[label(1, 3, &[]), label(2, 4, &[1]), label(3, 3, &[])]);
    let (_, thing) = memory.things().next().expect("one thing");
    assert_eq!(thing.items("labels").len(), 1);
}

#[test]
fn an_edit_that_a_deletion_did_not_see_is_not_lost() {
    let delete = |number, names: &[u8]| {
        let draft = Draft {
            what: 5,
            thing: 0,
            field: 0,
            value: 0,
            names: names.to_vec(),
            at: 0,
        };
        draft.op(number)
    };
    let existence = |ops: &[Op]| {
        taken_in(ops)
            .things()
            .next()
            .expect("one thing")
            .1
            .existence()
    };
    let begun = [set(1, 0, &[])];
    assert_eq!(existence(&begun), Existence::There);
    let deleted = [&begun[..], &[delete(2, &[1])]].concat();
    assert_eq!(existence(&deleted), Existence::Deleted);
    let edited = [&deleted[..], &[set(3, 1, &[1])]].concat();
    assert_eq!(existence(&edited), Existence::Disputed);
    let again = [&edited[..], &[delete(4, &[2, 3])]].concat();
    assert_eq!(existence(&again), Existence::Deleted);
}

/// In whatever order: an op that names it may come before it or behind it.
#[test]
fn an_op_that_is_not_understood_stops_no_other_and_nobody_waits_for_it() {
    let (naming, other) = (set(2, 1, &[1]), set(3, 2, &[]));
    let unknown = id(1);
    let mut before = Memory::default();
    before.set_aside(unknown);
    before.take_in(&naming);
    before.take_in(&other);
    let mut behind = taken_in([&naming, &other]);
    assert_eq!(behind.early_names().count(), 1);
    behind.set_aside(unknown);
    behind.set_aside(unknown);
    assert_eq!(behind.early_names().count(), 0);
    assert_eq!(before, behind);
    assert_eq!(shown(&behind), (json!(2), 1));
}

#[test]
fn a_kind_that_nobody_knows_is_passed_by_only_if_it_allows_that() {
    let path = crate::base::VaultPath::parse("x").expect("a path");
    let replica = crate::base::MachineId::parse("k7f3q2hm9x").expect("an id");
    let of = |verb: &str| {
        let line = format!(
            r#"{{"seq":1,"at":"2026-11-21T01:02:03.1230000Z","nonce":"8c1f02","on":"task/01KAG6T0V2W4X6Y8Z1A3B5C7D9","do":"{verb}","field":"x","value":1,"new":{{}}}}"#
        );
        let record = crate::layout::OpRecord::read(&path, line.as_bytes()).expect("an op");
        assert_eq!(record.line(), line, "what nobody knows is passed on");
        Op::of(&replica, id(1), &record).map(|op| op.act)
    };
    assert_eq!(of("poke"), Err(OpFault::Unknown));
    assert_eq!(of("poke!"), Err(OpFault::Must));
    assert_eq!(of("set!"), Err(OpFault::Must), "it is not what `set` is");
    assert!(matches!(of("set"), Ok(Act::Set { .. })));
}
