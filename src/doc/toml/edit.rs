//! Changing one key. Where a statement has lines of its own the text is cut and spliced, so that
//! nothing else can move; toml_edit writes only what stands inside another value or a dotted key.

use std::ops::Range;

use toml_edit::{Array, Document, DocumentMut, InlineTable, Item, Key, Table, Value};

use crate::doc::DocError;
use crate::doc::text::{self, Edit};

use super::{Standing, TomlDoc, TomlValue};

/// The names in a dotted key.
pub(super) fn key_path(key: &str) -> Result<Vec<String>, DocError> {
    let keys = Key::parse(key).map_err(|_| DocError::BadKey {
        key: key.chars().take(80).collect(),
    })?;
    Ok(keys.iter().map(|key| key.get().to_owned()).collect())
}

/// Where a key that is not there yet belongs.
enum Home {
    /// Below this place, in a table with a header.
    After(usize),
    /// Under a new header at the end.
    NewTable,
    /// In an inline or dotted table, or at the root.
    Within,
}

impl TomlDoc {
    /// Gives a key a value. A comment beside the old value stays.
    pub fn set(&mut self, key: &str, value: &TomlValue) -> Result<(), DocError> {
        let path = key_path(key)?;
        let written = write(value)?;
        let leaf = self.leaf(&path);
        if let Some(leaf) = leaf.filter(|leaf| leaf.in_line != Standing::ListOfTables) {
            let span = leaf.value_span.clone();
            return self.splice(span, written.to_string());
        }
        let not_a_table = || DocError::NotATable {
            key: key.to_owned(),
        };
        let (name, parents) = path.split_last().ok_or_else(not_a_table)?;
        let line = format!("{} = {written}", Key::new(name));
        match self.home(parents, name).ok_or_else(not_a_table)? {
            Home::After(place) => self.insert_line(place, &line),
            Home::NewTable => self.append_table(parents, &line),
            Home::Within => self.rewrite(|doc| {
                let mut table: &mut dyn toml_edit::TableLike = doc.as_table_mut();
                for part in parents {
                    let item = table
                        .entry(part)
                        .or_insert_with(|| Item::Value(Value::InlineTable(InlineTable::new())));
                    table = item.as_table_like_mut().ok_or_else(not_a_table)?;
                }
                table.insert(name, Item::Value(written));
                Ok(())
            }),
        }
    }

    /// Takes a key away, with its line and the comment on it; comments above it stay. Says whether
    /// it was there.
    pub fn remove(&mut self, key: &str) -> Result<bool, DocError> {
        let path = key_path(key)?;
        let Some(leaf) = self.leaf(&path) else {
            return Ok(false);
        };
        if leaf.in_line == Standing::OwnLines {
            let start = self.text[..leaf.key_start]
                .rfind('\n')
                .map_or(0, |at| at + 1);
            let end = self.line_end(leaf.value_span.end);
            self.splice(start..end, String::new())?;
            return Ok(true);
        }
        self.rewrite(|doc| {
            let mut table: &mut dyn toml_edit::TableLike = doc.as_table_mut();
            let (name, parents) = path.split_last().expect("a leaf has a name");
            for part in parents {
                let inner = table.get_mut(part).and_then(Item::as_table_like_mut);
                table = inner.expect("a leaf has its tables above it");
            }
            table.remove(name);
            Ok(())
        })?;
        Ok(true)
    }

    fn home(&self, parents: &[String], name: &str) -> Option<Home> {
        if parents.is_empty() {
            return Some(Home::Within);
        }
        let doc = Document::parse(self.text.as_str()).expect("the text was parsed before");
        let mut table = doc.as_table();
        for part in parents {
            match table.get(part) {
                None if table.is_dotted() => return Some(Home::Within),
                None => return Some(Home::NewTable),
                Some(Item::Table(inner)) => table = inner,
                Some(Item::Value(Value::InlineTable(_))) => return Some(Home::Within),
                Some(_) => return None,
            }
        }
        if table.contains_key(name) {
            return None;
        }
        Some(if table.is_dotted() {
            Home::Within
        } else if table.is_implicit() {
            Home::NewTable
        } else {
            let header = table.span().map_or(0, |span| span.end);
            Home::After(last_end(table).unwrap_or(header))
        })
    }

    fn newline(&self) -> &'static str {
        if self.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }

    fn line_end(&self, from: usize) -> usize {
        let rest = &self.text[from..];
        rest.find('\n').map_or(self.text.len(), |at| from + at + 1)
    }

    fn insert_line(&mut self, after: usize, line: &str) -> Result<(), DocError> {
        let newline = self.newline();
        let at = self.line_end(after);
        let with = if self.text[..at].ends_with('\n') {
            format!("{line}{newline}")
        } else {
            format!("{newline}{line}{newline}")
        };
        self.splice(at..at, with)
    }

    fn append_table(&mut self, parents: &[String], line: &str) -> Result<(), DocError> {
        let newline = self.newline();
        let names: Vec<String> = parents.iter().map(|p| Key::new(p).to_string()).collect();
        let mut with = String::new();
        if !self.text.is_empty() {
            if !self.text.ends_with('\n') {
                with.push_str(newline);
            }
            with.push_str(newline);
        }
        let header = names.join(".");
        let with = format!("{with}[{header}]{newline}{line}{newline}");
        let end = self.text.len();
        self.splice(end..end, with)
    }

    fn splice(&mut self, span: Range<usize>, with: String) -> Result<(), DocError> {
        let text = text::apply(&self.text, vec![Edit { span, with }]);
        *self = Self::read(self.marked, text)?;
        Ok(())
    }

    fn rewrite(
        &mut self,
        change: impl FnOnce(&mut DocumentMut) -> Result<(), DocError>,
    ) -> Result<(), DocError> {
        let doc = Document::parse(self.text.clone()).expect("the text was parsed before");
        let mut doc = doc.into_mut();
        change(&mut doc)?;
        let mut text = doc.to_string();
        if self.newline() == "\r\n" {
            // toml_edit writes plain newlines.
            text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        }
        *self = Self::read(self.marked, text)?;
        Ok(())
    }
}

/// The end of the last value that belongs to a table itself, not to one with its own header.
fn last_end(table: &Table) -> Option<usize> {
    table
        .iter()
        .filter_map(|(_, item)| match item {
            Item::Value(value) => value.span().map(|span| span.end),
            Item::Table(inner) if inner.is_dotted() => last_end(inner),
            _ => None,
        })
        .max()
}

pub(super) fn write(value: &TomlValue) -> Result<Value, DocError> {
    Ok(match value {
        TomlValue::Text(text) => Value::from(text.as_str()),
        TomlValue::Integer(number) => Value::from(*number),
        TomlValue::Float(number) => Value::from(*number),
        TomlValue::Bool(value) => Value::from(*value),
        TomlValue::List(items) => {
            let items = items.iter().map(write).collect::<Result<Vec<_>, _>>()?;
            Value::Array(items.into_iter().collect::<Array>())
        }
        TomlValue::Other(name) => {
            return Err(DocError::BadKey {
                key: (*name).to_owned(),
            });
        }
    })
}
