//! What was written to undo something else.

use rusqlite::{Connection, params};

use crate::layout::OpId;

use super::TasksError;

/// What a deed is called that undoes others: it is taken back only where that is meant.
pub const UNDO: &str = "undo";

/// Where an op stands in the log.
pub fn place(db: &Connection, id: OpId) -> Result<i64, TasksError> {
    let mut find = db.prepare_cached("SELECT n FROM op WHERE id = ?1")?;
    Ok(find.query_row([id.as_bytes()], |row| row.get(0))?)
}

/// Whether what stands there was written so by this machine.
pub fn is_undo(db: &Connection, place: i64) -> Result<bool, TasksError> {
    let mut find =
        db.prepare_cached("SELECT 1 FROM deed WHERE ?1 BETWEEN first AND last AND what = ?2")?;
    Ok(find.exists(params![place, UNDO])?)
}

/// The same of an op.
pub fn is_put_back(db: &Connection, id: OpId) -> Result<bool, TasksError> {
    is_undo(db, place(db, id)?)
}
