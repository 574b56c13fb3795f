//! Short names of what somebody saw: the beginning of an op's id.

use rusqlite::{Connection, OptionalExtension, params};

use crate::layout::OpId;

use super::TasksError;

/// So many digits of an id are enough among the ops on one thing.
const DIGITS: usize = 8;
/// And so many an id has.
const ID: usize = 32;

#[must_use]
pub fn token(id: OpId) -> String {
    let mut text = id.to_string();
    text.truncate(DIGITS);
    text
}

/// The token of a thing as it is now.
pub fn of_thing(db: &Connection, thing: i64) -> Result<String, TasksError> {
    let mut find = db.prepare_cached(
        "SELECT id FROM op WHERE thing = ?1 AND state = 0 ORDER BY n DESC LIMIT 1",
    )?;
    let id = find.query_row([thing], |row| row.get(0)).optional()?;
    Ok(token(OpId::from_bytes(id.unwrap_or_default())))
}

/// The things that an op with this token is about, each with where that op stands in the log.
pub fn things(db: &Connection, wanted: &str) -> Result<Vec<(i64, i64)>, TasksError> {
    let end = |digit: &str| {
        let rest = digit.repeat(ID.saturating_sub(wanted.len()));
        OpId::parse(&format!("{}{rest}", wanted.to_ascii_lowercase()))
    };
    let (Some(first), Some(last), true) = (end("0"), end("f"), wanted.len() >= DIGITS) else {
        return Ok(Vec::new());
    };
    let mut find = db.prepare_cached(
        "SELECT thing, n FROM op WHERE id BETWEEN ?1 AND ?2 AND state = 0 AND thing IS NOT NULL",
    )?;
    let rows = find.query_map(params![first.as_bytes(), last.as_bytes()], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Up to where the log was read by whoever has this token.
pub fn place(db: &Connection, thing: i64, wanted: &str) -> Result<i64, TasksError> {
    let mut find = db.prepare_cached(
        "SELECT n FROM op WHERE thing = ?1 AND state = 0 AND substr(lower(hex(id)), 1, ?3) = ?2",
    )?;
    let length = i64::try_from(wanted.len()).unwrap_or(i64::MAX);
    let found = find.query_row(params![thing, wanted, length], |row| row.get(0));
    let no_token = || TasksError::NoToken {
        token: wanted.to_owned(),
    };
    if wanted.len() < DIGITS {
        return Err(no_token());
    }
    found.optional()?.ok_or_else(no_token)
}
