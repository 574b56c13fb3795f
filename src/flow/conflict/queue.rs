//! What a person decided about conflicts and no push carried yet: a file of this machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::{Leaf, ObjectId, Timestamp, VaultPath, read_if_there, write_atomic};
use crate::flow::agreed::unit_key;
use crate::flow::journal::Journal;
use crate::flow::{FlowError, Session, Writer};
use crate::layout::Owner;

use super::version::as_file;

/// The run that decides, as its journal calls it.
pub const RESOLVE: &str = "conflict resolve";
/// A longer file was not written by us.
const MAX_SIZE: u64 = 16 * 1024 * 1024;

/// What is to be at the path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    /// What the vault has there stays, be it a directory.
    Vault,
    /// This content; none takes the file away.
    Content(Option<Leaf>),
}

/// What this disk has to do with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HereToo {
    /// What stood there when the choice was made.
    pub before: Option<Leaf>,
    /// What this disk's content counts as having come from, should the decision be dropped: what was
    /// agreed, where the choice stood here before, else what all versions came from.
    pub origin: Option<Leaf>,
    /// The choice was written. Until this is known, the disk has either.
    pub written: bool,
}

/// One decision, and what it was about: of anything else it says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub owner: Owner,
    /// The project or tool as people call it.
    pub name: String,
    pub path: VaultPath,
    pub chosen: Chosen,
    /// In the words of the person who chose.
    pub words: String,
    /// The conflict's directory in the vault; none where nothing was on file.
    pub filed: Option<ObjectId>,
    /// What the vault had at the path.
    pub vault: Option<Leaf>,
    /// None where this disk does not have the file's project, or may not speak of the path.
    pub here: Option<HereToo>,
    pub at: Timestamp,
}

impl Decision {
    /// The file that is at the path once the decision holds.
    #[must_use]
    pub fn leaf(&self) -> Option<Leaf> {
        match self.chosen {
            Chosen::Vault => as_file(self.vault),
            Chosen::Content(leaf) => leaf,
        }
    }
}

/// The decisions that wait, by the id of the conflict. Whoever changes the list holds the run lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    pub decisions: BTreeMap<String, Decision>,
}

impl Queue {
    pub fn load(session: &Session<'_>) -> Result<Self, FlowError> {
        let file = session.places.conflict_decisions();
        let Some(bytes) = read_if_there(file.as_path(), MAX_SIZE)? else {
            return Ok(Self::default());
        };
        serde_json::from_slice(&bytes).map_err(|source| FlowError::BadFile {
            path: file.as_path().to_owned(),
            source,
        })
    }

    pub fn edit(writer: &Writer<'_>, change: impl FnOnce(&mut Self)) -> Result<(), FlowError> {
        let before = Self::load(writer.session)?;
        let mut after = before.clone();
        change(&mut after);
        if after != before {
            let mut text = serde_json::to_vec_pretty(&after).expect("plain data");
            text.push(b'\n');
            let file = writer.session.places.conflict_decisions();
            write_atomic(file.as_path(), &text)?;
        }
        Ok(())
    }
}

/// A run that is undone and did not live to call its choices written decided nothing. Of one that is
/// written what stands there again says it.
pub fn take_back(writer: &Writer<'_>, undone: &Journal) -> Result<(), FlowError> {
    if undone.head.command != RESOLVE {
        return Ok(());
    }
    let is_open = |decision: &Decision| decision.here.as_ref().is_some_and(|it| !it.written);
    let is_of_it = |decision: &Decision| {
        let unit = undone.units.get(&unit_key(&decision.owner));
        unit.is_some_and(|unit| unit.paths.contains_key(&decision.path))
    };
    Queue::edit(writer, |queue| {
        let stays = |decision: &Decision| !is_open(decision) || !is_of_it(decision);
        queue.decisions.retain(|_, decision| stays(decision));
    })
}
