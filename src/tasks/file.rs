//! The files that a store lies in: nobody else's business.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::Connection;

use crate::base::BaseError;

use super::TasksError;

/// Makes the file, if it is not there, for its owner alone; SQLite's own files beside it get the same mode.
pub fn make_private(path: &Path) -> Result<(), TasksError> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    options.open(path).map_err(BaseError::io("make", path))?;
    Ok(())
}

/// An exact copy of a store, as it is at one moment.
pub fn copy(db: &Connection, to: &Path) -> Result<(), TasksError> {
    make_private(to)?;
    db.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    Ok(())
}
