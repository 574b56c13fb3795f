//! Settings without what belongs to one machine, and without obvious secrets.

use crate::doc::json::{Leaf, Stripped, strip};
use crate::doc::{DocError, KeyPattern};

use super::gate::Scanner;

/// Endings of a key's name, in lower case and without `_` and `-`, whose text values stay here.
const SECRET_NAMES: [&str; 9] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
];
/// Shorter texts are modes and names ("auto", "file"), not secrets.
const SHORTEST_SECRET: usize = 8;

/// What to leave out of one settings file.
#[derive(Clone, Debug, Default)]
pub struct Sanitizer {
    pub keys: Vec<KeyPattern>,
}

impl Sanitizer {
    /// The document without machine-local keys and secrets; the rest is byte for byte as it was.
    pub fn clean(&self, text: &[u8]) -> Result<Stripped, DocError> {
        strip(text, &mut |path, leaf| {
            self.keys.iter().any(|pattern| pattern.matches(path)) || is_secret(path, &leaf)
        })
    }
}

fn is_secret(path: &[&str], leaf: &Leaf<'_>) -> bool {
    let Leaf::Text(value) = leaf else {
        return false;
    };
    path.last().is_some_and(|name| looks_secret(name, value))
}

/// Whether a value under this name is a secret that nobody would want to send.
#[must_use]
pub fn looks_secret(name: &str, value: &str) -> bool {
    let as_written = format!("\"{name}\": \"{value}\"");
    if !Scanner::whole(as_written.as_bytes()).is_empty() {
        return true;
    }
    let plain: String = name
        .chars()
        .filter(|c| !matches!(c, '_' | '-' | '.'))
        .collect();
    let plain = plain.to_lowercase();
    let plain = plain.strip_suffix('s').unwrap_or(&plain);
    value.len() >= SHORTEST_SECRET && SECRET_NAMES.iter().any(|ending| plain.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn obvious_secrets_are_known_by_name_or_shape() {
        assert!(looks_secret("githubToken", "0123456789"));
        assert!(looks_secret("OPENAI_API_KEY", "0123456789"));
        assert!(looks_secret("client-secret", "0123456789"));
        assert!(looks_secret("note", &format!("ghp_{}", "a1".repeat(18))));
        assert!(!looks_secret("tokenizer", "cl100k_base"));
        assert!(!looks_secret("token", "auto"));
        assert!(!looks_secret("theme", "solarized-dark"));
    }
}
