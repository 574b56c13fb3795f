//! A file here and a directory there: no tree and no disk can hold both, so this machine's side is
//! filed, and stays where it is.

use std::collections::BTreeSet;

use crate::base::VaultPath;

use super::{InVault, OnDisk, Trio, Verdict};

/// Settles what no single path's verdict can see.
pub fn settle_clashes(decided: &mut [(Trio, Verdict)]) {
    file_clashes(decided);
    keep_clashes(decided);
}

/// Turns every `Put` that would need a file and a directory at one path into `File`. Whatever of the
/// vault stands in the way of a path differs from what this machine has there, so it is in the list.
fn file_clashes(decided: &mut [(Trio, Verdict)]) {
    let stays: BTreeSet<String> = decided
        .iter()
        .filter(|(trio, verdict)| trio.vault.is_some() && verdict.vault != InVault::Put(None))
        .map(|(trio, _)| trio.path.as_str().to_owned())
        .collect();
    for (trio, verdict) in decided {
        let puts = matches!(verdict.vault, InVault::Put(Some(_)));
        if puts && (trio.barred || is_blocked(&stays, &trio.path)) {
            verdict.vault = InVault::File;
            verdict.base_after_push = trio.base;
            verdict.remark = None;
        }
    }
}

/// Turns every `Write` that would need a file and a directory at one path of the disk, or of what is
/// agreed, into `Kept`.
fn keep_clashes(decided: &mut [(Trio, Verdict)]) {
    let stays = |(trio, verdict): &&(Trio, Verdict)| match verdict.disk {
        OnDisk::Write(_) => false,
        OnDisk::Delete => verdict.base_after_pull.is_some(),
        OnDisk::Leave | OnDisk::Kept => trio.local.is_some() || verdict.base_after_pull.is_some(),
    };
    let stays: BTreeSet<String> = decided
        .iter()
        .filter(stays)
        .map(|(trio, _)| trio.path.as_str().to_owned())
        .collect();
    for (trio, verdict) in decided {
        if matches!(verdict.disk, OnDisk::Write(_)) && is_blocked(&stays, &trio.path) {
            verdict.disk = OnDisk::Kept;
            verdict.base_after_pull = trio.base;
        }
    }
}

fn is_blocked(stays: &BTreeSet<String>, path: &VaultPath) -> bool {
    let below = format!("{path}/");
    let next = stays.range(below.clone()..).next();
    next.is_some_and(|path| path.starts_with(&below))
        || path.ancestors().any(|above| stays.contains(above.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::{Scope, decide};
    use super::*;
    use crate::base::{Kind, Leaf, ObjectId};
    use std::time::{Duration, Instant};

    fn decided(sides: &[(&str, [u8; 3])]) -> Vec<(Trio, Verdict)> {
        let leaf = |n: u8| {
            (n > 0).then(|| Leaf {
                kind: Kind::File,
                id: ObjectId::from_bytes([n; 20]),
            })
        };
        let one = |(path, sides): &(&str, [u8; 3])| {
            let trio = Trio {
                path: VaultPath::parse(path).expect("valid"),
                base: leaf(sides[0]),
                local: leaf(sides[1]),
                vault: leaf(sides[2]),
                barred: false,
            };
            let verdict = decide(&trio, Scope::Carried);
            (trio, verdict)
        };
        sides.iter().map(one).collect()
    }

    fn filed(sides: &[(&str, [u8; 3])]) -> Vec<String> {
        let mut decided = decided(sides);
        settle_clashes(&mut decided);
        let filed = decided
            .iter()
            .filter(|(_, verdict)| verdict.vault == InVault::File);
        filed.map(|(trio, _)| trio.path.to_string()).collect()
    }

    #[test]
    fn a_file_and_a_directory_at_one_path_are_a_conflict() {
        // Here a file; there a directory that came meanwhile, or one that changed.
        assert_eq!(filed(&[("x", [0, 1, 0]), ("x/y", [0, 0, 2])]), ["x"]);
        assert_eq!(
            filed(&[("x", [0, 1, 0]), ("x.y", [0, 0, 2]), ("x/y/z", [1, 0, 2])]),
            ["x"]
        );
        // Here a directory; there a file.
        assert_eq!(filed(&[("x", [0, 0, 2]), ("x/y/z", [0, 1, 0])]), ["x/y/z"]);
        assert_eq!(filed(&[("x", [1, 0, 2]), ("x/y", [0, 1, 0])]), ["x/y"]);
    }

    #[test]
    fn what_gives_way_blocks_nothing() {
        let none: [&str; 0] = [];
        assert_eq!(filed(&[("x", [0, 1, 0]), ("x/y", [1, 0, 1])]), none);
        assert_eq!(filed(&[("x", [1, 0, 1]), ("x/y", [0, 1, 0])]), none);
        assert_eq!(filed(&[("x", [0, 1, 0]), ("x.y", [0, 0, 2])]), none);
    }

    #[test]
    fn nothing_is_written_above_or_below_what_stays() {
        let kept = |sides: &[(&str, [u8; 3])]| -> Vec<String> {
            let mut decided = decided(sides);
            settle_clashes(&mut decided);
            let kept = decided.iter().filter(|(trio, verdict)| {
                verdict.disk == OnDisk::Kept && verdict.base_after_pull == trio.base
            });
            kept.map(|(trio, _)| trio.path.to_string()).collect()
        };
        // There a file; here what was below it is edited.
        assert_eq!(kept(&[("x", [0, 0, 3]), ("x/y", [1, 2, 0])]), ["x", "x/y"]);
        // There a directory; here the file is edited.
        assert_eq!(kept(&[("x", [1, 2, 0]), ("x/y", [0, 0, 3])]), ["x", "x/y"]);
        let none: [&str; 0] = [];
        assert_eq!(kept(&[("x", [0, 0, 3]), ("x/y", [1, 1, 0])]), none);
        assert_eq!(kept(&[("x", [1, 1, 0]), ("x/y", [0, 0, 3])]), none);
    }

    #[test]
    fn what_is_barred_is_filed() {
        let mut decided = decided(&[("x", [0, 1, 0])]);
        decided[0].0.barred = true;
        settle_clashes(&mut decided);
        assert_eq!(decided[0].1.vault, InVault::File);
    }

    #[test]
    fn the_look_costs_the_length_of_the_list_and_no_more() {
        let names: Vec<String> = (0..20_000).map(|n| format!("dir/f{n:06}")).collect();
        let sides: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), [1, 2, 1]))
            .collect();
        let mut decided = decided(&sides);
        let since = Instant::now();
        settle_clashes(&mut decided);
        assert!(since.elapsed() < Duration::from_secs(1));
    }
}
