//! The ops of a damaged list that go on where a chain of the new one ends.

use std::collections::{BTreeSet, HashMap};

use rusqlite::params;

use crate::base::{MachineId, VaultPath};
use crate::layout::{Filling, LayoutError, OpId, Segment, names};

use super::super::TasksError;
use super::super::change::Change;
use super::rows::{Salvage, SavedOp};

/// Ops by the one that each stands behind.
type Behind<'s> = HashMap<(&'s MachineId, OpId), Vec<&'s SavedOp>>;

/// A chain of the new list, and how far it goes.
struct Known {
    name: String,
    replica: MachineId,
    machine: MachineId,
    id: OpId,
}

impl Change<'_> {
    /// Takes in what goes on behind what is here; how many ops that were.
    pub(super) fn take_saved_ops(
        &mut self,
        saved: &Salvage,
        machine: &MachineId,
    ) -> Result<usize, TasksError> {
        let mut behind = Behind::new();
        for op in &saved.ops {
            let place = (&op.replica, op.prev);
            behind.entry(place).or_default().push(op);
        }
        let mut taken = 0;
        for known in self.known_chains(saved, machine)? {
            let tail = tail(saved, &behind, &known);
            if !tail.is_empty() {
                taken += self.append(&known, &tail)?;
            }
        }
        Ok(taken)
    }

    /// Those that are here, and those of which nothing is.
    fn known_chains(&self, saved: &Salvage, machine: &MachineId) -> Result<Vec<Known>, TasksError> {
        let mut all: Vec<Known> = Vec::new();
        for chain in self.reading().chains()? {
            all.push(Known {
                name: chain.name,
                replica: chain.replica,
                machine: chain.machine,
                id: chain.id,
            });
        }
        let told = saved.chains.iter();
        let told: HashMap<_, _> = told.map(|it| (&it.replica, &it.machine)).collect();
        // A fork has its first ops from the chain that it parted from: it begins with none of its own.
        let replicas: BTreeSet<&MachineId> = saved.ops.iter().map(|op| &op.replica).collect();
        for replica in replicas {
            if all.iter().all(|known| known.name != replica.as_str()) {
                all.push(Known {
                    name: replica.as_str().to_owned(),
                    replica: replica.clone(),
                    machine: (*told.get(replica).unwrap_or(&machine)).clone(),
                    id: OpId::NONE,
                });
            }
        }
        Ok(all)
    }

    fn append(&mut self, known: &Known, tail: &[&SavedOp]) -> Result<usize, TasksError> {
        let mut filling = Filling::new(&known.replica, &known.machine);
        if let Some(chain) = self.reading().chain(&known.name)? {
            for line in self.reading().lines(&chain, 0)? {
                filling.push(&line.bytes);
            }
        }
        for op in tail {
            filling.push(&op.line);
        }
        let files = filling.files();
        let paths = files
            .iter()
            .map(|(first, _)| names::segment(&known.name, *first));
        let paths: Vec<VaultPath> = paths.collect::<Result<_, _>>().map_err(unnamed)?;
        let segments = files.iter().zip(&paths);
        let segments = segments.map(|((_, bytes), path)| Segment::read(path, bytes));
        let segments: Vec<Segment<'_>> = segments
            .collect::<Result<_, LayoutError>>()
            .map_err(unnamed)?;
        let arrival = self.arrive(&known.name, &segments)?;
        Ok(arrival.map_or(0, |arrival| arrival.new))
    }

    /// Goes on with the own chain, where all of it is here and nobody has more. Whether it does, and how
    /// many of its ops are gone.
    pub(super) fn go_on_with(
        &mut self,
        saved: &Salvage,
    ) -> Result<(bool, Option<u64>), TasksError> {
        let Some(own) = saved.chains.iter().find(|chain| chain.is_own) else {
            return Ok((false, None));
        };
        let chain = self.reading().chain(&own.name)?;
        let (seq, id) = chain.map_or((0, OpId::NONE), |chain| (chain.seq, chain.id));
        let goes_on = (seq, id) == (own.seq, own.id) && seq > 0;
        if goes_on {
            let go_on = "UPDATE replica SET chain = (SELECT n FROM chain WHERE name = ?1)";
            self.tx.execute(go_on, params![own.name])?;
        }
        Ok((goes_on, Some(own.seq.saturating_sub(seq))))
    }
}

/// What goes on behind a chain. Where two do, it is the one that leads to where the chain went.
fn tail<'s>(saved: &'s Salvage, behind: &Behind<'s>, known: &Known) -> Vec<&'s SavedOp> {
    let end = saved.chains.iter().find(|chain| chain.name == known.name);
    let led = end.and_then(|end| led_back(saved, (end.id, known)));
    if let Some(led) = led {
        return led;
    }
    let (mut tail, mut id) = (Vec::new(), known.id);
    while let Some([next]) = behind.get(&(&known.replica, id)).map(Vec::as_slice) {
        tail.push(*next);
        id = next.id;
    }
    tail
}

/// From where a chain went back to where it is known; nothing where the way is not whole.
fn led_back<'s>(saved: &'s Salvage, (mut id, known): (OpId, &Known)) -> Option<Vec<&'s SavedOp>> {
    let by_id: HashMap<OpId, &SavedOp> = saved.ops.iter().map(|op| (op.id, op)).collect();
    let mut tail = Vec::new();
    while id != known.id {
        let op = by_id.get(&id)?;
        (op.replica == known.replica).then(|| tail.push(*op))?;
        id = op.prev;
    }
    tail.reverse();
    Some(tail)
}

/// What was just written reads: anything else is damage.
fn unnamed(_: LayoutError) -> TasksError {
    TasksError::Damaged {
        what: "the name of a chain",
    }
}
