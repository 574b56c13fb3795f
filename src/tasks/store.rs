//! The store as a file: opened, made ready, read, and changed one transaction at a time.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use rustix::fs::{Access, access};

use crate::base::{BaseError, Edges, Holder, HostPath};

use super::change::Change;
use super::content::ThreeWay;
use super::file::{copy, has_its_log, make_private, refuse_directory};
use super::schema::ready;
use super::{Reading, TasksError};

/// Whoever writes is through in a few milliseconds; a hundred at once wait for each other.
const PATIENCE: Duration = Duration::from_mins(1);

/// So much of the store may be in memory, in the unit of SQLite: some 24 MB.
const CACHE: i64 = -24_000;

/// The task list of this machine. Whoever closes it last leaves one file: somebody who copies it away, and
/// puts it back some day, has all of it, and no log of another time lies beside it.
pub struct Store {
    pub(super) db: Connection,
    three_way: ThreeWay,
}

impl Store {
    /// Opens the store, and makes one where there is none.
    pub fn open(file: &HostPath, holder: &Holder) -> Result<Self, TasksError> {
        let path = file.as_path();
        refuse_directory(path)?;
        has_its_log(path)?;
        make_private(path)?;
        Self::open_at(path, holder)
    }

    /// The store, if there is one.
    pub fn open_existing(file: &HostPath, holder: &Holder) -> Result<Option<Self>, TasksError> {
        let path = file.as_path();
        refuse_directory(path)?;
        has_its_log(path)?;
        let is_there = path.try_exists().map_err(BaseError::io("look at", path))?;
        if !is_there {
            return Ok(None);
        }
        Self::open_at(path, holder).map(Some)
    }

    fn open_at(path: &Path, holder: &Holder) -> Result<Self, TasksError> {
        // SQLite would not say of which file that is.
        let is_open = access(path, Access::READ_OK | Access::WRITE_OK);
        is_open.map_err(|fault| BaseError::io("open", path)(fault.into()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(PATIENCE)?;
        db.set_prepared_statement_cache_capacity(64);
        // A command that is through survives a power cut.
        db.pragma_update(None, "synchronous", "FULL")?;
        // Of ten thousand tasks all pages that change are held, and written once.
        db.pragma_update(None, "cache_size", CACHE)?;
        // A statement with a value in it is not planned again for every value.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        ready(&mut db, path, holder)?;
        Ok(Self {
            db,
            three_way: |_, _, _| None,
        })
    }

    /// Long texts that several changed at once are merged by this.
    #[must_use]
    pub fn merging(self, three_way: ThreeWay) -> Self {
        Self { three_way, ..self }
    }

    /// Looks things up, as they were at one moment.
    pub fn reading(&self) -> Reading<'_> {
        Reading::of(&self.db)
    }

    /// An exact copy of it, as it is at one moment.
    pub fn copy_to(&self, file: &Path) -> Result<(), TasksError> {
        copy(&self.db, file)
    }

    /// The same in another file, for somebody who tries something: it need not survive a crash.
    pub(super) fn copied(&self, file: &HostPath, holder: &Holder) -> Result<Self, TasksError> {
        self.copy_to(file.as_path())?;
        let copy = Self::open_at(file.as_path(), holder)?;
        copy.db.pragma_update(None, "synchronous", "OFF")?;
        Ok(copy.merging(self.three_way))
    }

    /// Changes the store: all of it, or where something fails nothing.
    pub fn change<T, E: From<TasksError>>(
        &mut self,
        edges: &Edges,
        change: impl FnOnce(&mut Change<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let begun = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate);
        let mut it = Change::begin(begun.map_err(TasksError::from)?, edges, self.three_way)?;
        let answer = change(&mut it)?;
        it.commit()?;
        Ok(answer)
    }

    /// Makes everything that is made of the log of it again.
    pub fn rebuild(&mut self, edges: &Edges) -> Result<(), TasksError> {
        self.change(edges, |change: &mut Change<'_>| change.rebuild())
    }
}
