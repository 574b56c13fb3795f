//! The rules, read from their data file: words that draw attention, and what has to stand there.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use super::escapes::is_beginning;
use super::keywords::Keywords;

const DATA: &str = include_str!("rules.json");
/// Counts up when what the code of the gate finds changes without a change of its data.
const JUDGEMENT: &[u8] = b"3";
/// How far before a shape the word may stand that it needs.
pub(super) const MOST_AFTER: usize = 300;
/// No shape has more before the text that it needs within.
pub(super) const LONGEST_HEAD: usize = LONGEST_SHAPE / 2;
/// No shape looks at more than this behind its keyword.
const LONGEST_SHAPE: usize = 6 * 1024;

/// Words in a name under which tokens and keys stand; and passwords, which people make.
const TOKEN_NAMES: [&str; 24] = [
    "token",
    "secret",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "access_key",
    "access-key",
    "privatekey",
    "private_key",
    "private-key",
    "signingkey",
    "signing_key",
    "signing-key",
    "encryptionkey",
    "encryption_key",
    "masterkey",
    "master_key",
    "authkey",
    "auth_key",
    "credential",
    "api key",
    "access key",
    "secret key",
];
const PASSWORD_NAMES: [&str; 6] = [
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "_pwd",
    "_pass",
];
/// How a pattern says that the text goes on as another one behind its end.
const ENDS: [&str; 3] = ["\\b", "(?:\\W|$)", "(?:[^\\w-]|$)"];
const KEY_BLOCK: &str = "-----begin";

/// How a value is judged that has no shape of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Judge {
    Token,
    Password,
}

/// A text that is a secret wherever it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    pub id: String,
    pub keywords: Vec<String>,
    regex: String,
    /// So many bytes of the shape stand before the keyword.
    #[serde(default)]
    pub back: usize,
    /// It may follow a letter or digit.
    #[serde(default)]
    pub inside: bool,
    /// It has too little of its own to be found in the midst of other letters, as in a database.
    #[serde(default)]
    weak: bool,
    /// It begins a line or a text in quotes.
    #[serde(default)]
    first: bool,
    /// This word stands before it in the same command.
    after: Option<String>,
    /// This text stands in it: without that, nothing is searched.
    within: Option<String>,
    pub entropy: Option<f64>,
    pub judge: Option<Judge>,
    #[serde(skip)]
    compiled: OnceLock<Regex>,
    #[serde(skip)]
    endless: OnceLock<Regex>,
}

/// How texts stand in a content: with something between them, or as the columns of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Spaced,
    Packed,
}

/// A value that is a secret under a certain name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    pub id: String,
    pub names: Vec<String>,
    value: String,
    /// Capital and small letters are told apart.
    #[serde(default)]
    cased: bool,
    pub entropy: Option<f64>,
    #[serde(skip)]
    compiled: OnceLock<Regex>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(rename = "from")]
    _from: String,
    shapes: Vec<Shape>,
    named: Vec<Named>,
}

/// What a keyword asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    Shape(usize),
    Named(usize),
    Any(Judge),
    KeyBlock,
}

pub(super) struct Rules {
    pub shapes: Vec<Shape>,
    pub named: Vec<Named>,
    keywords: Keywords,
    /// By the number of the keyword.
    wanted: Vec<Vec<Wanted>>,
    pub longest_keyword: usize,
}

static RULES: LazyLock<Rules> = LazyLock::new(Rules::read);

/// The rules of this version.
pub(super) fn rules() -> &'static Rules {
    &RULES
}

/// Names everything that decides what is found.
pub(super) fn version() -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(JUDGEMENT);
    hash.update(DATA.as_bytes());
    *hash.finalize().as_bytes()
}

impl Rules {
    fn read() -> Self {
        let data: Data = serde_json::from_str(DATA).expect("the data is tested");
        let mut wanted: BTreeMap<&str, Vec<Wanted>> = BTreeMap::new();
        let mut want = |word, what| wanted.entry(word).or_default().push(what);
        for (number, shape) in data.shapes.iter().enumerate() {
            for word in &shape.keywords {
                want(word.as_str(), Wanted::Shape(number));
            }
        }
        for (number, named) in data.named.iter().enumerate() {
            for word in &named.names {
                want(word.as_str(), Wanted::Named(number));
            }
        }
        for word in TOKEN_NAMES {
            want(word, Wanted::Any(Judge::Token));
        }
        for word in PASSWORD_NAMES {
            want(word, Wanted::Any(Judge::Password));
        }
        want(KEY_BLOCK, Wanted::KeyBlock);
        let words = wanted.keys().map(|word| word.as_bytes().to_vec()).collect();
        let wanted = wanted.into_values().collect();
        let keywords = Keywords::new(words);
        Self {
            longest_keyword: keywords.longest(),
            shapes: data.shapes,
            named: data.named,
            keywords,
            wanted,
        }
    }

    /// Tells of every keyword in a text, with what it asks for.
    pub fn each_keyword(&self, text: &[u8], mut tell: impl FnMut(Range<usize>, &[Wanted])) {
        self.keywords
            .each(text, |place, number| tell(place, &self.wanted[number]));
    }
}

impl Shape {
    /// Where the secret stands, if the shape stands at a keyword that begins here.
    pub fn find(&self, text: &[u8], keyword: usize, setting: Setting) -> Option<Range<usize>> {
        let start = keyword.checked_sub(self.back)?;
        let is_packed = setting == Setting::Packed && !self.weak;
        let may_begin = self.inside || is_packed || is_beginning(text, start);
        if !may_begin || (self.first && !is_first(&text[..start])) {
            return None;
        }
        let end = text.len().min(start + LONGEST_SHAPE);
        let regex = if is_packed {
            self.endless.get_or_init(|| compile(endless(&self.regex)))
        } else {
            self.compiled.get_or_init(|| compile(&self.regex))
        };
        let found = secret_of(regex, text, start..end)?;
        // Words in capitals follow each other there, too: `SLOVAKIASLOVENIASPAIN`.
        let is_words =
            is_packed && !self.inside && !text[found.clone()].iter().any(u8::is_ascii_digit);
        if is_words {
            return None;
        }
        self.stands_after(&text[..start]).then_some(found)
    }

    /// False where the text that stands in every such secret does not follow soon.
    pub fn may_stand(&self, text: &[u8], keyword: usize) -> bool {
        let Some(part) = &self.within else {
            return true;
        };
        let end = text.len().min(keyword + 2 * LONGEST_HEAD);
        memmem::find(&text[keyword..end], part.as_bytes()).is_some()
    }

    fn stands_after(&self, before: &[u8]) -> bool {
        let Some(word) = &self.after else {
            return true;
        };
        let near = &before[before.len().saturating_sub(MOST_AFTER)..];
        let ends = |byte: &u8| matches!(byte, b'\n' | b'|');
        let command = near.rsplit(ends).next().unwrap_or(near);
        memmem::find(command, word.as_bytes()).is_some()
    }
}

impl Named {
    /// Where the secret stands, if a value that stands here has its shape.
    pub fn find(&self, text: &[u8], value: Range<usize>) -> Option<Range<usize>> {
        let regex = self.compiled.get_or_init(|| {
            let flag = if self.cased { "" } else { "(?i)" };
            compile(&format!("{flag}(?:{})$", self.value))
        });
        secret_of(regex, text, value)
    }
}

/// Whether a line or a text in quotes begins behind this.
fn is_first(before: &[u8]) -> bool {
    matches!(
        before,
        [] | [.., b'\n' | b'\r' | b'"' | b'\'' | b'`'] | [.., b'\\', b'n' | b'r']
    )
}

fn endless(pattern: &str) -> &str {
    let ends = ENDS.iter();
    ends.fold(pattern, |pattern, end| {
        pattern.strip_suffix(end).unwrap_or(pattern)
    })
}

fn secret_of(regex: &Regex, text: &[u8], place: Range<usize>) -> Option<Range<usize>> {
    let start = place.start;
    let text = &text[place];
    // Hardly any is one: to say so is much faster than to say where.
    if !regex.is_match(text) {
        return None;
    }
    let found = regex.captures(text)?;
    let secret = found.get(1).or_else(|| found.get(0))?.range();
    Some(start + secret.start..start + secret.end)
}

/// Content need not be UTF-8, and every search begins where a keyword stands.
fn compile(pattern: &str) -> Regex {
    RegexBuilder::new(&format!("^(?:{pattern})"))
        .unicode(false)
        .build()
        .expect("the patterns are tested")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_every_keyword_is_in_small_letters() {
        let rules = rules();
        for shape in &rules.shapes {
            compile(&shape.regex);
            compile(endless(&shape.regex));
            assert!(!shape.keywords.is_empty(), "{}", shape.id);
        }
        for named in &rules.named {
            compile(&named.value);
            assert!(!named.names.is_empty(), "{}", named.id);
        }
        for end in ["\\b", "\\W|", "$"] {
            let endless = |shape: &&Shape| !endless(&shape.regex).contains(end);
            assert!(rules.shapes.iter().all(|shape| endless(&shape)), "{end}");
        }
        let words = rules.shapes.iter().flat_map(|shape| &shape.keywords);
        for word in words.chain(rules.named.iter().flat_map(|named| &named.names)) {
            assert_eq!(*word, word.to_ascii_lowercase());
            assert!(word.len() >= super::super::keywords::SHORTEST, "{word}");
        }
    }
}
