//! The formats that settings are written in, behind one face.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use super::DocError;
use super::dialect::{self, Dialect};
use super::json::JSON;
use super::text::{self, BYTE_ORDER_MARK, Edit};
use super::toml::TOML;
use super::tree::{Choice, Form, KeyPath, Member, Node, Overlaid, Shape, Stripped, same_node};
use super::yaml::YAML;

/// Longer documents are refused: no person writes them, and each is held in memory several times.
pub const MAX_BYTES: usize = 4 << 20;

/// A format of which members can be taken out and laid back in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// With comments and a comma behind the last item, where they stand.
    Json,
    Toml,
    Yaml,
}

/// Says what a text is to be instead: by its path, in which `*` stands for the place in a list, and
/// what it is now.
pub type Retelling<'r> = dyn FnMut(&[&str], &str) -> Option<String> + 'r;

impl Format {
    /// The format of a file by its name; nothing for what is plain text to us.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1 {
            "json" | "jsonc" => Some(Self::Json),
            "toml" => Some(Self::Toml),
            "yaml" | "yml" => Some(Self::Yaml),
            _ => None,
        }
    }

    /// The document without the members for which `drop` answers yes; the rest is byte for byte as
    /// it was. `drop` is asked once for each member, parents before children, and not for what lies
    /// below one that goes.
    pub fn strip(self, bytes: &[u8], drop: &mut Choice<'_>) -> Result<Stripped, DocError> {
        let (mark, text) = Self::open(bytes)?;
        let mut stripped = dialect::strip(self.dialect(), text, drop)?;
        stripped.text.splice(..0, mark.bytes());
        Ok(stripped)
    }

    /// The document with the members of `local` laid over it that [`Format::strip`] dropped there.
    /// An edit that cannot be made without doubt is an error.
    pub fn overlay(
        self,
        bytes: &[u8],
        local: &[u8],
        dropped: &[KeyPath],
    ) -> Result<Overlaid, DocError> {
        let (mark, text) = Self::open(bytes)?;
        let (_, local) = Self::open(local)?;
        let mut overlaid = dialect::overlay(self.dialect(), text, local, dropped)?;
        overlaid.text.splice(..0, mark.bytes());
        Ok(overlaid)
    }

    /// Whether two documents differ in white space, comments, key order or style at most. Numbers
    /// count as written. What cannot be read is the same as itself alone.
    #[must_use]
    pub fn same_value(self, a: &[u8], b: &[u8]) -> bool {
        let same = |a, b| {
            let same = |a: &Node<'_>, b: &Node<'_>| same_node(a, b, None);
            self.read(a, |a| self.read(b, |b| same(a, b)))
        };
        a == b || matches!(same(a, b), Ok(Ok(true)))
    }

    /// Whether two documents differ in formatting alone. A comment is something that a person wrote,
    /// and a last comma is what some readers refuse: where JSON has one of these, and in formats that
    /// are made for comments, only the very same text is the same.
    #[must_use]
    pub fn same_document(self, a: &[u8], b: &[u8]) -> bool {
        a == b || (self.is_strict_json(a) && self.is_strict_json(b) && self.same_value(a, b))
    }

    /// Whether it can be read.
    #[must_use]
    pub fn parses(self, bytes: &[u8]) -> bool {
        self.read(bytes, |_| ()).is_ok()
    }

    /// Whether the document is an object without members, and in JSON without comments.
    #[must_use]
    pub fn is_empty(self, bytes: &[u8]) -> bool {
        let empty =
            |root: &Node<'_>| matches!(&root.shape, Shape::Object(members) if members.is_empty());
        (self != Self::Json || self.is_strict_json(bytes))
            && self.read(bytes, empty).unwrap_or(false)
    }

    /// Whether it is JSON without comments and last commas.
    #[must_use]
    pub fn is_strict_json(self, bytes: &[u8]) -> bool {
        let is_strict = |text| serde_json::from_str::<IgnoredAny>(text).is_ok();
        self == Self::Json && Self::open(bytes).is_ok_and(|(_, text)| is_strict(text))
    }

    /// The document with other texts in it, each written as the old one was where that is possible.
    /// Texts in the blocks of YAML stay.
    pub fn retell(self, bytes: &[u8], new: &mut Retelling<'_>) -> Result<Vec<u8>, DocError> {
        let (mark, text) = Self::open(bytes)?;
        self.read(bytes, |root| {
            let mut telling = Telling {
                text,
                new,
                edits: BTreeMap::new(),
            };
            telling.visit(root, &mut Vec::new());
            let expected = telling.expected(root);
            let edits = telling.edits.into_values().map(|(edit, _)| edit);
            let told = format!("{mark}{}", text::apply(text, edits.collect())).into_bytes();
            match self.read(&told, |root| same_node(root, &expected, None)) {
                Ok(true) => Ok(told),
                _ => Err(DocError::Unsafe {
                    key: "a path".to_owned(),
                }),
            }
        })?
    }

    /// Shows every text that [`Format::retell`] would ask about.
    pub fn texts(self, bytes: &[u8], show: &mut dyn FnMut(&[&str], &str)) -> Result<(), DocError> {
        let (_, text) = Self::open(bytes)?;
        self.read(bytes, |root| {
            let new: &mut Retelling<'_> = &mut |path, text| {
                show(path, text);
                None
            };
            let mut telling = Telling {
                text,
                new,
                edits: BTreeMap::new(),
            };
            telling.visit(root, &mut Vec::new());
        })
    }

    /// The byte order mark, where there is one, and the text.
    pub(super) fn open(bytes: &[u8]) -> Result<(&'static str, &str), DocError> {
        if bytes.len() > MAX_BYTES {
            return Err(DocError::TooLarge { limit: MAX_BYTES });
        }
        let text = text::utf8(bytes)?;
        Ok(match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(bare) => ("\u{feff}", bare),
            None => ("", text),
        })
    }

    pub(super) fn read<T>(
        self,
        bytes: &[u8],
        then: impl FnOnce(&Node<'_>) -> T,
    ) -> Result<T, DocError> {
        let (_, text) = Self::open(bytes)?;
        Ok(then(&(self.dialect().read)(text)?.root))
    }

    const fn dialect(self) -> &'static Dialect {
        match self {
            Self::Json => &JSON,
            Self::Toml => &TOML,
            Self::Yaml => &YAML,
        }
    }
}

struct Telling<'t, 'r, 'f> {
    text: &'t str,
    new: &'r mut Retelling<'f>,
    /// By place, since several references may lead to one text: how it is written, what it says.
    edits: BTreeMap<usize, (Edit, String)>,
}

impl Telling<'_, '_, '_> {
    fn visit<'n>(&mut self, node: &'n Node<'_>, path: &mut Vec<&'n str>) {
        match &node.shape {
            Shape::Text { text } if node.form == Form::Inline => {
                if let Some(new) = (self.new)(path, text).filter(|new| new != text) {
                    let span = node.span.clone();
                    let with = written(&self.text[span.clone()], text, &new);
                    self.edits.insert(span.start, (Edit { span, with }, new));
                }
            }
            Shape::Object(members) => {
                for member in members {
                    path.push(&member.key);
                    self.visit(&member.value, path);
                    path.pop();
                }
            }
            Shape::List(items) => {
                path.push("*");
                for item in items {
                    self.visit(item, path);
                }
                path.pop();
            }
            _ => {}
        }
    }

    fn expected<'n>(&self, node: &'n Node<'_>) -> Node<'n> {
        let shape = match &node.shape {
            Shape::Text { text } => {
                let new = self.edits.get(&node.span.start).map(|(_, new)| new.clone());
                let text = new.unwrap_or_else(|| text.clone().into_owned());
                Shape::Text { text: text.into() }
            }
            Shape::Object(members) => {
                let members = members.iter().map(|member| Member {
                    key: member.key.clone(),
                    key_span: member.key_span.clone(),
                    value: self.expected(&member.value),
                });
                Shape::Object(members.collect())
            }
            Shape::List(items) => {
                Shape::List(items.iter().map(|item| self.expected(item)).collect())
            }
            scalar => scalar.clone(),
        };
        Node {
            span: node.span.clone(),
            form: node.form,
            shape,
        }
    }
}

/// The new text in the quotes of the old one, unless it brings characters that mean something
/// there; then in double quotes with the escapes of JSON, which TOML and YAML understand too.
fn written(raw: &str, old: &str, new: &str) -> String {
    let special = |text: &str| {
        let chars = text.chars();
        chars
            .filter(|c| !c.is_alphanumeric() && !"/-_.~ ".contains(*c))
            .count()
    };
    // Alone and without quotes it would be nothing in YAML.
    let nothing = raw == old && new == "~";
    if !old.is_empty() && raw.contains(old) && special(new) <= special(old) && !nothing {
        raw.replacen(old, new, 1)
    } else {
        serde_json::Value::from(new).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(format: Format, text: &str, from: &str, to: &str) -> String {
        let told = format.retell(text.as_bytes(), &mut |path, text| {
            (path.last() == Some(&"p")).then(|| text.replace(from, to))
        });
        String::from_utf8(told.expect("it can be told")).expect("UTF-8")
    }

    #[test]
    fn a_file_is_known_by_the_end_of_its_name() {
        assert_eq!(Format::of("config.toml"), Some(Format::Toml));
        assert_eq!(Format::of(".aider.conf.yml"), Some(Format::Yaml));
        assert_eq!(Format::of("x.yaml"), Some(Format::Yaml));
        assert_eq!(Format::of("x.jsonc"), Some(Format::Json));
        assert_eq!(Format::of("CLAUDE.md"), None);
        assert_eq!(Format::of("json"), None);
    }

    #[test]
    fn a_text_is_told_in_the_quotes_that_it_has() {
        let cases = [
            (
                Format::Json,
                "{\"p\": \"/h/x\", \"q\":\"/h/x\"}",
                "{\"p\": \"~/x\", \"q\":\"/h/x\"}",
            ),
            (Format::Json, "{\"p\": \"\\u002fh/x\"}", "{\"p\": \"~/x\"}"),
            (
                Format::Toml,
                "p = '/h/x' # /h\nq = 1",
                "p = '~/x' # /h\nq = 1",
            ),
            (
                Format::Toml,
                "[[a]]\np = \"\"\"\n/h/x\"\"\"\n",
                "[[a]]\np = \"\"\"\n~/x\"\"\"\n",
            ),
            (Format::Yaml, "a:\n- p: /h/x # c\n", "a:\n- p: ~/x # c\n"),
            (Format::Yaml, "p: /h\n", "p: \"~\"\n"),
            (Format::Yaml, "p: '/h'\n", "p: '~'\n"),
            (Format::Yaml, "p: |\n  /h/x\n", "p: |\n  /h/x\n"),
            (
                Format::Yaml,
                "\u{feff}a: &a {p: \"/h/é\"}\nb: *a\n",
                "\u{feff}a: &a {p: \"~/é\"}\nb: *a\n",
            ),
        ];
        for (format, before, after) in cases {
            assert_eq!(told(format, before, "/h", "~"), after);
        }
        assert_eq!(
            told(Format::Toml, "p = '~/x'\n", "~", "/it's \"h\""),
            "p = \"/it's \\\"h\\\"/x\"\n"
        );
    }

    #[test]
    fn a_document_beyond_the_limit_is_refused() {
        let long = vec![b' '; MAX_BYTES + 1];
        for format in [Format::Json, Format::Toml, Format::Yaml] {
            let fault = format
                .strip(&long, &mut |_, _| false)
                .expect_err("too long");
            assert!(matches!(fault, DocError::TooLarge { .. }), "{fault}");
        }
    }
}
