//! What git cannot carry about a path: that a directory is empty, that a file is private, a name in foreign bytes.

use std::fmt::Write as _;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::LayoutError;
use super::record::{FLAG, Fields, TEXT};

/// The one value of `mode` that this version gives a meaning.
const PRIVATE: &str = "0600";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathNote {
    /// An empty directory.
    pub dir: bool,
    /// Mode 0600.
    pub private: bool,
    /// A directory in which every file has mode 0600.
    pub closed: bool,
    /// The real name of the last part, see [`encode_name`].
    pub name: Option<String>,
    pub extra: Map<String, Value>,
}

impl PathNote {
    pub(super) fn from_fields(mut fields: Fields) -> Result<Self, LayoutError> {
        let dir = fields.may("dir", &FLAG)?.unwrap_or(false);
        let mode = fields.may("mode", &TEXT)?;
        let name = fields.may("name", &TEXT)?;
        if name
            .as_deref()
            .is_some_and(|name| decode_name(name).is_err())
        {
            return Err(fields.malformed("name", "one file name written with %XX", "V40"));
        }
        let files = fields.may("files", &TEXT)?;
        let mut extra = fields.rest();
        let private = mode.as_deref() == Some(PRIVATE);
        if let Some(mode) = mode.filter(|_| !private) {
            extra.insert("mode".to_owned(), Value::String(mode));
        }
        let closed = files.as_deref() == Some(PRIVATE);
        if let Some(files) = files.filter(|_| !closed) {
            extra.insert("files".to_owned(), Value::String(files));
        }
        Ok(Self {
            dir,
            private,
            closed,
            name,
            extra,
        })
    }
}

impl Serialize for PathNote {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = Map::new();
        if self.dir {
            fields.insert("dir".to_owned(), Value::Bool(true));
        }
        if self.private {
            fields.insert("mode".to_owned(), Value::from(PRIVATE));
        }
        if self.closed {
            fields.insert("files".to_owned(), Value::from(PRIVATE));
        }
        if let Some(name) = &self.name {
            fields.insert("name".to_owned(), Value::from(name.as_str()));
        }
        for (name, value) in &self.extra {
            fields.entry(name.as_str()).or_insert_with(|| value.clone());
        }
        fields.serialize(serializer)
    }
}

/// For copies that this machine keeps for itself; what comes from a vault goes through the record.
impl<'de> Deserialize<'de> for PathNote {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut extra = Map::deserialize(deserializer)?;
        let dir = extra
            .shift_remove("dir")
            .is_some_and(|value| value == Value::Bool(true));
        let mut is_private = |key: &str| {
            let is_private = extra.get(key).is_some_and(|mode| mode == PRIVATE);
            if is_private {
                extra.shift_remove(key);
            }
            is_private
        };
        let (private, closed) = (is_private("mode"), is_private("files"));
        let name = extra
            .shift_remove("name")
            .and_then(|name| name.as_str().map(str::to_owned));
        Ok(Self {
            dir,
            private,
            closed,
            name,
            extra,
        })
    }
}

/// A file name of any bytes as text: `%`, control characters and what is not UTF-8 become `%XX`.
#[must_use]
pub fn encode_name(name: &[u8]) -> String {
    let mut text = String::new();
    for chunk in name.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if letter == '%' || letter.is_control() {
                percent(&mut text, letter.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                text.push(letter);
            }
        }
        percent(&mut text, chunk.invalid());
    }
    text
}

fn percent(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        write!(text, "%{byte:02X}").expect("writing to a string never fails");
    }
}

/// The bytes of a name that [`encode_name`] wrote. It is one name, but no more is promised: it can
/// still be one, such as `.git`, that may not be written.
pub fn decode_name(text: &str) -> Result<Vec<u8>, LayoutError> {
    let refuse = || LayoutError::Name {
        name: text.chars().take(80).collect(),
    };
    let mut name = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, mut tail)) = rest.split_first() {
        let mut byte = first;
        if first == b'%' {
            let (digits, after) = tail.split_at_checked(2).ok_or_else(refuse)?;
            byte = hex_pair(digits).ok_or_else(refuse)?;
            tail = after;
        }
        name.push(byte);
        rest = tail;
    }
    let is_one_name = !matches!(name.as_slice(), b"" | b"." | b"..")
        && name.len() <= 255
        && !name.iter().any(|byte| matches!(byte, b'/' | 0));
    if is_one_name { Ok(name) } else { Err(refuse()) }
}

fn hex_pair(digits: &[u8]) -> Option<u8> {
    let value = |digit: &u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    };
    match digits {
        [high, low] => Some(value(high)? * 16 + value(low)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_readable_where_it_can_be() {
        assert_eq!(encode_name(b"caf\xe9.txt"), "caf%E9.txt");
        assert_eq!(encode_name("café 100%".as_bytes()), "café 100%25");
        assert_eq!(encode_name(b"a\nb"), "a%0Ab");
    }

    #[test]
    fn what_is_not_one_name_is_refused() {
        let long = "x".repeat(256);
        for text in [
            "",
            ".",
            "..",
            "%2E%2e",
            "%2E%2E",
            "a/b",
            "a%2Fb",
            "a%00",
            "%",
            "%4",
            "%4g",
            "%+1",
            long.as_str(),
        ] {
            assert!(decode_name(text).is_err(), "{text:?}");
        }
        assert_eq!(
            decode_name("%2Egit").ok().as_deref(),
            Some(b".git".as_slice())
        );
    }

    proptest! {
        #[test]
        fn any_name_of_a_disk_comes_back(name in proptest::collection::vec(1_u8.., 1..40)) {
            let is_name = !name.contains(&b'/') && name != b"." && name != b"..";
            let encoded = encode_name(&name);
            prop_assert!(!encoded.chars().any(char::is_control));
            prop_assert_eq!(decode_name(&encoded).ok(), is_name.then_some(name));
        }
    }
}
