//! What has to hold of the task lists in the end.

use std::collections::BTreeSet;
use std::path::Path;

use holdall::base::{Edges, Env};
use holdall::layout::OpId;
use holdall::tasks::model::field;
use holdall::tasks::{Store, TaskRow};
use serde_json::Value;

use super::book::{Ops, Truth, content, ops_of};
use super::desk::{open, rows};
use super::vault;
use super::world::{Fault, World};

/// All lists have the same, and it is what the ops come to; none was lost.
pub fn judge(world: &World) -> Result<(), Fault> {
    let there = vault::ops(&world.remote);
    let book = world.book.borrow();
    book.is_kept("the vault", &there)?;
    let mut first = None;
    for (m, machine) in world.machines.iter().enumerate() {
        let file = machine.tasks();
        let ops = ops_of(&file);
        let here: BTreeSet<OpId> = ops.keys().copied().collect();
        book.is_kept(&format!("m{m}"), &here)?;
        book.is_true(&format!("m{m}"), &ops)?;
        if let Some(id) = there.symmetric_difference(&here).next() {
            return Err(format!("m{m} and the vault are not equal: {id}"));
        }
        if !file.exists() {
            continue;
        }
        let heads = is_true(&file, &ops).map_err(|fault| format!("m{m} {fault}"))?;
        if *first.get_or_insert_with(|| heads.clone()) != heads {
            return Err(format!("m{m} has other chains than the first"));
        }
    }
    Ok(())
}

/// A list shows what its ops come to, and its chains are told.
pub fn is_true(file: &Path, ops: &Ops) -> Result<Vec<String>, Fault> {
    let before = content(file);
    let store = open(file);
    shows(&store, &Truth::of(ops))?;
    let heads = heads(&store);
    drop(store);
    if content(file) != before {
        return Err("wrote to its task list by looking at it".to_owned());
    }
    made_again(file, before)?;
    Ok(heads)
}

/// What is made of the log again is what was made of it bit by bit, in whatever order.
fn made_again(file: &Path, before: Vec<String>) -> Result<(), Fault> {
    let edges = Edges::system(Env::default());
    let done = open(file).rebuild(&edges);
    done.expect("it can be made again");
    // The pages of the index of words are told by how often it was written.
    let is_told = |row: &String| !row.starts_with("words");
    let rows = |content: Vec<String>| content.into_iter().filter(is_told).collect::<Vec<_>>();
    let (before, after) = (rows(before), rows(content(file)));
    let all = before.iter().zip(&after);
    let other = all.into_iter().find(|(one, other)| one != other);
    match other {
        Some((one, other)) => Err(format!("makes {other} of its log, and had {one}")),
        None if before.len() != after.len() => Err("makes more or less of its log".to_owned()),
        None => Ok(()),
    }
}

/// Each chain with its last op, and the digest.
fn heads(store: &Store) -> Vec<String> {
    let reading = store.reading();
    let chains = reading.chains().expect("it can be read").into_iter();
    let chains = chains.filter(|chain| chain.seq > 0);
    let mut heads: Vec<String> = chains
        .map(|chain| format!("{} {} {}", chain.name, chain.seq, chain.id))
        .collect();
    heads.push(reading.digest().expect("it can be read").to_string());
    heads
}

/// A list shows what its ops come to.
fn shows(store: &Store, truth: &Truth) -> Result<(), Fault> {
    let reading = store.reading();
    if reading.digest().expect("it can be read") != truth.digest {
        return Err("counts as live what its ops do not come to".to_owned());
    }
    for row in rows(store) {
        if let Some(what) = differs(store, &row, truth) {
            return Err(format!("shows another {what} than was written: {row:?}"));
        }
    }
    Ok(())
}

fn differs(store: &Store, row: &TaskRow, truth: &Truth) -> Option<&'static str> {
    let on = row.entity().to_string();
    let is_disputed = |name: &str| row.disputes.iter().any(|it| it == name);
    let fields = [
        (field::TITLE, &row.title, ""),
        (field::STATUS, &row.status, "inbox"),
    ];
    for (name, shown, unset) in fields {
        let (value, has_others) = truth.shown(&on, name);
        // Somebody who undoes the first write to a field leaves nothing in it.
        if value.and_then(Value::as_str).unwrap_or(unset) != shown {
            return Some("value");
        }
        if has_others != is_disputed(name) {
            return Some("dispute");
        }
    }
    let labels: BTreeSet<String> = row.labels.iter().cloned().collect();
    let notes = store.reading().notes(row.thing).expect("it can be read");
    if (row.deleted, is_disputed("")) != truth.deleted(&on) {
        Some("end")
    } else if labels != truth.items(&on, field::LABELS) {
        Some("label")
    } else if notes.len() != truth.count(&on, field::NOTES) {
        Some("note")
    } else {
        None
    }
}
