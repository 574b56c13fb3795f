//! What a state directory says about itself: its rules, and whether it is a cache or a repository.

use std::fs::File;
use std::io::Read;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::base::{HostPath, is_git_dir};

use super::SourceError;
use super::line::{MAX_RULES_FILE, RuleLine};

/// The file of rules at the top of a state directory. It is state like any other, and travels.
pub const RULES_FILE: &str = ".holdallignore";
/// The file by which programs mark a directory as a cache (<https://bford.info/cachedir/>).
pub(super) const CACHE_TAG: &str = "CACHEDIR.TAG";
const CACHE_SIGNATURE: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// The rules in a directory; none where there is no such file. `shown` is what faults call it.
pub fn rules_in(dir: &HostPath, shown: &str) -> Result<Vec<RuleLine>, SourceError> {
    let refused = |why| SourceError::NoRulesFile {
        file: shown.to_owned(),
        why,
    };
    let place = dir.join(RULES_FILE);
    let file = match open(&place) {
        Ok(file) => file,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Vec::new()),
        Err(Errno::LOOP) => return Err(refused("it is a link")),
        // Nobody knows whether there is such a file: its directory is closed.
        Err(fault) if place.as_path().symlink_metadata().is_err() => {
            return Err(SourceError::Io {
                path: dir.as_path().to_owned(),
                source: fault.into(),
            });
        }
        Err(_) => return Err(refused("it cannot be opened")),
    };
    if !file.metadata().is_ok_and(|seen| seen.is_file()) {
        return Err(refused("it is not a file"));
    }
    let mut bytes = Vec::new();
    let read = file.take(MAX_RULES_FILE + 1).read_to_end(&mut bytes);
    if read.map_err(|_| refused("it cannot be read"))? as u64 > MAX_RULES_FILE {
        return Err(refused("it is larger than 1 MiB"));
    }
    RuleLine::parse_file(&bytes, shown)
}

/// Whether a directory is marked as a cache: the tag says what the standard wants it to say.
#[must_use]
pub fn is_cache(dir: &HostPath) -> bool {
    let mut start = [0; CACHE_SIGNATURE.len()];
    open(&dir.join(CACHE_TAG)).is_ok_and(|mut file| {
        file.metadata().is_ok_and(|seen| seen.is_file())
            && file.read_exact(&mut start).is_ok()
            && start == CACHE_SIGNATURE
    })
}

/// Whether git would take a directory for a repository, bare or the part of one that a work tree has.
#[must_use]
pub fn is_repository(dir: &HostPath) -> bool {
    is_git_dir(|name| dir.join(name).as_path().symlink_metadata().is_ok())
}

/// Opens without following a link, and without waiting for whoever writes into a fifo.
fn open(path: &HostPath) -> Result<File, Errno> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open(path.as_path(), flags, Mode::empty()).map(File::from)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::source::Reason;

    fn place() -> (tempfile::TempDir, HostPath) {
        let dir = tempfile::tempdir().expect("a temp dir");
        let root = HostPath::new(dir.path()).expect("absolute");
        (dir, root)
    }

    fn write(root: &HostPath, name: &str, bytes: &[u8]) {
        std::fs::write(root.join(name), bytes).expect("written");
    }

    fn fault(root: &HostPath) -> String {
        let fault = rules_in(root, ".x/.holdallignore").expect_err("no rules");
        fault.to_string()
    }

    #[test]
    fn the_rules_of_a_directory_are_read_or_the_fault_is_named() {
        let (_dir, root) = place();
        assert!(rules_in(&root, "x").expect("none").is_empty());
        assert!(rules_in(&root.join("gone"), "x").expect("none").is_empty());
        write(&root, RULES_FILE, b"# mine\n*.bak\n!keep.bak\n");
        assert_eq!(rules_in(&root, "x").expect("two").len(), 2);
        assert!(
            rules_in(&root.join(RULES_FILE), "x")
                .expect("none")
                .is_empty()
        );
        write(&root, RULES_FILE, b"ok\nx :kep\n");
        assert!(fault(&root).starts_with(".x/.holdallignore, line 2"));
        let large = vec![b'#'; usize::try_from(MAX_RULES_FILE).expect("fits") + 1];
        write(&root, RULES_FILE, &large);
        assert!(fault(&root).contains("larger"));
    }

    #[test]
    fn what_is_no_plain_file_is_no_file_of_rules() {
        let (_dir, root) = place();
        write(&root, "other", b"*\n");
        symlink("other", root.join(RULES_FILE)).expect("linked");
        assert!(fault(&root).contains("it is a link"));
        std::fs::remove_file(root.join(RULES_FILE)).expect("deleted");
        std::fs::create_dir(root.join(RULES_FILE)).expect("made");
        assert!(fault(&root).contains("it is not a file"));
    }

    #[test]
    fn a_directory_that_cannot_be_looked_into_is_not_blamed_on_its_rules() {
        let (_dir, root) = place();
        // Root may look into everything but this.
        let fault = rules_in(&root.join("n".repeat(300)), "x").expect_err("no name");
        assert_eq!(fault.reason(), Reason::Unreadable);
        write(&root, RULES_FILE, b"x :kep\n");
        let fault = rules_in(&root, "x").expect_err("no rule");
        assert_eq!(fault.reason(), Reason::BadRules);
    }

    #[test]
    fn only_the_signature_makes_a_tag() {
        let (_dir, root) = place();
        assert!(!is_cache(&root));
        for (bytes, is_tag) in [
            (CACHE_SIGNATURE.to_vec(), true),
            ([CACHE_SIGNATURE, b"\n# more\n"].concat(), true),
            (
                b"Signature: 8a477f597d28d172789f06886806bc5".to_vec(),
                false,
            ),
            ([b" ", CACHE_SIGNATURE].concat(), false),
            (Vec::new(), false),
        ] {
            write(&root, CACHE_TAG, &bytes);
            assert_eq!(is_cache(&root), is_tag);
        }
        write(&root, "elsewhere", CACHE_SIGNATURE);
        std::fs::remove_file(root.join(CACHE_TAG)).expect("deleted");
        symlink("elsewhere", root.join(CACHE_TAG)).expect("linked");
        assert!(!is_cache(&root));
    }
}
