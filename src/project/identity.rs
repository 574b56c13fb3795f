//! Whether two checkouts are the same project.

use std::collections::BTreeSet;

use crate::base::Id;

/// What is known of a project, here or in the vault. Remotes are normalised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub id: Option<Id>,
    pub remotes: BTreeSet<String>,
    pub roots: BTreeSet<String>,
}

impl Identity {
    /// What somebody else knows of the same project.
    pub fn learn(&mut self, other: Self) {
        self.remotes.extend(other.remotes);
        self.roots.extend(other.roots);
    }
}

/// Which of several candidates a project is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Match {
    Same(usize),
    None,
    /// Several fit equally well: a person decides.
    Ambiguous(Vec<usize>),
}

/// The same id wins; else a remote in common; else, where one of the two has no remote at all, a
/// root commit in common. Forks and templates share roots, so two different URLs are never joined.
pub fn find_match(local: &Identity, candidates: &[Identity]) -> Match {
    let rules: [fn(&Identity, &Identity) -> bool; 3] = [
        |a, b| a.id.is_some() && a.id == b.id,
        |a, b| !a.remotes.is_disjoint(&b.remotes),
        |a, b| (a.remotes.is_empty() || b.remotes.is_empty()) && !a.roots.is_disjoint(&b.roots),
    ];
    for rule in rules {
        let fitting: Vec<usize> = candidates
            .iter()
            .enumerate()
            .filter_map(|(at, candidate)| rule(local, candidate).then_some(at))
            .collect();
        match fitting.as_slice() {
            [] => {}
            [one] => return Match::Same(*one),
            _ => return Match::Ambiguous(fitting),
        }
    }
    Match::None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(id: Option<char>, remotes: &[&str], roots: &[&str]) -> Identity {
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let id = id.map(|c| Id::parse(&c.to_string().repeat(26)).expect("valid"));
        Identity {
            id,
            remotes: set(remotes),
            roots: set(roots),
        }
    }

    #[test]
    fn the_same_id_wins_over_a_remote() {
        let local = identity(Some('1'), &["h/a"], &[]);
        let others = [
            identity(Some('2'), &["h/a"], &[]),
            identity(Some('1'), &["h/b"], &[]),
        ];
        assert_eq!(find_match(&local, &others), Match::Same(1));
    }

    #[test]
    fn a_remote_in_common_decides_also_between_different_ids() {
        let local = identity(Some('3'), &["h/a", "h/fork"], &[]);
        let others = [
            identity(None, &["h/b"], &[]),
            identity(Some('2'), &["h/c", "h/a"], &[]),
        ];
        assert_eq!(find_match(&local, &others), Match::Same(1));
    }

    #[test]
    fn a_root_commit_decides_only_where_one_side_has_no_remote() {
        let with = identity(None, &["h/a"], &["r1"]);
        let without = identity(None, &[], &["r1", "r2"]);
        let fork = identity(None, &["h/fork"], &["r1"]);
        assert_eq!(
            find_match(&with, std::slice::from_ref(&without)),
            Match::Same(0)
        );
        assert_eq!(
            find_match(&without, std::slice::from_ref(&with)),
            Match::Same(0)
        );
        assert_eq!(
            find_match(&without, std::slice::from_ref(&without)),
            Match::Same(0)
        );
        assert_eq!(find_match(&with, &[fork]), Match::None);
    }

    #[test]
    fn two_that_fit_are_never_guessed_between() {
        let local = identity(None, &["h/a", "h/b"], &[]);
        let others = [
            identity(None, &["h/a"], &[]),
            identity(None, &["h/z"], &[]),
            identity(None, &["h/b"], &[]),
        ];
        assert_eq!(find_match(&local, &others), Match::Ambiguous(vec![0, 2]));
        let local = identity(None, &[], &["r"]);
        let others = [
            identity(None, &["h/a"], &["r"]),
            identity(None, &["h/fork"], &["r"]),
        ];
        assert_eq!(find_match(&local, &others), Match::Ambiguous(vec![0, 1]));
    }

    #[test]
    fn nothing_known_matches_nothing() {
        let nothing = Identity::default();
        assert_eq!(find_match(&nothing, &[Identity::default()]), Match::None);
    }
}
