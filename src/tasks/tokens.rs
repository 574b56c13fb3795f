//! Short names of what somebody saw: the beginning of an op's id.

use rusqlite::{Connection, OptionalExtension, params};

use crate::layout::OpId;

use super::TasksError;

/// So many digits of an id are enough among the ops on one thing.
const DIGITS: usize = 8;

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
