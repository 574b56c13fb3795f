//! The chains of ops that this store has: its own, and those that came from elsewhere.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::base::MachineId;
use crate::base::seams::{Rule, is_broken};
use crate::layout::{OpId, OpTime, Segment, SegmentHeader, fork_hash};
use crate::oplog::{Digest, Op, OpFault};

use super::change::Change;
use super::log::{self, Coming, State, number};
use super::{Reading, TasksError};

/// A chain, as far as this store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    n: i64,
    /// Its replica's id, and behind that of a fork its hash.
    pub name: String,
    pub replica: MachineId,
    pub machine: MachineId,
    pub seq: u64,
    pub id: OpId,
    at: Option<OpTime>,
    /// The first op that may not be passed by.
    stop: Option<u64>,
}

/// A line of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub seq: u64,
    pub id: OpId,
    pub bytes: Vec<u8>,
}

/// What came of a part of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Ops that were not here.
    pub new: usize,
    /// Lines that say nothing that is understood, with their numbers and why.
    pub aside: Vec<(u64, String)>,
}

const CHAIN: &str = "SELECT n, name, replica, machine, seq, id, at, stop FROM chain";

type RawChain = (i64, [String; 3], i64, [u8; 16], Option<String>, Option<i64>);

fn raw(row: &Row<'_>) -> rusqlite::Result<RawChain> {
    let names = [row.get(1)?, row.get(2)?, row.get(3)?];
    Ok((
        row.get(0)?,
        names,
        row.get(4)?,
        row.get(5)?,
        row.get(6)?,
        row.get(7)?,
    ))
}

fn understood(
    (n, [name, replica, machine], seq, id, at, stop): RawChain,
) -> Result<Chain, TasksError> {
    let id_of = |text: &str| {
        MachineId::parse(text).map_err(|_| TasksError::Damaged {
            what: "the name of a replica",
        })
    };
    Ok(Chain {
        n,
        replica: id_of(&replica)?,
        machine: id_of(&machine)?,
        name,
        seq: u64::try_from(seq).unwrap_or(0),
        id: OpId::from_bytes(id),
        at: at.as_deref().and_then(OpTime::parse),
        stop: stop.and_then(|seq| u64::try_from(seq).ok()),
    })
}

fn all(db: &Connection) -> Result<Vec<Chain>, TasksError> {
    let mut find = db.prepare_cached(&format!("{CHAIN} ORDER BY name"))?;
    let rows = find.query_map([], raw)?;
    rows.map(|row| understood(row?)).collect()
}

fn named(db: &Connection, name: &str) -> Result<Option<Chain>, TasksError> {
    let mut find = db.prepare_cached(&format!("{CHAIN} WHERE name = ?1"))?;
    let found = find.query_row([name], raw).optional()?;
    found.map(understood).transpose()
}

/// The chain that this store goes on with.
fn own(db: &Connection) -> Result<Option<Chain>, TasksError> {
    let mut find = db.prepare_cached(&format!("{CHAIN} WHERE n = (SELECT chain FROM replica)"))?;
    let found = find.query_row([], raw).optional()?;
    found.map(understood).transpose()
}

/// The lines of a chain behind one of them. Where chains part, each op knows the one before it.
fn lines(db: &Connection, chain: &Chain, after: u64) -> Result<Vec<Line>, TasksError> {
    let mut find = db.prepare_cached(
        "SELECT seq, id, prev, line FROM op WHERE replica = ?1 AND seq > ?2 AND seq <= ?3 \
         ORDER BY seq DESC",
    )?;
    let wanted = params![chain.replica.as_str(), number(after), number(chain.seq)];
    let mut rows = find.query(wanted)?;
    let (mut next, mut lines) = (chain.id, Vec::new());
    while let Some(row) = rows.next()? {
        let id = OpId::from_bytes(row.get(1)?);
        if id == next {
            next = OpId::from_bytes(row.get(2)?);
            lines.push(Line {
                seq: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
                id,
                bytes: row.get(3)?,
            });
        }
    }
    lines.reverse();
    Ok(lines)
}

/// The op of a chain with this number.
fn id_at(db: &Connection, chain: &Chain, seq: u64) -> Result<Option<OpId>, TasksError> {
    if seq == chain.seq {
        return Ok(Some(chain.id));
    }
    if seq == 0 {
        return Ok(Some(OpId::NONE));
    }
    let lines = lines(db, chain, seq - 1)?;
    Ok(lines
        .first()
        .filter(|line| line.seq == seq)
        .map(|line| line.id))
}

/// The end of the own chain, while it is written to.
pub(super) struct Own {
    n: i64,
    pub replica: MachineId,
    pub seq: u64,
    pub id: OpId,
    pub at: Option<OpTime>,
}

impl Own {
    /// The own chain; a new one where there is none.
    pub fn load(change: &Change<'_>, machine: &MachineId) -> Result<Self, TasksError> {
        if let Some(chain) = own(&change.tx)? {
            return Ok(Self {
                n: chain.n,
                replica: chain.replica,
                seq: chain.seq,
                id: chain.id,
                at: chain.at,
            });
        }
        let replica = MachineId::new(change.edges)?;
        let n = begin(&change.tx, (replica.as_str(), &replica), machine)?;
        change.tx.execute("UPDATE replica SET chain = ?1", [n])?;
        Ok(Self {
            n,
            replica,
            seq: 0,
            id: OpId::NONE,
            at: None,
        })
    }

    pub fn save(&self, change: &Change<'_>) -> Result<(), TasksError> {
        save(&change.tx, self.n, (self.seq, self.id), self.at)
    }
}

fn begin(
    db: &Connection,
    (name, replica): (&str, &MachineId),
    machine: &MachineId,
) -> Result<i64, TasksError> {
    db.execute(
        "INSERT INTO chain (name, replica, machine, seq, id) VALUES (?1, ?2, ?3, 0, zeroblob(16))",
        params![name, replica.as_str(), machine.as_str()],
    )?;
    Ok(db.last_insert_rowid())
}

fn save(
    db: &Connection,
    n: i64,
    (seq, id): (u64, OpId),
    at: Option<OpTime>,
) -> Result<(), TasksError> {
    let at = at.map(|at| at.to_string());
    db.prepare_cached("UPDATE chain SET seq = ?2, id = ?3, at = ?4 WHERE n = ?1")?
        .execute(params![n, number(seq), id.as_bytes(), at])?;
    Ok(())
}

impl Reading<'_> {
    pub fn chains(&self) -> Result<Vec<Chain>, TasksError> {
        all(self.db)
    }

    pub fn chain(&self, name: &str) -> Result<Option<Chain>, TasksError> {
        named(self.db, name)
    }

    /// The chain that this store writes, if it ever did.
    pub fn own_chain(&self) -> Result<Option<Chain>, TasksError> {
        own(self.db)
    }

    /// What a chain has behind this op.
    pub fn lines(&self, chain: &Chain, after: u64) -> Result<Vec<Line>, TasksError> {
        lines(self.db, chain, after)
    }

    pub fn digest(&self) -> Result<Digest, TasksError> {
        let digest = self
            .db
            .query_row("SELECT digest FROM replica", [], |row| row.get(0))?;
        Ok(Digest::from_bytes(digest))
    }
}

impl Change<'_> {
    /// Takes in a part of a chain as the vault has it, from a segment that begins no later than behind
    /// what is here. Nothing where the two are not one chain.
    pub fn arrive(
        &mut self,
        name: &str,
        segments: &[Segment<'_>],
    ) -> Result<Option<Arrival>, TasksError> {
        let Some(first) = segments.first() else {
            return Ok(Some(Arrival::default()));
        };
        let chain = self.chain(name, &first.header)?;
        let goes_aside = !is_broken(Rule::PartedGoesAside);
        if goes_aside && !self.is_one(&chain, segments)? {
            return Ok(None);
        }
        let mut taking = Taking {
            arrival: Arrival::default(),
            tip: (chain.seq, chain.id),
            at: chain.at,
            stop: chain.stop,
        };
        for segment in segments {
            self.take_segment(&chain, segment, &mut taking)?;
        }
        if taking.tip.0 > chain.seq {
            save(&self.tx, chain.n, taking.tip, taking.at)?;
            self.tx.execute(
                "UPDATE chain SET stop = ?2 WHERE n = ?1",
                params![chain.n, taking.stop.map(number)],
            )?;
            // Somebody else writes under this name, from a copy of this store: it goes on under another.
            if goes_aside {
                self.tx.execute(
                    "UPDATE replica SET chain = NULL WHERE chain = ?1",
                    [chain.n],
                )?;
            }
        }
        Ok(Some(taking.arrival))
    }

    /// What is here of a chain parts from what the vault has under this name: it goes aside under the
    /// name of a fork, and if it was the own one, another is begun.
    pub fn part(&mut self, name: &str) -> Result<String, TasksError> {
        let damaged = TasksError::Damaged {
            what: "a chain that is gone",
        };
        let chain = named(&self.tx, name)?.ok_or(damaged)?;
        let fork = format!("{}~{}", chain.replica, fork_hash(chain.id));
        self.tx.execute(
            "UPDATE replica SET chain = NULL WHERE chain = ?1",
            [chain.n],
        )?;
        self.tx
            .execute("DELETE FROM chain WHERE name = ?1", [&fork])?;
        self.tx.execute(
            "UPDATE chain SET name = ?2 WHERE n = ?1",
            params![chain.n, fork],
        )?;
        Ok(fork)
    }

    fn chain(&self, name: &str, header: &SegmentHeader) -> Result<Chain, TasksError> {
        if named(&self.tx, name)?.is_none() {
            begin(&self.tx, (name, &header.replica), &header.machine)?;
        }
        let chain = named(&self.tx, name)?;
        Ok(chain.expect("it was just begun"))
    }

    /// Whether the vault's part of a chain and what is here are one: what both have is the same.
    fn is_one(&self, chain: &Chain, segments: &[Segment<'_>]) -> Result<bool, TasksError> {
        let ids = segments.iter().flat_map(|segment| {
            let before = (segment.header.first - 1, segment.header.prev);
            let ops = segment.ops.iter().map(|op| (op.seq, op.id));
            std::iter::once(before).chain(ops)
        });
        let common = ids
            .filter(|(seq, _)| *seq <= chain.seq)
            .max_by_key(|(seq, _)| *seq);
        let Some((seq, id)) = common else {
            return Ok(false);
        };
        Ok(id_at(&self.tx, chain, seq)? == Some(id))
    }

    fn take_segment(
        &mut self,
        chain: &Chain,
        segment: &Segment<'_>,
        taking: &mut Taking,
    ) -> Result<(), TasksError> {
        for op in segment.ops.iter().filter(|op| op.seq > chain.seq) {
            let prev = std::mem::replace(&mut taking.tip, (op.seq, op.id)).1;
            let understood = match op.record() {
                Ok(record) => {
                    taking.at = taking.at.max(Some(record.at));
                    Op::of(&chain.replica, op.id, &record).map_err(|fault| {
                        if fault == OpFault::Must {
                            taking.stop.get_or_insert(op.seq);
                        }
                        fault.to_string()
                    })
                }
                Err(fault) => Err(fault.to_string()),
            };
            if log::knows(&self.tx, op.id)? {
                continue;
            }
            taking.arrival.new += 1;
            let coming = Coming {
                replica: chain.replica.clone(),
                seq: op.seq,
                prev,
                line: op.bytes.to_vec(),
                state: State::TakenIn,
                place: None,
            };
            match understood {
                Err(why) => {
                    taking.arrival.aside.push((op.seq, why));
                    self.put_by(op.id, State::SetAside, coming)?;
                }
                Ok(_) if taking.stop.is_some() => self.put_by(op.id, State::Waits, coming)?,
                Ok(op) => self.take_in(&op, coming)?,
            }
        }
        Ok(())
    }
}

/// How far a chain has been taken in.
struct Taking {
    arrival: Arrival,
    tip: (u64, OpId),
    at: Option<OpTime>,
    stop: Option<u64>,
}
