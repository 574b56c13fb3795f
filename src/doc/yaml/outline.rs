//! A document as values with their places.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::iter::Peekable;
use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use crate::doc::dialect::Outline;
use crate::doc::tree::{Form, Member, Node, Shape};
use crate::doc::{DocError, Position, text};

/// Deeper documents are refused: no settings file needs them, and every walk here recurses.
const MAX_DEPTH: usize = 128;
/// More values than this may not come from references: few lines of them can stand for billions.
const MAX_REFERRED: usize = 10_000;

/// Reads one document; an empty one is an object without members. Which of two equal keys holds
/// differs from tool to tool, as does what a merge key means, so both are refused; and so are keys
/// that are no plain scalars.
pub(super) fn read(text: &str) -> Result<Outline<'_>, DocError> {
    let mut reading = Reading {
        text,
        starts: char_starts(text),
        events: Events(Parser::new_from_str(text)).peekable(),
        depth: 0,
        anchors: HashMap::new(),
        referred: 0,
    };
    let root = reading.document()?;
    Ok(Outline { text, root })
}

/// Where the characters begin: the parser counts characters, an edit counts bytes.
fn char_starts(text: &str) -> Option<Vec<usize>> {
    let all = || text.char_indices().map(|(at, _)| at).chain([text.len()]);
    (!text.is_ascii()).then(|| all().collect())
}

/// The parser's events; it goes on after an error, which nobody should.
struct Events<'a>(Parser<'a, StrInput<'a>>);

impl<'a> Iterator for Events<'a> {
    type Item = Result<(Event<'a>, Span), ScanError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_event()
    }
}

struct Reading<'a> {
    text: &'a str,
    starts: Option<Vec<usize>>,
    events: Peekable<Events<'a>>,
    depth: usize,
    /// What each anchor stands for, and of how many values that is made.
    anchors: HashMap<usize, (Node<'a>, usize)>,
    referred: usize,
}

impl<'a> Reading<'a> {
    fn document(&mut self) -> Result<Node<'a>, DocError> {
        let mut root = None;
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => break,
                (Event::DocumentStart(_), span) => {
                    if root.is_some() {
                        return Err(self.unsupported(span, "a second document in one file"));
                    }
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, span)?);
                }
                _ => {}
            }
        }
        let empty = Node {
            span: self.text.len()..self.text.len(),
            form: Form::Block,
            shape: Shape::Object(Vec::new()),
        };
        let is_nothing =
            |node: &Node<'_>| matches!(node.shape, Shape::Null) && node.span.is_empty();
        Ok(root.filter(|node| !is_nothing(node)).unwrap_or(empty))
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), DocError> {
        match self.events.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(fault)) => Err(DocError::Yaml {
                at: place(*fault.marker()),
                what: fault.info().to_owned(),
            }),
            None => Err(DocError::Yaml {
                at: text::position(self.text, self.text.len()),
                what: "the document ends too early".to_owned(),
            }),
        }
    }

    #[expect(clippy::unused_self, reason = "it reads like the other faults")]
    fn unsupported(&self, span: Span, what: &'static str) -> DocError {
        DocError::Unsupported {
            at: place(span.start),
            what,
        }
    }

    fn bytes(&self, span: Span) -> Range<usize> {
        let byte = |marker: Marker| match &self.starts {
            None => marker.index().min(self.text.len()),
            Some(starts) => starts
                .get(marker.index())
                .copied()
                .unwrap_or(self.text.len()),
        };
        let start = byte(span.start);
        start..byte(span.end).max(start)
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node<'a>, DocError> {
        if self.depth == MAX_DEPTH {
            return Err(DocError::TooDeep {
                at: place(span.start),
                limit: MAX_DEPTH,
            });
        }
        self.depth += 1;
        let (anchor, node) = match event {
            Event::Alias(anchor) => (0, self.referred(anchor, span)?),
            Event::Scalar(value, style, anchor, tag) => {
                (anchor, self.scalar(value, style, tag.as_deref(), span))
            }
            Event::SequenceStart(anchor, _) => (anchor, self.list(span)?),
            Event::MappingStart(anchor, _) => (anchor, self.object(span)?),
            _ => return Err(self.unsupported(span, "something that is no value")),
        };
        self.depth -= 1;
        if anchor > 0 {
            let size = size(&node);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        Ok(node)
    }

    /// What an anchor stands for, as if it stood here.
    fn referred(&mut self, anchor: usize, span: Span) -> Result<Node<'a>, DocError> {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            return Err(self.unsupported(span, "a value that refers to itself"));
        };
        self.referred += size;
        if self.referred > MAX_REFERRED {
            return Err(self.unsupported(span, "a document of too many references"));
        }
        Ok(Node {
            span: self.bytes(span),
            form: Form::Alias,
            shape: node.shape.clone(),
        })
    }

    fn scalar(
        &self,
        value: Cow<'a, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Node<'a> {
        let mut span = self.bytes(span);
        if value.is_empty() && style == ScalarStyle::Plain && tag.is_none() {
            // Nothing is written: the parser gives the place of what comes next, or of the colon.
            let colon = self.text[span.start..].starts_with(':');
            span = span.start + usize::from(colon)..span.start + usize::from(colon);
        } else if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
            && !value.ends_with("\n\n")
        {
            // Empty lines after a block mean nothing, unless it keeps them.
            let end = self.text[span.clone()].trim_end().len();
            span.end = span.start + end;
        }
        let shape = match tag {
            Some(tag) => Shape::Other(Cow::Owned(format!("{tag} {value}"))),
            None if style == ScalarStyle::Plain => plain(value),
            None => Shape::Text { text: value },
        };
        let form = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => Form::Block,
            _ => Form::Inline,
        };
        Node { span, form, shape }
    }

    fn list(&mut self, span: Span) -> Result<Node<'a>, DocError> {
        let opening = self.bytes(span);
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, end) => {
                    let last = items.last().map(|node: &Node<'_>| node.span.end);
                    let (span, form) = self.framed(&opening, last, end);
                    return Ok(Node {
                        span,
                        form,
                        shape: Shape::List(items),
                    });
                }
                (event, span) => items.push(self.node(event, span)?),
            }
        }
    }

    fn object(&mut self, span: Span) -> Result<Node<'a>, DocError> {
        let opening = self.bytes(span);
        let mut members: Vec<Member<'a>> = Vec::new();
        let mut seen = HashSet::new();
        loop {
            let (event, span) = match self.next()? {
                (Event::MappingEnd, end) => {
                    let last = members.last().map(|member| member.value.span.end);
                    let (span, form) = self.framed(&opening, last, end);
                    return Ok(Node {
                        span,
                        form,
                        shape: Shape::Object(members),
                    });
                }
                other => other,
            };
            let Event::Scalar(key, style, _, _) = event else {
                return Err(self.unsupported(span, "a key that is no plain text"));
            };
            if key == "<<" && style == ScalarStyle::Plain {
                return Err(self.unsupported(span, "a merge key"));
            }
            if !seen.insert(key.clone().into_owned()) {
                return Err(DocError::DuplicateKey {
                    at: place(span.start),
                    key: key.chars().take(80).collect(),
                });
            }
            let key_span = self.bytes(span);
            let (event, span) = self.next()?;
            let value = self.node(event, span)?;
            members.push(Member {
                key,
                key_span,
                value,
            });
        }
    }

    /// The span and form of a list or an object: with its brackets, or up to the end of its last
    /// part.
    fn framed(
        &self,
        opening: &Range<usize>,
        last: Option<usize>,
        end: Span,
    ) -> (Range<usize>, Form) {
        // An anchor or a tag stands before the bracket, and white space may come after it.
        let written = self.text[opening.clone()].trim_end();
        if written.ends_with(['{', '[']) {
            let start = opening.start + written.len() - 1;
            return (start..self.bytes(end).start + 1, Form::Inline);
        }
        let end = last.unwrap_or(opening.end).max(opening.end);
        (opening.end..end, Form::Block)
    }
}

fn size(node: &Node<'_>) -> usize {
    match &node.shape {
        Shape::Object(members) => {
            1 + members
                .iter()
                .map(|member| size(&member.value))
                .sum::<usize>()
        }
        Shape::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        _ => 1,
    }
}

fn place(marker: Marker) -> Position {
    Position {
        line: marker.line().max(1),
        column: marker.col() + 1,
    }
}

/// What a scalar without quotes is, by the core schema. What older readers take for something else
/// than a text is kept apart from texts.
fn plain(value: Cow<'_, str>) -> Shape<'_> {
    match value.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => Shape::Null,
        "true" | "True" | "TRUE" => Shape::Bool(true),
        "false" | "False" | "FALSE" => Shape::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "n" | "N" | "no" | "No" | "NO" | "on" | "On" | "ON"
        | "off" | "Off" | "OFF" => Shape::Other(value),
        text if is_number(text) => match value {
            Cow::Borrowed(text) => Shape::Number(text),
            owned @ Cow::Owned(_) => Shape::Other(owned),
        },
        _ => Shape::Text { text: value },
    }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(
        unsigned,
        ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN"
    ) {
        return true;
    }
    if let Some(digits) = unsigned.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    let digits = unsigned.strip_prefix("0o").unwrap_or(unsigned);
    digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.parse::<f64>().is_ok()
}
