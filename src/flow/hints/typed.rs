//! Words and names as a shell takes them.

use std::ffi::OsStr;

/// A word as a shell takes it.
#[must_use]
pub fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The same for a name of this disk; nothing where it cannot be typed as it is.
#[must_use]
pub fn typed(name: &OsStr) -> Option<String> {
    let name = name.to_str()?;
    (!name.contains(char::is_control)).then(|| quoted(name))
}
