//! Why a database could not be copied.

use crate::base::HostPath;

#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("cannot copy the database {path}")]
    Sqlite {
        path: HostPath,
        #[source]
        source: rusqlite::Error,
    },
    #[error("{path} was locked all the time")]
    Busy { path: HostPath },
}
