//! How hosts name their repositories.

use std::fmt;

use crate::vault::wire::Address;

use super::error::HostingError;
use super::host::Host;

/// Longer names no host takes.
const MAX_NAME: usize = 100;

/// How git is to reach a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Https,
    Ssh,
}

/// A repository at GitHub: its owner and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slug {
    owner: String,
    name: String,
}

impl Slug {
    /// The repository that an address leads to, if that is one at GitHub.
    #[must_use]
    pub fn of(address: &Address) -> Option<Self> {
        let (host, path) = match address {
            Address::Ssh(place) => (place.host.as_str(), place.path.as_str()),
            Address::Http(place) => (
                place.host.split(':').next().unwrap_or_default(),
                place.path.as_str(),
            ),
            Address::Path(_) => return None,
        };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if !matches!(
            host.as_str(),
            "github.com" | "www.github.com" | "ssh.github.com"
        ) {
            return None;
        }
        Self::parse(path.trim_matches('/'))
    }

    /// Reads `owner/name`, with or without `.git`.
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        let name = name.trim_end_matches('/');
        let name = name.strip_suffix(".git").unwrap_or(name);
        (fault_of(owner).is_none() && fault_of(name).is_none()).then(|| Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
        })
    }

    /// The repository on whose page this address leads.
    pub fn of_page(url: &str) -> Option<Self> {
        Self::parse(url.trim().strip_prefix("https://github.com/")?)
    }

    /// Its address for git.
    #[must_use]
    pub fn url(&self, protocol: Protocol) -> String {
        match protocol {
            Protocol::Https => format!("https://github.com/{self}.git"),
            Protocol::Ssh => format!("git@github.com:{self}.git"),
        }
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// Whether a person's word can be the name of a repository. At GitHub it may have an owner before it.
pub fn check_name(host: Host, text: &str) -> Result<(), HostingError> {
    let bad = |reason| HostingError::BadName {
        host,
        name: text.to_owned(),
        reason,
    };
    let name = match (host, text.split_once('/')) {
        (Host::GitHub, Some((owner, name))) => {
            fault_of(owner).map_or(Ok(()), |reason| Err(bad(reason)))?;
            name
        }
        _ => text,
    };
    match fault_of(name) {
        Some(reason) => Err(bad(reason)),
        None if name.ends_with(".git") => Err(bad("it ends with `.git`")),
        None => Ok(()),
    }
}

/// Why a word names nothing at a host. None of it can be taken for an option, or for a path.
fn fault_of(word: &str) -> Option<&'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if word.is_empty() {
        Some("it is empty")
    } else if word.len() > MAX_NAME {
        Some("it is too long")
    } else if !word.bytes().all(is_plain) {
        Some("names have letters, digits, dots, dashes and underscores")
    } else if word.starts_with('-') || matches!(word, "." | "..") {
        Some("it begins with a dash, or is a dot")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn slug(url: &str) -> Option<String> {
        let address = Address::parse(url, Path::new("/"), Path::new("/home/a"));
        Slug::of(&address.ok()?).map(|slug| slug.to_string())
    }

    #[test]
    fn a_repository_at_github_is_known_however_it_is_written() {
        for url in [
            "git@github.com:me/vault.git",
            "git@github.com:me/vault",
            "git@GitHub.com:/me/vault.git/",
            "github.com:me/vault",
            "ssh://git@github.com/me/vault.git",
            "ssh://git@github.com:22/me/vault",
            "ssh://git@ssh.github.com:443/me/vault.git",
            "git+ssh://git@github.com/me/vault",
            "https://github.com/me/vault",
            "https://github.com/me/vault.git",
            "https://me@github.com/me/vault/",
            "https://github.com:443/me/vault",
            "https://www.github.com/me/vault",
            "https://github.com./me/vault",
            "http://github.com/me/vault",
        ] {
            assert_eq!(slug(url).as_deref(), Some("me/vault"), "{url}");
        }
    }

    #[test]
    fn what_lies_elsewhere_is_not_at_github() {
        for url in [
            "/github.com/me/vault",
            "git@gitlab.com:me/vault",
            "https://github.com.example.com/me/vault",
            "https://example.com/github.com/me/vault",
            "github.com@example.com:me/vault",
            "https://github.com/me",
            "https://github.com/me/vault/tree",
            "git@github.com:me/--web",
            "git@github.com:../vault",
        ] {
            assert_eq!(slug(url), None, "{url}");
        }
    }

    #[test]
    fn the_address_of_a_repository_leads_back_to_it() {
        let made = Slug::of_page("https://github.com/me/vault\n").expect("a page");
        assert_eq!(made.url(Protocol::Ssh), "git@github.com:me/vault.git");
        assert_eq!(made.url(Protocol::Https), "https://github.com/me/vault.git");
        for protocol in [Protocol::Https, Protocol::Ssh] {
            assert_eq!(slug(&made.url(protocol)).as_deref(), Some("me/vault"));
        }
        for page in [
            "",
            "me/vault",
            "https://example.com/me/vault",
            "https://github.com/-x/y",
        ] {
            assert_eq!(Slug::of_page(page), None, "{page}");
        }
    }

    #[test]
    fn names_that_no_host_takes_are_refused_before_it_is_asked() {
        let long = "x".repeat(101);
        for name in [
            "", "-p", "a b", "..", "a/b/c", "a\nb", "v.git", "größe", "/x", "x/", &long,
        ] {
            let fault = check_name(Host::GitHub, name);
            assert!(matches!(fault, Err(HostingError::BadName { .. })), "{name}");
        }
        for name in ["holdall-vault", "team/vault", "a.b_c"] {
            assert!(check_name(Host::GitHub, name).is_ok(), "{name}");
        }
        assert!(check_name(Host::GitLab, "team/vault").is_err());
    }
}
