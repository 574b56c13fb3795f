//! A document as values.

use std::borrow::Cow;

use toml_edit::{Document, InlineTable, Item, Key, Table, Value};

use crate::doc::dialect::Outline;
use crate::doc::tree::{Form, Member, Node, Shape};
use crate::doc::{DocError, text};

pub(super) fn read(text: &str) -> Result<Outline<'_>, DocError> {
    let doc = Document::parse(text).map_err(|fault| DocError::Toml {
        at: text::position(text, fault.span().map_or(0, |span| span.start)),
        what: fault.message().replace('\n', ", "),
    })?;
    let root = Node {
        span: 0..text.len(),
        form: Form::Block,
        shape: Shape::Object(table_members(text, doc.as_table())),
    };
    Ok(Outline { text, root })
}

/// As deep as the document is nested, which the parser limits.
fn table_members<'a>(text: &'a str, table: &Table) -> Vec<Member<'a>> {
    let members = table.iter().filter_map(|(name, item)| {
        Some(Member {
            key: Cow::Owned(name.to_owned()),
            key_span: table.key(name).and_then(Key::span).unwrap_or_default(),
            value: item_node(text, item)?,
        })
    });
    members.collect()
}

fn item_node<'a>(text: &'a str, item: &Item) -> Option<Node<'a>> {
    Some(match item {
        Item::None => return None,
        Item::Table(table) => table_node(text, table),
        Item::ArrayOfTables(tables) => Node {
            shape: Shape::List(tables.iter().map(|table| table_node(text, table)).collect()),
            span: tables.span().unwrap_or_default(),
            form: Form::Block,
        },
        Item::Value(value) => value_node(text, value),
    })
}

fn table_node<'a>(text: &'a str, table: &Table) -> Node<'a> {
    let is_implied = table.is_implicit() || table.is_dotted();
    Node {
        span: table.span().unwrap_or_default(),
        form: if is_implied {
            Form::Implied
        } else {
            Form::Block
        },
        shape: Shape::Object(table_members(text, table)),
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
