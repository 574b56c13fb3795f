//! `allowed.json`: which values a person let through the gate, by fingerprint alone.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::base::{MachineId, Timestamp, VaultPath};

use super::LayoutError;
use super::record::{Fields, MACHINE, MOMENT, OBJECT, Record, TEXT, is_lower_hex, write_record};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AllowedRecord {
    /// By fingerprint.
    pub allowed: BTreeMap<String, AllowedEntry>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// When and where a value was allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AllowedEntry {
    pub at: Timestamp,
    pub machine: MachineId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Record for AllowedRecord {
    fn read(path: &VaultPath, bytes: &[u8]) -> Result<Self, LayoutError> {
        let mut fields = Fields::open(path, bytes, "V53")?;
        let mut allowed = BTreeMap::new();
        for (fingerprint, entry) in fields.need("allowed", &OBJECT)? {
            let at = format!("allowed.{fingerprint}");
            let (true, Value::Object(entry)) = (is_fingerprint(&fingerprint), entry) else {
                return Err(fields.malformed(&at, "an entry under a fingerprint", "V53"));
            };
            let mut inner = fields.inside(&at, entry, "V53");
            let entry = AllowedEntry {
                at: inner.need("at", &MOMENT)?,
                machine: inner.need("machine", &MACHINE)?,
                note: inner.may("note", &TEXT)?,
                extra: inner.rest(),
            };
            allowed.insert(fingerprint, entry);
        }
        Ok(Self {
            allowed,
            extra: fields.rest(),
        })
    }

    fn write(&self) -> Vec<u8> {
        write_record(self)
    }
}

fn is_fingerprint(text: &str) -> bool {
    (16..=64).contains(&text.len()) && is_lower_hex(text)
}

#[cfg(test)]
mod tests {
    use super::super::names;
    use super::*;

    const TEXT: &str = "{\n  \"allowed\": {\n    \"00112233445566778899aabbccddeeff\": {\n      \"at\": \"2026-11-21T01:02:03.123Z\",\n      \"machine\": \"k7f3q2hm9x\",\n      \"note\": \"a test key\",\n      \"inner\": 1\n    }\n  },\n  \"outer\": [\n    2\n  ]\n}\n";

    fn read(text: &str) -> Result<AllowedRecord, LayoutError> {
        AllowedRecord::read(&names::allowed_record(), text.as_bytes())
    }

    #[test]
    fn unknown_fields_survive_beside_and_inside_an_entry() {
        let record = read(TEXT).expect("valid");
        assert_eq!(
            String::from_utf8(record.write()).ok().as_deref(),
            Some(TEXT)
        );
    }

    #[test]
    fn only_fingerprints_are_let_in_never_a_value() {
        for (from, to) in [
            ("00112233445566778899aabbccddeeff", "AKIA0000000000000000"),
            ("00112233445566778899aabbccddeeff", "001122334455667"),
            ("\"allowed\"", "\"allow\""),
            ("\"a test key\"", "7"),
        ] {
            assert_eq!(read(&TEXT.replace(from, to)).expect_err(to).rule(), "V53");
        }
    }
}
