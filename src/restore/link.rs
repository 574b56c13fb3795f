//! Whether a link that the vault brings stays inside the project.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::base::{PathFault, VaultPath};

use super::seen::{Disk, Reached, Spot, Standing};

/// The systems we know follow no more of them.
const MAX_LINKS: usize = 40;

/// Goes the way that the system would go from `names` to `target`. A way up after a name is refused,
/// however it ends: what stands under that name may become a link later. What is not there yet can
/// only become a link of the vault, which goes through here too, or one that the user makes.
pub fn leads_inside<D: Disk>(disk: &D, names: &[OsString], target: &[u8]) -> io::Result<bool> {
    let mut way = parts(target);
    let climbs_late = way
        .windows(2)
        .any(|pair| pair[0] != ".." && pair[1] == "..");
    if climbs_late || target.starts_with(b"/") {
        return Ok(false);
    }
    way.reverse();
    let mut at = names[..names.len().saturating_sub(1)].to_vec();
    let mut links = 0;
    while let Some(part) = way.pop() {
        if part == ".." {
            if at.pop().is_none() {
                return Ok(false);
            }
            continue;
        }
        if is_reserved(&part) {
            return Ok(false);
        }
        at.push(part);
        let Reached::Place(place) = disk.way_to(&at)? else {
            continue;
        };
        if place.standing_at(place.name())? == Standing::Link {
            let target = place.read_link(place.name())?;
            links += 1;
            if links > MAX_LINKS || target.starts_with(b"/") {
                return Ok(false);
            }
            at.pop();
            way.extend(parts(&target).into_iter().rev());
        }
    }
    Ok(true)
}

fn parts(target: &[u8]) -> Vec<OsString> {
    let parts = target.split(|byte| *byte == b'/');
    parts
        .filter(|part| !matches!(*part, b"" | b"."))
        .map(|part| OsString::from_vec(part.to_vec()))
        .collect()
}

/// What lies there is obeyed by git, so no link from elsewhere leads to it.
fn is_reserved(name: &OsString) -> bool {
    matches!(
        VaultPath::root().child(name.as_bytes()),
        Err(PathFault::Reserved { .. })
    )
}

#[cfg(test)]
mod tests {
    use super::super::place::Root;
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_stays_inside_also_by_way_of_other_links() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let project = dir.path().join("project");
        fs::create_dir_all(project.join("a/b")).expect("made");
        for (target, link) in [
            ("..", "a/up"),
            ("b", "a/down"),
            ("../..", "a/out"),
            ("/etc", "a/etc"),
            ("../.git", "a/git"),
            ("round", "a/round"),
        ] {
            symlink(target, project.join(link)).expect("linked");
        }
        let root = Root::open(&project).expect("open");
        for (target, inside) in [
            ("../sibling", true),
            ("./b//x", true),
            ("nothing/yet", true),
            ("..", true),
            ("up/a/down/x", true),
            ("", true),
            ("../..", false),
            ("/etc/passwd", false),
            ("up/../x", false),
            ("nothing/../x", false),
            ("../a/../../x", false),
            ("out", false),
            ("out/x", false),
            ("up/a/etc/passwd", false),
            ("../.git/config", false),
            ("../git~1/config", false),
            ("../.GIT", false),
            ("git/config", false),
            ("round", false),
        ] {
            let names = ["a", "link"].map(OsString::from);
            let answer = leads_inside(&root, &names, target.as_bytes()).expect("no fault");
            assert_eq!(answer, inside, "{target}");
        }
    }
}
