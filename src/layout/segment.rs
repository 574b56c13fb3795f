//! `tasks/ops/<replica>/<first>.jsonl`: a part of one replica's chain of ops.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::base::{MachineId, VaultPath};

use super::LayoutError;
use super::op::{OP_ID, OpId, OpRecord, is_verb};
use super::record::{Fields, Form, MACHINE, NUMBER, list, text};

/// What a segment begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SegmentHeader {
    pub segment: u64,
    pub replica: MachineId,
    /// The machine that wrote it.
    pub machine: MachineId,
    /// The `seq` of its first op.
    pub first: u64,
    /// The op before that.
    pub prev: OpId,
    /// The kinds of ops in it that nobody may pass by who does not know them.
    pub must: Vec<String>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a segment ends with that gets no more ops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seal {
    pub seal: u64,
    /// The `seq` of its last op.
    pub last: u64,
    pub count: u64,
    /// The id of its last op.
    pub chain: OpId,
    /// Of every byte before the seal's line.
    pub sum: String,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The one form of segments that this code knows.
const SEGMENT: u64 = 1;

const VERBS: Form<Vec<String>> = Form {
    expected: "a list of kinds of ops",
    rule: None,
    parse: |value| list(value, |it| is_verb(it).then(|| it.to_owned())),
};
const SUM: Form<String> = Form {
    expected: "`b3:` and 64 lower-case hexadecimal digits",
    rule: None,
    parse: |value| text(value).filter(|it| it.starts_with("b3:") && it.len() == 67),
};

impl SegmentHeader {
    #[must_use]
    pub fn new((replica, machine): (MachineId, MachineId), first: u64, prev: OpId) -> Self {
        Self {
            segment: SEGMENT,
            replica,
            machine,
            first,
            prev,
            must: Vec::new(),
            extra: Map::new(),
        }
    }

    fn read(path: &VaultPath, line: &[u8]) -> Result<Self, LayoutError> {
        let mut fields = Fields::open(path, line, "V63")?;
        let header = Self {
            segment: fields.need("segment", &NUMBER)?,
            replica: fields.need("replica", &MACHINE)?,
            machine: fields.need("machine", &MACHINE)?,
            first: fields.need("first", &NUMBER)?,
            prev: fields.need("prev", &OP_ID)?,
            must: fields.need("must", &VERBS)?,
            extra: fields.rest(),
        };
        if header.segment == SEGMENT {
            Ok(header)
        } else {
            Err(broken(
                path,
                "is a segment of a form that this holdall does not know",
                "V63",
            ))
        }
    }

    /// Its line, without the end.
    #[must_use]
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("a header is plain data with text keys")
    }
}

impl Seal {
    /// Closes a segment: its bytes so far, and the last op in it.
    #[must_use]
    pub fn of(header: &SegmentHeader, (bytes, count, chain): (&[u8], u64, OpId)) -> Self {
        Self {
            seal: 1,
            last: header.first + count - 1,
            count,
            chain,
            sum: format!("b3:{}", blake3::hash(bytes).to_hex()),
            extra: Map::new(),
        }
    }

    fn read(path: &VaultPath, line: &[u8]) -> Result<Self, LayoutError> {
        let mut fields = Fields::open(path, line, "V66")?;
        Ok(Self {
            seal: fields.need("seal", &NUMBER)?,
            last: fields.need("last", &NUMBER)?,
            count: fields.need("count", &NUMBER)?,
            chain: fields.need("chain", &OP_ID)?,
            sum: fields.need("sum", &SUM)?,
            extra: fields.rest(),
        })
    }

    /// Its line, without the end.
    #[must_use]
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("a seal is plain data with text keys")
    }
}

/// A line of a segment that stands for an op, readable or not: its place in the chain is the same.
#[derive(Debug)]
pub struct OpLine<'a> {
    pub seq: u64,
    pub id: OpId,
    /// Without the end.
    pub bytes: &'a [u8],
    path: &'a VaultPath,
}

impl OpLine<'_> {
    /// What the line says. A chain is followed without: most runs ask for its end alone.
    pub fn record(&self) -> Result<OpRecord, LayoutError> {
        let record = OpRecord::read(self.path, self.bytes)?;
        if record.seq == self.seq {
            Ok(record)
        } else {
            Err(broken(self.path, "has an op out of its place", "V64"))
        }
    }
}

/// A segment, as far as it holds.
#[derive(Debug)]
pub struct Segment<'a> {
    pub header: SegmentHeader,
    pub ops: Vec<OpLine<'a>>,
    pub seal: Option<Seal>,
    /// What is behind it cannot be told: nothing may be built on that.
    pub fault: Option<LayoutError>,
}

impl<'a> Segment<'a> {
    /// Reads one. Lines that are no op are told one by one, because those behind them still hold.
    pub fn read(path: &'a VaultPath, bytes: &'a [u8]) -> Result<Self, LayoutError> {
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let first = lines.next().and_then(whole);
        let first = first.ok_or_else(|| broken(path, "has no whole first line", "V63"))?;
        let header = SegmentHeader::read(path, first)?;
        let mut segment = Self {
            header,
            ops: Vec::new(),
            seal: None,
            fault: None,
        };
        let mut at = first.len() + 1;
        for line in lines {
            let fault = match whole(line) {
                None => Some(broken(path, "ends in the middle of a line", "V62")),
                Some(_) if segment.seal.is_some() => {
                    Some(broken(path, "goes on behind its seal", "V66"))
                }
                Some(line) if line.starts_with(b"{\"seal\":") => {
                    segment.close(path, line, &bytes[..at]).err()
                }
                Some(line) => {
                    segment.op(path, line);
                    None
                }
            };
            if fault.is_some() {
                segment.fault = fault;
                break;
            }
            at += line.len();
        }
        Ok(segment)
    }

    /// The last op in it, or the one before its first.
    #[must_use]
    pub fn chain(&self) -> OpId {
        self.ops.last().map_or(self.header.prev, |op| op.id)
    }

    /// The `seq` of what comes behind it.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.header.first + self.ops.len() as u64
    }

    fn op(&mut self, path: &'a VaultPath, line: &'a [u8]) {
        self.ops.push(OpLine {
            seq: self.next(),
            id: self.chain().next(line),
            bytes: line,
            path,
        });
    }

    fn close(&mut self, path: &VaultPath, line: &[u8], before: &[u8]) -> Result<(), LayoutError> {
        let seal = Seal::read(path, line)?;
        let count = self.ops.len() as u64;
        if count == 0 {
            return Err(broken(path, "has a seal and no op", "V66"));
        }
        let fits = Seal {
            extra: seal.extra.clone(),
            ..Seal::of(&self.header, (before, count, self.chain()))
        };
        if seal != fits {
            return Err(broken(path, "has a seal that does not fit", "V66"));
        }
        self.seal = Some(seal);
        Ok(())
    }
}

/// A line without its end; nothing where it has none.
fn whole(line: &[u8]) -> Option<&[u8]> {
    line.strip_suffix(b"\n")
}

fn broken(path: &VaultPath, fault: &'static str, rule: &'static str) -> LayoutError {
    LayoutError::Broken {
        path: path.clone(),
        fault,
        rule,
    }
}
