//! What a path of the vault is called on this disk.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::base::{VaultPath, escape_name};
use crate::layout::decode_name;

use super::agreed::Notes;

/// The names on this disk. A note may give back only what escaping took away: it cannot rename.
pub fn real_names(path: &VaultPath, notes: &Notes) -> Option<Vec<OsString>> {
    let mut at = VaultPath::root();
    let mut names = Vec::new();
    for name in path.names() {
        at = at.child(name.as_bytes()).ok()?;
        let real = match notes.get(&at).and_then(|note| note.name.as_deref()) {
            None => name.as_bytes().to_vec(),
            Some(text) => {
                let real = decode_name(text).ok()?;
                let is_top = names.is_empty();
                let honest = escape_name(&real) == name && is_harmless(&real, is_top);
                honest.then_some(real)?
            }
        };
        names.push(OsString::from_vec(real));
    }
    Some(names)
}

/// Whether no disk and no git takes a name that was escaped for `.git`, where git would obey what a
/// stranger puts there. Git reads a `.gitmodules` at the top of a checkout alone.
fn is_harmless(real: &[u8], is_top: bool) -> bool {
    (real == b".gitmodules" && !is_top) || std::str::from_utf8(real).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::PathNote;

    #[test]
    fn a_note_gives_a_name_back_and_cannot_make_one_up() {
        let path = VaultPath::parse(".aigon/caf%E9/x").expect("valid");
        let noted = |at: &str, name: &str| {
            let note = PathNote {
                name: Some(name.to_owned()),
                ..PathNote::default()
            };
            Notes::from([(VaultPath::parse(at).expect("valid"), note)])
        };
        let names = real_names(&path, &noted(".aigon/caf%E9", "caf%E9")).expect("an honest note");
        assert_eq!(names[1], OsString::from_vec(b"caf\xe9".to_vec()));
        assert_eq!(real_names(&path, &noted(".aigon/caf%E9", "..")), None);
        assert_eq!(real_names(&path, &noted(".aigon/caf%E9", "other")), None);
        for (path, name) in [
            ("%2Egit", ".git"),
            ("%2Egit ", ".git "),
            ("%47IT~1", "GIT~1"),
        ] {
            let git = VaultPath::parse(&format!("{path}/hooks")).expect("valid");
            assert_eq!(real_names(&git, &noted(path, name)), None);
        }
        let modules = VaultPath::parse(".aigon/%2Egitmodules").expect("valid");
        let names = real_names(&modules, &noted(modules.as_str(), ".gitmodules"));
        assert_eq!(names.expect("a harmless name")[1], ".gitmodules");
        assert_eq!(
            real_names(&path, &Notes::new()).expect("no note")[1],
            "caf%E9"
        );
    }
}
