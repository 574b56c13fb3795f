//! Reading a file that somebody may be writing.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::base::{Intake, ObjectId, StoreError};

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
    /// It changed each time while it was read: what was read last.
    Unstable(Vec<u8>),
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
    let mut last = Vec::new();
    for pause in PAUSES {
        thread::sleep(pause);
        match attempt(path, meanwhile) {
            Ok((bytes, true)) => return ReadOutcome::Whole(bytes),
            Ok((bytes, false)) => last = bytes,
            Err(fault) if is_gone(&fault) => return ReadOutcome::Gone,
            Err(fault) => return ReadOutcome::Unreadable(fault),
        }
    }
    ReadOutcome::Unstable(last)
}

fn is_gone(fault: &io::Error) -> bool {
    fault.kind() == io::ErrorKind::NotFound
        || fault.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// Opens a file, and nothing that a link leads to or that would wait for somebody.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    OpenOptions::new()
        .read(true)
        .custom_flags(i32::try_from(flags.bits()).unwrap_or(0))
        .open(path)
}

/// What is in it, and whether it stayed the same meanwhile.
fn attempt(path: &Path, meanwhile: &dyn Fn()) -> io::Result<(Vec<u8>, bool)> {
    let mut file = open(path)?;
    let before = seen(&file)?;
    let mut bytes = Vec::with_capacity(usize::try_from(before.1).unwrap_or(0));
    file.read_to_end(&mut bytes)?;
    meanwhile();
    let whole = seen(&file)? == before && bytes.len() as u64 == before.1;
    Ok((bytes, whole))
}

/// What came of a file that goes into the store piece by piece.
#[derive(Debug)]
pub(super) enum StreamOutcome {
    Whole(ObjectId),
    /// A log without its last line, which is not ended yet.
    Torn(ObjectId),
    Unstable,
    Gone,
    Unreadable,
}

/// Where a file may end.
#[derive(Clone, Copy)]
pub(super) enum Ends {
    Anywhere,
    /// Behind a full line, where the last one is young or the file does not rest.
    Log {
        may_be_torn: bool,
    },
}

/// A large file, straight into the store. Of a log the full lines will do.
pub(super) fn read_stream(
    path: &Path,
    ends: Ends,
    sink: &mut dyn Intake,
) -> Result<StreamOutcome, StoreError> {
    for (attempt, pause) in PAUSES.into_iter().enumerate() {
        thread::sleep(pause);
        let is_log = match ends {
            Ends::Anywhere => false,
            Ends::Log { may_be_torn } => may_be_torn || attempt > 0,
        };
        let opened = open(path).and_then(|file| Ok((seen(&file)?, file)));
        let (before, mut file) = match opened {
            Ok(opened) => opened,
            Err(fault) if is_gone(&fault) => return Ok(StreamOutcome::Gone),
            Err(_) => return Ok(StreamOutcome::Unreadable),
        };
        let size = if is_log {
            match up_to_last_line(&mut file, before.1) {
                Ok(size) => size,
                Err(_) => return Ok(StreamOutcome::Unreadable),
            }
        } else {
            before.1
        };
        let stays = |file: &File| {
            seen(file)
                .is_ok_and(|now| now == before || (is_log && now.0 == before.0 && now.1 >= size))
        };
        match sink.put_stream(size, &mut file, &stays)? {
            Some(id) if size == before.1 => return Ok(StreamOutcome::Whole(id)),
            Some(id) => return Ok(StreamOutcome::Torn(id)),
            None => {}
        }
    }
    Ok(StreamOutcome::Unstable)
}

/// The length of all full lines. The file is back at its beginning afterwards.
fn up_to_last_line(file: &mut File, size: u64) -> io::Result<u64> {
    let mut end = size;
    let mut block = vec![0; 64 * 1024];
    let mut found = size;
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let length = usize::try_from(end - start).unwrap_or(0);
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut block[..length])?;
        if let Some(at) = block[..length].iter().rposition(|byte| *byte == b'\n') {
            found = start + at as u64 + 1;
            break;
        }
        end = start;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(found)
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
        assert!(matches!(
            read_with(&path, &append),
            ReadOutcome::Unstable(_)
        ));
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
