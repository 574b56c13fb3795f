//! TOML, read with its lines and changed one key at a time.
//!
//! *In*: the text of a configuration file. *Out*: its values by dotted key, and the text after a
//! change, without some members, or with them laid back in: every other byte stays as it was.
//! *Never*: know which keys there should be.

mod edit;
mod outline;
mod overlay;
mod read;
mod statements;
mod strip;

use std::fmt;
use std::ops::Range;

use toml_edit::Document;

use super::dialect::Dialect;
use super::text::{self, BYTE_ORDER_MARK};
use super::{DocError, Position};

pub(super) const TOML: Dialect = Dialect {
    read: outline::read,
    without: strip::without,
    with: overlay::with,
    in_lines: true,
};

/// A TOML document. The parser behind it refuses what is nested more than 80 levels deep.
#[derive(Clone, Debug)]
pub struct TomlDoc {
    /// A byte order mark is legal in TOML; it is kept, and no place counts it.
    marked: bool,
    text: String,
    leaves: Vec<TomlLeaf>,
}

/// A value that is no table.
#[derive(Clone, Debug, PartialEq)]
pub enum TomlValue {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    List(Vec<TomlValue>),
    /// A date, an inline table inside a list, or a list of tables: by what it is called.
    Other(&'static str),
}

impl TomlValue {
    /// What a message calls a value of this type.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Bool(_) => "a boolean",
            Self::List(_) => "a list",
            Self::Other(name) => name,
        }
    }
}

/// As TOML writes it.
impl fmt::Display for TomlValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match edit::write(self) {
            Ok(value) => write!(f, "{value}"),
            Err(_) => f.write_str(self.type_name()),
        }
    }
}

/// A key with its value, wherever it stands: under a header, dotted, or in an inline table.
#[derive(Clone, Debug)]
pub struct TomlLeaf {
    /// The whole key, dotted; parts that need quotes have them.
    pub key: String,
    pub value: TomlValue,
    pub at: Position,
    /// The line of each item, where the value is a list.
    pub item_lines: Vec<usize>,
    path: Vec<String>,
    key_start: usize,
    value_span: Range<usize>,
    in_line: Standing,
}

/// Whether a key and its value have lines of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    OwnLines,
    InsideAValue,
    ListOfTables,
}

impl TomlDoc {
    pub fn parse(bytes: &[u8]) -> Result<Self, DocError> {
        let text = text::utf8(bytes)?;
        let bare = text.strip_prefix(BYTE_ORDER_MARK);
        Self::read(bare.is_some(), bare.unwrap_or(text).to_owned())
    }

    fn read(marked: bool, text: String) -> Result<Self, DocError> {
        let doc = Document::parse(text.as_str()).map_err(|fault| {
            let offset = fault.span().map_or(0, |span| span.start);
            DocError::Toml {
                at: text::position(&text, offset),
                what: fault.message().replace('\n', ", "),
            }
        })?;
        let leaves = read::leaves(&text, doc.as_table());
        Ok(Self {
            marked,
            text,
            leaves,
        })
    }

    /// Every key that has a value.
    #[must_use]
    pub fn leaves(&self) -> &[TomlLeaf] {
        &self.leaves
    }

    /// The value of a dotted key; nothing where there is none, or a table.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&TomlValue> {
        let path = edit::key_path(key).ok()?;
        self.leaf(&path).map(|leaf| &leaf.value)
    }

    fn leaf(&self, path: &[String]) -> Option<&TomlLeaf> {
        self.leaves.iter().find(|leaf| leaf.path == path)
    }
}

impl fmt::Display for TomlDoc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.marked {
            write!(f, "{BYTE_ORDER_MARK}")?;
        }
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
