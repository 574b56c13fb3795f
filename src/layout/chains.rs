//! The chains of ops of a vault, each in a directory of its own: `tasks/ops/<replica>/`, and
//! `tasks/ops/<replica>~<hash>/` for another chain that somebody wrote under the same name.

use crate::base::{MachineId, VaultPath};

use super::op::{OpId, OpTime};
use super::record::forked_from;
use super::segment::Segment;
use super::{LayoutError, names};

/// Everything that is wrong with one chain. `files` are its segments in their order, by their names.
pub fn check_chain(dir: &VaultPath, files: &[(VaultPath, Vec<u8>)]) -> Vec<LayoutError> {
    let Some(replica) = dir.name().and_then(forked_from) else {
        return vec![broken(dir, "is not the directory of a replica", "V62")];
    };
    let mut chain = Chain {
        replica,
        id: OpId::NONE,
        next: 1,
        at: None,
        faults: Vec::new(),
    };
    for (number, (path, bytes)) in files.iter().enumerate() {
        if !chain.segment(path, bytes, number + 1 == files.len()) {
            return chain.faults;
        }
    }
    let hash = dir.name().and_then(|name| name.split_once('~'));
    if hash.is_some_and(|(_, hash)| hash != fork_hash(chain.id)) {
        let fault = "is a fork that is not named after its last op";
        let last = files.last().map_or(dir, |(path, _)| path);
        chain.faults.push(broken(last, fault, "V70"));
    }
    chain.faults
}

/// What stands behind the replica in the name of a fork that ends with this op.
#[must_use]
pub fn fork_hash(last: OpId) -> String {
    let mut hash = last.to_string();
    hash.truncate(16);
    hash
}

struct Chain {
    replica: MachineId,
    id: OpId,
    next: u64,
    at: Option<OpTime>,
    faults: Vec<LayoutError>,
}

impl Chain {
    /// False where nothing can be told of what comes behind it.
    fn segment(&mut self, path: &VaultPath, bytes: &[u8], is_last: bool) -> bool {
        let segment = match Segment::read(path, bytes) {
            Ok(segment) => segment,
            Err(fault) => {
                self.faults.push(fault);
                return false;
            }
        };
        let header = &segment.header;
        let faults = [
            (
                header.replica != self.replica,
                "is of another replica than its directory",
                "V62",
            ),
            (
                path.name() != Some(&names::segment_name(header.first)),
                "is not named after its first op",
                "V63",
            ),
            (
                (header.first, header.prev) != (self.next, self.id),
                "does not go on where the ops before it end",
                "V63",
            ),
        ];
        if let Some((_, fault, rule)) = faults.into_iter().find(|(is_broken, ..)| *is_broken) {
            self.faults.push(broken(path, fault, rule));
            return false;
        }
        (self.id, self.next) = (segment.chain(), segment.next());
        let (ops, is_sealed) = (segment.ops, segment.seal.is_some());
        for op in ops {
            match op.record() {
                Err(fault) => self.faults.push(fault),
                Ok(op) if self.at.is_some_and(|before| op.at < before) => {
                    self.faults.push(broken(
                        path,
                        "has an op that is older than the one before it",
                        "V64",
                    ));
                }
                Ok(op) => self.at = Some(op.at),
            }
        }
        if let Some(fault) = segment.fault {
            self.faults.push(fault);
            return false;
        }
        if !is_last && !is_sealed {
            self.faults.push(broken(
                path,
                "has no seal, and another one behind it",
                "V66",
            ));
        }
        true
    }
}

fn broken(path: &VaultPath, fault: &'static str, rule: &'static str) -> LayoutError {
    LayoutError::Broken {
        path: path.clone(),
        fault,
        rule,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Seal, SegmentHeader};
    use super::*;

    /// A segment of these lines behind its header, with its seal.
    fn sealed(header: &SegmentHeader, lines: &[&str]) -> String {
        let mut text = header.line() + "\n";
        let mut chain = header.prev;
        for line in lines {
            text += line;
            text += "\n";
            chain = chain.next(line.as_bytes());
        }
        let mut seal = Seal::of(header, (text.as_bytes(), lines.len() as u64, chain));
        seal.extra.insert("later".to_owned(), 2.into());
        text + &seal.line() + "\n"
    }

    fn faults_of(text: &str) -> Vec<LayoutError> {
        let path = names::segment("q5n8r3v7c1", 1).expect("a path");
        let dir = names::chain_dir("q5n8r3v7c1").expect("a path");
        check_chain(&dir, &[(path, text.as_bytes().to_vec())])
    }

    #[test]
    fn what_a_newer_version_writes_breaks_no_rule_and_is_written_as_it_stands() {
        let id = |text| MachineId::parse(text).expect("an id");
        let replica = (id("q5n8r3v7c1"), id("k7f3q2hm9x"));
        let mut header = SegmentHeader::new(replica, 1, OpId::NONE);
        header.must = vec!["poke!".to_owned()];
        header.extra.insert("later".to_owned(), true.into());
        let lines = [
            r#"{"seq":1,"at":"2026-11-21T02:01:00.0010000Z","nonce":"8c1f03","on":"task/01KAG6T0V2W4X6Y8Z1A3B5C7D9","do":"poke","later":{"b":[1],"a":null}}"#,
            r#"{"seq":2,"at":"2026-11-21T02:01:00.0010000Z","nonce":"8c1f04","on":"sprint/01KAG6T0V2W4X6Y8Z1A3B5C7D9","do":"poke!","value":null,"later":-7}"#,
        ];
        let text = sealed(&header, &lines);
        assert!(faults_of(&text).is_empty(), "{:#?}", faults_of(&text));
        let path = names::segment("q5n8r3v7c1", 1).expect("a path");
        let segment = Segment::read(&path, text.as_bytes()).expect("a segment");
        assert_eq!(segment.header, header);
        assert_eq!(segment.seal.expect("it has one").extra["later"], 2);
        for (op, line) in segment.ops.iter().zip(lines) {
            assert_eq!(op.record().expect("an op").line(), line);
        }
    }

    #[test]
    fn a_line_that_is_no_op_keeps_its_place_and_those_behind_it_hold() {
        let id = |text| MachineId::parse(text).expect("an id");
        let header = SegmentHeader::new((id("q5n8r3v7c1"), id("k7f3q2hm9x")), 1, OpId::NONE);
        let op = |seq| {
            format!(
                r#"{{"seq":{seq},"at":"2026-11-21T02:01:00.0010000Z","nonce":"8c1f03","on":"task/01KAG6T0V2W4X6Y8Z1A3B5C7D9","do":"delete"}}"#
            )
        };
        let text = sealed(&header, &[&op(1), "no JSON", &op(3)]);
        let rules: Vec<_> = faults_of(&text).iter().map(LayoutError::rule).collect();
        assert_eq!(rules, ["V14"]);
        let path = names::segment("q5n8r3v7c1", 1).expect("a path");
        let segment = Segment::read(&path, text.as_bytes()).expect("a segment");
        assert_eq!(segment.ops[2].record().expect("an op").seq, 3);
        assert!(segment.seal.is_some());
    }
}
