//! One op, as it stands on a line of a segment.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::base::{Id, Timestamp, VaultPath};

use super::LayoutError;
use super::record::{Fields, Form, NUMBER, OBJECT, TEXT, is_lower_hex, list, text};

/// The name of an op: a hash of its line and of the op before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId([u8; 16]);

impl OpId {
    /// What stands before the first op of a chain.
    pub const NONE: Self = Self([0; 16]);

    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The op that a line is, behind this one. The line comes without its end.
    #[must_use]
    pub fn next(self, line: &[u8]) -> Self {
        let mut hash = blake3::Hasher::new();
        hash.update(&self.0).update(line);
        let mut id = [0; 16];
        hash.finalize_xof().fill(&mut id);
        Self(id)
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 || !is_lower_hex(text) {
            return None;
        }
        u128::from_str_radix(text, 16)
            .ok()
            .map(|id| Self(id.to_be_bytes()))
    }
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl Serialize for OpId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// When an op was written, as its replica's clock had it: it never falls there. It orders what is
/// shown, and decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpTime {
    pub at: Timestamp,
    /// Tells the ops of one millisecond apart; below 10,000.
    counter: u16,
}

/// As many ops find place in a millisecond.
const COUNTERS: u16 = 10_000;

impl OpTime {
    #[must_use]
    pub const fn first_of(at: Timestamp) -> Self {
        Self { at, counter: 0 }
    }

    /// The least one behind this. At the end of time it stays.
    #[must_use]
    pub const fn following(self) -> Self {
        if self.counter + 1 < COUNTERS {
            let counter = self.counter + 1;
            return Self { counter, ..self };
        }
        let at = Timestamp::from_millis(self.at.millis().saturating_add(1));
        if at.millis() == self.at.millis() {
            return self;
        }
        Self::first_of(at)
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (moment, counter) = (text.get(..23)?, text.get(23..27)?);
        if text.get(27..) != Some("Z") || !counter.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let at = Timestamp::parse(&format!("{moment}Z")).ok()?;
        let read = Self {
            at,
            counter: counter.parse().ok()?,
        };
        // A day that rolls over, or a form that says the same otherwise, has two spellings.
        (read.to_string() == text).then_some(read)
    }
}

impl fmt::Display for OpTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = self.at.to_string();
        write!(f, "{}{:04}Z", moment.trim_end_matches('Z'), self.counter)
    }
}

impl Serialize for OpTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What an op is about: a task, a project, … by its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entity {
    pub kind: String,
    pub id: Id,
}

impl Entity {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once('/')?;
        let id = Id::parse(id).ok()?;
        let is_word = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase());
        is_word.then(|| Self {
            kind: kind.to_owned(),
            id,
        })
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

impl Serialize for Entity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An op. Which of its fields go together is the business of who applies it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpRecord {
    /// Its place in its replica's chain, from 1.
    pub seq: u64,
    pub at: OpTime,
    /// Chance, so that no two replicas write the same op.
    pub nonce: String,
    pub on: Entity,
    /// What it does; with `!` behind it nobody may pass by who does not know it.
    #[serde(rename = "do")]
    pub verb: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The name of a long value's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<TextName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Map<String, Value>>,
    /// What it supersedes: the writes that its writer had seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saw: Option<Vec<OpId>>,
    /// Who wrote it, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A value that stands in a file of its own, by the BLAKE3 of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextName(String);

impl TextName {
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes).to_hex().to_string())
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 64 && is_lower_hex(text)).then(|| Self(text.to_owned()))
    }

    /// The name of its file.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for TextName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("b3:{}", self.0))
    }
}

pub(super) const OP_ID: Form<OpId> = Form {
    expected: "an op id of 32 lower-case hexadecimal digits",
    rule: None,
    parse: |value| OpId::parse(value.as_str()?),
};
const OP_IDS: Form<Vec<OpId>> = Form {
    expected: "a list of op ids of 32 lower-case hexadecimal digits",
    rule: None,
    parse: |value| list(value, OpId::parse),
};
const OP_TIME: Form<OpTime> = Form {
    expected: "a time like 2026-11-21T01:02:03.1230000Z",
    rule: None,
    parse: |value| OpTime::parse(value.as_str()?),
};
const NONCE: Form<String> = Form {
    expected: "6 lower-case hexadecimal digits",
    rule: None,
    parse: |value| text(value).filter(|it| it.len() == 6 && is_lower_hex(it)),
};
const ENTITY: Form<Entity> = Form {
    expected: "a kind, a slash, and an id of 26 characters",
    rule: None,
    parse: |value| Entity::parse(value.as_str()?),
};
const VERB: Form<String> = Form {
    expected: "a word, possibly with an exclamation mark",
    rule: None,
    parse: |value| text(value).filter(|it| is_verb(it)),
};
const TEXT_NAME: Form<TextName> = Form {
    expected: "`b3:` and 64 lower-case hexadecimal digits",
    rule: None,
    parse: |value| TextName::parse(value.as_str()?.strip_prefix("b3:")?),
};
const ANY: Form<Value> = Form {
    expected: "a value",
    rule: None,
    parse: Some,
};

pub(super) fn is_verb(text: &str) -> bool {
    let word = text.strip_suffix('!').unwrap_or(text);
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

impl OpRecord {
    /// Reads the line of a segment, without its end.
    pub fn read(path: &VaultPath, line: &[u8]) -> Result<Self, LayoutError> {
        let mut fields = Fields::open(path, line, "V64")?;
        Ok(Self {
            seq: fields.need("seq", &NUMBER)?,
            at: fields.need("at", &OP_TIME)?,
            nonce: fields.need("nonce", &NONCE)?,
            on: fields.need("on", &ENTITY)?,
            verb: fields.need("do", &VERB)?,
            field: fields.may("field", &TEXT)?,
            value: fields.may("value", &ANY)?,
            text: fields.may("text", &TEXT_NAME)?,
            fields: fields.may("fields", &OBJECT)?,
            saw: fields.may("saw", &OP_IDS)?,
            by: fields.may("by", &TEXT)?,
            extra: fields.rest(),
        })
    }

    /// Its line, without the end.
    #[must_use]
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("an op is plain data with text keys")
    }
}
