//! Adding to a file where it stands: a program that has it open goes on writing into the same file.

use std::io::{self, Read, Write};

use super::kept::{Fault, unread};
use super::place::Place;

/// So much is written at once.
const BLOCK: usize = 64 * 1024;

/// Adds what a content has beyond its first bytes to the end of the file. Where that fails, what was
/// added goes again.
pub fn append(place: &Place, content: &mut dyn Read, from: u64) -> Result<(), Fault> {
    let skipped = io::copy(&mut content.take(from), &mut io::sink()).map_err(unread)?;
    if skipped < from {
        return Err(unread(io::ErrorKind::UnexpectedEof.into()).into());
    }
    let mut file = place.open_end()?;
    let before = file.metadata()?.len();
    let mut added = 0;
    let mut all = || -> Result<(), Fault> {
        let mut block = vec![0; BLOCK];
        loop {
            let got = read(content, &mut block).map_err(unread)?;
            if got == 0 {
                return Ok(file.sync_all()?);
            }
            let mut rest = &block[..got];
            while !rest.is_empty() {
                let wrote = file.write(rest)?;
                if wrote == 0 {
                    return Err(io::Error::from(io::ErrorKind::WriteZero).into());
                }
                added += wrote as u64;
                rest = &rest[wrote..];
            }
        }
    };
    let done = all();
    // Not where another program wrote meanwhile: its lines stand behind ours.
    if done.is_err() && file.metadata().is_ok_and(|now| now.len() == before + added) {
        file.set_len(before).ok();
    }
    done
}

fn read(content: &mut dyn Read, block: &mut [u8]) -> io::Result<usize> {
    loop {
        match content.read(block) {
            Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs;
    use std::path::Path;

    use super::super::place::Root;
    use super::super::seen::Reached;
    use super::*;

    fn place(dir: &Path, name: &str) -> Place {
        let root = Root::open(dir).expect("open");
        match root.reach(&[OsString::from(name)], None) {
            Ok(Reached::Place(place)) => place,
            _ => unreachable!("it is there"),
        }
    }

    /// Gives some bytes, and then fails.
    struct Cut<'b>(&'b [u8]);

    impl Read for Cut<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            match self.0.read(into) {
                Ok(0) => Err(io::ErrorKind::InvalidData.into()),
                read => read,
            }
        }
    }

    #[test]
    fn what_is_new_comes_behind_what_is_there_in_the_same_file() {
        use std::os::unix::fs::MetadataExt;
        let dir = tempfile::tempdir().expect("a temp dir");
        let log = dir.path().join("log");
        fs::write(&log, "one\n").expect("written");
        let before = fs::metadata(&log).expect("there").ino();
        let place = place(dir.path(), "log");
        assert!(append(&place, &mut &b"one\ntwo\n"[..], 4).is_ok());
        assert_eq!(fs::read_to_string(&log).expect("there"), "one\ntwo\n");
        assert_eq!(fs::metadata(&log).expect("there").ino(), before);
    }

    #[test]
    fn what_could_not_be_added_whole_is_not_added() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let log = dir.path().join("log");
        fs::write(&log, "one\n").expect("written");
        let place = place(dir.path(), "log");
        assert!(append(&place, &mut Cut(b"one\ntwo"), 4).is_err());
        assert!(append(&place, &mut &b"one"[..], 4).is_err());
        assert_eq!(fs::read_to_string(&log).expect("there"), "one\n");
    }

    #[test]
    fn a_link_is_not_followed() {
        let dir = tempfile::tempdir().expect("a temp dir");
        fs::write(dir.path().join("other"), "one\n").expect("written");
        std::os::unix::fs::symlink("other", dir.path().join("log")).expect("made");
        let place = place(dir.path(), "log");
        assert!(append(&place, &mut &b"one\ntwo\n"[..], 4).is_err());
        let other = fs::read_to_string(dir.path().join("other"));
        assert_eq!(other.expect("there"), "one\n");
    }
}
