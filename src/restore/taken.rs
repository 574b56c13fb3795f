//! What is taken out of its place until it is known to be what was expected.
//!
//! The last look at a file and the rename are two steps, and an edit may fall between them. So what a
//! rename brings out is looked at again. Meanwhile it stands under a name of its own kind, which no
//! sweep deletes, because it may be the only copy of that edit: either it goes back into its place,
//! or, where something else stands there by now, it stays beside it under a plain name.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use crate::base::{ObjectId, TAKEN_PREFIX};

use super::place::{Place, Root};
use super::seen::{Found, Hash, Reached, Spot};

const MAX_NAME: usize = 255;
const MARK: usize = 16;

/// Where a file stands while it is taken out.
pub fn taken_name(name: &OsStr, chance: u64) -> OsString {
    let mut taken = format!("{TAKEN_PREFIX}{chance:016x}-").into_bytes();
    let room = MAX_NAME - taken.len();
    taken.extend_from_slice(cut(name.as_bytes(), room));
    OsString::from_vec(taken)
}

/// The mark of a taken file and the name that it had, if that is still known whole.
fn had_name(taken: &OsStr) -> Option<(&str, &[u8], bool)> {
    let bytes = taken.as_bytes();
    let rest = bytes.strip_prefix(TAKEN_PREFIX.as_bytes())?;
    let (mark, name) = rest.split_at_checked(MARK)?;
    let name = name.strip_prefix(b"-").filter(|name| !name.is_empty())?;
    let mark = std::str::from_utf8(mark).ok()?;
    Some((mark, name, bytes.len() < MAX_NAME))
}

fn cut(name: &[u8], room: usize) -> &[u8] {
    &name[..name.len().min(room)]
}

impl Place {
    /// Puts a taken file back, or beside what stands in its place by now.
    pub fn give_back(&self, taken: &OsStr) -> io::Result<()> {
        if self.rename_new(taken, &self.name)? {
            return Ok(());
        }
        self.keep(taken)
    }

    /// Leaves a taken file beside the one that has its place.
    pub fn keep(&self, taken: &OsStr) -> io::Result<()> {
        let (mark, ..) = had_name(taken).ok_or(io::ErrorKind::InvalidInput)?;
        let ending = format!(".holdall-kept-{mark}");
        let mut kept = cut(self.name.as_bytes(), MAX_NAME - ending.len()).to_vec();
        kept.extend_from_slice(ending.as_bytes());
        self.rename_new(taken, OsStr::from_bytes(&kept)).map(drop)
    }
}

/// Ends what a killed run began with a file that it had taken out: one whose content is known goes,
/// any other one comes back.
pub fn settle_taken(
    path: &Path,
    hash: Hash<'_>,
    known: &dyn Fn(ObjectId) -> bool,
) -> io::Result<()> {
    let (Some(dir), Some(taken)) = (path.parent(), path.file_name()) else {
        return Ok(());
    };
    let Some((_, name, is_whole)) = had_name(taken) else {
        return Ok(());
    };
    let name = OsStr::from_bytes(name).to_owned();
    let Reached::Place(place) = Root::open(dir)?.reach(&[name], None)? else {
        return Ok(());
    };
    match place.look(taken, hash)? {
        Found::Leaf(leaf) if known(leaf.id) => place.unlink_beside(taken),
        Found::Leaf(..) if is_whole => place.give_back(taken)?,
        Found::Leaf(..) => place.keep(taken)?,
        Found::Nothing | Found::Other => {}
    }
    place.sync()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn listed(dir: &Path) -> Vec<(String, String)> {
        let entries = fs::read_dir(dir).expect("listed").flatten();
        let mut files: Vec<_> = entries
            .map(|entry| {
                let text = fs::read_to_string(entry.path()).expect("read");
                (entry.file_name().to_string_lossy().into_owned(), text)
            })
            .collect();
        files.sort();
        files
    }

    /// What a directory holds after a taken file `text` was settled beside `there`.
    fn settled(name: &str, text: &str, there: Option<&str>) -> Vec<(String, String)> {
        let dir = tempfile::tempdir().expect("a temp dir");
        let taken = dir.path().join(taken_name(name.as_ref(), 7));
        fs::write(&taken, text).expect("written");
        if let Some(there) = there {
            fs::write(dir.path().join(name), there).expect("written");
        }
        let name = |bytes: &[u8]| {
            let mut id = [0; 20];
            id.copy_from_slice(&blake3::hash(bytes).as_bytes()[..20]);
            ObjectId::from_bytes(id)
        };
        let hash = |from: &mut dyn io::Read, _| {
            let mut bytes = Vec::new();
            from.read_to_end(&mut bytes)?;
            Ok(name(&bytes))
        };
        settle_taken(&taken, &hash, &|id| id == name(b"known")).expect("settled");
        listed(dir.path())
    }

    fn files(list: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        list.iter().map(owned).collect()
    }

    #[test]
    fn an_edit_that_a_killed_run_had_in_hand_is_there_again() {
        assert_eq!(settled("x", "edit", None), files(&[("x", "edit")]));
        assert_eq!(
            settled("x", "edit", Some("new")),
            files(&[("x", "new"), ("x.holdall-kept-0000000000000007", "edit")])
        );
        let long = "n".repeat(255);
        let kept = settled(&long, "edit", None);
        assert_eq!((kept.len(), kept[0].1.as_str()), (1, "edit"));
        assert!(kept[0].0.contains(".holdall-kept-"), "its name was cut");
    }

    #[test]
    fn what_is_known_is_cleared_away() {
        assert_eq!(settled("x", "known", None), files(&[]));
        assert_eq!(settled("x", "known", Some("new")), files(&[("x", "new")]));
    }
}
