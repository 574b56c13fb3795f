//! Ops for tests, named by small numbers.

use proptest::prelude::*;
use serde_json::json;

use crate::base::{MachineId, Timestamp};
use crate::layout::{Entity, OpId, OpTime};

use super::{Act, Content, Memory, Op};

/// A bare op, to be named by its number.
#[derive(Clone, Debug)]
pub struct Draft {
    pub what: u8,
    pub thing: u8,
    pub field: u8,
    pub value: u8,
    pub names: Vec<u8>,
    pub at: i64,
}

pub const MOST: u8 = 24;

pub fn id(number: u8) -> OpId {
    OpId::from_bytes([number; 16])
}

pub fn thing(number: u8) -> Entity {
    Entity::parse(&format!("task/01KAG6T0V2W4X6Y8Z1A3B5C7D{number}")).expect("an entity")
}

impl Draft {
    pub fn op(&self, number: u8) -> Op {
        let field = ["title", "status", "labels"][usize::from(self.field)].to_owned();
        let content = Content::Plain(json!(self.value));
        let replica = ["k7f3q2hm9x", "4zt8w2n6pa"][usize::from(number % 2)];
        Op {
            id: id(number),
            replica: MachineId::parse(replica).expect("an id"),
            fork: None,
            seq: u64::from(number),
            at: OpTime::first_of(Timestamp::from_millis(self.at)),
            on: thing(self.thing),
            act: match self.what {
                0 => Act::New {
                    fields: vec![(field, json!(self.value)), ("due".to_owned(), json!(null))],
                },
                1 | 2 => Act::Set { field, content },
                3 => Act::Add { field, content },
                4 => Act::Remove { field },
                5 => Act::Delete,
                _ => Act::Undelete,
            },
            saw: self.names.iter().copied().map(id).collect(),
            by: None,
        }
    }
}

prop_compose! {
    pub fn draft()(
        what in 0..7_u8,
        thing in 0..2_u8,
        field in 0..3_u8,
        value in 0..3_u8,
        // Also of ops that never come.
        names in prop::collection::vec(0..MOST + 3, 0..4),
        at in 0..5_i64,
    ) -> Draft {
        Draft { what, thing, field, value, names, at }
    }
}

pub fn taken_in<'o>(ops: impl IntoIterator<Item = &'o Op>) -> Memory {
    let mut memory = Memory::default();
    for op in ops {
        memory.take_in(op);
    }
    memory
}

/// The status of the first thing.
pub fn set(number: u8, value: u8, names: &[u8]) -> Op {
    let draft = Draft {
        what: 1,
        thing: 0,
        field: 1,
        value,
        names: names.to_vec(),
        at: i64::from(number),
    };
    draft.op(number)
}
