//! What to do next where something was changed before the fault.

const NOTHING: &str = "nothing was changed";

/// The same hints without the claim that nothing was changed; one that says nothing else is left out.
pub fn without_nothing_changed(hints: Vec<String>) -> Vec<String> {
    let hints = hints.into_iter().map(|hint| without(&hint).to_owned());
    hints.filter(|hint| !hint.is_empty()).collect()
}

fn without(hint: &str) -> &str {
    let marks = [':', ';', ',', ' '];
    let hint = hint.strip_prefix(NOTHING).unwrap_or(hint);
    let hint = hint.strip_suffix(NOTHING).unwrap_or(hint);
    hint.trim_matches(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_stays() {
        for (hint, left) in [
            ("nothing was changed: run it again", "run it again"),
            ("nothing was changed; run it again", "run it again"),
            ("edit the file; nothing was changed", "edit the file"),
            ("run it again", "run it again"),
            ("nothing was changed", ""),
        ] {
            assert_eq!(without(hint), left);
        }
    }
}
