//! Reading a file that somebody may be writing.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// A second and a third try, each a little later.
const PAUSES: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(5),
    Duration::from_millis(30),
];

/// What came of reading a file.
#[derive(Debug)]
pub enum ReadOutcome {
    Whole(Vec<u8>),
    /// It changed each time while it was read.
    Unstable,
    /// It is gone, or was replaced by something that is no file.
    Gone,
    Unreadable(io::Error),
}

/// The content of a file as it was at one moment. Never follows a link.
pub fn read_whole(path: &Path) -> ReadOutcome {
    read_with(path, &|| ())
}

/// `meanwhile` runs between reading and the second look: there a test can be the other writer.
fn read_with(path: &Path, meanwhile: &dyn Fn()) -> ReadOutcome {
    for pause in PAUSES {
        thread::sleep(pause);
        match attempt(path, meanwhile) {
            Ok(Some(bytes)) => return ReadOutcome::Whole(bytes),
            Ok(None) => {}
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return ReadOutcome::Gone,
            Err(fault) if fault.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return ReadOutcome::Gone;
            }
            Err(fault) => return ReadOutcome::Unreadable(fault),
        }
    }
    ReadOutcome::Unstable
}

fn attempt(path: &Path, meanwhile: &dyn Fn()) -> io::Result<Option<Vec<u8>>> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(i32::try_from(flags.bits()).unwrap_or(0))
        .open(path)?;
    let before = seen(&file)?;
    let mut bytes = Vec::with_capacity(usize::try_from(before.1).unwrap_or(0));
    file.read_to_end(&mut bytes)?;
    meanwhile();
    let whole = seen(&file)? == before && bytes.len() as u64 == before.1;
    Ok(whole.then_some(bytes))
}

fn seen(file: &File) -> io::Result<(u64, u64, i64, i64, i64)> {
    let meta = file.metadata()?;
    Ok((
        meta.ino(),
        meta.len(),
        meta.mtime(),
        meta.mtime_nsec(),
        meta.ctime_nsec(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_not_followed() {
        let dir = tempfile::tempdir().expect("a temp dir");
        std::fs::write(dir.path().join("real"), b"secret").expect("written");
        std::os::unix::fs::symlink(dir.path().join("real"), dir.path().join("link"))
            .expect("linked");
        assert!(matches!(
            read_whole(&dir.path().join("link")),
            ReadOutcome::Gone
        ));
        assert!(
            matches!(read_whole(&dir.path().join("real")), ReadOutcome::Whole(bytes) if bytes == b"secret")
        );
        assert!(matches!(
            read_whole(&dir.path().join("none")),
            ReadOutcome::Gone
        ));
    }

    #[test]
    fn a_file_that_never_rests_is_unstable_and_one_that_comes_to_rest_is_whole() {
        use std::cell::Cell;
        use std::io::Write;
        let dir = tempfile::tempdir().expect("a temp dir");
        let path = dir.path().join("log");
        let append = || {
            let mut file = OpenOptions::new()
                .append(true)
                .create(true)
                .open(&path)
                .expect("opened");
            file.write_all(b"x").expect("appended");
        };
        append();
        assert!(matches!(read_with(&path, &append), ReadOutcome::Unstable));
        let left = Cell::new(2);
        let twice = || {
            if left.get() > 0 {
                left.set(left.get() - 1);
                append();
            }
        };
        assert!(matches!(read_with(&path, &twice), ReadOutcome::Whole(bytes) if bytes.len() == 6));
    }
}
