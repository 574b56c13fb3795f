//! Which segment an op goes into: the open one, or, where that is full, a new one behind its seal.

use crate::base::{MachineId, VaultPath};

use super::op::{OpId, OpRecord, OpTime};
use super::segment::{Seal, Segment, SegmentHeader};

/// A segment with so many ops, so many bytes or so old gets no more.
const MOST_OPS: u64 = 512;
const MOST_BYTES: usize = 96 * 1024;
const MOST_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

/// A chain's segments, from its open one on.
pub struct Filling {
    who: (MachineId, MachineId),
    tip: OpId,
    next: u64,
    open: Option<Open>,
    /// What is new or longer than it was, by the number of its first op.
    files: Vec<(u64, Vec<u8>)>,
}

struct Open {
    header: SegmentHeader,
    bytes: Vec<u8>,
    count: u64,
    /// When its first op was written.
    began: Option<OpTime>,
}

impl Filling {
    /// A chain that the vault has nothing of yet: a replica's, written by a machine.
    #[must_use]
    pub fn new(replica: &MachineId, machine: &MachineId) -> Self {
        Self {
            who: (replica.clone(), machine.clone()),
            tip: OpId::NONE,
            next: 1,
            open: None,
            files: Vec::new(),
        }
    }

    /// Goes on behind a chain's last segment, as the vault has it; behind what of it holds, where it is
    /// damaged.
    #[must_use]
    pub fn behind(last: &Segment<'_>, bytes: &[u8]) -> Self {
        let header = &last.header;
        let mut records = last.ops.iter().filter_map(|op| op.record().ok());
        let open = last.seal.is_none().then(|| Open {
            header: header.clone(),
            bytes: match last.fault {
                None => bytes.to_vec(),
                Some(_) => sound(last),
            },
            count: last.ops.len() as u64,
            began: records.next().map(|record| record.at),
        });
        Self {
            who: (header.replica.clone(), header.machine.clone()),
            tip: last.chain(),
            next: last.next(),
            open,
            files: Vec::new(),
        }
    }

    /// Adds the next op of the chain, as it stands on its line.
    pub fn push(&mut self, line: &[u8]) {
        let record = OpRecord::read(&VaultPath::root(), line).ok();
        let at = record.as_ref().map(|record| record.at);
        let verb = record.map(|record| record.verb);
        let must = verb.filter(|verb| verb.ends_with('!'));
        if let Some(open) = self.open.take() {
            if open.takes(line, (at, must.as_deref())) {
                self.open = Some(open);
            } else {
                self.close(open);
            }
        }
        let mut open = self.open.take().unwrap_or_else(|| self.begin(must));
        open.bytes.extend_from_slice(line);
        open.bytes.push(b'\n');
        open.count += 1;
        open.began = open.began.or(at);
        self.open = Some(open);
        self.tip = self.tip.next(line);
        self.next += 1;
    }

    fn begin(&self, must: Option<String>) -> Open {
        let mut header = SegmentHeader::new(self.who.clone(), self.next, self.tip);
        header.must.extend(must);
        let mut bytes = header.line().into_bytes();
        bytes.push(b'\n');
        Open {
            header,
            bytes,
            count: 0,
            began: None,
        }
    }

    fn close(&mut self, mut open: Open) {
        let seal = Seal::of(&open.header, (&open.bytes, open.count, self.tip));
        open.bytes.extend_from_slice(seal.line().as_bytes());
        open.bytes.push(b'\n');
        self.files.push((open.header.first, open.bytes));
    }

    /// The segments that are new or longer, by the number of their first op.
    #[must_use]
    pub fn files(mut self) -> Vec<(u64, Vec<u8>)> {
        if let Some(open) = self.open {
            self.files.push((open.header.first, open.bytes));
        }
        self.files
    }
}

impl Open {
    /// Whether it has room for an op. One with no op has.
    fn takes(&self, line: &[u8], (at, must): (Option<OpTime>, Option<&str>)) -> bool {
        let age = at.zip(self.began);
        let age = age.map_or(0, |(at, began)| at.at.millis() - began.at.millis());
        let is_told = must.is_none_or(|verb| self.header.must.iter().any(|it| it == verb));
        let has_room = self.count < MOST_OPS
            && self.bytes.len() + line.len() < MOST_BYTES
            && age < MOST_MILLIS;
        is_told && (has_room || self.count == 0)
    }
}

/// The lines of a segment that hold.
fn sound(segment: &Segment<'_>) -> Vec<u8> {
    let mut bytes = segment.header.line().into_bytes();
    bytes.push(b'\n');
    for op in &segment.ops {
        bytes.extend_from_slice(op.bytes);
        bytes.push(b'\n');
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::chains::check_chain;
    use super::super::names;
    use super::*;

    fn id(text: &str) -> MachineId {
        MachineId::parse(text).expect("valid")
    }

    fn line(seq: u64, day: u64, text: &str) -> String {
        format!(
            "{{\"seq\":{seq},\"at\":\"2026-0{}-01T00:00:00.{:07}Z\",\"nonce\":\"00ff00\",\
             \"on\":\"task/01KAG6T0V2W4X6Y8Z1A3B5C7D9\",\"do\":\"{text}\"}}",
            1 + day / 30,
            seq
        )
    }

    fn check(files: &[(u64, Vec<u8>)]) {
        let dir = names::chain_dir("q5n8r3v7c1").expect("valid");
        let at = |first: &u64| names::segment("q5n8r3v7c1", *first).expect("valid");
        let files = files
            .iter()
            .map(|(first, bytes)| (at(first), bytes.clone()));
        let faults = check_chain(&dir, &files.collect::<Vec<_>>());
        assert!(faults.is_empty(), "{faults:?}");
    }

    #[test]
    fn whether_at_once_or_one_by_one_a_chain_comes_to_the_same_files() {
        let lines: Vec<String> = (1..=1300).map(|seq| line(seq, 0, "set")).collect();
        let mut at_once = Filling::new(&id("q5n8r3v7c1"), &id("k7f3q2hm9x"));
        for line in &lines {
            at_once.push(line.as_bytes());
        }
        let whole = at_once.files();
        check(&whole);
        assert!(whole.len() > 2);
        let mut files: Vec<(u64, Vec<u8>)> = Vec::new();
        for some in lines.chunks(37) {
            let path = VaultPath::root();
            let last = files.last().cloned();
            let segment = last
                .as_ref()
                .map(|(_, bytes)| Segment::read(&path, bytes).expect("valid"));
            let mut filling = match (&segment, &last) {
                (Some(segment), Some((_, bytes))) => Filling::behind(segment, bytes),
                _ => Filling::new(&id("q5n8r3v7c1"), &id("k7f3q2hm9x")),
            };
            for line in some {
                filling.push(line.as_bytes());
            }
            for (first, bytes) in filling.files() {
                files.retain(|(it, _)| *it != first);
                files.push((first, bytes));
            }
        }
        assert_eq!(files, whole);
    }

    #[test]
    fn a_segment_is_closed_by_the_op_that_comes_a_month_later_and_by_one_that_nobody_may_pass() {
        let mut filling = Filling::new(&id("q5n8r3v7c1"), &id("k7f3q2hm9x"));
        for line in [
            line(1, 0, "set"),
            line(2, 35, "set"),
            line(3, 35, "merge!"),
            line(4, 35, "merge!"),
        ] {
            filling.push(line.as_bytes());
        }
        let files = filling.files();
        check(&files);
        let firsts: Vec<u64> = files.iter().map(|(first, _)| *first).collect();
        assert_eq!(firsts, [1, 2, 3]);
    }
}
