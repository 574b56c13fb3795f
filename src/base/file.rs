//! Careful file work: temp file, fsync, rename; private by default.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use super::{BaseError, seams};

/// Every temp file of ours begins like this, so that a later run knows it and clears it away.
pub const TEMP_PREFIX: &str = ".holdall-tmp-";

/// A temp file that may hold the only copy of something begins like this: no sweep deletes it.
pub const TAKEN_PREFIX: &str = ".holdall-tmp-taken-";

/// Whether a name is one that [`write_atomic`] or the restore gives to unfinished files.
#[must_use]
pub fn is_temp_name(name: &[u8]) -> bool {
    name.starts_with(TEMP_PREFIX.as_bytes())
}

/// Whether a name is one that a sweep leaves alone.
#[must_use]
pub fn is_taken_name(name: &[u8]) -> bool {
    name.starts_with(TAKEN_PREFIX.as_bytes())
}

/// Makes a directory and its parents, readable by nobody else.
pub fn create_private_dir(path: &Path) -> Result<(), BaseError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(BaseError::io("create the directory", path))
}

/// Replaces a file in one step, mode 0600: after a crash there is the old content or the new.
/// A symbolic link at the path is written through, because people link their config files.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), BaseError> {
    let resolved = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let dir = resolved.parent().unwrap_or_else(|| Path::new("/"));
    replace(&resolved, dir, bytes, true)?;
    sync_dir(dir)
}

/// The same without waiting for the disk: after a power cut it may be damaged or gone. For what is
/// checked when it is read, and can be made again.
pub fn write_passing(path: &Path, bytes: &[u8]) -> Result<(), BaseError> {
    let dir = path.parent().unwrap_or_else(|| Path::new("/"));
    replace(path, dir, bytes, false)
}

fn replace(path: &Path, dir: &Path, bytes: &[u8], durable: bool) -> Result<(), BaseError> {
    create_private_dir(dir)?;
    seams::step().map_err(BaseError::io("create a file in", dir))?;
    let mut temp = tempfile::Builder::new()
        .prefix(TEMP_PREFIX)
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(dir)
        .map_err(BaseError::io("create a file in", dir))?;
    temp.write_all(bytes)
        .and_then(|()| {
            if durable {
                temp.as_file().sync_all()
            } else {
                Ok(())
            }
        })
        .map_err(BaseError::io("write", path))?;
    let alive = seams::step();
    temp.disable_cleanup(seams::is_dead());
    alive.map_err(BaseError::io("replace", path))?;
    temp.persist(path)
        .map_err(|fault| BaseError::io("replace", path)(fault.error))?;
    Ok(())
}

/// Makes the names in a directory durable.
pub fn sync_dir(dir: &Path) -> Result<(), BaseError> {
    File::open(dir)
        .and_then(|handle| handle.sync_all())
        .map_err(BaseError::io("sync the directory", dir))
}

/// The content of a file, or nothing where there is none.
pub fn read_if_there(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, BaseError> {
    match read_limited(path, limit) {
        Err(BaseError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// The content of a file that should not be longer than `limit`.
pub fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, BaseError> {
    let file = File::open(path).map_err(BaseError::io("open", path))?;
    let size = file
        .metadata()
        .map_err(BaseError::io("look at", path))?
        .len();
    if size > limit {
        return Err(BaseError::TooLarge {
            path: path.to_owned(),
            size,
            limit,
        });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(BaseError::io("read", path))?;
    // A pipe says no size.
    let size = bytes.len() as u64;
    if size > limit {
        return Err(BaseError::TooLarge {
            path: path.to_owned(),
            size,
            limit,
        });
    }
    Ok(bytes)
}

/// Deletes the temp files and directories that a killed run left in one directory; says how many.
pub fn sweep_temp_files(dir: &Path) -> Result<usize, BaseError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(0),
        Err(fault) => return Err(BaseError::io("list", dir)(fault)),
    };
    let mut swept = 0;
    for entry in entries {
        let entry = entry.map_err(BaseError::io("list", dir))?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if is_temp_name(name) && !is_taken_name(name) {
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let remove = if is_dir {
                fs::remove_dir_all
            } else {
                fs::remove_file
            };
            let path = entry.path();
            let removed = seams::step().and_then(|()| remove(&path));
            removed.map_err(BaseError::io("delete", &path))?;
            swept += 1;
        }
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_is_private_and_leaves_no_temp_file() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let path = dir.path().join("sub/record.json");
        write_atomic(&path, b"one").expect("written");
        write_atomic(&path, b"two").expect("written again");
        assert_eq!(fs::read(&path).expect("read"), b"two");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            fs::read_dir(dir.path().join("sub"))
                .expect("listed")
                .count(),
            1
        );
    }

    #[test]
    fn a_link_to_a_file_stays_a_link() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let real = dir.path().join("real");
        let link = dir.path().join("link");
        fs::write(&real, b"old").expect("written");
        std::os::unix::fs::symlink(&real, &link).expect("linked");
        write_atomic(&link, b"new").expect("written");
        assert_eq!(fs::read(&real).expect("read"), b"new");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
    }

    #[test]
    fn a_sweep_leaves_what_may_be_the_only_copy() {
        let dir = tempfile::tempdir().expect("a temp dir");
        for name in [".holdall-tmp-1", ".holdall-tmp-taken-1-x", "x"] {
            fs::write(dir.path().join(name), name).expect("written");
        }
        assert_eq!(sweep_temp_files(dir.path()).expect("swept"), 1);
        assert!(dir.path().join(".holdall-tmp-taken-1-x").exists());
    }

    #[test]
    fn what_is_too_long_is_not_read() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let path = dir.path().join("big");
        fs::write(&path, [0; 100]).expect("written");
        assert!(matches!(
            read_limited(&path, 99),
            Err(BaseError::TooLarge { .. })
        ));
        assert_eq!(
            read_if_there(&dir.path().join("none"), 9).expect("no error"),
            None
        );
    }
}
