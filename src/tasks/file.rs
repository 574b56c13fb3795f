//! The files that a store lies in: nobody else's business.

use std::fs::{self, OpenOptions};
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

/// A directory in the place of a list is none, and SQLite would only say that it cannot open it.
pub fn refuse_directory(path: &Path) -> Result<(), TasksError> {
    if path.is_dir() {
        let said = format!("{} is a directory", path.display());
        return Err(TasksError::Broken { said });
    }
    Ok(())
}

/// SQLite begins anew where a database is empty, and deletes the log that lies beside it: that is what
/// is left of one.
pub fn has_its_log(path: &Path) -> Result<(), TasksError> {
    let length = |path: &Path| fs::metadata(path).map_or(0, |seen| seen.len());
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if length(path) == 0 && length(Path::new(&log)) > 0 {
        let said = "it is gone or empty, and its log is not".to_owned();
        return Err(TasksError::Broken { said });
    }
    Ok(())
}

/// An exact copy of a store, as it is at one moment.
pub fn copy(db: &Connection, to: &Path) -> Result<(), TasksError> {
    make_private(to)?;
    db.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    Ok(())
}
