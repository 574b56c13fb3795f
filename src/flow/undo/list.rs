//! What can be undone.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::Timestamp;
use crate::flow::journal::{Head, Journals, interrupted, journals};
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

#[derive(Debug, Default, Serialize)]
pub struct UndoList {
    /// The newest first.
    pub entries: Vec<UndoEntry>,
    /// Runs whose journals cannot be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
}

pub fn list(session: &Session<'_>) -> Result<UndoList, FlowError> {
    let Some(store) = session.store()? else {
        return Ok(UndoList::default());
    };
    let known = Known::of(&store)?;
    let undone = known.undone();
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
    let unreadable = known.unreadable.iter().map(u64::to_string).collect();
    Ok(UndoList {
        entries: known.heads.into_iter().map(entry).collect(),
        unreadable,
    })
}

/// The runs that can be undone.
pub struct Known {
    /// The newest first; whether they were killed.
    heads: Vec<(Head, bool)>,
    /// The numbers of those whose journals cannot be read.
    unreadable: Vec<u64>,
}

impl Known {
    pub fn of(store: &Store) -> Result<Self, FlowError> {
        let open = interrupted(store).ok().flatten().map(|(head, _)| head);
        let Journals { heads, unreadable } = journals(store)?;
        let rest = heads.into_iter().filter(|head| open.as_ref() != Some(head));
        let rest: Vec<_> = rest.map(|head| (head, false)).collect();
        let open = open.map(|head| (head, true));
        Ok(Self {
            heads: open.into_iter().chain(rest).collect(),
            unreadable,
        })
    }

    pub fn has(&self, number: u64) -> bool {
        let mut heads = self.heads.iter();
        heads.any(|(head, _)| head.number == number) || self.unreadable.contains(&number)
    }

    /// By the number of each run that is reversed now the number of the run that did it. A reversal
    /// that was itself reversed does not count.
    pub fn undone(&self) -> BTreeMap<u64, u64> {
        let mut undone = BTreeMap::new();
        for (head, _) in &self.heads {
            if let Some(other) = head.undoes.filter(|_| !undone.contains_key(&head.number)) {
                undone.entry(other).or_insert(head.number);
            }
        }
        undone
    }

    /// The run that a plain undo reverses: the last one that is not reversed, and no reversal itself.
    /// One that cannot be read may be that.
    pub fn last(&self) -> Option<u64> {
        let undone = self.undone();
        let is_open = |head: &&Head| head.undoes.is_none() && !undone.contains_key(&head.number);
        let heads = self.heads.iter().map(|(head, _)| head);
        let last = heads.filter(is_open).map(|head| head.number).next();
        last.max(self.unreadable.first().copied())
    }

    /// The last run before that one which a plain undo would reverse.
    pub fn earlier(mut self, number: u64) -> Option<u64> {
        self.heads
            .retain(|(head, _)| head.number < number || head.undoes.is_some());
        self.unreadable.retain(|other| *other < number);
        self.last()
    }
}
