//! How a record is read and written, whatever it holds.

use std::cell::Cell;
use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::base::{Id, MachineId, Timestamp, VaultPath};

use super::LayoutError;

const MAX_BYTES: u64 = 1024 * 1024;
const MAX_DEPTH: usize = 64;
/// Every reader, also one with floating numbers only, keeps whole numbers up to here.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// A JSON file of the vault.
pub trait Record: Sized {
    /// Reads and checks. `path` is where the bytes come from, for the words of a fault.
    fn read(path: &VaultPath, bytes: &[u8]) -> Result<Self, LayoutError>;

    /// The record's bytes, in the form that every writer uses.
    fn write(&self) -> Vec<u8>;
}

pub(super) fn write_record(record: &impl Serialize) -> Vec<u8> {
    let mut bytes =
        serde_json::to_vec_pretty(record).expect("records are plain data with text keys");
    bytes.push(b'\n');
    bytes
}

/// The form that a field must have; `rule` where it has one of its own.
pub(super) struct Form<T> {
    pub expected: &'static str,
    pub rule: Option<&'static str>,
    pub parse: fn(Value) -> Option<T>,
}

pub(super) const TEXT: Form<String> = Form {
    expected: "a text without control characters",
    rule: None,
    parse: |value| text(value).filter(|text| !text.chars().any(char::is_control)),
};
pub(super) const FLAG: Form<bool> = Form {
    expected: "true or false",
    rule: None,
    parse: |value| value.as_bool(),
};
pub(super) const NUMBER: Form<u64> = Form {
    expected: "a whole number from 0",
    rule: None,
    parse: |value| value.as_u64(),
};
pub(super) const OBJECT: Form<Map<String, Value>> = Form {
    expected: "an object",
    rule: None,
    parse: |value| match value {
        Value::Object(map) => Some(map),
        _ => None,
    },
};
pub(super) const MOMENT: Form<Timestamp> = Form {
    expected: "a time like 2026-11-21T01:02:03.123Z",
    rule: Some("V21"),
    parse: |value| Timestamp::parse(value.as_str()?).ok(),
};
pub(super) const ID: Form<Id> = Form {
    expected: "an id of 26 characters",
    rule: Some("V22"),
    parse: |value| Id::parse(value.as_str()?).ok(),
};
pub(super) const IDS: Form<Vec<Id>> = Form {
    expected: "a list of ids of 26 characters",
    rule: Some("V22"),
    parse: |value| list(value, |item| Id::parse(item).ok()),
};
pub(super) const MACHINE: Form<MachineId> = Form {
    expected: "a machine id of 10 characters",
    rule: Some("V22"),
    parse: |value| MachineId::parse(value.as_str()?).ok(),
};
pub(super) const PATH: Form<VaultPath> = Form {
    expected: "a relative path of plain names",
    rule: None,
    parse: |value| VaultPath::parse(value.as_str()?).ok(),
};

pub(super) fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// A list of texts, each of which `parse` takes.
pub(super) fn list<T>(value: Value, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let Value::Array(items) = value else {
        return None;
    };
    items.iter().map(|item| parse(item.as_str()?)).collect()
}

pub(super) fn is_lower_hex(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

/// The machine or replica behind a name `<id>`, or `<id>~<hash>` of a fork.
pub(super) fn forked_from(name: &str) -> Option<MachineId> {
    let (id, fork) = name.split_once('~').unwrap_or((name, "0"));
    let is_hash = (1..=32).contains(&fork.len()) && is_lower_hex(fork);
    MachineId::parse(id).ok().filter(|_| is_hash)
}

/// The fields of an object that are not read yet. What is left in the end is unknown, and kept.
pub(super) struct Fields<'a> {
    path: &'a VaultPath,
    rule: &'static str,
    above: String,
    map: Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// Opens a record. `rule` is the one that lists its fields.
    pub fn open(
        path: &'a VaultPath,
        bytes: &[u8],
        rule: &'static str,
    ) -> Result<Self, LayoutError> {
        let map = object(path, bytes)?;
        Ok(Self {
            path,
            rule,
            above: String::new(),
            map,
        })
    }

    /// The fields of an object inside this one, which was taken from the field `name`.
    pub fn inside(&self, name: &str, map: Map<String, Value>, rule: &'static str) -> Self {
        Self {
            path: self.path,
            rule,
            above: format!("{}{name}.", self.above),
            map,
        }
    }

    pub fn peek(&self, name: &str) -> Option<&Value> {
        self.map.get(name)
    }

    pub fn need<T>(&mut self, name: &str, form: &Form<T>) -> Result<T, LayoutError> {
        self.may(name, form)?.ok_or_else(|| LayoutError::Missing {
            path: self.path.clone(),
            field: format!("{}{name}", self.above),
            rule: self.rule,
        })
    }

    pub fn may<T>(&mut self, name: &str, form: &Form<T>) -> Result<Option<T>, LayoutError> {
        let Some(value) = self.map.shift_remove(name) else {
            return Ok(None);
        };
        match (form.parse)(value) {
            Some(value) => Ok(Some(value)),
            None => Err(self.malformed(name, form.expected, form.rule.unwrap_or(self.rule))),
        }
    }

    pub fn malformed(&self, name: &str, expected: &'static str, rule: &'static str) -> LayoutError {
        LayoutError::Malformed {
            path: self.path.clone(),
            field: format!("{}{name}", self.above),
            expected,
            rule,
        }
    }

    pub fn rest(self) -> Map<String, Value> {
        self.map
    }
}

/// A record of more bytes is refused, before anybody reads them.
pub fn check_record_size(path: &VaultPath, size: u64) -> Result<(), LayoutError> {
    if size <= MAX_BYTES {
        return Ok(());
    }
    Err(LayoutError::TooLarge {
        path: path.clone(),
        size,
        limit: MAX_BYTES,
    })
}

fn object(path: &VaultPath, bytes: &[u8]) -> Result<Map<String, Value>, LayoutError> {
    check_record_size(path, bytes.len() as u64)?;
    let broken = Cell::new("V14");
    let refuse = |source| LayoutError::Json {
        path: path.clone(),
        rule: broken.get(),
        source,
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let strict = Strict {
        depth: 0,
        broken: &broken,
    };
    let value = strict.deserialize(&mut reader).map_err(refuse)?;
    reader.end().map_err(refuse)?;
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(refuse(Error::custom("it is not an object"))),
    }
}

/// Reads any JSON, but nothing that two readers could understand in two ways.
struct Strict<'a> {
    depth: usize,
    /// The rule that the error to come breaks.
    broken: &'a Cell<&'static str>,
}

impl Strict<'_> {
    fn fail<E: Error>(&self, rule: &'static str, message: impl fmt::Display) -> E {
        self.broken.set(rule);
        E::custom(message)
    }

    fn deeper<E: Error>(&self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.fail("V17", format_args!("more than {MAX_DEPTH} levels")));
        }
        Ok(Self {
            depth: self.depth + 1,
            broken: self.broken,
        })
    }

    fn again(&self) -> Self {
        Self { ..*self }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > MAX_NUMBER {
            return Err(self.fail("V18", format_args!("{value} is too great a number")));
        }
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        if value > MAX_NUMBER {
            return Err(self.fail("V18", format_args!("{value} is too great a number")));
        }
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Err(self.fail(
            "V18",
            format_args!("{value} is not written as a whole number"),
        ))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner.again())? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut map = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if map.contains_key(&name) {
                return Err(self.fail("V16", format_args!("field `{name}` stands there twice")));
            }
            let value = fields.next_value_seed(inner.again())?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule_of(text: &[u8]) -> &'static str {
        let path = VaultPath::parse("x.json").expect("valid");
        object(&path, text).map_or_else(|error| error.rule(), |_| "")
    }

    #[test]
    fn what_two_readers_could_read_in_two_ways_is_refused() {
        for text in ["", "[]", "null", "{} {}", "{\"a\":1,}", "\u{feff}{}"] {
            assert_eq!(rule_of(text.as_bytes()), "V14", "{text:?}");
        }
        assert_eq!(rule_of(b"{\"a\":\"\xff\"}"), "V14");
        assert_eq!(rule_of(br#"{"a":"\ud800"}"#), "V14");
        assert_eq!(rule_of(br#"{"a":1,"\u0061":2}"#), "V16");
        assert_eq!(rule_of(br#"{"x":[{"a":1,"b":{},"a":1}]}"#), "V16");
        for number in [
            "1.5",
            "1.0",
            "1e3",
            "-0",
            "9007199254740992",
            "1e999",
            "99999999999999999999999",
        ] {
            let text = format!("{{\"a\":{number}}}");
            assert!(
                matches!(rule_of(text.as_bytes()), "V18" | "V14"),
                "{number}"
            );
        }
        assert_eq!(rule_of(br#"{"a":1.5}"#), "V18");
        assert_eq!(rule_of(br#"{"a":-9007199254740992}"#), "V18");
        assert_eq!(
            rule_of(br#"{"a":[9007199254740991,-9007199254740991]}"#),
            ""
        );
    }

    #[test]
    fn sixty_four_levels_are_read_and_one_more_is_not() {
        let nested = |levels: usize| {
            format!(
                "{{\"a\":{}{}}}",
                "[".repeat(levels - 1),
                "]".repeat(levels - 1)
            )
        };
        assert_eq!(rule_of(nested(64).as_bytes()), "");
        assert_eq!(rule_of(nested(65).as_bytes()), "V17");
        assert_eq!(rule_of("[".repeat(1_000_000).as_bytes()), "V17");
    }

    #[test]
    fn a_record_of_more_than_a_mebibyte_is_refused_unread() {
        let text = format!("{{\"a\":\"{}\"}}", "x".repeat((1 << 20) - 8));
        assert_eq!(text.len() as u64, MAX_BYTES);
        assert_eq!(rule_of(text.as_bytes()), "");
        assert_eq!(rule_of(format!("{text} ").as_bytes()), "V15");
    }
}
