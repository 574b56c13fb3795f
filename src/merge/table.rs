//! The table: what happens to a path, in the vault and on this disk.

use crate::base::Leaf;
use crate::base::seams::{Rule, is_broken};

use super::Trio;

/// Whether a path is this machine's to speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Carried,
    /// Withheld or unreadable for now: counts as unchanged, and what was agreed stays agreed.
    Held,
    /// Left out by a rule, or tracked by the project's git: nothing was ever agreed about it.
    Out,
}

/// What becomes of the path in the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InVault {
    /// The vault's own version stays.
    Keep,
    /// This machine's version, or its deletion, goes in.
    Put(Option<Leaf>),
    /// Both changed: the vault's version stays, this machine's is filed beside it.
    File,
}

/// What becomes of the path on this disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDisk {
    Leave,
    Write(Leaf),
    Delete,
    /// The disk has something that the vault's version may not replace.
    Kept,
}

/// Something that a person would want to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Deleted here, changed elsewhere: the change lives.
    DeletedHereChangedThere,
    /// Changed here, deleted elsewhere: the change lives.
    ChangedHereDeletedThere,
    /// Changed here and elsewhere: the file has both changes.
    Merged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub vault: InVault,
    pub disk: OnDisk,
    /// What this disk was seen to hold, once a push is through.
    pub base_after_push: Option<Leaf>,
    /// The same, once a pull wrote what `disk` says.
    pub base_after_pull: Option<Leaf>,
    pub remark: Option<Remark>,
}

/// Decides one path. A base is never a merge result: it is what this disk was seen to hold.
#[must_use]
pub fn decide(trio: &Trio, scope: Scope) -> Verdict {
    let Trio {
        base, local, vault, ..
    } = *trio;
    let leave = |base: Option<Leaf>| Verdict {
        vault: InVault::Keep,
        disk: OnDisk::Leave,
        base_after_push: base,
        base_after_pull: base,
        remark: None,
    };
    match scope {
        Scope::Held if !is_broken(Rule::WithheldIsUnchanged) => return leave(base),
        Scope::Out if !is_broken(Rule::RuleIsNoDeletion) => return leave(None),
        Scope::Carried | Scope::Held | Scope::Out => {}
    }
    if local == vault {
        return leave(local);
    }
    if local == base {
        return take_vault(base, vault, None);
    }
    if vault == base {
        return Verdict {
            vault: InVault::Put(local),
            base_after_push: local,
            ..leave(base)
        };
    }
    match (local, vault) {
        // Deleted here, changed there: the vault's version comes back.
        (None, Some(_)) => take_vault(base, vault, Some(Remark::DeletedHereChangedThere)),
        // Changed here, deleted there: this machine's version goes back in.
        (Some(_), None) => Verdict {
            vault: InVault::Put(local),
            base_after_push: local,
            disk: OnDisk::Kept,
            remark: Some(Remark::ChangedHereDeletedThere),
            ..leave(base)
        },
        _ if is_broken(Rule::LastDoesNotWin) => Verdict {
            vault: InVault::Put(local),
            base_after_push: local,
            ..leave(base)
        },
        _ => Verdict {
            vault: InVault::File,
            disk: OnDisk::Kept,
            ..leave(if is_broken(Rule::ConflictKeepsBase) {
                local
            } else {
                base
            })
        },
    }
}

/// Both changed, and this has both changes.
#[must_use]
pub fn merged(trio: &Trio, leaf: Leaf) -> Verdict {
    let (in_vault, on_disk) = (trio.vault == Some(leaf), trio.local == Some(leaf));
    Verdict {
        vault: if in_vault {
            InVault::Keep
        } else {
            InVault::Put(Some(leaf))
        },
        disk: if on_disk {
            OnDisk::Leave
        } else {
            OnDisk::Write(leaf)
        },
        base_after_push: if is_broken(Rule::BaseIsNoMerge) {
            Some(leaf)
        } else {
            trio.local
        },
        base_after_pull: trio.vault,
        remark: (!in_vault && !on_disk).then_some(Remark::Merged),
    }
}

/// The disk is as agreed and the vault is not: the vault's version is the newer one.
fn take_vault(base: Option<Leaf>, vault: Option<Leaf>, remark: Option<Remark>) -> Verdict {
    // With a remark the file was deleted here; a push saw it gone, and says so.
    let seen = if remark.is_some() { None } else { base };
    let seen = if is_broken(Rule::BaseIsTheDisk) {
        vault
    } else {
        seen
    };
    Verdict {
        vault: InVault::Keep,
        disk: vault.map_or(OnDisk::Delete, OnDisk::Write),
        base_after_push: seen,
        base_after_pull: vault,
        remark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Kind, ObjectId, VaultPath};

    fn leaf(n: u8) -> Option<Leaf> {
        (n > 0).then(|| Leaf {
            kind: Kind::File,
            id: ObjectId::from_bytes([n; 20]),
        })
    }

    fn verdict(base: u8, local: u8, vault: u8) -> Verdict {
        let path = VaultPath::parse("x").expect("valid");
        let trio = Trio {
            path,
            base: leaf(base),
            local: leaf(local),
            vault: leaf(vault),
            barred: false,
        };
        decide(&trio, Scope::Carried)
    }

    #[test]
    fn the_table_is_as_designed() {
        use InVault::{File, Keep, Put};
        use OnDisk::{Delete, Kept, Leave, Write};
        let one = |n| leaf(n).expect("not zero");
        for (sides, vault, disk) in [
            ((1, 1, 2), Keep, Write(one(2))),
            ((1, 1, 0), Keep, Delete),
            ((1, 2, 1), Put(leaf(2)), Leave),
            ((1, 0, 1), Put(None), Leave),
            ((1, 2, 2), Keep, Leave),
            ((1, 2, 3), File, Kept),
            ((1, 0, 2), Keep, Write(one(2))),
            ((1, 2, 0), Put(leaf(2)), Kept),
            ((0, 1, 0), Put(leaf(1)), Leave),
            ((0, 0, 1), Keep, Write(one(1))),
            ((0, 1, 2), File, Kept),
            ((0, 1, 1), Keep, Leave),
            ((1, 0, 0), Keep, Leave),
        ] {
            let (base, local, there) = sides;
            let verdict = verdict(base, local, there);
            assert_eq!((verdict.vault, verdict.disk), (vault, disk), "{sides:?}");
        }
    }

    #[test]
    fn the_base_is_what_the_disk_held_and_never_the_merge_result() {
        assert_eq!(verdict(1, 2, 1).base_after_push, leaf(2));
        assert_eq!(verdict(1, 1, 2).base_after_push, leaf(1));
        assert_eq!(
            verdict(1, 2, 3).base_after_push,
            leaf(1),
            "a conflict keeps its old base"
        );
        assert_eq!(
            verdict(1, 0, 2).base_after_push,
            None,
            "this disk was seen without it"
        );
        assert_eq!(verdict(1, 2, 2).base_after_pull, leaf(2));
        assert_eq!(verdict(1, 1, 2).base_after_pull, leaf(2));
        assert_eq!(verdict(1, 2, 0).base_after_pull, leaf(1));
    }

    #[test]
    fn what_is_held_or_out_is_touched_nowhere() {
        let path = VaultPath::parse("x").expect("valid");
        let trio = Trio {
            path,
            base: leaf(1),
            local: None,
            vault: leaf(2),
            barred: false,
        };
        for (scope, base) in [(Scope::Held, leaf(1)), (Scope::Out, None)] {
            let verdict = decide(&trio, scope);
            assert_eq!(
                (verdict.vault, verdict.disk),
                (InVault::Keep, OnDisk::Leave)
            );
            assert_eq!(
                (verdict.base_after_push, verdict.base_after_pull),
                (base, base)
            );
        }
    }
}
