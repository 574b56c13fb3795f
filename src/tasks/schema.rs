//! The form of the task store, and how an older one becomes this one.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use crate::base::{FileLock, Holder, LockOutcome};

use super::TasksError;

/// What makes each form out of the one before it. A form that was released never changes.
const STEPS: &[&str] = &[include_str!("schema/1.sql")];

/// How long a form in the making is waited for: about a minute.
const TRIES: u32 = 1200;
const PAUSE: Duration = Duration::from_millis(50);

fn known() -> i64 {
    i64::try_from(STEPS.len()).expect("a handful")
}

/// Brings a store to the form of this version. Nobody else does meanwhile.
pub fn ready(db: &mut Connection, path: &Path, holder: &Holder) -> Result<(), TasksError> {
    if form(db)? == known() {
        return Ok(());
    }
    let _lock = take_lock(path, holder)?;
    let found = form(db)?;
    if found > known() {
        return Err(TasksError::Newer {
            path: path.to_owned(),
            found,
            known: known(),
        });
    }
    if found == 0 {
        db.pragma_update(None, "journal_mode", "WAL")?;
    }
    for (step, number) in STEPS
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
    let copy = PathBuf::from(name);
    // A step that was killed left one: the store is as it was then.
    if copy.exists() {
        return Ok(());
    }
    let target = copy.to_string_lossy();
    db.execute("VACUUM INTO ?1", [&target])?;
    Ok(())
}

fn take_lock(path: &Path, holder: &Holder) -> Result<FileLock, TasksError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = PathBuf::from(name);
    for _ in 0..TRIES {
        if let LockOutcome::Taken(lock) = FileLock::try_take(&file, holder)? {
            return Ok(lock);
        }
        thread::sleep(PAUSE);
    }
    Err(TasksError::Busy {
        path: path.to_owned(),
    })
}
