//! Addresses of remotes, as people write them.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::vault::WireError;

/// Where a remote is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A repository on a disk of this machine.
    Path(PathBuf),
}

impl Address {
    /// Reads an address. A path may be relative to `cwd` or begin with `~/`.
    pub fn parse(text: &str, cwd: &Path, home: &Path) -> Result<Self, WireError> {
        let bad = |reason: &str| WireError::BadUrl {
            url: shown(text),
            reason: reason.to_owned(),
        };
        if text.trim().is_empty() {
            return Err(bad("it is empty"));
        }
        if text.contains('\0') || text.starts_with('-') {
            return Err(bad("it has a character that no address has"));
        }
        if let Some(rest) = text.strip_prefix("file://") {
            let path = rest.strip_prefix("localhost").unwrap_or(rest);
            if !path.starts_with('/') {
                return Err(bad("a file:// address names no host: write file:///path"));
            }
            return Ok(Self::Path(PathBuf::from(decode_percent(path))));
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(bad(&format!(
                "this version reaches local paths and file://, not {scheme}://"
            )));
        }
        if looks_like_scp(text) {
            return Err(bad(
                "this version reaches local paths and file://, not ssh (a path with a colon is written ./a:b)",
            ));
        }
        let path = match text.strip_prefix("~/") {
            Some(rest) => home.join(rest),
            None => cwd.join(text),
        };
        Ok(Self::Path(path))
    }
}

/// `host:path`, which git takes for ssh, unless a slash comes before the colon.
fn looks_like_scp(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(host, _)| !host.contains('/'))
}

fn decode_percent(text: &str) -> OsString {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = hex.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (bytes[at], byte) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    OsString::from_vec(out)
}

/// An address as it may be shown: without user and password.
fn shown(text: &str) -> String {
    match text.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest
                .split_once('/')
                .map_or((rest, ""), |(host, path)| (host, path));
            let host = host.rsplit('@').next().unwrap_or(host);
            format!("{scheme}://{host}/{path}")
        }
        None => text.to_owned(),
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Path(path) => f.write_str(&String::from_utf8_lossy(path.as_os_str().as_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address, WireError> {
        Address::parse(text, Path::new("/work"), Path::new("/home/a"))
    }

    #[test]
    fn every_way_to_write_a_path() {
        for (text, path) in [
            ("/srv/vault.git", "/srv/vault.git"),
            ("vault.git", "/work/vault.git"),
            ("~/vault.git", "/home/a/vault.git"),
            ("file:///srv/my%20vault.git", "/srv/my vault.git"),
            ("file://localhost/srv/100%.git", "/srv/100%.git"),
            ("./odd:name", "/work/./odd:name"),
        ] {
            assert_eq!(
                parse(text).ok(),
                Some(Address::Path(PathBuf::from(path))),
                "{text}"
            );
        }
    }

    #[test]
    fn what_cannot_be_reached_is_said_without_a_password() {
        for text in [
            "",
            "  ",
            "https://me:hunter2@git.example.com/v.git",
            "git@host:v.git",
            "file://host/x",
            "--upload-pack=x",
        ] {
            let fault = parse(text).expect_err(text).to_string();
            assert!(!fault.contains("hunter2"), "{fault}");
        }
    }
}
