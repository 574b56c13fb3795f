//! Values of keys: checked, shown, and between TOML and the command line.

use std::collections::HashSet;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::base::looks_like_token;
use crate::doc::toml::{TomlDoc, TomlValue};

use super::{ConfigError, Key, KeyType};

/// A day: whoever waits longer for one byte waits for nothing.
const MAX_SECONDS: u64 = 86_400;
const MAX_TEXT: usize = 4096;

/// Units of a size, in the order in which they are shown.
const UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1_000),
    ("B", 1),
];

/// A value of a key, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing is set, and nothing stands in for it.
    Absent,
    Text(String),
    Seconds(u64),
    /// In bytes.
    Size(u64),
    Switch(bool),
    List(Vec<String>),
}

/// A value as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub key: &'static Key,
    pub value: Value,
    pub line: usize,
    /// The line of each item of a list.
    pub item_lines: Vec<usize>,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Key {}

/// As `config set` takes it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Seconds(seconds) => write!(f, "{seconds}"),
            Self::Size(bytes) => f.write_str(&size_text(*bytes)),
            Self::Switch(on) => write!(f, "{on}"),
            Self::List(items) if items.iter().all(|item| reads_plain(item)) => {
                f.write_str(&items.join(", "))
            }
            Self::List(items) => write!(f, "{}", toml_list(items)),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Seconds(number) | Self::Size(number) => serializer.serialize_u64(*number),
            Self::Switch(on) => serializer.serialize_bool(*on),
            Self::List(items) => items.serialize(serializer),
        }
    }
}

impl Value {
    /// Reads what `config set` was given.
    pub fn parse(key: &Key, text: &str) -> Result<Self, ConfigError> {
        let text = text.trim();
        let bad = || key.refuses();
        let value = match key.kind {
            KeyType::Url | KeyType::Text => Self::Text(text.to_owned()),
            KeyType::Seconds => Self::Seconds(text.parse().map_err(|_| bad())?),
            KeyType::Size => Self::Size(size(text).ok_or_else(bad)?),
            KeyType::Switch => Self::Switch(text.parse().map_err(|_| bad())?),
            KeyType::List | KeyType::Rules if text.starts_with('[') => {
                let doc = TomlDoc::parse(format!("list = {text}").as_bytes());
                let doc = doc.map_err(|_| bad())?;
                match doc.leaves() {
                    [only] => return Self::from_toml(key, &only.value),
                    _ => return Err(bad()),
                }
            }
            KeyType::List | KeyType::Rules => {
                let items = text.split(',').map(str::trim);
                Self::List(
                    items
                        .filter(|item| !item.is_empty())
                        .map(str::to_owned)
                        .collect(),
                )
            }
        };
        value.checked(key)
    }

    pub(super) fn from_toml(key: &Key, value: &TomlValue) -> Result<Self, ConfigError> {
        let wrong = |found: &TomlValue| ConfigError::WrongType {
            at: None,
            key: key.name.to_owned(),
            expected: key.kind.expected(),
            found: found.type_name(),
        };
        let number = |number: i64| u64::try_from(number).map_err(|_| key.refuses());
        let value = match (key.kind, value) {
            (KeyType::Url | KeyType::Text, TomlValue::Text(text)) => Self::Text(text.clone()),
            (KeyType::Seconds, TomlValue::Integer(seconds)) => Self::Seconds(number(*seconds)?),
            (KeyType::Size, TomlValue::Integer(bytes)) => Self::Size(number(*bytes)?),
            (KeyType::Size, TomlValue::Text(text)) => {
                Self::Size(size(text.trim()).ok_or_else(|| key.refuses())?)
            }
            (KeyType::Switch, TomlValue::Bool(on)) => Self::Switch(*on),
            (KeyType::List | KeyType::Rules, TomlValue::List(items)) => {
                let texts = items.iter().map(|item| match item {
                    TomlValue::Text(text) => Ok(text.clone()),
                    other => Err(wrong(other)),
                });
                Self::List(texts.collect::<Result<_, _>>()?)
            }
            (_, other) => return Err(wrong(other)),
        };
        value.checked(key)
    }

    pub(super) fn to_toml(&self) -> Option<TomlValue> {
        let integer = |number: u64| i64::try_from(number).ok().map(TomlValue::Integer);
        match self {
            Self::Absent => None,
            Self::Text(text) => Some(TomlValue::Text(text.clone())),
            Self::Seconds(seconds) => integer(*seconds),
            Self::Size(bytes) => match size_text(*bytes) {
                text if text.ends_with('B') => Some(TomlValue::Text(text)),
                _ => integer(*bytes),
            },
            Self::Switch(on) => Some(TomlValue::Bool(*on)),
            Self::List(items) => Some(toml_list(items)),
        }
    }

    /// The value, if this key may have it. An item that stands in a list twice is taken once.
    pub(super) fn checked(mut self, key: &Key) -> Result<Self, ConfigError> {
        let fits = match (key.kind, &mut self) {
            (KeyType::Url, Self::Text(url)) => {
                if has_secret(url) {
                    return Err(ConfigError::SecretInUrl {
                        at: None,
                        key: key.name.to_owned(),
                    });
                }
                // A leading dash would be an option to the programs that are given the address.
                is_line(url) && !url.starts_with('-')
            }
            (KeyType::Text, Self::Text(text)) => is_line(text),
            (KeyType::Seconds, Self::Seconds(seconds)) => (1..=MAX_SECONDS).contains(seconds),
            (KeyType::Size, Self::Size(bytes)) => *bytes > 0 && i64::try_from(*bytes).is_ok(),
            (KeyType::Switch, Self::Switch(_)) => true,
            (KeyType::List, Self::List(items)) => {
                let mut seen = HashSet::new();
                items.retain(|item| seen.insert(item.clone()));
                items.iter().all(|item| is_line(item))
            }
            (KeyType::Rules, Self::List(items)) => items.iter().all(|item| is_line(item)),
            _ => false,
        };
        if fits { Ok(self) } else { Err(key.refuses()) }
    }
}

impl Key {
    fn refuses(&self) -> ConfigError {
        ConfigError::BadValue {
            at: None,
            key: self.name.to_owned(),
            expected: self.kind.expected(),
        }
    }
}

impl KeyType {
    const fn expected(self) -> &'static str {
        match self {
            Self::Url => "a string with a url, user@host:path or a path",
            Self::Text => "a string of one line",
            Self::Seconds => "a whole number of seconds from 1 to 86400",
            Self::Size => "a size such as \"25MB\" or \"8MiB\", or a number of bytes",
            Self::Switch => "true or false",
            Self::List | Self::Rules => "a list of strings",
        }
    }
}

fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= MAX_TEXT && !text.contains(char::is_control)
}

/// Whether an item comes back when a comma-separated list is read.
fn reads_plain(item: &str) -> bool {
    !item.contains(',') && !item.starts_with('[') && item.trim() == item
}

fn toml_list(items: &[String]) -> TomlValue {
    TomlValue::List(items.iter().cloned().map(TomlValue::Text).collect())
}

/// Bytes from `25MB`, `25 mb`, `8MiB` or `1000`: KB, MB and GB count in thousands.
fn size(text: &str) -> Option<u64> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let unit = unit.trim_start();
    let factor = match UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit))
    {
        Some((_, factor)) => *factor,
        None if unit.is_empty() => 1,
        None => return None,
    };
    number.checked_mul(factor)
}

fn size_text(bytes: u64) -> String {
    let fits =
        |(_, factor): &&(&str, u64)| *factor > 1 && bytes > 0 && bytes.is_multiple_of(*factor);
    match UNITS.iter().find(fits) {
        Some((name, factor)) => format!("{}{name}", bytes / factor),
        None => bytes.to_string(),
    }
}

/// Whether an address carries a password, or a token in place of the user name.
fn has_secret(url: &str) -> bool {
    let (host, has_scheme) = match url.split_once("://") {
        Some((_, rest)) => (rest.split(['/', '?', '#']).next().unwrap_or(rest), true),
        None => (url.split('/').next().unwrap_or(url), false),
    };
    let Some((user, _)) = host.rsplit_once('@') else {
        return false;
    };
    // A colon that is written as `%3A` parts user and password all the same.
    let user = with_plain_colons(user);
    let (user, password) = user.split_once(':').unwrap_or((&user, ""));
    !password.is_empty() || (has_scheme && looks_like_token(user))
}

fn with_plain_colons(user: &str) -> String {
    user.replace("%3A", ":").replace("%3a", ":")
}
