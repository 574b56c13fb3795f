//! Three versions of a text, merged line by line.

use git2::{MergeFileInput, merge_file};

use super::setup::durable_writes;

/// The text with the changes of both sides; nothing where they overlap or touch. It is the same with
/// the sides exchanged, and never has markers that no side had.
#[must_use]
pub fn merge_text(base: &[u8], local: &[u8], vault: &[u8]) -> Option<Vec<u8>> {
    // An emptied side overlaps with every change; and an empty outcome, which cannot come of two sides
    // with lines, is one that git2 must not be asked for.
    if local.is_empty() || vault.is_empty() {
        return None;
    }
    // Of all that git2 offers this alone does not start libgit2.
    durable_writes();
    let [base, local, vault] = [base, local, vault].map(|text| {
        let mut input = MergeFileInput::new();
        input.content(text);
        input
    });
    // It fails for texts that it cannot hold alone: then somebody has to look at them.
    let merged = merge_file(&base, &local, &vault, None).ok()?;
    let content = merged.is_automergeable().then(|| merged.content());
    content.map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn merged(base: &str, local: &str, vault: &str) -> Option<String> {
        let [one, other] = [(local, vault), (vault, local)]
            .map(|(local, vault)| merge_text(base.as_bytes(), local.as_bytes(), vault.as_bytes()));
        assert_eq!(one, other, "the sides have equal rights");
        one.map(|text| String::from_utf8(text).expect("UTF-8"))
    }

    #[test]
    fn lines_that_stand_apart_merge_and_others_do_not() {
        let base = "1\n2\n3\n4\n5\n";
        let told = |local, vault| merged(base, local, vault);
        assert_eq!(
            told("one\n2\n3\n4\n5\n", "1\n2\n3\n4\nfive\n").as_deref(),
            Some("one\n2\n3\n4\nfive\n")
        );
        assert_eq!(
            told("1\n2\nx\n3\n4\n5\n", "1\n2\nx\n3\n4\n").as_deref(),
            Some("1\n2\nx\n3\n4\n"),
            "the same change of both is one"
        );
        assert_eq!(told("a\n2\n3\n4\n5\n", "b\n2\n3\n4\n5\n"), None);
        assert_eq!(
            told("1\na\n3\n4\n5\n", "1\n2\nb\n4\n5\n"),
            None,
            "they touch"
        );
        assert_eq!(told("", "1\n2\n3\n4\nfive\n"), None);
        assert_eq!(merged("", "a\n", "b\n"), None);
    }

    fn text() -> impl Strategy<Value = String> {
        let line = prop::sample::select(vec!["a\n", "b\n", "c\n", "d\n", "e\n", "\n"]);
        prop::collection::vec(line, 0..12).prop_map(|lines| lines.concat())
    }

    /// A text with some lines put in somewhere.
    fn longer(base: String) -> impl Strategy<Value = String> {
        let new = prop::sample::select(vec!["a\n", "x\n", "y\n"]);
        let new = prop::collection::vec((any::<prop::sample::Index>(), new), 0..4);
        (Just(base), new).prop_map(|(base, new)| {
            let mut lines: Vec<&str> = base.split_inclusive('\n').collect();
            for (at, line) in new {
                lines.insert(at.index(lines.len() + 1), line);
            }
            lines.concat()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_marker_comes_in_and_no_line_that_was_added_goes(
            (base, local, vault) in text().prop_flat_map(|base| {
                (Just(base.clone()), longer(base.clone()), longer(base))
            })
        ) {
            if let Some(both) = merged(&base, &local, &vault) {
                prop_assert!(!both.contains("<<<<") && !both.contains(">>>>"));
                for line in local.lines().chain(vault.lines()) {
                    let count = |text: &str| text.lines().filter(|it| *it == line).count();
                    prop_assert!(count(&both) >= count(&local).max(count(&vault)), "{both}");
                }
            }
        }
    }
}
