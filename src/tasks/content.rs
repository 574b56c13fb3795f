//! What values say: in an op, in a file of their own, or kept here because the gate let them not out.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;

use crate::oplog::{Act, Content, Op};

use super::TasksError;
use super::model::field;

/// Merges two texts that come from a third; nothing where that does not go.
pub type ThreeWay = fn(&str, &str, &str) -> Option<String>;

/// Names the value that the gate let not out.
pub const WITHHELD: &str = "withheld";

/// The name of the value that stays where it was written, if that is what an op says.
#[must_use]
pub fn fingerprint(content: &Content) -> Option<&str> {
    match content {
        Content::Plain(Value::Object(map)) => map.get(WITHHELD)?.as_str(),
        _ => None,
    }
}

/// A value as text. A long one that has not arrived is asked for again when it does.
pub fn text_of(
    db: &Connection,
    (thing, field): (i64, &str),
    content: &Content,
) -> Result<Option<String>, TasksError> {
    Ok(match content {
        Content::Plain(Value::Null) => None,
        Content::Plain(Value::String(text)) => Some(text.clone()),
        Content::Plain(Value::Object(map)) if map.contains_key(WITHHELD) => {
            let fingerprint = map[WITHHELD].as_str().unwrap_or_default();
            let own = withheld_here(db, (thing, field), content)?;
            Some(own.unwrap_or_else(|| format!("(withheld where it was written: {fingerprint})")))
        }
        Content::Plain(value) => Some(value.to_string()),
        Content::Text(name) => {
            if let Some(text) = at_hand(db, content)? {
                return Ok(Some(text));
            }
            db.prepare_cached("INSERT OR IGNORE INTO wanted VALUES (?1, ?2)")?
                .execute(params![name.as_str(), thing])?;
            Some("(a long text that has not arrived)".to_owned())
        }
    })
}

/// The text that stays on this machine, where that is what an op says and it was written here.
pub fn withheld_here(
    db: &Connection,
    (thing, field): (i64, &str),
    content: &Content,
) -> Result<Option<String>, TasksError> {
    let Some(fingerprint) = fingerprint(content) else {
        return Ok(None);
    };
    let mut find = db.prepare_cached(
        "SELECT value FROM withheld WHERE thing = ?1 AND field = ?2 AND fingerprint = ?3",
    )?;
    let own = find.query_row(params![thing, field, fingerprint], |row| row.get(0));
    Ok(own.optional()?)
}

/// A text that is here as it was written; nothing where it is none, or only told of.
pub fn at_hand(db: &Connection, content: &Content) -> Result<Option<String>, TasksError> {
    let name = match content {
        Content::Plain(value) => return Ok(value.as_str().map(str::to_owned)),
        Content::Text(name) => name,
    };
    let mut find = db.prepare_cached("SELECT bytes FROM text WHERE name = ?1")?;
    let bytes = find.query_row([name.as_str()], |row| row.get::<_, Vec<u8>>(0));
    let bytes = bytes.optional()?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// What an op does, in a word, and the field that it does it to.
#[must_use]
pub fn said(op: &Op) -> (&'static str, Option<&str>) {
    match &op.act {
        Act::New { .. } => ("new", Some(field::TITLE)),
        Act::Set { field, .. } => ("set", Some(field)),
        Act::Add { field, .. } => ("add", Some(field)),
        Act::Remove { field } => ("remove", Some(field)),
        Act::Delete => ("delete", None),
        Act::Undelete => ("undelete", None),
    }
}

/// What an op says a field is.
#[must_use]
pub fn content_of(op: &Op, wanted: &str) -> Option<Content> {
    match &op.act {
        Act::New { fields } => {
            let found = fields.iter().find(|(field, _)| field == wanted);
            found.map(|(_, value)| Content::Plain(value.clone()))
        }
        Act::Set { field, content } | Act::Add { field, content } if field == wanted => {
            Some(content.clone())
        }
        _ => None,
    }
}
