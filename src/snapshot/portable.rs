//! Paths under the home directory, written so that they hold on every machine.
//!
//! The path travels as `~`, where it is the whole text, or begins a word of it: at the start, or
//! after white space, a quote, `=` or `:`, and a slash follows. So the words of a command line and
//! the directories of a search path are found, and `/home/ada-old` or `/mnt/home/ada` are not.

/// What a word may begin after.
const BEFORE: [char; 7] = [' ', '\t', '\n', '"', '\'', '=', ':'];

/// The text with `~` for the home directory.
pub(super) fn with_tilde(text: &str, home: &str) -> String {
    replaced(text, home, "~")
}

/// The text with the home directory for `~`.
pub(super) fn with_home(text: &str, home: &str) -> String {
    replaced(text, "~", home)
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    if text == from {
        return to.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(from) {
        let begins = at == 0 || text[..at].ends_with(BEFORE);
        if begins && text[at + from.len()..].starts_with('/') {
            out.push_str(&text[done..at]);
            out.push_str(to);
            done = at + from.len();
        }
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_directory_is_found_as_a_word_and_nowhere_else() {
        let cases = [
            ("/home/ada", "~"),
            ("/home/ada/", "~/"),
            ("/home/ada/bin/x", "~/bin/x"),
            (
                "sh \"/home/ada/a b\" --to=/home/ada/c",
                "sh \"~/a b\" --to=~/c",
            ),
            (
                "/home/ada/bin:/usr/bin:/home/ada/.bin",
                "~/bin:/usr/bin:~/.bin",
            ),
        ];
        for (here, travels) in cases {
            assert_eq!(with_tilde(here, "/home/ada"), travels);
            assert_eq!(with_home(travels, "/home/ada"), here);
        }
        for other in [
            "/home/ada-old/x",
            "/mnt/home/ada/x",
            "cd /home/ada",
            "x~/y",
            "a ~ b",
        ] {
            assert_eq!(with_tilde(other, "/home/ada"), other);
            assert_eq!(with_home(other, "/home/ada"), other);
        }
    }
}
