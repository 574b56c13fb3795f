//! Names for projects: one path component that every machine can use.

use crate::base::{VaultPath, escape_name, is_temp_name};

/// A directory named longer than this is cut, so that a number still fits behind it.
const MAX_CHARS: usize = 60;
/// For what has no usable name of its own.
const NAMELESS: &str = "project";

/// The wanted name made safe; with `~2`, `~3`, … behind it while it is taken.
#[must_use]
pub fn unique_name(wanted: &str, taken: &dyn Fn(&str) -> bool) -> String {
    let base = cleaned(wanted);
    if !taken(&base) {
        return base;
    }
    let stem = without_number(&base);
    (2..=u32::MAX)
        .map(|number| format!("{stem}~{number}"))
        // Some numbered names are ones that git keeps for itself.
        .find(|name| is_safe(name) && !taken(name))
        .expect("nobody has four thousand million projects")
}

/// What was numbered here is numbered anew in the vault: after `api~2` comes `api~3`.
fn without_number(name: &str) -> &str {
    match name.rsplit_once('~') {
        Some((stem, number)) if !stem.is_empty() && number.parse::<u32>().is_ok() => stem,
        _ => name,
    }
}

/// The directory that a project of this name is cloned into. The name comes from a vault: it decides
/// neither over a hidden directory nor over what a command takes for an option.
#[must_use]
pub fn directory_name(name: &str) -> String {
    cleaned(name.trim_start_matches(is_in_front))
}

/// Hides a directory, or makes an option of it; blanks are cut off, and would leave these in front.
fn is_in_front(c: char) -> bool {
    matches!(c, '.' | '-') || c.is_whitespace() || c.is_control()
}

fn is_safe(name: &str) -> bool {
    VaultPath::root().child(name.as_bytes()).is_ok() && !is_temp_name(name.as_bytes())
}

fn cleaned(wanted: &str) -> String {
    let plain: String = wanted
        .chars()
        .map(|c| {
            if matches!(c, '/' | '\\') || c.is_control() {
                '-'
            } else {
                c
            }
        })
        .take(MAX_CHARS)
        .collect();
    let plain = plain.trim();
    let name = escape_name(plain.as_bytes()).into_owned();
    if is_safe(&name) {
        name
    } else {
        NAMELESS.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_name_stays_and_a_taken_one_gets_a_number() {
        let taken = ["api", "api~2"];
        assert_eq!(unique_name("web", &|name| taken.contains(&name)), "web");
        assert_eq!(unique_name("api", &|name| taken.contains(&name)), "api~3");
        assert_eq!(unique_name("api~2", &|name| taken.contains(&name)), "api~3");
        assert_eq!(unique_name("~2", &|name| name == "~2"), "~2~2");
    }

    #[test]
    fn any_text_becomes_one_safe_component() {
        for (wanted, name) in [
            ("a/b", "a-b"),
            ("line\nbreak\0", "line-break-"),
            ("", "project"),
            (" . ", "project"),
            ("..", "project"),
            (".git", "%2Egit"),
            (".holdall-tmp-x", "project"),
            ("größe 日本", "größe 日本"),
        ] {
            assert_eq!(unique_name(wanted, &|_| false), name, "{wanted:?}");
        }
        let long = unique_name(&"日".repeat(400), &|name| !name.contains('~'));
        assert!(is_safe(&long) && long.ends_with("~2"));
    }

    #[test]
    fn a_directory_is_never_hidden_and_never_an_option() {
        for (name, dir) in [
            ("api", "api"),
            ("a.b-c", "a.b-c"),
            (".ssh", "ssh"),
            ("-rf", "rf"),
            (" .-\n. .config", "config"),
            ("--upload-pack=x", "upload-pack=x"),
            ("...", "project"),
            (".bashrc\n", "bashrc-"),
        ] {
            assert_eq!(directory_name(name), dir, "{name:?}");
        }
    }

    #[test]
    fn a_number_never_makes_a_name_that_git_keeps() {
        let name = unique_name("gitmod", &|name| name == "gitmod");
        assert_eq!(name, "gitmod~10");
    }
}
