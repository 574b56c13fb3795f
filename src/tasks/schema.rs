//! The form of the task store, and how an older one becomes this one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use crate::base::{BaseError, FileLock, Holder, LockOutcome};

use super::{TasksError, file};

/// What makes each form out of the one before it. A form that was released never changes.
const STEPS: &[&str] = &[include_str!("schema/1.sql")];

/// How long a form in the making is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Brings a store to the form of this version. Nobody else does meanwhile.
pub fn ready(db: &mut Connection, path: &Path, holder: &Holder) -> Result<(), TasksError> {
    bring(db, path, holder, STEPS)
}

fn bring(
    db: &mut Connection,
    path: &Path,
    holder: &Holder,
    steps: &[&str],
) -> Result<(), TasksError> {
    let known = i64::try_from(steps.len()).expect("a handful");
    if form(db)? == known {
        return Ok(());
    }
    let _lock = take_lock(path, holder)?;
    let found = form(db)?;
    if found > known {
        return Err(TasksError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    if found == 0 {
        db.pragma_update(None, "journal_mode", "WAL")?;
    }
    for (step, number) in steps
        .iter()
        .zip(1_i64..)
        .skip(usize::try_from(found).unwrap_or(0))
    {
        if number > 1 {
            keep_copy(db, path, number - 1)?;
        }
        let change = db.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        change.execute_batch(step)?;
        change.pragma_update(None, "user_version", number)?;
        change.commit()?;
    }
    Ok(())
}

fn form(db: &Connection) -> Result<i64, TasksError> {
    Ok(db.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// What a step makes of a store can be wrong; what it was stays beside it.
fn keep_copy(db: &Connection, path: &Path, form: i64) -> Result<(), TasksError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".form-{form}"));
    let copy = PathBuf::from(&name);
    // A step that was killed left one: the store is as it was then.
    if copy.exists() {
        return Ok(());
    }
    name.push(".part");
    let part = PathBuf::from(name);
    fs::remove_file(&part).ok();
    file::copy(db, &part)?;
    Ok(fs::rename(&part, &copy).map_err(BaseError::io("make", &copy))?)
}

fn take_lock(path: &Path, holder: &Holder) -> Result<FileLock, TasksError> {
    match FileLock::beside(path, holder, PATIENCE)? {
        LockOutcome::Taken(lock) => Ok(lock),
        LockOutcome::Busy(_) => Err(TasksError::Busy {
            path: path.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::super::kit::holder;
    use super::*;

    const ONE: &str = "CREATE TABLE a (x); INSERT INTO a VALUES (1);";
    const TWO: &str = "ALTER TABLE a ADD COLUMN y; UPDATE a SET y = 2;";
    const BROKEN: &str = "ALTER TABLE a ADD COLUMN z; UPDATE nothing SET z = 3;";

    struct Place {
        dir: TempDir,
        db: Connection,
    }

    impl Place {
        fn new() -> Self {
            let dir = TempDir::new().expect("a temp dir");
            let db = Connection::open(dir.path().join("tasks.db")).expect("made");
            Self { dir, db }
        }

        fn bring(&mut self, steps: &[&str]) -> Result<(), TasksError> {
            let file = self.dir.path().join("tasks.db");
            bring(&mut self.db, &file, &holder(), steps)
        }

        /// The columns of the table in a file beside the store.
        fn columns(&self, name: &str) -> i64 {
            let db = Connection::open(self.dir.path().join(name)).expect("opened");
            let count = "SELECT count(*) FROM pragma_table_info('a')";
            db.query_row(count, [], |row| row.get(0)).expect("asked")
        }
    }

    #[test]
    fn each_step_is_done_once_and_what_was_before_it_stays() {
        let mut place = Place::new();
        place.bring(&[ONE]).expect("made");
        place.bring(&[ONE, TWO]).expect("brought");
        place.bring(&[ONE, TWO]).expect("nothing to do");
        assert_eq!(
            (place.columns("tasks.db"), place.columns("tasks.db.form-1")),
            (2, 1)
        );
        let copy = place.dir.path().join("tasks.db.form-1");
        let mode = copy.metadata().expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(
            place.bring(&[ONE]),
            Err(TasksError::Newer {
                found: 2,
                known: 1,
                ..
            })
        ));
    }

    #[test]
    fn a_step_that_fails_changes_nothing_and_is_done_by_the_next_version() {
        let mut place = Place::new();
        place.bring(&[ONE]).expect("made");
        // A copy that was killed half way is none.
        let part = place.dir.path().join("tasks.db.form-1.part");
        fs::write(&part, "half").expect("written");
        place.bring(&[ONE, BROKEN]).expect_err("broken");
        assert_eq!(
            (place.columns("tasks.db"), place.columns("tasks.db.form-1")),
            (1, 1)
        );
        assert!(!part.exists());
        place.bring(&[ONE, TWO]).expect("brought");
        assert_eq!(place.columns("tasks.db"), 2);
    }
}
