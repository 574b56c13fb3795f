//! Which kind of content a file has: by its name, else by a look at it.

use crate::doc::{Format, KeyPattern};

use super::Contents;
use super::text::is_text;

/// How the contents of a file become one.
#[derive(Clone, Debug)]
pub enum ContentClass {
    /// Lines of both sides.
    Union,
    /// By key; lists are one value each, but for those that a rule names.
    Json(Vec<ListRule>),
    /// By lines that stand apart.
    Text,
    /// Not at all.
    Whole,
}

/// A list in JSON that is more than one value.
#[derive(Clone, Debug)]
pub struct ListRule {
    pub key: KeyPattern,
    /// The member that names an item; without one each item is its own name.
    pub id: Option<String>,
}

/// Endings of names, and what they say.
const UNION: [&str; 3] = ["jsonl", "ndjson", "log"];
const JSON: [&str; 2] = ["json", "jsonc"];

impl ContentClass {
    /// The class that the name of a file says; nothing where it says none.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let is_history = name == "history" || name.ends_with("_history");
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        if is_history || ending == "history" || UNION.contains(&ending) {
            return Some(Self::Union);
        }
        JSON.contains(&ending).then(|| Self::Json(Vec::new()))
    }

    /// By its name, else by what both sides have.
    pub(super) fn of(name: &str, contents: &Contents<'_>) -> Self {
        let both = [contents.local, contents.vault];
        let is_json = |bytes: &[u8]| {
            let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
            matches!(first, Some(b'{' | b'[')) && Format::Json.parses(bytes)
        };
        if let Some(class) = Self::of_name(name) {
            return class;
        }
        let is_other = Format::of(name).is_some();
        if !is_other && both.iter().all(|bytes| is_json(bytes)) {
            return Self::Json(Vec::new());
        }
        if both.iter().all(|bytes| is_text(bytes)) {
            return Self::Text;
        }
        Self::Whole
    }

    /// No class has more.
    pub const MOST: u64 = super::union::MOST as u64;

    /// What is larger is not merged, and need not be read.
    #[must_use]
    pub const fn most_bytes(&self) -> u64 {
        match self {
            Self::Union => Self::MOST,
            Self::Json(_) => crate::doc::MAX_BYTES as u64,
            Self::Text => super::text::MOST as u64,
            Self::Whole => 0,
        }
    }

    /// The same of a file about which no rule speaks: only a name makes a log, and without one what is
    /// longer than JSON may be is no text either.
    #[must_use]
    pub fn most_bytes_of(name: &str) -> u64 {
        let class = Self::of_name(name).unwrap_or(Self::Json(Vec::new()));
        class.most_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str, local: &[u8], vault: &[u8]) -> &'static str {
        let base = None;
        let contents = Contents { base, local, vault };
        match ContentClass::of(name, &contents) {
            ContentClass::Union => "union",
            ContentClass::Json(_) => "json",
            ContentClass::Text => "text",
            ContentClass::Whole => "whole",
        }
    }

    #[test]
    fn a_name_says_the_class_and_a_look_says_it_where_the_name_does_not() {
        for name in ["a.jsonl", "A.LOG", "x.ndjson", ".aider.input.history"] {
            assert_eq!(class(name, b"a", b"b"), "union", "{name}");
        }
        assert_eq!(class(".bash_history", b"a", b"b"), "union");
        assert_eq!(class("a.json", b"a", b"b"), "json");
        assert_eq!(class("a.json.bak", b" {\"a\":1}", b"[]"), "json");
        assert_eq!(class("session", b"{\"a\":1}", b"# notes"), "text");
        assert_eq!(class("a.yaml", b"[1]", b"[2]"), "text");
        assert_eq!(class("notes.md", b"a", b"\xff"), "whole");
        assert_eq!(class("notes.md", b"a", b"b\0"), "whole");
    }
}
