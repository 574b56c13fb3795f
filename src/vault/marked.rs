//! Two versions of a text in one, with markers where they differ: for an editor, never for a vault.

use git2::{MergeFileInput, MergeFileOptions, merge_file};

use super::VaultError;
use super::setup::durable_writes;

/// A version, and what it is called in the markers.
pub type Labelled<'a> = (&'a [u8], &'a str);

/// Both versions with what they came from. Where only one of them changed there is no marker.
pub fn marked_merge(
    base: Labelled<'_>,
    ours: Labelled<'_>,
    theirs: Labelled<'_>,
) -> Result<Vec<u8>, VaultError> {
    // A label with a NUL or an end of line would be no label.
    let label = |(_, name): Labelled<'_>| name.replace(char::is_control, " ");
    if ours.0.is_empty() || theirs.0.is_empty() {
        // Nothing may come of these, and git2 does not hand out nothing.
        return Ok(whole((ours.0, &label(ours)), (theirs.0, &label(theirs))));
    }
    // Of all that git2 offers a merge alone does not start libgit2.
    durable_writes();
    let mut options = MergeFileOptions::new();
    options
        .style_diff3(true)
        .ancestor_label(label(base))
        .our_label(label(ours))
        .their_label(label(theirs));
    let merged = merge_file(
        &input(base),
        &input(ours),
        &input(theirs),
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

fn input((text, _): Labelled<'_>) -> MergeFileInput<'_> {
    let mut input = MergeFileInput::new();
    input.content(text);
    input
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
