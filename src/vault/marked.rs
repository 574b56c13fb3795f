//! Two versions of a text in one, with markers where they differ: for an editor, never for a vault.

use git2::{MergeFileInput, MergeFileOptions, merge_file};

use super::VaultError;

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
}
