//! Names of one directory that not every disk can tell apart.

use std::borrow::Cow;
use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::entry::{Listing, What};

/// The names that travel and differ only in case or Unicode form, in groups of two and more.
#[must_use]
pub fn alike(listing: &Listing) -> Vec<Vec<String>> {
    let mut groups: BTreeMap<Cow<'_, str>, Vec<&str>> = BTreeMap::new();
    for entry in &listing.entries {
        // A name that is no text has no case; the vault has it under another one.
        if let (false, Ok(name)) = (
            matches!(entry.what, What::Stays(_)),
            str::from_utf8(&entry.name),
        ) {
            groups.entry(folded(name)).or_default().push(name);
        }
    }
    let sorted = |mut group: Vec<&str>| {
        group.sort_unstable();
        group.into_iter().map(str::to_owned).collect()
    };
    let groups = groups.into_values().filter(|group| group.len() > 1);
    groups.map(sorted).collect()
}

/// At least what the disks that fold names compare: no letter's case, one form for what looks the same.
/// Up and down again, because some letters have two small forms.
fn folded(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return name.to_ascii_lowercase().into();
        }
        return name.into();
    }
    let bare = name.nfd().flat_map(char::to_uppercase);
    bare.flat_map(char::to_lowercase)
        .nfd()
        .collect::<String>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Entry, Reason, Stay};

    fn listing(names: &[&str]) -> Listing {
        let entry = |name: &&str| Entry {
            name: name.as_bytes().to_vec(),
            alias: None,
            what: What::Dir,
        };
        Listing {
            entries: names.iter().map(entry).collect(),
            closed: None,
        }
    }

    #[test]
    fn names_that_a_disk_may_take_for_one_are_found() {
        for group in [
            ["README.md", "Readme.md"],
            ["Gr\u{fc}n", "gr\u{fc}n"],
            ["e\u{301}t\u{e9}", "\u{e9}t\u{e9}"],
            ["STRASSE", "stra\u{df}e"],
            [
                "\u{3a3}\u{399}\u{3a3}\u{399}\u{3a3}",
                "\u{3c3}\u{3b9}\u{3c3}\u{3b9}\u{3c2}",
            ],
        ] {
            let names = [&group[..], &["other"]].concat();
            assert_eq!(alike(&listing(&names)), [group]);
        }
        assert_eq!(
            alike(&listing(&["b", "A", "B", "a", "aA"])),
            [["A", "a"], ["B", "b"]]
        );
    }

    #[test]
    fn different_names_and_what_stays_collide_with_nothing() {
        let mut names = listing(&["a", "aa", "\u{e4}", "a-", "i"]);
        assert_eq!(alike(&names), Vec::<Vec<String>>::new());
        names.entries[1].name = b"A".to_vec();
        names.entries[1].what = What::Stays(Stay {
            reason: Reason::Disposable,
            rule: None,
            is_dir: false,
            stat: None,
        });
        names.entries[2].name = b"\xff".to_vec();
        names.entries[3].name = b"\xfe".to_vec();
        assert_eq!(alike(&names), Vec::<Vec<String>>::new());
    }
}
