//! From toml_edit's tree to a flat list of leaves.

use toml_edit::{Item, Key, TableLike, Value};

use crate::doc::text;

use super::{Standing, TomlLeaf, TomlValue};

pub(super) fn leaves(text: &str, root: &toml_edit::Table) -> Vec<TomlLeaf> {
    let mut reading = Reading {
        text,
        path: Vec::new(),
        found: Vec::new(),
    };
    reading.table(root, Standing::OwnLines);
    reading.found.sort_by_key(|leaf| leaf.key_start);
    reading.found
}

struct Reading<'t> {
    text: &'t str,
    path: Vec<Key>,
    found: Vec<TomlLeaf>,
}

impl Reading<'_> {
    /// As deep as the document is nested, which the parser limits.
    fn table(&mut self, table: &dyn TableLike, standing: Standing) {
        for (name, item) in table.iter() {
            let Some(key) = table.key(name) else {
                continue;
            };
            self.path.push(key.clone());
            match item {
                Item::Table(inner) => self.table(inner, standing),
                Item::Value(Value::InlineTable(inner)) if !inner.is_empty() => {
                    self.table(inner, Standing::InsideAValue);
                }
                Item::Value(value) => self.leaf(item, read(value), standing),
                Item::ArrayOfTables(_) => {
                    let value = TomlValue::Other("a list of tables");
                    self.leaf(item, value, Standing::ListOfTables);
                }
                Item::None => {}
            }
            self.path.pop();
        }
    }

    fn leaf(&mut self, item: &Item, value: TomlValue, in_line: Standing) {
        let parts: Vec<String> = self.path.iter().map(Key::to_string).collect();
        let value_span = item.span().unwrap_or_default();
        let key_span = self.path.last().and_then(Key::span);
        let key_start = key_span.map_or(value_span.start, |span| span.start);
        self.found.push(TomlLeaf {
            key: parts.join("."),
            value,
            at: text::position(self.text, key_start),
            item_lines: self.item_lines(item),
            path: self.path.iter().map(|key| key.get().to_owned()).collect(),
            key_start,
            value_span,
            in_line,
        });
    }
}

impl Reading<'_> {
    fn item_lines(&self, item: &Item) -> Vec<usize> {
        let items = item.as_array().into_iter().flatten();
        let start = |item: &Value| item.span().map_or(0, |span| span.start);
        items
            .map(|item| text::position(self.text, start(item)).line)
            .collect()
    }
}

fn read(value: &Value) -> TomlValue {
    match value {
        Value::String(text) => TomlValue::Text(text.value().clone()),
        Value::Integer(number) => TomlValue::Integer(*number.value()),
        Value::Float(number) => TomlValue::Float(*number.value()),
        Value::Boolean(value) => TomlValue::Bool(*value.value()),
        Value::Datetime(_) => TomlValue::Other("a date"),
        Value::Array(items) => TomlValue::List(items.iter().map(read).collect()),
        Value::InlineTable(_) => TomlValue::Other("a table"),
    }
}
