use std::collections::BTreeSet;

use holdall::base::VaultPath;
use holdall::layout::names::{
    attributes, conflict_record, conflicts_dir, machine_record, machines_dir, project_record,
    projects_dir, readme, segment, variant_record,
};
use holdall::layout::{
    ATTRIBUTES_TEXT, AllowedRecord, ConflictRecord, LayoutError, MachineRecord, ProjectRecord,
    Record, Segment, VariantDir, VariantRecord, VaultFiles, VaultRecord, check, readme_text,
};
use holdall::oplog::{Memory, Op};
use serde_json::{Value, json};

use super::files::{OnDisk, contract, record_kind};

fn example() -> OnDisk {
    OnDisk(contract("example"))
}

fn written_again(path: &VaultPath, bytes: &[u8]) -> Result<Vec<u8>, LayoutError> {
    fn again<R: Record>(path: &VaultPath, bytes: &[u8]) -> Result<Vec<u8>, LayoutError> {
        Ok(R::read(path, bytes)?.write())
    }
    match record_kind(path) {
        Some("vault") => again::<VaultRecord>(path, bytes),
        Some("allowed") => again::<AllowedRecord>(path, bytes),
        Some("machine") => again::<MachineRecord>(path, bytes),
        Some("project") => again::<ProjectRecord>(path, bytes),
        Some("conflict") => again::<ConflictRecord>(path, bytes),
        Some("variant") => again::<VariantRecord>(path, bytes),
        other => unreachable!("{path} is {other:?}"),
    }
}

fn records() -> Vec<(VaultPath, Vec<u8>)> {
    let example = example();
    let paths = example.files().into_iter();
    paths
        .filter(|path| record_kind(path).is_some())
        .map(|path| {
            let bytes = example.read(&path).expect("it was just listed");
            (path, bytes)
        })
        .collect()
}

#[test]
fn the_example_breaks_no_rule() {
    let faults = check(&example());
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_example_has_each_record() {
    let kinds: BTreeSet<_> = records()
        .iter()
        .filter_map(|(path, _)| record_kind(path))
        .collect();
    let all = [
        "allowed", "conflict", "machine", "project", "variant", "vault",
    ];
    assert_eq!(kinds, BTreeSet::from(all));
}

#[test]
fn every_record_of_the_example_is_written_as_it_stands() {
    for (path, bytes) in records() {
        let again = written_again(&path, &bytes).expect("the example is valid");
        assert_eq!(
            String::from_utf8_lossy(&again),
            String::from_utf8_lossy(&bytes),
            "{path}"
        );
    }
}

#[test]
fn the_texts_of_the_example_are_those_of_a_new_vault() {
    let example = example();
    assert_eq!(
        example.read(&readme()).as_deref(),
        Some(readme_text().as_bytes())
    );
    assert_eq!(
        example.read(&attributes()).as_deref(),
        Some(ATTRIBUTES_TEXT.as_bytes())
    );
}

#[test]
fn each_record_stands_where_its_content_says() {
    for (path, bytes) in records() {
        let place = match record_kind(&path) {
            Some("machine") => {
                let record = MachineRecord::read(&path, &bytes).expect("valid");
                assert!(path.below(&machines_dir()).is_some());
                machine_record(&record.machine)
            }
            Some("project") => {
                let record = ProjectRecord::read(&path, &bytes).expect("valid");
                assert!(path.below(&projects_dir()).is_some());
                project_record(&record.name).expect("valid")
            }
            Some("conflict") => {
                let record = ConflictRecord::read(&path, &bytes).expect("valid");
                conflict_record(&record.id()).expect("valid")
            }
            Some("variant") => {
                let record = VariantRecord::read(&path, &bytes).expect("valid");
                let below = path
                    .below(&conflicts_dir())
                    .expect("it is one of a conflict");
                let mut names = below.names();
                let id = names.next().expect("it has a directory");
                let dir = names.next().and_then(VariantDir::parse).expect("valid");
                assert_eq!(dir.machine(), record.machine.as_str());
                variant_record(id, dir).expect("valid")
            }
            _ => continue,
        };
        assert_eq!(place, path);
    }
}

/// Puts an unknown field into every object that is not a map by data, and counts them.
pub fn sprinkle(value: &mut Value, name: &str) -> usize {
    match value {
        Value::Array(items) => items.iter_mut().map(|item| sprinkle(item, name)).sum(),
        Value::Object(map) => {
            let inner: usize = map
                .iter_mut()
                .map(|(name, value)| sprinkle(value, name))
                .sum();
            if matches!(name, "paths" | "heads" | "allowed") {
                return inner;
            }
            map.insert("zz".to_owned(), json!({"b": [1, {"a": null}], "a": "%"}));
            map.insert("unknown".to_owned(), json!(-7));
            inner + 1
        }
        _ => 0,
    }
}

#[test]
fn unknown_fields_survive_at_every_level_of_every_record() {
    let mut levels = 0;
    for (path, bytes) in records() {
        let mut value: Value = serde_json::from_slice(&bytes).expect("the example is JSON");
        levels += sprinkle(&mut value, "");
        let mut text = serde_json::to_vec_pretty(&value).expect("JSON can be written");
        text.push(b'\n');
        let again = written_again(&path, &text).expect("unknown fields are legal");
        assert_eq!(
            String::from_utf8_lossy(&again),
            String::from_utf8_lossy(&text),
            "{path}"
        );
    }
    assert!(levels > 12, "only {levels} objects were reached");
}

/// Replays one segment by the letter of the contract. Gives the id of its last op.
fn replay(segment: &str, mut id: [u8; 16], first: u64) -> ([u8; 16], bool) {
    let hex = |id: [u8; 16]| {
        id.iter()
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    };
    let mut lines = segment.lines();
    let header: Value = serde_json::from_str(lines.next().expect("a header")).expect("JSON");
    assert_eq!(header["prev"], hex(id));
    assert_eq!(header["first"], first);
    let mut before = String::new();
    for (next, line) in (first..).zip(lines) {
        let value: Value = serde_json::from_str(line).expect("JSON");
        if value.get("seal").is_some() {
            let start = segment.find(line).expect("it is a line of the segment");
            let sum = blake3::hash(&segment.as_bytes()[..start]).to_hex();
            assert_eq!(value["sum"], format!("b3:{sum}"));
            assert_eq!(value["chain"], hex(id));
            assert_eq!(
                (&value["last"], &value["count"]),
                (&json!(next - 1), &json!(next - first))
            );
            assert!(segment.ends_with(&format!("{line}\n")), "a seal comes last");
            return (id, true);
        }
        assert_eq!(value["seq"], next);
        let at = value["at"].as_str().expect("a text").to_owned();
        assert!(at > before, "{at} comes after {before}");
        before = at;
        let mut hash = blake3::Hasher::new();
        hash.update(&id).update(line.as_bytes());
        id.copy_from_slice(&hash.finalize().as_bytes()[..16]);
    }
    (id, false)
}

#[test]
fn the_ops_of_the_example_are_a_whole_chain() {
    let example = example();
    let at = |text: &str| VaultPath::parse(text).expect("valid");
    let segment = |name: &str| {
        let bytes = example.read(&at(&format!("tasks/ops/q5n8r3v7c1/{name}.jsonl")));
        String::from_utf8(bytes.expect("it is there")).expect("UTF-8")
    };
    let (id, sealed) = replay(&segment("00000001"), [0; 16], 1);
    assert!(sealed);
    let (id, sealed) = replay(&segment("00000006"), id, 6);
    assert!(!sealed);

    let desk = example
        .read(&at("machines/k7f3q2hm9x.json"))
        .expect("it is there");
    let desk = MachineRecord::read(&at("machines/k7f3q2hm9x.json"), &desk).expect("valid");
    let head = &desk.ops.expect("the example has ops").heads["q5n8r3v7c1"];
    assert_eq!(head.seq, 6);
    assert_eq!(head.id.as_bytes(), &id);

    let texts: Vec<_> = example
        .files()
        .into_iter()
        .filter_map(|path| path.below(&at("tasks/text")))
        .collect();
    assert_eq!(texts.len(), 1);
    for name in texts {
        let bytes = example
            .read(&at("tasks/text").join(&name))
            .expect("it is there");
        assert_eq!(blake3::hash(&bytes).to_hex().as_str(), name.as_str());
    }
}

#[test]
fn the_ops_of_the_example_come_to_what_its_machine_says() {
    let example = example();
    let mut memory = Memory::default();
    let mut head = None;
    for first in [1, 6] {
        let path = segment("q5n8r3v7c1", first).expect("a path");
        let bytes = example.read(&path).expect("it is there");
        let read = Segment::read(&path, &bytes).expect("a segment");
        assert!(read.fault.is_none(), "{:?}", read.fault);
        for line in &read.ops {
            let record = line.record().expect("an op");
            assert_eq!(record.line().as_bytes(), line.bytes);
            memory.take_in(&Op::of(&read.header.replica, line.id, &record).expect("understood"));
        }
        head = Some((read.next() - 1, read.chain()));
    }
    let path = VaultPath::parse("machines/k7f3q2hm9x.json").expect("valid");
    let desk = example.read(&path).expect("it is there");
    let desk = MachineRecord::read(&path, &desk).expect("valid");
    let ops = desk.ops.expect("it has read ops");
    let heads: Vec<_> = ops.heads.iter().collect();
    let [(chain, told)] = heads[..] else {
        panic!("{heads:?}");
    };
    assert_eq!(chain, "q5n8r3v7c1");
    assert_eq!(Some((told.seq, told.id)), head);
    assert_eq!(memory.digest.to_string(), ops.digest);
}
