//! A parser that keeps the span of every value: strict (RFC 8259) but for comments and a comma behind
//! the last item.

use std::borrow::Cow;

use crate::doc::dialect::Outline;
use crate::doc::gap::Comments;
use crate::doc::text;
use crate::doc::tree::{Form, Member, Node, Shape};
use crate::doc::{DocError, Position};

/// Deeper documents are refused: no settings file needs them, and every walk here recurses.
pub(super) const MAX_DEPTH: usize = 128;

/// Reads a whole document: no key twice in one object, nothing after the value.
pub(super) fn read(text: &str) -> Result<Outline<'_>, DocError> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    parser.blank()?;
    let root = parser.value()?;
    parser.blank()?;
    if parser.at < text.len() {
        return Err(parser.expected("nothing more after the value"));
    }
    Ok(Outline { text, root })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn blank(&mut self) -> Result<(), DocError> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'/') => self.comment()?,
                _ => return Ok(()),
            }
        }
    }

    /// Where a comment ends must be beyond doubt: what stands behind it is a value to one reader, and
    /// nothing to another.
    fn comment(&mut self) -> Result<(), DocError> {
        let rest = &self.text[self.at..];
        let Some(comment) = Comments::Slashes.lead(rest) else {
            return Err(self.expected("a comment that ends, or none"));
        };
        let ends_alone =
            rest[comment.len()..].starts_with('\r') && !rest[comment.len()..].starts_with("\r\n");
        if comment.starts_with("//") && (ends_alone || comment.contains(['\u{2028}', '\u{2029}'])) {
            return Err(DocError::Unsupported {
                at: self.place(self.at),
                what: "a comment of which not every reader sees the same end",
            });
        }
        self.at += comment.len();
        Ok(())
    }

    /// Whether this bracket comes behind an item, be it after a comma.
    fn ends(&mut self, bracket: u8, expected: &'static str) -> Result<bool, DocError> {
        self.blank()?;
        if self.take(bracket) {
            return Ok(true);
        }
        if !self.take(b',') {
            return Err(self.expected(expected));
        }
        self.blank()?;
        Ok(self.take(bracket))
    }

    fn place(&self, offset: usize) -> Position {
        text::position(self.text, offset)
    }

    fn expected(&self, expected: &'static str) -> DocError {
        let at = self.place(self.at);
        DocError::Expected { at, expected }
    }

    fn value(&mut self) -> Result<Node<'a>, DocError> {
        let start = self.at;
        let shape = match self.peek() {
            Some(b'{') => self.deeper(Self::object)?,
            Some(b'[') => self.deeper(Self::list)?,
            Some(b'"') => {
                let (text, exact) = self.string()?;
                if exact {
                    Shape::Text { text }
                } else {
                    // Half a surrogate pair has no text.
                    Shape::Other(Cow::Borrowed(&self.text[start..self.at]))
                }
            }
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Node {
            span: start..self.at,
            form: Form::Inline,
            shape,
        })
    }

    fn deeper(
        &mut self,
        inner: fn(&mut Self) -> Result<Shape<'a>, DocError>,
    ) -> Result<Shape<'a>, DocError> {
        if self.depth == MAX_DEPTH {
            return Err(DocError::TooDeep {
                at: self.place(self.at),
                limit: MAX_DEPTH,
            });
        }
        self.depth += 1;
        self.at += 1;
        self.blank()?;
        let shape = inner(self)?;
        self.depth -= 1;
        Ok(shape)
    }

    fn object(&mut self) -> Result<Shape<'a>, DocError> {
        let mut members = Vec::new();
        if self.take(b'}') {
            return Ok(Shape::Object(members));
        }
        loop {
            members.push(self.member()?);
            if self.ends(b'}', "`,` or `}`")? {
                break;
            }
        }
        self.refuse_duplicates(&members)?;
        Ok(Shape::Object(members))
    }

    fn member(&mut self) -> Result<Member<'a>, DocError> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key in double quotes"));
        }
        let (key, exact) = self.string()?;
        if !exact {
            self.at = start;
            return Err(self.expected("a key that is valid Unicode"));
        }
        let key_span = start..self.at;
        self.blank()?;
        if !self.take(b':') {
            return Err(self.expected("`:`"));
        }
        self.blank()?;
        let value = self.value()?;
        Ok(Member {
            key,
            key_span,
            value,
        })
    }

    /// Which of the two a reader takes differs from tool to tool, so there is no right answer.
    fn refuse_duplicates(&self, members: &[Member<'a>]) -> Result<(), DocError> {
        let mut order: Vec<&Member<'a>> = members.iter().collect();
        order.sort_by(|a, b| a.key.cmp(&b.key)); // stable: the later of two equal keys comes second
        let second = order
            .windows(2)
            .filter(|pair| pair[0].key == pair[1].key)
            .map(|pair| pair[1])
            .min_by_key(|member| member.key_span.start);
        second.map_or(Ok(()), |member| {
            Err(DocError::DuplicateKey {
                at: self.place(member.key_span.start),
                key: member.key.chars().take(80).collect(),
            })
        })
    }

    fn list(&mut self) -> Result<Shape<'a>, DocError> {
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Shape::List(items));
        }
        loop {
            items.push(self.value()?);
            if self.ends(b']', "`,` or `]`")? {
                return Ok(Shape::List(items));
            }
        }
    }

    fn word(&mut self) -> Result<Shape<'a>, DocError> {
        let words = [
            ("null", Shape::Null),
            ("true", Shape::Bool(true)),
            ("false", Shape::Bool(false)),
        ];
        for (word, shape) in words {
            if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(shape);
            }
        }
        Err(self.expected("a value"))
    }

    fn number(&mut self) -> Result<Shape<'a>, DocError> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _signed = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(Shape::Number(&self.text[start..self.at]))
    }

    fn digits(&mut self) -> Result<(), DocError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.expected("a digit"));
        }
        Ok(())
    }

    /// The text between two quotes, and whether all of it is text.
    fn string(&mut self) -> Result<(Cow<'a, str>, bool), DocError> {
        self.at += 1;
        let mut plain = self.at;
        let mut decoded = String::new();
        let mut exact = true;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    decoded.push_str(&self.text[plain..self.at]);
                    self.at += 1;
                    let character = self.escape()?;
                    exact &= character.is_some();
                    decoded.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
                    plain = self.at;
                }
                Some(0..0x20) => return Err(self.expected("an escape for a control character")),
                Some(_) => self.at += 1,
                None => return Err(self.expected("`\"`")),
            }
        }
        let rest = &self.text[plain..self.at];
        self.at += 1;
        if decoded.is_empty() {
            return Ok((Cow::Borrowed(rest), exact));
        }
        decoded.push_str(rest);
        Ok((Cow::Owned(decoded), exact))
    }

    /// The character after a backslash; nothing for half of a surrogate pair.
    fn escape(&mut self) -> Result<Option<char>, DocError> {
        let byte = self.peek();
        let character = match byte {
            Some(b'"' | b'\\' | b'/') => byte.map(char::from),
            Some(b'b') => Some('\u{8}'),
            Some(b'f') => Some('\u{c}'),
            Some(b'n') => Some('\n'),
            Some(b'r') => Some('\r'),
            Some(b't') => Some('\t'),
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.expected("a character that may be escaped")),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode(&mut self) -> Result<Option<char>, DocError> {
        let first = self.four_digits()?;
        let after = self.at;
        if (0xd800..0xdc00).contains(&first) && self.take(b'\\') && self.take(b'u') {
            let second = self.four_digits()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code));
            }
        }
        // What follows was not the other half: it is read again for itself.
        self.at = after;
        Ok(char::from_u32(first))
    }

    fn four_digits(&mut self) -> Result<u32, DocError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.expected("four hexadecimal digits"));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}
