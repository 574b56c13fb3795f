//! Other programs' databases: a copy of one as it was at one moment, whoever is writing it.
//!
//! *In*: the path of an SQLite database, and of a file for the copy. *Out*: the copy, whole and by
//! itself. *Never*: change what is copied, or wait long for its writer.

mod error;

use std::thread;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::base::HostPath;

pub use error::DatabaseError;

/// A writer is waited for so often, each time a little.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// Copies a database into a file that is there and empty. Its writers may go on meanwhile.
pub fn copy(from: &HostPath, to: &HostPath) -> Result<(), DatabaseError> {
    let fault = |path: &HostPath| {
        let path = path.clone();
        move |source| DatabaseError::Sqlite { path, source }
    };
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, read_only).map_err(fault(from))?;
    // What its program left to be moved into the database stays for that program.
    source
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map_err(fault(from))?;
    let read_write = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(to, read_write).map_err(fault(to))?;
    // The copy is read once and deleted: nothing of it need survive a crash.
    target
        .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
        .map_err(fault(to))?;
    let backup = Backup::new(&source, &mut target).map_err(fault(from))?;
    for _ in 0..TRIES {
        // All pages in one step: between two a writer would have it begin again.
        match backup.step(-1).map_err(fault(from))? {
            StepResult::Done => return Ok(()),
            _ => thread::sleep(PAUSE),
        }
    }
    Err(DatabaseError::Busy { path: from.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn open(path: &Path) -> Connection {
        Connection::open(path).expect("opened")
    }

    fn path(dir: &tempfile::TempDir, name: &str) -> HostPath {
        HostPath::new(dir.path().join(name)).expect("absolute")
    }

    fn copied(dir: &tempfile::TempDir) -> Vec<u8> {
        let to = tempfile::NamedTempFile::new_in(dir).expect("made");
        let to = HostPath::new(to.path()).expect("absolute");
        copy(&path(dir, "x.db"), &to).expect("copied");
        fs::read(to.as_path()).expect("readable")
    }

    fn count(bytes: &[u8]) -> i64 {
        let dir = tempfile::tempdir().expect("a temp dir");
        fs::write(dir.path().join("copy.db"), bytes).expect("written");
        let copy = open(&dir.path().join("copy.db"));
        copy.query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .expect("whole")
    }

    fn names(dir: &tempfile::TempDir) -> Vec<String> {
        let entries = fs::read_dir(dir).expect("listed").flatten();
        let mut names: Vec<_> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_copy_has_what_was_committed_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a temp dir");
        for mode in ["WAL", "DELETE"] {
            let writer = open(&dir.path().join("x.db"));
            let setup = format!(
                "PRAGMA journal_mode = {mode}; DROP TABLE IF EXISTS t; CREATE TABLE t (n);
                 INSERT INTO t VALUES (1); BEGIN; INSERT INTO t VALUES (2);"
            );
            writer.execute_batch(&setup).expect("written");
            let before = fs::read(dir.path().join("x.db")).expect("readable");
            let first = copied(&dir);
            assert_eq!(count(&first), 1, "{mode}");
            assert_eq!(first, copied(&dir), "the same state is the same bytes");
            assert_eq!(fs::read(dir.path().join("x.db")).expect("readable"), before);
            writer.execute_batch("COMMIT").expect("the writer goes on");
            assert_eq!(count(&copied(&dir)), 2, "{mode}");
        }
    }

    #[test]
    fn what_a_killed_program_left_is_copied_and_left_to_it() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let kept = {
            let writer = open(&dir.path().join("x.db"));
            let setup = "PRAGMA journal_mode = WAL; CREATE TABLE t (n); INSERT INTO t VALUES (1)";
            writer.execute_batch(setup).expect("written");
            ["x.db", "x.db-wal"].map(|name| (name, fs::read(dir.path().join(name)).expect("read")))
        };
        for (name, bytes) in &kept {
            fs::write(dir.path().join(name), bytes).expect("written");
        }
        assert_eq!(count(&copied(&dir)), 1);
        for (name, bytes) in &kept {
            assert_eq!(&fs::read(dir.path().join(name)).expect("read"), bytes);
        }
        assert!(!names(&dir).iter().any(|name| name.contains("tmp-")));
    }

    #[test]
    fn no_database_and_a_locked_one_are_faults() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let to = path(&dir, "to");
        fs::write(to.as_path(), "").expect("written");
        fs::write(
            dir.path().join("x.db"),
            "no database at all, but long enough",
        )
        .expect("written");
        assert!(matches!(
            copy(&path(&dir, "x.db"), &to),
            Err(DatabaseError::Sqlite { .. })
        ));
        fs::remove_file(dir.path().join("x.db")).expect("removed");
        let writer = open(&dir.path().join("x.db"));
        let setup = "CREATE TABLE t (n); BEGIN EXCLUSIVE; INSERT INTO t VALUES (1)";
        writer.execute_batch(setup).expect("written");
        let fault = copy(&path(&dir, "x.db"), &to).expect_err("it is locked");
        assert!(matches!(fault, DatabaseError::Busy { .. }), "{fault}");
    }
}
