//! The rule language: a pattern of gitignore's, and what to do with the paths that it matches.

use serde::{Deserialize, Serialize};

use crate::doc::KeyPattern;

use super::SourceError;
use super::error::{RuleFault, RulePlace};
use super::pattern::Pattern;

/// A larger file of rules was not written by a person.
pub(super) const MAX_RULES_FILE: u64 = 1 << 20;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a rule says about the paths that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It travels, whatever earlier rules say, and however large it is.
    Keep,
    /// It can be made again, or says nothing on another machine.
    Disposable,
    /// It is true on this machine only.
    Local,
    Secret,
    Large,
}

/// How two versions of a file become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeClass {
    /// Lines of both sides.
    Union,
    /// By key.
    Json,
    /// By lines that stand apart.
    Text,
    /// Not at all.
    Binary,
    /// Not at all; one that is in use is copied first.
    Sqlite,
}

/// A list in JSON whose items stand for themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRule {
    pub key: KeyPattern,
    /// The member that names an item; nothing where each item is its own name.
    pub id: Option<String>,
}

impl ListRule {
    /// Reads `set=KEYPATH` and `keyed=KEYPATH/ID`; nothing of another word.
    fn parse(word: &str) -> Option<Result<Self, RuleFault>> {
        let (way, rest) = word.split_once('=')?;
        let (key, id) = match way {
            "set" => (rest, None),
            "keyed" => match rest.rsplit_once('/') {
                Some((key, id)) if !id.is_empty() => (key, Some(id.to_owned())),
                _ => ("", None),
            },
            _ => return None,
        };
        let bad = |_| RuleFault::BadList {
            word: word.chars().take(80).collect(),
        };
        let key = KeyPattern::parse(key).map_err(bad);
        Some(key.map(|key| Self { key, id }))
    }
}

const CLASSES: [(&str, Class); 5] = [
    ("keep", Class::Keep),
    ("disposable", Class::Disposable),
    ("local", Class::Local),
    ("secret", Class::Secret),
    ("large", Class::Large),
];

const MERGE_CLASSES: [(&str, MergeClass); 5] = [
    ("union", MergeClass::Union),
    ("json", MergeClass::Json),
    ("text", MergeClass::Text),
    ("binary", MergeClass::Binary),
    ("sqlite", MergeClass::Sqlite),
];

impl Class {
    /// As the rule language spells it.
    #[must_use]
    pub fn word(self) -> &'static str {
        word(&CLASSES, &self)
    }
}

impl MergeClass {
    /// As the rule language spells it.
    #[must_use]
    pub fn word(self) -> &'static str {
        word(&MERGE_CLASSES, &self)
    }
}

fn word<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> &'static str {
    let row = table.iter().find(|(_, known)| known == value);
    row.map_or("", |(word, _)| word)
}

fn meaning<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    let row = table.iter().find(|(known, _)| *known == word);
    row.map(|(_, value)| *value)
}

/// A rule that was understood.
#[derive(Clone, Debug)]
pub struct RuleLine {
    /// The pattern as it was written.
    pub text: String,
    pub place: RulePlace,
    /// The reason, as a person reads it.
    pub why: String,
    /// Whether it travels; nothing for a rule that only says how it is merged.
    pub class: Option<Class>,
    pub merge: Option<MergeClass>,
    /// The lists that are merged item by item; the last that matches wins.
    pub lists: Vec<ListRule>,
    pub(super) pattern: Pattern,
}

/// Why a path stays whose rule a person wrote without a reason.
const SAID_SO: &str = "stays because you said so";
const GOES_BECAUSE_SAID_SO: &str = "travels because you said so";

impl RuleLine {
    /// Reads a line that a person wrote. Empty lines and comments are no rules.
    pub fn parse(line: &str, place: &RulePlace) -> Result<Option<Self>, SourceError> {
        let line = line.trim_end_matches(['\r', '\n']);
        if line.starts_with('#') || line.trim_matches(is_blank).is_empty() {
            return Ok(None);
        }
        let fault = |source| SourceError::Rule {
            place: place.clone(),
            source,
        };
        let Words {
            pattern: text,
            class,
            merge,
            lists,
        } = words(line).map_err(fault)?;
        let pattern = Pattern::parse(text).map_err(fault)?;
        let class = match (pattern.negated, class, merge) {
            (true, None | Some(Class::Keep), _) => Some(Class::Keep),
            (true, Some(other), _) => {
                let word = other.word();
                return Err(fault(RuleFault::KeptAndLeft { word }));
            }
            // It says how two versions become one, not whether there are two.
            (false, None, Some(_)) => None,
            (false, None, None) => Some(Class::Local),
            (false, class, _) => class,
        };
        Ok(Some(Self {
            text: text.to_owned(),
            place: place.clone(),
            why: match class {
                Some(Class::Keep) => GOES_BECAUSE_SAID_SO.to_owned(),
                Some(_) => SAID_SO.to_owned(),
                None => String::new(),
            },
            class,
            merge,
            lists,
            pattern,
        }))
    }

    /// Reads a whole file of rules.
    pub fn parse_file(bytes: &[u8], file: &str) -> Result<Vec<Self>, SourceError> {
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let mut rules = Vec::new();
        for (line, bytes) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            let place = RulePlace::File {
                file: file.to_owned(),
                line,
            };
            let Ok(text) = str::from_utf8(bytes) else {
                let source = RuleFault::NotText;
                return Err(SourceError::Rule { place, source });
            };
            rules.extend(Self::parse(text, &place)?);
        }
        Ok(rules)
    }
}

/// The pattern that means this very path below a state directory and no other; none for a name that
/// no line can hold.
#[must_use]
pub fn pattern_for(path: &str, is_dir: bool) -> Option<String> {
    let mut pattern = String::from("/");
    for c in path.chars() {
        if matches!(c, '\n' | '\r' | '\0') {
            return None;
        }
        if matches!(c, '\\' | '*' | '?' | '[' | ' ' | '\t') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.extend(is_dir.then_some('/'));
    Some(pattern)
}

/// A line taken apart.
struct Words<'a> {
    pattern: &'a str,
    class: Option<Class>,
    merge: Option<MergeClass>,
    lists: Vec<ListRule>,
}

impl Words<'_> {
    /// The lists as they were written: they were taken off from the end.
    fn in_order(mut self) -> Result<Self, RuleFault> {
        self.lists.reverse();
        if !self.lists.is_empty() && self.merge != Some(MergeClass::Json) {
            return Err(RuleFault::ListsOfWhat);
        }
        Ok(self)
    }
}

/// Takes the words that begin with a colon off the end of a line.
fn words(line: &str) -> Result<Words<'_>, RuleFault> {
    let mut words = Words {
        pattern: without_blanks(line),
        class: None,
        merge: None,
        lists: Vec::new(),
    };
    loop {
        let start = last_word(words.pattern);
        let (rest, word) = words.pattern.split_at(start);
        let Some(name) = word.strip_prefix(':') else {
            return words.in_order();
        };
        let fresh = if let Some(class) = meaning(&CLASSES, name) {
            words.class.replace(class).is_none()
        } else if let Some(merge) = meaning(&MERGE_CLASSES, name) {
            words.merge.replace(merge).is_none()
        } else if let Some(list) = ListRule::parse(name) {
            words.lists.push(list?);
            true
        } else {
            return Err(RuleFault::UnknownWord {
                word: word.chars().take(80).collect(),
            });
        };
        let word = word.to_owned();
        if !fresh {
            return Err(RuleFault::OneTooMany { word });
        }
        words.pattern = without_blanks(rest);
        if words.pattern.is_empty() {
            return Err(RuleFault::NoPattern { word });
        }
    }
}

const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// The text without the blanks at its end; one behind a backslash belongs to the pattern.
fn without_blanks(text: &str) -> &str {
    let bare = text.trim_end_matches(is_blank);
    if ends_in_escape(bare) && bare.len() < text.len() {
        return &text[..=bare.len()];
    }
    bare
}

/// Where the last word begins: behind the last blank that no backslash makes part of a word.
fn last_word(text: &str) -> usize {
    let blanks = text.rmatch_indices(is_blank);
    let mut starts = blanks.filter(|(at, _)| !ends_in_escape(&text[..*at]));
    starts.next().map_or(0, |(at, _)| at + 1)
}

/// Whether the next character is escaped: an odd number of backslashes stands before it.
fn ends_in_escape(text: &str) -> bool {
    let backslashes = text.len() - text.trim_end_matches('\\').len();
    backslashes % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> RulePlace {
        RulePlace::File {
            file: ".aigon/.holdallignore".to_owned(),
            line: 3,
        }
    }

    fn read(line: &str) -> Option<(String, Option<Class>, Option<MergeClass>)> {
        let rule = RuleLine::parse(line, &place()).unwrap_or_else(|fault| panic!("{fault}"));
        rule.map(|rule| (rule.text, rule.class, rule.merge))
    }

    fn fault(line: &str) -> String {
        let fault = RuleLine::parse(line, &place()).expect_err("no rule");
        let cause = std::error::Error::source(&fault).map(ToString::to_string);
        format!("{fault}: {}", cause.unwrap_or_default())
    }

    #[test]
    fn a_pattern_has_a_class_and_a_merge_class_behind_it_in_any_order() {
        use super::{Class as C, MergeClass as M};
        for (line, pattern, class, merge) in [
            ("*.log :disposable", "*.log", Some(C::Disposable), None),
            ("/secrets/ :secret", "/secrets/", Some(C::Secret), None),
            ("n :keep :union", "n", Some(C::Keep), Some(M::Union)),
            ("n\t:union   :keep  ", "n", Some(C::Keep), Some(M::Union)),
            ("a b :large\r", "a b", Some(C::Large), None),
            ("plain", "plain", Some(C::Local), None),
            ("!plain", "!plain", Some(C::Keep), None),
            ("!plain :keep", "!plain", Some(C::Keep), None),
            ("!x :json", "!x", Some(C::Keep), Some(M::Json)),
            ("x :text", "x", None, Some(M::Text)),
            ("x :local :binary", "x", Some(C::Local), Some(M::Binary)),
        ] {
            let expected = Some((pattern.to_owned(), class, merge));
            assert_eq!(read(line), expected, "{line:?}");
        }
    }

    #[test]
    fn lists_in_json_have_a_way_of_keys_each_and_some_a_name() {
        let line = "x :json :set=a.*.b :keyed=c/d\\ e.f/id";
        let rule = RuleLine::parse(line, &place()).expect("valid");
        let rule = rule.expect("a rule");
        let lists: Vec<_> = rule
            .lists
            .iter()
            .map(|list| (list.key.to_string(), list.id.as_deref()))
            .collect();
        let expected = [("a.*.b", None), ("c/d\\ e.f", Some("id"))];
        assert_eq!(lists, expected.map(|(key, id)| (key.to_owned(), id)));
        assert_eq!((rule.class, rule.merge), (None, Some(MergeClass::Json)));
        for (line, part) in [
            ("x :set=a", "`:json`"),
            ("x :union :set=a", "`:json`"),
            ("x :json :set=", "`:set=`"),
            ("x :json :keyed=a", "`:keyed=a`"),
            ("x :json :keyed=a/", "`:keyed=a/`"),
            ("x :json :bag=a", "`:bag=a`"),
        ] {
            assert!(fault(line).contains(part), "{line}: {}", fault(line));
        }
    }

    #[test]
    fn comments_and_blanks_are_as_in_gitignore() {
        for line in ["", "  ", "\t", "\r", "# a", "#", "#a :nonsense"] {
            assert_eq!(read(line), None, "{line:?}");
        }
        for (line, pattern) in [
            ("\\# a", "\\# a"),
            ("\\!a", "\\!a"),
            (" a", " a"),
            ("a  ", "a"),
            ("a\\ ", "a\\ "),
            ("a\\  ", "a\\ "),
            ("a\\\\ ", "a\\\\"),
            ("a\\ :keep", "a\\ :keep"),
            ("a \\:keep", "a \\:keep"),
            ("\\:keep", "\\:keep"),
            ("a :b c", "a :b c"),
            ("a:keep", "a:keep"),
        ] {
            let expected = Some((pattern.to_owned(), Some(Class::Local), None));
            assert_eq!(read(line), expected, "{line:?}");
        }
    }

    #[test]
    fn a_fault_names_the_place_the_word_and_what_is_allowed() {
        let text = fault("notes.jsonl :unoin");
        for part in [
            ".aigon/.holdallignore, line 3",
            "`:unoin`",
            "keep, disposable, local, secret, large",
            "union, json, text, binary, sqlite",
            "\\ :",
        ] {
            assert!(text.contains(part), "{text}");
        }
        for (line, part) in [
            ("x :keep :local", "`:keep`"),
            ("x :union :json", "`:union`"),
            ("!x :local", "`:local`"),
            (":keep", "no pattern before `:keep`"),
            (":unheard-of", "`:unheard-of`"),
            ("x :", "`:`"),
            ("[a :keep", "`[a`"),
        ] {
            assert!(fault(line).contains(part), "{line}: {}", fault(line));
        }
    }

    #[test]
    fn a_file_is_read_line_by_line_and_the_fault_has_its_number() {
        let rules = RuleLine::parse_file(b"\xef\xbb\xbfa\r\n\r\n# c\r\nb :keep\n", "f");
        let rules = rules.expect("valid");
        let lines: Vec<String> = rules
            .iter()
            .map(|rule| format!("{} {}", rule.text, rule.place))
            .collect();
        assert_eq!(lines, ["a f, line 1", "b f, line 4"]);
        for bytes in [&b"a\nb :x\n"[..], b"a\n\xff"] {
            let fault = RuleLine::parse_file(bytes, "f").expect_err("broken");
            assert!(fault.to_string().contains("f, line 2"), "{fault}");
        }
    }

    #[test]
    fn every_word_reads_back() {
        for (word, class) in CLASSES {
            assert_eq!(class.word(), word);
            assert_eq!(
                read(&format!("x :{word}")).and_then(|rule| rule.1),
                Some(class)
            );
        }
        for (word, merge) in MERGE_CLASSES {
            assert_eq!(merge.word(), word);
            assert_eq!(
                read(&format!("x :{word}")).and_then(|rule| rule.2),
                Some(merge)
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn a_path_has_a_pattern_of_its_own(path in "[a :#!*?\\[\\]{}\\\\-]{1,12}") {
            let pattern = pattern_for(&path, false).expect("a line can hold it");
            let rule = RuleLine::parse(&pattern, &place()).expect("valid");
            let rules = crate::source::Rules::new(rule.into_iter().collect());
            let rules = rules.expect("it compiles");
            proptest::prop_assert!(rules.decide(&path, false).is_some());
            let (longer, deeper) = (format!("{path}x"), format!("x/{path}"));
            proptest::prop_assert!(rules.decide(&longer, false).is_none());
            proptest::prop_assert!(rules.decide(&deeper, false).is_none());
        }

        #[test]
        fn no_line_breaks_the_parser(line in "[\\PC :#!\\\\\t]{0,40}") {
            drop(RuleLine::parse(&line, &place()));
        }
    }
}
