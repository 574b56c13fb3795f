//! Paths of two worlds that are never mixed: inside the vault, and on this machine.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::BaseError;

/// Git hosts and file systems stop here.
const MAX_NAME: usize = 255;
/// Longer paths cannot be created on the systems we know.
const MAX_PATH: usize = 4000;

/// Why a text is not a path of the vault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    #[error("`{path}` has an empty, `.` or `..` part")]
    Traversal { path: String },
    #[error("`{path}` has a NUL byte or a slash inside a name")]
    BadByte { path: String },
    #[error("`{path}` is not UTF-8")]
    NotUtf8 { path: String },
    #[error("`{path}` has a name that git keeps for itself")]
    Reserved { path: String },
    #[error("`{path}` is too long")]
    TooLong { path: String },
}

/// A path inside the vault: UTF-8 names joined by `/`, relative, and safe to hand to git.
/// The empty path is the vault's root. Of the same path many lists speak: a clone takes no memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VaultPath(Arc<str>);

impl VaultPath {
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    pub fn parse(text: &str) -> Result<Self, PathFault> {
        let mut path = Self::root();
        for name in text.split('/') {
            path = path.child(name.as_bytes())?;
        }
        Ok(path)
    }

    /// One name further down. The name comes from anywhere, so it is checked.
    pub fn child(&self, name: &[u8]) -> Result<Self, PathFault> {
        let shown = || self.with(&String::from_utf8_lossy(name)).to_string();
        let text = std::str::from_utf8(name).map_err(|_| PathFault::NotUtf8 { path: shown() })?;
        if matches!(text, "" | "." | "..") {
            return Err(PathFault::Traversal { path: shown() });
        }
        if text.contains(['/', '\0']) {
            return Err(PathFault::BadByte { path: shown() });
        }
        if is_reserved(text) {
            return Err(PathFault::Reserved { path: shown() });
        }
        if text.len() > MAX_NAME || self.0.len() + text.len() >= MAX_PATH {
            let path = shown().chars().take(80).collect();
            return Err(PathFault::TooLong { path });
        }
        Ok(self.with(text))
    }

    fn with(&self, name: &str) -> Self {
        if self.0.is_empty() {
            Self(name.into())
        } else {
            Self(format!("{}/{name}", self.0).into())
        }
    }

    /// This path with all of `tail` below it: both are valid already.
    #[must_use]
    pub fn join(&self, tail: &Self) -> Self {
        if tail.is_root() {
            self.clone()
        } else {
            self.with(&tail.0)
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last name; nothing for the root.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.names().next_back()
    }

    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let end = self.0.rfind('/').unwrap_or(0);
        Some(Self(self.0[..end].into()))
    }

    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|name| !name.is_empty())
    }

    /// What is left of this path below `base`; nothing where it lies elsewhere.
    #[must_use]
    pub fn below(&self, base: &Self) -> Option<Self> {
        self.tail(base).map(|tail| Self(tail.into()))
    }

    /// The same as a text, for those who only look at it.
    #[must_use]
    pub fn tail(&self, base: &Self) -> Option<&str> {
        let rest = self.0.strip_prefix(base.as_str())?;
        if base.is_root() || rest.is_empty() {
            return Some(rest);
        }
        rest.strip_prefix('/')
    }

    /// Every path above this one, the nearest first, without the root.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(self.parent(), Self::parent).filter(|path| !path.is_root())
    }
}

impl fmt::Display for VaultPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for VaultPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for VaultPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// Names that git or a file system could take for `.git` or `.gitmodules`, in any disguise.
fn is_reserved(name: &str) -> bool {
    // All of them have a dot in front, a tilde, or characters that are not seen.
    if name.is_ascii() && !name.starts_with('.') && !name.contains('~') {
        return false;
    }
    let visible: String = name.chars().filter(|c| !is_ignored_by_hfs(*c)).collect();
    let lower = visible.to_lowercase();
    let stem = lower.split([':', '\\']).next().unwrap_or_default();
    let plain = stem.trim_end_matches([' ', '.']);
    matches!(plain, ".git" | "git~1" | ".gitmodules")
        || is_short_name(plain, "gitmod~")
        || is_short_name(plain, "gi7eba~")
}

fn is_short_name(name: &str, stem: &str) -> bool {
    name.strip_prefix(stem)
        .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
}

/// Code points that HFS+ leaves out when it compares names.
const fn is_ignored_by_hfs(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

/// A name of this disk as a name that git can store: invalid bytes, and the first character of a
/// reserved name, become `%XX`. Borrowed means: unchanged.
#[must_use]
pub fn escape_name(name: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(name) {
        Ok(text) if !is_reserved(text) => Cow::Borrowed(text),
        Ok(text) => {
            let first = text.chars().next().map_or(0, char::len_utf8);
            let mut escaped = percent(&name[..first]);
            escaped.push_str(&text[first..]);
            // `\u{feff}.git` still has its `.git`: then every byte goes.
            if is_reserved(&escaped) {
                escaped = percent(name);
            }
            Cow::Owned(escaped)
        }
        Err(_) => {
            let mut escaped = String::new();
            for chunk in name.utf8_chunks() {
                escaped.push_str(chunk.valid());
                escaped.push_str(&percent(chunk.invalid()));
            }
            Cow::Owned(escaped)
        }
    }
}

fn percent(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "%{byte:02X}").expect("writing to a string never fails");
        text
    })
}

/// An absolute path on this machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPath(PathBuf);

impl HostPath {
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, BaseError> {
        let path = path.into();
        if path.is_absolute() {
            Ok(Self(path))
        } else {
            Err(BaseError::NotAbsolute { path })
        }
    }

    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.0
    }

    #[must_use]
    pub fn join(&self, tail: impl AsRef<Path>) -> Self {
        Self(self.0.join(tail))
    }

    /// The place that a path of the vault has below this one.
    #[must_use]
    pub fn below(&self, path: &VaultPath) -> Self {
        Self(path.names().fold(self.0.clone(), |at, name| {
            at.join(OsStr::from_bytes(name.as_bytes()))
        }))
    }
}

impl fmt::Display for HostPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl AsRef<Path> for HostPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Serialize for HostPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string_lossy())
    }
}

impl<'de> Deserialize<'de> for HostPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = PathBuf::deserialize(deserializer)?;
        Self::new(path).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vault_path_never_leaves_the_vault() {
        for text in [
            "",
            "/etc",
            "a//b",
            "a/../b",
            ".",
            "..",
            "a/.",
            "a\0b",
            "a/.git/hooks",
            "a/.GIT",
            "git~1",
            "x/.git ",
            "x/.git::$INDEX",
            "x/.g\u{200c}it",
            ".gitmodules",
            "GITMOD~1",
        ] {
            assert!(VaultPath::parse(text).is_err(), "{text:?}");
        }
        for text in [
            "a",
            ".aigon/x y",
            "line\nbreak",
            "q\"uote",
            "c:olon",
            "-dash",
            "a/.github",
            ".gitignore",
            "...",
        ] {
            assert!(VaultPath::parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn too_long_is_said_without_the_whole_text() {
        let name = "x".repeat(300);
        let fault = VaultPath::parse(&name).expect_err("300 bytes are too many");
        assert!(fault.to_string().len() < 120);
    }

    #[test]
    fn parts_fit_together_again() {
        let path = VaultPath::parse("projects/api/.aigon/x.json").expect("valid");
        let base = VaultPath::parse("projects/api").expect("valid");
        let tail = path.below(&base).expect("it lies below");
        assert_eq!(tail.as_str(), ".aigon/x.json");
        assert_eq!(base.join(&tail), path);
        assert_eq!(path.name(), Some("x.json"));
        assert_eq!(path.ancestors().count(), 3);
        let other = VaultPath::parse("projects/api~2/x").expect("valid");
        assert_eq!(other.below(&base), None);
    }

    #[test]
    fn names_that_git_cannot_store_are_escaped_and_others_are_not() {
        assert!(matches!(
            escape_name(b"plain 100%"),
            Cow::Borrowed("plain 100%")
        ));
        assert_eq!(escape_name(b"caf\xe9.txt"), "caf%E9.txt");
        assert_eq!(escape_name(b".git"), "%2Egit");
        for name in ["\u{feff}.git", ".GIT", "git~1", ".gitmodules"] {
            let escaped = escape_name(name.as_bytes());
            assert!(
                VaultPath::parse(&escaped).is_ok(),
                "{name:?} became {escaped:?}"
            );
        }
    }
}
