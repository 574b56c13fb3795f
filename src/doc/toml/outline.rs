//! A document as values, and as the statements that they are written in.

use std::borrow::Cow;
use std::ops::Range;

use toml_edit::{Document, InlineTable, Item, Key, Table, Value};

use crate::doc::tree::{Form, KeyPath, Member, Node, Shape, item};
use crate::doc::{DocError, text};

/// A document that was read without fault, without its byte order mark.
#[derive(Debug)]
pub(in crate::doc) struct Outline<'a> {
    pub(super) text: &'a str,
    pub(in crate::doc) root: Node<'a>,
    /// In the order of the text.
    pub(super) statements: Vec<Statement<'a>>,
}

/// A header, or a key with its value: whole lines.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    /// The whole path, from the root of the document.
    pub(super) path: KeyPath,
    pub(super) lines: Range<usize>,
    pub(super) kind: Kind<'a>,
}

#[derive(Debug)]
pub(super) enum Kind<'a> {
    Header,
    /// A value, and the header that it stands under.
    Pair {
        value: Node<'a>,
        section: Option<usize>,
    },
}

impl Statement<'_> {
    pub(super) const fn is_header(&self) -> bool {
        matches!(self.kind, Kind::Header)
    }
}

impl<'a> Outline<'a> {
    pub(in crate::doc) fn read(text: &'a str) -> Result<Self, DocError> {
        let doc = Document::parse(text).map_err(|fault| DocError::Toml {
            at: text::position(text, fault.span().map_or(0, |span| span.start)),
            what: fault.message().replace('\n', ", "),
        })?;
        let mut reading = Reading {
            text,
            path: Vec::new(),
            found: Vec::new(),
        };
        let root = Node {
            span: 0..text.len(),
            form: Form::Block,
            shape: Shape::Object(reading.table(doc.as_table())),
        };
        let mut statements = reading.found;
        statements.sort_by_key(|statement| statement.lines.start);
        let mut under = None;
        for (at, statement) in statements.iter_mut().enumerate() {
            match &mut statement.kind {
                Kind::Header => under = Some(at),
                Kind::Pair { section, .. } => *section = under,
            }
        }
        Ok(Self {
            text,
            root,
            statements,
        })
    }

    /// The path of the table that stands under a header, or at the root.
    pub(super) fn section_path(&self, section: Option<usize>) -> &[String] {
        section.map_or(&[], |at| &self.statements[at].path)
    }

    /// Where the section of a header ends: after its last statement and the comments that follow
    /// it, unless these stand right above the next header.
    pub(super) fn section_end(&self, header: usize) -> usize {
        let next = self.statements[header + 1..]
            .iter()
            .position(Statement::is_header);
        let last = next.map_or(self.statements.len() - 1, |next| header + next);
        let end = self.statements[last].lines.end;
        let mut after = end;
        while after < self.text.len() {
            let line = &self.text[after..text::line_end(self.text, after)];
            match line.trim_start().chars().next() {
                Some('#') => after += line.len(),
                None => return after,
                Some(_) => return end,
            }
        }
        after
    }
}

struct Reading<'a> {
    text: &'a str,
    path: KeyPath,
    found: Vec<Statement<'a>>,
}

impl<'a> Reading<'a> {
    /// As deep as the document is nested, which the parser limits.
    fn table(&mut self, table: &Table) -> Vec<Member<'a>> {
        let mut members = Vec::with_capacity(table.len());
        for (name, item) in table {
            let key_span = table.key(name).and_then(Key::span).unwrap_or_default();
            self.path.push(name.to_owned());
            if let Some(value) = self.item(item, &key_span) {
                members.push(Member {
                    key: Cow::Owned(name.to_owned()),
                    key_span,
                    value,
                });
            }
            self.path.pop();
        }
        members
    }

    fn item(&mut self, item: &Item, key: &Range<usize>) -> Option<Node<'a>> {
        match item {
            Item::None => None,
            Item::Table(table) => Some(self.header(table)),
            Item::ArrayOfTables(tables) => {
                let nodes = tables.iter().enumerate().map(|(index, table)| {
                    self.path.push(self::item(index));
                    let node = self.header(table);
                    self.path.pop();
                    node
                });
                Some(Node {
                    shape: Shape::List(nodes.collect()),
                    span: tables.span().unwrap_or_default(),
                    form: Form::Block,
                })
            }
            Item::Value(value) => {
                let node = value_node(self.text, value);
                let start = text::line_start(self.text, key.start);
                let kind = Kind::Pair {
                    value: node.clone(),
                    section: None,
                };
                self.state(start..text::line_end(self.text, node.span.end), kind);
                Some(node)
            }
        }
    }

    fn header(&mut self, table: &Table) -> Node<'a> {
        let span = table.span().unwrap_or_default();
        let implied = table.is_implicit() || table.is_dotted();
        if !implied {
            let start = text::line_start(self.text, span.start);
            self.state(start..text::line_end(self.text, span.start), Kind::Header);
        }
        Node {
            shape: Shape::Object(self.table(table)),
            form: if implied { Form::Implied } else { Form::Block },
            span,
        }
    }

    fn state(&mut self, lines: Range<usize>, kind: Kind<'a>) {
        self.found.push(Statement {
            path: self.path.clone(),
            lines,
            kind,
        });
    }
}

fn value_node<'a>(text: &'a str, value: &Value) -> Node<'a> {
    let span = value.span().unwrap_or_default();
    let shape = match value {
        Value::String(string) => Shape::Text {
            text: Cow::Owned(string.value().clone()),
        },
        Value::Boolean(value) => Shape::Bool(*value.value()),
        Value::Integer(_) | Value::Float(_) => Shape::Number(&text[span.clone()]),
        Value::Datetime(_) => Shape::Other(Cow::Borrowed(&text[span.clone()])),
        Value::Array(items) => {
            Shape::List(items.iter().map(|item| value_node(text, item)).collect())
        }
        Value::InlineTable(table) => Shape::Object(inline_members(text, table)),
    };
    let dotted = matches!(value, Value::InlineTable(table) if table.is_dotted());
    Node {
        span,
        form: if dotted { Form::Implied } else { Form::Inline },
        shape,
    }
}

fn inline_members<'a>(text: &'a str, table: &InlineTable) -> Vec<Member<'a>> {
    let members = table.iter().map(|(name, value)| Member {
        key: Cow::Owned(name.to_owned()),
        key_span: table.key(name).and_then(Key::span).unwrap_or_default(),
        value: value_node(text, value),
    });
    members.collect()
}
