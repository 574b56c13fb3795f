//! `vault.json`: what this vault is and who may work with it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::base::{Id, Timestamp, VaultPath};

use super::record::{Fields, Form, ID, MOMENT, NUMBER, Record, write_record};
use super::{FORMAT, LayoutError};

const VERSION: Form<u32> = Form {
    expected: "a version from 1",
    rule: None,
    parse: |value| u32::try_from(value.as_u64()?).ok().filter(|at| *at > 0),
};
const ENCRYPTION: Form<Option<Value>> = Form {
    expected: "null or an object",
    rule: None,
    parse: |value| match value {
        Value::Null => Some(None),
        Value::Object(_) => Some(Some(value)),
        _ => None,
    },
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VaultRecord {
    pub vault: Id,
    pub format: u32,
    pub min_reader: u32,
    pub min_writer: u32,
    /// Counts the times that history was cut or purged.
    pub epoch: u64,
    pub created: Timestamp,
    pub encryption: Option<Value>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What this version may do with a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Access {
    Full,
    ReadOnly,
    /// Made for a newer version, or encrypted in an unknown way.
    Refused,
}

impl VaultRecord {
    #[must_use]
    pub fn new(vault: Id, created: Timestamp) -> Self {
        Self {
            vault,
            format: FORMAT,
            min_reader: 1,
            min_writer: 1,
            epoch: 0,
            created,
            encryption: None,
            extra: Map::new(),
        }
    }

    pub fn access(&self) -> Access {
        if self.min_reader > FORMAT || self.encryption.is_some() {
            Access::Refused
        } else if self.min_writer > FORMAT {
            Access::ReadOnly
        } else {
            Access::Full
        }
    }

    fn from_fields(mut fields: Fields) -> Result<Self, LayoutError> {
        let record = Self {
            vault: fields.need("vault", &ID)?,
            format: fields.need("format", &VERSION)?,
            min_reader: fields.need("min_reader", &VERSION)?,
            min_writer: fields.need("min_writer", &VERSION)?,
            epoch: fields.need("epoch", &NUMBER)?,
            created: fields.need("created", &MOMENT)?,
            encryption: fields.need("encryption", &ENCRYPTION)?,
            extra: Map::new(),
        };
        if record.min_reader > record.min_writer {
            return Err(fields.malformed("min_reader", "at most `min_writer`", "V24"));
        }
        if record.min_writer > record.format {
            return Err(fields.malformed("min_writer", "at most `format`", "V24"));
        }
        Ok(Self {
            extra: fields.rest(),
            ..record
        })
    }
}

impl Record for VaultRecord {
    fn read(path: &VaultPath, bytes: &[u8]) -> Result<Self, LayoutError> {
        let fields = Fields::open(path, bytes, "V23")?;
        // A newer format may have changed every other field: then that it is newer is the answer.
        let needed = fields.peek("min_reader").and_then(Value::as_u64);
        Self::from_fields(fields).map_err(|error| match needed {
            Some(needed) if needed > u64::from(FORMAT) => LayoutError::NewerFormat {
                path: path.clone(),
                needed,
                known: FORMAT,
            },
            _ => error,
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

    fn record() -> VaultRecord {
        let vault = Id::parse("01KAG3QZ5T8W2N4M6P0R9S7V1X").expect("valid");
        VaultRecord::new(vault, Timestamp::from_millis(1_795_222_923_123))
    }

    fn read(text: &str) -> Result<VaultRecord, LayoutError> {
        VaultRecord::read(&names::vault_record(), text.as_bytes())
    }

    fn with(from: &str, to: &str) -> Result<VaultRecord, LayoutError> {
        let text = String::from_utf8(record().write()).expect("JSON is UTF-8");
        assert!(text.contains(from), "{from}");
        read(&text.replace(from, to))
    }

    #[test]
    fn a_new_record_reads_back_and_gives_full_access() {
        let bytes = record().write();
        let again = VaultRecord::read(&names::vault_record(), &bytes).expect("just written");
        assert_eq!(again, record());
        assert_eq!(again.write(), bytes);
        assert_eq!(again.access(), Access::Full);
    }

    #[test]
    fn a_newer_format_is_read_only_or_refused() {
        let newer = |reader, writer, format| VaultRecord {
            min_reader: reader,
            min_writer: writer,
            format,
            ..record()
        };
        assert_eq!(newer(1, 1, FORMAT + 1).access(), Access::Full);
        assert_eq!(newer(1, FORMAT + 1, FORMAT + 1).access(), Access::ReadOnly);
        assert_eq!(
            newer(FORMAT + 1, FORMAT + 1, FORMAT + 1).access(),
            Access::Refused
        );
        let encrypted = with("\"encryption\": null", "\"encryption\": {\"kind\": \"x\"}");
        assert_eq!(
            encrypted.map(|record| record.access()).ok(),
            Some(Access::Refused)
        );
    }

    #[test]
    fn a_newer_format_is_known_as_such_even_where_its_fields_are_not() {
        let error = read(r#"{"min_reader": 2, "vault": {"new": "shape"}}"#).expect_err("newer");
        assert!(error.is_newer_format());
        let error = read(r#"{"min_reader": 1, "vault": {"new": "shape"}}"#).expect_err("broken");
        assert!(!error.is_newer_format());
    }

    #[test]
    fn a_fault_names_the_field_and_the_rule() {
        let error = with("  \"format\": 1,\n", "").expect_err("no format");
        assert_eq!(
            error.to_string(),
            "vault.json: field `format` is missing (V23)"
        );
        for (from, to, rule) in [
            ("\"format\": 1", "\"format\": 0", "V23"),
            ("\"format\": 1", "\"format\": 4294967296", "V23"),
            ("\"format\": 1", "\"format\": \"1\"", "V23"),
            ("\"epoch\": 0", "\"epoch\": -1", "V23"),
            ("\"encryption\": null", "\"encryption\": false", "V23"),
            (",\n  \"encryption\": null", "", "V23"),
            ("\"min_writer\": 1", "\"min_writer\": 2", "V24"),
            ("01KAG3", "..KAG3", "V22"),
            ("2026-11", "2026-13", "V21"),
        ] {
            assert_eq!(with(from, to).expect_err(to).rule(), rule, "{to}");
        }
    }
}
