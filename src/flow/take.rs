//! Conflicts decided at once, for one side: `pull --take local|vault`.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::base::VaultPath;
use crate::merge::{InVault, OnDisk, Trio, Verdict, settle_clashes};

/// The side whose version stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// This disk's: the next push puts it at the path, and the vault's stays in the history.
    Local,
    /// The vault's: it comes onto this disk, and an undo brings the other one back.
    Vault,
}

/// A conflict that was decided.
#[derive(Clone, Debug, Serialize)]
pub struct TakenLine {
    pub path: VaultPath,
    pub take: Take,
}

impl Take {
    /// Decides what would be filed, and what that keeps from this disk. The version that this machine
    /// has filed is withdrawn by its next push, which finds nothing to file any more.
    pub fn decide(self, decided: &mut [(Trio, Verdict)]) -> Vec<TakenLine> {
        let is_conflict =
            |(trio, verdict): &&(Trio, Verdict)| verdict.vault == InVault::File && !trio.barred;
        let conflicts: BTreeSet<VaultPath> = decided
            .iter()
            .filter(is_conflict)
            .map(|(trio, _)| trio.path.clone())
            .collect();
        for (trio, verdict) in decided.iter_mut() {
            let is_behind = verdict.disk == OnDisk::Kept
                && verdict.vault == InVault::Keep
                && is_blocked(&conflicts, &trio.path);
            if conflicts.contains(&trio.path) || is_behind {
                self.settle(trio, verdict);
            }
        }
        settle_clashes(decided);
        let line = |path| TakenLine { path, take: self };
        conflicts.into_iter().map(line).collect()
    }

    /// Either way this disk has seen what the vault has there.
    fn settle(self, trio: &Trio, verdict: &mut Verdict) {
        verdict.vault = InVault::Keep;
        verdict.base_after_pull = trio.vault;
        verdict.disk = match (self, trio.vault) {
            (Self::Local, _) => OnDisk::Leave,
            (Self::Vault, Some(leaf)) => OnDisk::Write(leaf),
            (Self::Vault, None) => OnDisk::Delete,
        };
    }
}

/// Whether a file here stands where the vault has a directory, or the reverse.
fn is_blocked(conflicts: &BTreeSet<VaultPath>, path: &VaultPath) -> bool {
    let is_above = path.ancestors().any(|above| conflicts.contains(&above));
    is_above
        || conflicts
            .iter()
            .any(|at| at != path && at.tail(path).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Kind, Leaf, ObjectId};
    use crate::merge::{Scope, decide};

    fn decided(sides: &[(&str, [u8; 3])]) -> Vec<(Trio, Verdict)> {
        let leaf = |n: u8| {
            (n > 0).then(|| Leaf {
                kind: Kind::File,
                id: ObjectId::from_bytes([n; 20]),
            })
        };
        let one = |(path, [base, local, vault]): &(&str, [u8; 3])| {
            let trio = Trio {
                path: VaultPath::parse(path).expect("valid"),
                base: leaf(*base),
                local: leaf(*local),
                vault: leaf(*vault),
                barred: false,
            };
            let verdict = decide(&trio, Scope::Carried);
            (trio, verdict)
        };
        let mut decided: Vec<_> = sides.iter().map(one).collect();
        settle_clashes(&mut decided);
        decided
    }

    #[test]
    fn only_conflicts_are_decided() {
        for take in [Take::Local, Take::Vault] {
            let sides = [
                ("a", [1, 2, 3]),
                ("b", [1, 2, 1]),
                ("c", [1, 1, 2]),
                ("d", [1, 2, 0]),
            ];
            let (mut now, before) = (decided(&sides), decided(&sides));
            let taken = take.decide(&mut now);
            assert_eq!((taken.len(), taken[0].path.as_str()), (1, "a"));
            assert_eq!(now[1..], before[1..]);
            let verdict = now[0].1;
            assert_eq!(verdict.vault, InVault::Keep);
            assert_eq!(verdict.base_after_pull, now[0].0.vault);
            assert_eq!(verdict.disk == OnDisk::Leave, take == Take::Local);
        }
    }

    #[test]
    fn a_directory_in_the_place_of_a_file_is_taken_as_a_whole() {
        let sides = [("x", [1, 2, 0]), ("x/y", [0, 0, 3])];
        let mut vault = decided(&sides);
        Take::Vault.decide(&mut vault);
        assert_eq!(vault[0].1.disk, OnDisk::Delete);
        assert_eq!(Some(vault[1].1.disk), vault[1].0.vault.map(OnDisk::Write));
        let mut local = decided(&sides);
        Take::Local.decide(&mut local);
        for (trio, verdict) in local {
            assert_eq!(
                (verdict.disk, verdict.base_after_pull),
                (OnDisk::Leave, trio.vault)
            );
        }
    }
}
