//! What was written to undo something else.

use rusqlite::{Connection, OptionalExtension, params};

use crate::layout::OpId;

use super::TasksError;

/// What a deed is called that undoes others: it is taken back only where that is meant.
pub const UNDO: &str = "undo";
/// And what one is called that does again what was undone.
pub const REDO: &str = "redo";

/// Where an op stands in the log.
pub fn place(db: &Connection, id: OpId) -> Result<i64, TasksError> {
    let mut find = db.prepare_cached("SELECT n FROM op WHERE id = ?1")?;
    Ok(find.query_row([id.as_bytes()], |row| row.get(0))?)
}

/// Whether what stands there was written by this machine to undo something.
pub fn is_undo(db: &Connection, place: i64) -> Result<bool, TasksError> {
    is_of(db, place, &[UNDO])
}

/// Whether this machine wrote an op to undo something, or to do it again: it brings nothing new.
pub fn is_put_back(db: &Connection, id: OpId) -> Result<bool, TasksError> {
    is_of(db, place(db, id)?, &[UNDO, REDO])
}

fn is_of(db: &Connection, place: i64, names: &[&str]) -> Result<bool, TasksError> {
    let mut find = db.prepare_cached("SELECT what FROM deed WHERE ?1 BETWEEN first AND last")?;
    let what: Option<String> = find
        .query_row(params![place], |row| row.get(0))
        .optional()?;
    Ok(what.is_some_and(|what| names.contains(&what.as_str())))
}
