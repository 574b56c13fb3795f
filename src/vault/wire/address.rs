//! Addresses of remotes, as people write them.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::vault::WireError;

/// Where a remote is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A repository on a disk of this machine.
    Path(PathBuf),
    Ssh(SshPlace),
    Http(HttpPlace),
}

/// A repository that ssh leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshPlace {
    pub user: Option<String>,
    pub host: String,
    pub port: Option<u16>,
    /// As the other side is told it: `~/x` and `x` begin in the home directory there.
    pub path: String,
}

/// A repository on a web server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpPlace {
    pub tls: bool,
    pub user: Option<String>,
    /// With its port, where one is named.
    pub host: String,
    /// It begins with a slash, and does not end with one.
    pub path: String,
}

impl Address {
    /// Reads an address. A path may be relative to `cwd` or begin with `~/`.
    pub fn parse(text: &str, cwd: &Path, home: &Path) -> Result<Self, WireError> {
        let bad = |reason: String| WireError::BadUrl {
            url: shown(text),
            reason,
        };
        if text.trim().is_empty() {
            return Err(bad("it is empty".to_owned()));
        }
        if text.starts_with('-') || text.chars().any(char::is_control) {
            return Err(bad("it has a character that no address has".to_owned()));
        }
        if text.contains("://") && text.trim() != text {
            return Err(bad("it begins or ends with a blank".to_owned()));
        }
        let address = match text.split_once("://") {
            Some(("file", rest)) => of_file(rest),
            Some(("ssh" | "git+ssh" | "ssh+git", rest)) => SshPlace::of_url(rest).map(Self::Ssh),
            Some((scheme @ ("https" | "http"), rest)) => {
                HttpPlace::of_url(scheme == "https", rest).map(Self::Http)
            }
            Some((scheme, _)) => Err(format!(
                "holdall speaks ssh://, https://, file:// and paths, not {scheme}://"
            )),
            None if looks_like_scp(text) => SshPlace::of_scp(text).map(Self::Ssh),
            None => Ok(Self::Path(match text.strip_prefix("~/") {
                Some(rest) => home.join(rest),
                None => cwd.join(text),
            })),
        };
        address.map_err(bad)
    }
}

/// As git takes it, a user and a port may stand between the brackets: `[git@host:2222]:path`.
fn unbracketed(inner: &str) -> String {
    let (user, place) = inner.split_once('@').unwrap_or(("", inner));
    let at = if user.is_empty() { "" } else { "@" };
    if place.matches(':').count() > 1 {
        format!("{user}{at}[{place}]")
    } else {
        format!("{user}{at}{place}")
    }
}

/// `host:path`, which git takes for ssh, unless a slash comes before the colon.
fn looks_like_scp(text: &str) -> bool {
    let host = text.strip_prefix('[').map_or_else(
        || text.split_once(':').map(|(host, _)| host),
        |rest| rest.split_once("]:").map(|(host, _)| host),
    );
    host.is_some_and(|host| !host.contains('/'))
}

fn of_file(rest: &str) -> Result<Address, String> {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if path.starts_with('/') {
        Ok(Address::Path(PathBuf::from(decode_percent(path))))
    } else {
        Err("a file:// address names no host: write file:///path".to_owned())
    }
}

impl SshPlace {
    fn of_url(rest: &str) -> Result<Self, String> {
        let (authority, path) = split_path(rest);
        let (user, host, port) = authority_of(authority)?;
        let path = decode_percent(path).into_string();
        let path = path.map_err(|_| "its path is not UTF-8")?;
        // `ssh://host/~/x` is below the home directory there.
        let path = match path.strip_prefix("/~") {
            Some(rest) => format!("~{rest}"),
            None => path,
        };
        Self::new((user, host, port), &path)
    }

    fn of_scp(text: &str) -> Result<Self, String> {
        let (authority, path) = match text.split_once("]:") {
            Some((inner, path)) if text.starts_with('[') => (unbracketed(&inner[1..]), path),
            Some((host, path)) if text.contains('[') => (format!("{host}]"), path),
            _ => {
                let (host, path) = text.split_once(':').ok_or("it names no path")?;
                if path.starts_with(':') {
                    return Err("holdall runs no helper programs of git".to_owned());
                }
                (host.to_owned(), path)
            }
        };
        let (user, host, port) = authority_of(&authority)?;
        Self::new((user, host, port), path)
    }

    /// Neither may be taken for an option: by ssh, or by git over there.
    fn new(
        (user, host, port): (Option<String>, String, Option<u16>),
        path: &str,
    ) -> Result<Self, String> {
        let is_option = |text: &str| text.starts_with('-');
        if is_option(&host) || user.as_deref().is_some_and(is_option) || is_option(path) {
            return Err("a part of it begins with a dash".to_owned());
        }
        if path.is_empty() || path == "/" {
            return Err("it names no repository: write host:path".to_owned());
        }
        Ok(Self {
            user,
            host,
            port,
            path: path.to_owned(),
        })
    }

    /// Who is asked for, as ssh takes it.
    #[must_use]
    pub fn destination(&self) -> String {
        match &self.user {
            Some(user) => format!("{user}@{}", self.host),
            None => self.host.clone(),
        }
    }
}

impl HttpPlace {
    /// Reads what comes after `https://`.
    pub fn of_url(tls: bool, rest: &str) -> Result<Self, String> {
        if rest.contains(['?', '#']) {
            return Err("an address has no `?` and no `#`".to_owned());
        }
        let (authority, path) = split_path(rest);
        let (user, host, port) = authority_of(authority)?;
        let path = path.trim_end_matches('/');
        if path.is_empty() {
            return Err("it names no repository".to_owned());
        }
        let host = match (host.contains(':'), port) {
            (true, Some(port)) => format!("[{host}]:{port}"),
            (true, None) => format!("[{host}]"),
            (false, Some(port)) => format!("{host}:{port}"),
            (false, None) => host,
        };
        Ok(Self {
            tls,
            user,
            host,
            path: path.to_owned(),
        })
    }

    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    /// The address without a user.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}{}", self.scheme(), self.host, self.path)
    }

    /// Who answers there: what is for one of them is for no other.
    #[must_use]
    pub fn origin(&self) -> String {
        let host = self.host.to_ascii_lowercase();
        let usual = if self.tls { ":443" } else { ":80" };
        let host = host.strip_suffix(usual).unwrap_or(&host);
        format!("{}://{host}", self.scheme())
    }

    /// What is said to it stays on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host.strip_prefix('[').map_or_else(
            || self.host.split(':').next().unwrap_or_default(),
            |rest| rest.split(']').next().unwrap_or_default(),
        );
        host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

fn split_path(rest: &str) -> (&str, &str) {
    rest.find('/').map_or((rest, ""), |at| rest.split_at(at))
}

/// User, host and port.
fn authority_of(text: &str) -> Result<(Option<String>, String, Option<u16>), String> {
    let (user, place) = match text.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, text),
    };
    let user = user.map(decoded);
    if user.as_deref().is_some_and(|user| user.contains(':')) {
        return Err(
            "a password has no place in an address, which is shown and kept: git's credential helpers have it, or HOLDALL_TOKEN"
                .to_owned(),
        );
    }
    let (host, port) = if let Some(rest) = place.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or("its `[` is not closed")?;
        (host, port.strip_prefix(':').filter(|port| !port.is_empty()))
    } else {
        match place.split_once(':') {
            Some((host, port)) => (host, Some(port).filter(|port| !port.is_empty())),
            None => (place, None),
        }
    };
    if host.is_empty() {
        return Err("it names no host".to_owned());
    }
    if host.contains(char::is_whitespace) {
        return Err("its host has a blank in it".to_owned());
    }
    let port = port.map(|port| port.parse().map_err(|_| format!("`{port}` is no port")));
    let user = user.filter(|user| !user.is_empty());
    Ok((user, host.to_owned(), port.transpose()?))
}

fn decoded(text: &str) -> String {
    decode_percent(text).to_string_lossy().into_owned()
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

/// An address as it may be shown: without user and password, and without what is asked of it.
fn shown(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
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

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.write_str(&String::from_utf8_lossy(path.as_os_str().as_bytes())),
            Self::Ssh(place) => {
                let port = place
                    .port
                    .map(|port| format!(":{port}"))
                    .unwrap_or_default();
                write!(
                    f,
                    "ssh://{}{port}/{}",
                    place.destination(),
                    place.path.trim_start_matches('/')
                )
            }
            Self::Http(place) => f.write_str(&place.url()),
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
    fn every_way_to_write_an_address_of_ssh() {
        for (text, user, host, port, path) in [
            ("git@host:v.git", Some("git"), "host", None, "v.git"),
            ("host:~/v.git", None, "host", None, "~/v.git"),
            ("host:/srv/v.git", None, "host", None, "/srv/v.git"),
            ("me@[::1]:v.git", Some("me"), "::1", None, "v.git"),
            ("[::1]:/v.git", None, "::1", None, "/v.git"),
            ("[me@::1]:v.git", Some("me"), "::1", None, "v.git"),
            ("[host:2222]:v.git", None, "host", Some(2222), "v.git"),
            ("[me@host:2222]:/v", Some("me"), "host", Some(2222), "/v"),
            ("ssh://host/srv/v.git", None, "host", None, "/srv/v.git"),
            (
                "ssh://me@host:2222/~/v%20w.git",
                Some("me"),
                "host",
                Some(2222),
                "~/v w.git",
            ),
            ("ssh://[::1]:22/~bob/v", None, "::1", Some(22), "~bob/v"),
            ("git+ssh://host:/v", None, "host", None, "/v"),
        ] {
            let place = SshPlace {
                user: user.map(str::to_owned),
                host: host.to_owned(),
                port,
                path: path.to_owned(),
            };
            assert_eq!(parse(text).ok(), Some(Address::Ssh(place)), "{text}");
        }
    }

    #[test]
    fn every_way_to_write_an_address_of_the_web() {
        for (text, tls, user, host, path, is_loopback) in [
            (
                "https://git.example.com/me/v.git",
                true,
                None,
                "git.example.com",
                "/me/v.git",
                false,
            ),
            (
                "https://me@host:8443/v/",
                true,
                Some("me"),
                "host:8443",
                "/v",
                false,
            ),
            (
                "http://localhost:80/v",
                false,
                None,
                "localhost:80",
                "/v",
                true,
            ),
            ("http://127.0.0.9/v", false, None, "127.0.0.9", "/v", true),
            ("http://[::1]:8080/v", false, None, "[::1]:8080", "/v", true),
            (
                "http://localhost.example.com/v",
                false,
                None,
                "localhost.example.com",
                "/v",
                false,
            ),
        ] {
            let place = HttpPlace {
                tls,
                user: user.map(str::to_owned),
                host: host.to_owned(),
                path: path.to_owned(),
            };
            assert_eq!(place.is_loopback(), is_loopback, "{text}");
            assert_eq!(parse(text).ok(), Some(Address::Http(place)), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_reached_is_said_without_a_password() {
        for text in [
            "",
            "  ",
            "https://me:hunter2@git.example.com/v.git",
            "ssh://me:hunter2@host/v.git",
            "https://host/v?token=hunter2",
            "https://host",
            "https:///v",
            "ssh://host:port/v",
            "ssh://-oProxyCommand=x/v",
            "host:-v",
            "host:",
            "git://host/v",
            "ext::sh",
            "file://host/x",
            "--upload-pack=x",
            "host:a\nb",
            "https://me%3Ahunter2@host/v",
            "https://lo cal/v",
            "https://host/v ",
            " https://host/v",
            "ssh://lo cal/v",
        ] {
            let fault = parse(text).expect_err(text).to_string();
            assert!(!fault.contains("hunter2"), "{fault}");
        }
    }

    #[test]
    fn the_usual_port_is_the_same_host() {
        for (tls, one, other, is_same) in [
            (true, "Host/v", "host:443/w", true),
            (false, "[::1]/v", "[::1]:80/v", true),
            (true, "host/v", "host:80/v", false),
            (false, "host/v", "host:443/v", false),
            (true, "host:1443/v", "host:1/v", false),
        ] {
            let origin = |rest| HttpPlace::of_url(tls, rest).expect("a place").origin();
            assert_eq!(origin(one) == origin(other), is_same, "{one} {other}");
        }
    }
}
