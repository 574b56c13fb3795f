//! What can be undone.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::Timestamp;
use crate::flow::journal::{Head, interrupted, journals};
use crate::flow::{FlowError, Session};
use crate::vault::Store;

/// A run that wrote onto this disk.
#[derive(Clone, Debug, Serialize)]
pub struct UndoEntry {
    pub id: String,
    pub at: Timestamp,
    pub command: String,
    pub files: usize,
    pub projects: Vec<String>,
    /// The run that this one reversed.
    pub undoes: Option<String>,
    /// The run that reversed this one.
    pub undone_by: Option<String>,
    /// It was killed while it wrote.
    pub interrupted: bool,
}

#[derive(Debug, Serialize)]
pub struct UndoList {
    /// The newest first.
    pub entries: Vec<UndoEntry>,
}

pub fn list(session: &Session<'_>) -> Result<UndoList, FlowError> {
    let Some(store) = session.store()? else {
        let entries = Vec::new();
        return Ok(UndoList { entries });
    };
    let heads = heads(&store)?;
    let undone = undone(&heads);
    let entry = |(head, interrupted): (Head, bool)| UndoEntry {
        undone_by: undone.get(&head.number).map(u64::to_string),
        id: head.number.to_string(),
        at: head.at,
        command: head.command,
        files: head.files,
        projects: head.projects,
        undoes: head.undoes.map(|number| number.to_string()),
        interrupted,
    };
    let entries = heads.clone().into_iter().map(entry).collect();
    Ok(UndoList { entries })
}

/// All runs that can be undone, the newest first; whether they were killed.
pub fn heads(store: &Store) -> Result<Vec<(Head, bool)>, FlowError> {
    let open = interrupted(store)?.map(|journal| journal.head);
    let rest = journals(store)?.into_iter().map(|(head, _)| head);
    let rest = rest.filter(|head| open.as_ref() != Some(head));
    let rest: Vec<_> = rest.map(|head| (head, false)).collect();
    Ok(open
        .map(|head| (head, true))
        .into_iter()
        .chain(rest)
        .collect())
}

/// By the number of each run that is reversed now the number of the run that did it. A reversal that
/// was itself reversed does not count.
pub fn undone(heads: &[(Head, bool)]) -> BTreeMap<u64, u64> {
    let mut undone = BTreeMap::new();
    for (head, _) in heads {
        if let Some(other) = head.undoes.filter(|_| !undone.contains_key(&head.number)) {
            undone.entry(other).or_insert(head.number);
        }
    }
    undone
}

/// The last run before that one which a plain undo would reverse.
pub fn earlier(store: &Store, number: u64) -> Result<Option<u64>, FlowError> {
    let mut heads = heads(store)?;
    heads.retain(|(head, _)| head.number < number || head.undoes.is_some());
    Ok(last(&heads).map(|head| head.number))
}

/// The run that a plain undo reverses: the last one that is not reversed, and no reversal itself.
pub fn last(heads: &[(Head, bool)]) -> Option<&Head> {
    let undone = undone(heads);
    let mut heads = heads.iter().map(|(head, _)| head);
    heads.find(|head| head.undoes.is_none() && !undone.contains_key(&head.number))
}
