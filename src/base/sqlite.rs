//! What the files of an SQLite database look like from outside, to whoever does not open it.

/// How every database file begins.
const HEAD: &[u8] = b"SQLite format 3\0";
/// What SQLite puts beside a database while it is in use, or after a crash.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Whether this is the content of a database, or its beginning.
#[must_use]
pub fn is_database(bytes: &[u8]) -> bool {
    bytes.starts_with(HEAD)
}

/// The name of the database that a file of this name would lie beside.
#[must_use]
pub fn database_of(name: &[u8]) -> Option<&[u8]> {
    let endings = BESIDE.iter().map(|ending| ending.as_bytes());
    let mut owners = endings.filter_map(|ending| name.strip_suffix(ending));
    owners.next().filter(|owner| !owner.is_empty())
}

/// Whether a rollback journal that begins so is still to be used: one that is done with is empty, or
/// begins with zeros.
#[must_use]
pub fn is_hot_journal(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| *first != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_beside_a_database_names_it() {
        assert_eq!(database_of(b"a.db-wal"), Some(&b"a.db"[..]));
        assert_eq!(database_of(b"a.db-shm"), Some(&b"a.db"[..]));
        assert_eq!(database_of(b"a.db-journal"), Some(&b"a.db"[..]));
        assert_eq!(database_of(b"a.db"), None);
        assert_eq!(database_of(b"-wal"), None);
    }
}
