//! `machines/<machine>.json`: one machine, in its own words.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::base::{Id, MachineId, Timestamp, VaultPath};

use super::LayoutError;
use super::op::{OP_ID, OpId};
use super::record::{
    Fields, Form, IDS, MACHINE, MOMENT, NUMBER, OBJECT, Record, TEXT, forked_from, is_lower_hex,
    text, write_record,
};

const DIGEST: Form<String> = Form {
    expected: "a digest of 64 lower-case hexadecimal digits",
    rule: None,
    parse: |value| text(value).filter(|id| id.len() == 64 && is_lower_hex(id)),
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MachineRecord {
    pub machine: MachineId,
    pub name: String,
    pub os: String,
    /// The version of holdall that wrote this.
    pub holdall: String,
    pub last_push: Timestamp,
    /// The projects that this machine has.
    pub projects: Vec<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ops: Option<Frontier>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// How far a machine has read each replica's ops, and what that came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Frontier {
    /// By replica, or `<replica>~<hash>` for a fork of one.
    pub heads: BTreeMap<String, Head>,
    pub digest: String,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The last op of one chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    pub seq: u64,
    pub id: OpId,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Frontier {
    fn from_fields(mut fields: Fields) -> Result<Self, LayoutError> {
        let mut heads = BTreeMap::new();
        for (chain, head) in fields.need("heads", &OBJECT)? {
            let at = format!("heads.{chain}");
            let (Some(_), Value::Object(head)) = (forked_from(&chain), head) else {
                return Err(fields.malformed(&at, "the head of a replica's chain", "V32"));
            };
            let mut inner = fields.inside(&at, head, "V32");
            let head = Head {
                seq: inner.need("seq", &NUMBER)?,
                id: inner.need("id", &OP_ID)?,
                extra: inner.rest(),
            };
            heads.insert(chain, head);
        }
        Ok(Self {
            heads,
            digest: fields.need("digest", &DIGEST)?,
            extra: fields.rest(),
        })
    }
}

impl Record for MachineRecord {
    fn read(path: &VaultPath, bytes: &[u8]) -> Result<Self, LayoutError> {
        let mut fields = Fields::open(path, bytes, "V29")?;
        Ok(Self {
            machine: fields.need("machine", &MACHINE)?,
            name: fields.need("name", &TEXT)?,
            os: fields.need("os", &TEXT)?,
            holdall: fields.need("holdall", &TEXT)?,
            last_push: fields.need("last_push", &MOMENT)?,
            projects: fields.need("projects", &IDS)?,
            ops: match fields.may("ops", &OBJECT)? {
                Some(ops) => Some(Frontier::from_fields(fields.inside("ops", ops, "V32"))?),
                None => None,
            },
            extra: fields.rest(),
        })
    }

    fn write(&self) -> Vec<u8> {
        write_record(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::names;
    use super::*;

    const TEXT: &str = r#"{
  "machine": "k7f3q2hm9x",
  "name": "desk",
  "os": "linux",
  "holdall": "0.1.0",
  "last_push": "2026-11-21T01:02:03.123Z",
  "projects": [
    "01KAG3QZ5T8W2N4M6P0R9S7V1X"
  ],
  "ops": {
    "heads": {
      "k7f3q2hm9x~0a": {
        "seq": 3,
        "id": "00112233445566778899aabbccddeeff",
        "in head": [
          null
        ]
      }
    },
    "digest": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    "in ops": {}
  },
  "zeta": 1,
  "alpha": "kept in this order"
}
"#;

    fn read(text: &str) -> Result<MachineRecord, LayoutError> {
        let machine = MachineId::parse("k7f3q2hm9x").expect("valid");
        MachineRecord::read(&names::machine_record(&machine), text.as_bytes())
    }

    #[test]
    fn unknown_fields_survive_at_every_level_in_their_order() {
        let record = read(TEXT).expect("valid");
        assert_eq!(
            String::from_utf8(record.write()).ok().as_deref(),
            Some(TEXT)
        );
    }

    #[test]
    fn a_record_without_ops_says_nothing_about_them() {
        let mut record = read(TEXT).expect("valid");
        record.ops = None;
        let text = String::from_utf8(record.write()).expect("UTF-8");
        assert!(!text.contains("ops"));
        assert_eq!(read(&text).ok(), Some(record));
    }

    #[test]
    fn a_malformed_field_is_refused_with_its_place() {
        for (from, to, rule) in [
            ("\"desk\"", "\"de\\u001bsk\"", "V29"),
            ("\"seq\": 3", "\"seq\": -3", "V32"),
            ("~0a", "~0A", "V32"),
            ("~0a", "~", "V32"),
            ("ddeeff0011", "ddeeff00", "V32"),
            ("[\n    \"01", "[\n    1, \"01", "V22"),
        ] {
            let error = read(&TEXT.replace(from, to)).expect_err(to);
            assert_eq!(error.rule(), rule, "{to}");
        }
        let error = read(&TEXT.replace("\"seq\": 3,", "")).expect_err("no seq");
        assert!(
            error
                .to_string()
                .contains("`ops.heads.k7f3q2hm9x~0a.seq` is missing")
        );
    }
}
