//! Merging what git cannot carry (empty directories, private files, odd names), key by key.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::VaultPath;

/// One note on both sides.
pub struct NoteMerge<N> {
    /// What goes into the vault.
    pub vault: BTreeMap<VaultPath, N>,
    /// The notes that the vault has and this disk should take over; `None`: the note is gone.
    pub disk: BTreeMap<VaultPath, Option<N>>,
}

/// Three-way by path. Where both changed a note, the vault's stays: a note is never worth a conflict.
/// `speaks` says whether this machine may speak of a path.
pub fn merge_notes<N: Clone + PartialEq>(
    base: &BTreeMap<VaultPath, N>,
    local: &BTreeMap<VaultPath, N>,
    vault: &BTreeMap<VaultPath, N>,
    speaks: &dyn Fn(&VaultPath) -> bool,
) -> NoteMerge<N> {
    let mut merged = NoteMerge {
        vault: vault.clone(),
        disk: BTreeMap::new(),
    };
    let paths: BTreeSet<&VaultPath> = base
        .keys()
        .chain(local.keys())
        .chain(vault.keys())
        .collect();
    for path in paths {
        let sides = [base.get(path), local.get(path), vault.get(path)];
        let [was, here, there] = sides;
        if here == there || !speaks(path) {
            continue;
        }
        if there == was {
            match here {
                Some(note) => merged.vault.insert(path.clone(), note.clone()),
                None => merged.vault.remove(path),
            };
        } else if here == was {
            merged.disk.insert(path.clone(), there.cloned());
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(list: &[(&str, u8)]) -> BTreeMap<VaultPath, u8> {
        list.iter()
            .map(|(path, n)| (VaultPath::parse(path).expect("valid"), *n))
            .collect()
    }

    #[test]
    fn each_sides_own_change_wins() {
        let base = notes(&[
            ("same", 1),
            ("mine", 1),
            ("theirs", 1),
            ("gone-here", 1),
            ("gone-there", 1),
            ("both", 1),
        ]);
        let local = notes(&[
            ("same", 1),
            ("mine", 2),
            ("theirs", 1),
            ("gone-there", 1),
            ("both", 2),
            ("new", 5),
        ]);
        let vault = notes(&[
            ("same", 1),
            ("mine", 1),
            ("theirs", 3),
            ("gone-here", 1),
            ("both", 3),
        ]);
        let merged = merge_notes(&base, &local, &vault, &|_| true);
        assert_eq!(
            merged.vault,
            notes(&[
                ("same", 1),
                ("mine", 2),
                ("theirs", 3),
                ("both", 3),
                ("new", 5)
            ])
        );
        let disk: Vec<_> = merged
            .disk
            .iter()
            .map(|(path, note)| (path.as_str(), *note))
            .collect();
        assert_eq!(disk, [("gone-there", None), ("theirs", Some(3))]);
    }
}
