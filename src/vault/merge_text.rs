//! Three versions of a text, merged line by line: into one text, or with markers for an editor, which never enter
//! a vault.

use git2::{MergeFileInput, MergeFileOptions, merge_file};

use super::VaultError;
use super::setup::durable_writes;

/// Texts of more lines are not compared: where most of these are alike it takes minutes.
const MOST_LINES: usize = 50_000;

/// Whether these can be compared by lines in a moment.
pub(super) fn is_comparable(texts: &[&[u8]]) -> bool {
    let lines = |text: &&[u8]| {
        memchr::memchr_iter(b'\n', text)
            .take(MOST_LINES + 1)
            .count()
    };
    texts.iter().all(|text| lines(text) <= MOST_LINES)
}

/// The text with the changes of both sides; nothing where they overlap or touch, and of texts with
/// very many lines. It is the same with the sides exchanged, and never has markers that no side had.
#[must_use]
pub fn merge_text(base: &[u8], local: &[u8], vault: &[u8]) -> Option<Vec<u8>> {
    // An emptied side overlaps with every change; and an empty outcome, which cannot come of two sides
    // with lines, is one that git2 must not be asked for.
    if local.is_empty() || vault.is_empty() || !is_comparable(&[base, local, vault]) {
        return None;
    }
    // Of all that git2 offers this alone does not start libgit2.
    durable_writes();
    let [base, local, vault] = [base, local, vault].map(input);
    // It fails for texts that it cannot hold alone: then somebody has to look at them.
    let merged = merge_file(&base, &local, &vault, None).ok()?;
    let content = merged.is_automergeable().then(|| merged.content());
    content.map(<[u8]>::to_vec)
}

/// A version, and what it is called in the markers.
pub type Labelled<'a> = (&'a [u8], &'a str);

/// Both versions with what they came from. Where only one of them changed there is no marker, but for
/// texts that cannot be compared.
pub fn marked_merge(
    base: Labelled<'_>,
    ours: Labelled<'_>,
    theirs: Labelled<'_>,
) -> Result<Vec<u8>, VaultError> {
    // A label with a NUL or an end of line would be no label.
    let label = |(_, name): Labelled<'_>| name.replace(char::is_control, " ");
    let is_comparable = is_comparable(&[base.0, ours.0, theirs.0]);
    if ours.0.is_empty() || theirs.0.is_empty() || !is_comparable {
        // Nothing may come of empty ones, and git2 does not hand out nothing.
        return Ok(whole((ours.0, &label(ours)), (theirs.0, &label(theirs))));
    }
    durable_writes();
    let mut options = MergeFileOptions::new();
    options
        .style_diff3(true)
        .ancestor_label(label(base))
        .our_label(label(ours))
        .their_label(label(theirs));
    let merged = merge_file(
        &input(base.0),
        &input(ours.0),
        &input(theirs.0),
        Some(&mut options),
    );
    let merged = merged.map_err(|source| VaultError::Git {
        action: "merge texts for",
        path: "an editor".into(),
        source,
    })?;
    Ok(merged.content().to_vec())
}

/// Both texts as they are.
fn whole((ours, our_label): Labelled<'_>, (theirs, their_label): Labelled<'_>) -> Vec<u8> {
    let mut text = format!("<<<<<<< {our_label}\n").into_bytes();
    for (part, marker) in [
        (ours, "=======\n".to_owned()),
        (theirs, format!(">>>>>>> {their_label}\n")),
    ] {
        text.extend_from_slice(part);
        if part.last().is_some_and(|last| *last != b'\n') {
            text.push(b'\n');
        }
        text.extend_from_slice(marker.as_bytes());
    }
    text
}

fn input(text: &[u8]) -> MergeFileInput<'_> {
    let mut input = MergeFileInput::new();
    input.content(text);
    input
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
    fn very_many_lines_that_are_alike_keep_nobody_waiting() {
        let text = |seed: u32, lines: usize| -> Vec<u8> {
            let mut state = seed;
            let mut line = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if state >> 31 == 0 { *b"a\n" } else { *b"b\n" }
            };
            (0..lines).flat_map(|_| line()).collect()
        };
        let three = |lines| [1, 2, 3].map(|seed| text(seed, lines));
        let [base, ours, theirs] = three(400_000);
        let began = std::time::Instant::now();
        assert_eq!(merge_text(&base, &ours, &theirs), None);
        let marked = marked_merge((&base, "base"), (&ours, "ours"), (&theirs, "theirs"));
        assert!(marked.expect("merged").starts_with(b"<<<<<<< ours\n"));
        assert!(began.elapsed().as_secs() < 1);
        let [base, ours, theirs] = three(MOST_LINES);
        assert_eq!(merge_text(&base, &ours, &theirs), None);
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
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

    #[test]
    fn what_one_side_changed_is_merged_and_what_both_changed_is_marked() {
        let text = marked_merge(
            (b"1\n2\n3\n4\n5\n", "before"),
            (b"a\n2\n3\n4\n5\n", "vault"),
            (b"b\n2\n3\n4\nnew\n", "laptop"),
        );
        let text = String::from_utf8(text.expect("merged")).expect("text");
        let marked =
            "<<<<<<< vault\na\n||||||| before\n1\n=======\nb\n>>>>>>> laptop\n2\n3\n4\nnew\n";
        assert_eq!(text, marked);
    }

    #[test]
    fn an_empty_side_stands_beside_all_of_the_other_one() {
        for (vault, local, marked) in [
            ("", "b", "<<<<<<< vault\n=======\nb\n>>>>>>> laptop\n"),
            ("a\n", "", "<<<<<<< vault\na\n=======\n>>>>>>> laptop\n"),
            ("", "", "<<<<<<< vault\n=======\n>>>>>>> laptop\n"),
        ] {
            let text = marked_merge(
                (vault.as_bytes(), "before"),
                (vault.as_bytes(), "vault"),
                (local.as_bytes(), "laptop"),
            );
            let text = String::from_utf8(text.expect("merged")).expect("text");
            assert_eq!(text, marked);
        }
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
