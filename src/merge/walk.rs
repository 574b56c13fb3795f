//! Finding where three trees differ, without a look at what they have in common.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Kind, Leaf, ObjectId, PathFault, TreeEntry, Trees, VaultPath};

use super::MergeError;

/// More than any project or tool keeps, and so many fit into memory.
const MOST: usize = 2_000_000;

/// One path at which three trees are not all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trio {
    pub path: VaultPath,
    pub base: Option<Leaf>,
    pub local: Option<Leaf>,
    pub vault: Option<Leaf>,
    /// Here, above or below the vault has something that is no path's to decide: a submodule, or a
    /// name that no path can have.
    pub barred: bool,
}

/// The paths that differ, in order, and the names that no path of a vault can have.
#[derive(Debug, Default)]
pub struct Differences {
    pub trios: Vec<Trio>,
    pub faults: Vec<PathFault>,
}

/// Compares three trees; `None` is an empty one. Subtrees that are equal in all three are skipped.
pub fn differences(
    trees: &dyn Trees,
    base: Option<ObjectId>,
    local: Option<ObjectId>,
    vault: Option<ObjectId>,
) -> Result<Differences, MergeError> {
    let mut found = Differences::default();
    let mut fixed = Fixed::default();
    let mut seen = 0;
    let mut open = vec![(VaultPath::root(), [base, local, vault])];
    while let Some((path, ids)) = open.pop() {
        if ids[0] == ids[1] && ids[1] == ids[2] {
            continue;
        }
        for (name, sides) in side_by_side(trees, ids)? {
            seen += 1;
            if seen > MOST {
                return Err(MergeError::TooMany { most: MOST });
            }
            if sides[0] == sides[1] && sides[1] == sides[2] {
                continue;
            }
            let below = match path.child(&name) {
                Ok(below) => below,
                Err(fault) => {
                    if sides[2].is_some() {
                        fixed.in_dir(&path);
                    }
                    found.faults.push(fault);
                    continue;
                }
            };
            if sides[2].is_some_and(|leaf| leaf.kind == Kind::Foreign) {
                fixed.at(&below);
            }
            let subtrees = sides.map(|side| {
                side.filter(|leaf| leaf.kind == Kind::Tree)
                    .map(|leaf| leaf.id)
            });
            if subtrees.iter().any(Option::is_some) {
                open.push((below.clone(), subtrees));
            }
            let files = sides.map(|side| side.filter(|leaf| is_leaf(leaf.kind)));
            if files[0] != files[1] || files[1] != files[2] {
                let [base, local, vault] = files;
                found.trios.push(Trio {
                    path: below,
                    base,
                    local,
                    vault,
                    barred: false,
                });
            }
        }
    }
    for trio in &mut found.trios {
        trio.barred = fixed.bars(&trio.path);
    }
    found.trios.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Where the vault has what no verdict moves.
#[derive(Default)]
struct Fixed {
    foreign: BTreeSet<VaultPath>,
    /// Paths that are a directory as long as that stands below them, and the things themselves.
    taken: BTreeSet<VaultPath>,
}

impl Fixed {
    fn in_dir(&mut self, dir: &VaultPath) {
        self.taken.insert(dir.clone());
        self.taken.extend(dir.ancestors());
    }

    fn at(&mut self, path: &VaultPath) {
        self.in_dir(path);
        self.foreign.insert(path.clone());
    }

    fn bars(&self, path: &VaultPath) -> bool {
        let is_foreign = |above: VaultPath| self.foreign.contains(&above);
        self.taken.contains(path) || (!self.foreign.is_empty() && path.ancestors().any(is_foreign))
    }
}

const fn is_leaf(kind: Kind) -> bool {
    matches!(kind, Kind::File | Kind::Exec | Kind::Link)
}

/// The entries of three trees, by name.
type Sides = BTreeMap<Vec<u8>, [Option<Leaf>; 3]>;

fn side_by_side(trees: &dyn Trees, ids: [Option<ObjectId>; 3]) -> Result<Sides, MergeError> {
    let mut sides = Sides::new();
    for (side, id) in ids.into_iter().enumerate() {
        let entries = match id {
            Some(id) => trees.tree(id)?,
            None => Vec::new(),
        };
        for TreeEntry { name, kind, id } in entries {
            sides.entry(name).or_default()[side] = Some(Leaf { kind, id });
        }
    }
    Ok(sides)
}

/// Every file and link of one tree, by path. Names that no path can have are left out.
pub fn leaves(
    trees: &dyn Trees,
    tree: Option<ObjectId>,
) -> Result<BTreeMap<VaultPath, Leaf>, MergeError> {
    let found = differences(trees, None, None, tree)?;
    let leaf = |trio: Trio| trio.vault.map(|leaf| (trio.path, leaf));
    Ok(found.trios.into_iter().filter_map(leaf).collect())
}

#[cfg(test)]
mod tests {
    use super::super::kit::{Memory, id_of, path, tree};
    use super::super::{Edits, Graft, edit};
    use super::*;
    use crate::base::Sink;

    #[test]
    fn names_that_sort_around_a_slash_stay_in_their_directories() {
        let mut store = Memory::default();
        let files =
            ["a-x", "a.d/b", "a/b", "a/b-/d", "a/b.c/d", "a0", "b/a/a"].map(|name| (name, "1"));
        let all = tree(&mut store, &files);
        let found = leaves(&store, all).expect("read");
        assert_eq!(
            found.keys().map(VaultPath::as_str).collect::<Vec<_>>(),
            files.map(|(name, _)| name)
        );
        let inner = super::super::find(&store, all, &path("a"))
            .expect("read")
            .expect("there")
            .id;
        assert_eq!(leaves(&store, Some(inner)).expect("read").len(), 3);
    }

    #[test]
    fn a_tree_takes_the_place_of_a_directory_and_of_no_file() {
        let mut store = Memory::default();
        let old = tree(&mut store, &[("dir/old", "1"), ("file", "1")]);
        let new = tree(&mut store, &[("new", "2")]).expect("not empty");
        let mut put = |name| {
            edit(
                &mut store,
                old,
                &Edits::from([(path(name), Graft::Tree(new))]),
            )
        };
        assert!(put("file").is_err());
        let whole = put("dir").expect("edited");
        let found = leaves(&store, whole).expect("read");
        assert_eq!(
            found.keys().map(VaultPath::as_str).collect::<Vec<_>>(),
            ["dir/new", "file"]
        );
    }

    #[test]
    fn equal_subtrees_are_not_read() {
        let mut store = Memory::default();
        let one = tree(
            &mut store,
            &[("big/a", "1"), ("big/deep/b", "1"), ("small/x", "1")],
        );
        let two = tree(
            &mut store,
            &[("big/a", "1"), ("big/deep/b", "1"), ("small/x", "2")],
        );
        store.reads.set(0);
        let found = differences(&store, one, two, one).expect("compared");
        assert_eq!(found.trios.len(), 1);
        assert_eq!(found.trios[0].path, path("small/x"));
        assert_eq!(store.reads.get(), 6, "three roots and three times `small`");
    }

    #[test]
    fn a_file_that_became_a_directory_is_two_paths() {
        let mut store = Memory::default();
        let file = tree(&mut store, &[("x", "1")]);
        let dir = tree(&mut store, &[("x/y", "1")]);
        let found = differences(&store, file, dir, file).expect("compared");
        let paths: Vec<_> = found.trios.iter().map(|trio| trio.path.as_str()).collect();
        assert_eq!(paths, ["x", "x/y"]);
    }

    #[test]
    fn a_small_tree_that_stands_for_very_many_paths_is_refused() {
        let mut store = Memory::default();
        let mut tree = tree(&mut store, &[("x", "1")]).expect("not empty");
        for _ in 0..9 {
            let entry = |name: u8| TreeEntry {
                name: vec![b'a' + name],
                kind: Kind::Tree,
                id: tree,
            };
            let entries: Vec<_> = (0..10).map(entry).collect();
            tree = store.put_tree(&entries).expect("stored");
        }
        let found = differences(&store, None, None, Some(tree));
        assert!(matches!(found, Err(MergeError::TooMany { .. })));
    }

    #[test]
    fn a_hostile_name_is_reported_and_goes_no_further() {
        let mut store = Memory::default();
        let entry = |name: &[u8]| TreeEntry {
            name: name.to_vec(),
            kind: Kind::File,
            id: id_of(b"1"),
        };
        let bad = store
            .put_tree(&[entry(b".."), entry(b".git"), entry(b"ok"), entry(b"\xff")])
            .expect("stored");
        let found = differences(&store, None, None, Some(bad)).expect("compared");
        assert_eq!((found.trios.len(), found.faults.len()), (1, 3));
    }

    #[test]
    fn what_no_verdict_moves_bars_the_paths_it_stands_at_above_or_below() {
        let mut store = Memory::default();
        let entry = |name: &[u8], kind| TreeEntry {
            name: name.to_vec(),
            kind,
            id: id_of(name),
        };
        let root = store
            .put_tree(&[entry(b"module", Kind::Foreign), entry(b"plain", Kind::File)])
            .expect("stored");
        let hostile = store
            .put_tree(&[entry(b"\xff", Kind::File), entry(b"good", Kind::File)])
            .expect("stored");
        let under = |name: &str, id| TreeEntry {
            name: name.as_bytes().to_vec(),
            kind: Kind::Tree,
            id,
        };
        let vault = store
            .put_tree(&[under("a", root), under("b", hostile)])
            .expect("stored");
        for (local, barred) in [
            ("a", true),
            ("a/module", true),
            ("a/module/x", true),
            ("a/plain", false),
            ("a/modul", false),
            ("b", true),
            ("b/good", false),
        ] {
            let tree = tree(&mut store, &[(local, "mine")]);
            let found = differences(&store, None, tree, Some(vault)).expect("compared");
            let mut trios = found.trios.iter();
            let trio = trios.find(|trio| trio.local.is_some()).expect("it differs");
            assert_eq!(trio.barred, barred, "{local}");
        }
    }

    #[test]
    fn an_edit_leaves_what_it_does_not_name() {
        let mut store = Memory::default();
        let foreign = TreeEntry {
            name: b"\xff".to_vec(),
            kind: Kind::Foreign,
            id: id_of(b"sub"),
        };
        let root = store
            .put_tree(std::slice::from_ref(&foreign))
            .expect("stored");
        let leaf = Leaf {
            kind: Kind::File,
            id: id_of(b"1"),
        };
        let edits = Edits::from([
            (path("a/b/c"), Graft::Leaf(leaf)),
            (path("none/at/all"), Graft::Remove),
        ]);
        let edited = edit(&mut store, Some(root), &edits).expect("edited");
        let entries = store.tree(edited.expect("not empty")).expect("read");
        assert_eq!(entries.len(), 2);
        assert!(entries.contains(&foreign));
        let gone = Edits::from([(path("a/b/c"), Graft::Remove)]);
        assert_eq!(
            edit(&mut store, edited, &gone).expect("edited"),
            Some(root),
            "empty directories go"
        );
    }
}
