//! One name for one repository, however its URL is written, and the way back to a URL.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Longer URLs are nobody's repository.
const MAX_URL: usize = 2000;
/// Hosts that take every spelling of a path for the same repository.
const CASELESS: [&str; 4] = ["github.com", "gitlab.com", "bitbucket.org", "codeberg.org"];
/// Doors on the https port for people behind a firewall, and the host they lead to.
const SIDE_DOORS: [(&str, &str); 3] = [
    ("ssh.github.com", "github.com"),
    ("altssh.gitlab.com", "gitlab.com"),
    ("altssh.bitbucket.org", "bitbucket.org"),
];

/// A remote's URL as `host/path`, equal for all ways to reach one repository. Nothing where the URL
/// names no repository that another machine could know: local paths, this very machine, and
/// whatever does not read like a URL.
#[must_use]
pub fn normalise_remote(url: &str) -> Option<String> {
    let url = url.trim();
    if url.len() > MAX_URL || url.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return None;
    }
    match url.split_once("://") {
        Some((scheme, rest)) => from_url(&scheme.to_ascii_lowercase(), rest),
        None => from_scp(url),
    }
}

fn from_url(scheme: &str, rest: &str) -> Option<String> {
    let usual = match scheme {
        "ssh" | "git+ssh" | "ssh+git" => 22,
        "http" => 80,
        "https" => 443,
        "git" => 9418,
        _ => return None,
    };
    if rest.contains(['?', '#']) {
        return None;
    }
    let (authority, path) = rest.split_once('/')?;
    // A user or password may itself hold an `@`; the host cannot.
    let place = authority.rsplit('@').next()?;
    let (host, port) = split_port(place)?;
    assemble(host, port, usual, &decode(path)?)
}

/// `user@host:path`, where git asks ssh. A path before the first colon makes it a local one.
fn from_scp(text: &str) -> Option<String> {
    let (place, path) = match text.find('[') {
        // `[host:port]:path`, `user@[::1]:path`
        Some(open) if open == 0 || text.as_bytes()[open - 1] == b'@' => {
            let close = text[open..].find("]:")? + open;
            (&text[open..=close], &text[close + 2..])
        }
        _ => {
            let (before, path) = text.split_once(':')?;
            (before.rsplit('@').next()?, path)
        }
    };
    // `ext::command` is a transport, `C:\x` a drive.
    if place.contains(['/', '\\']) || place.len() < 2 || path.starts_with(':') {
        return None;
    }
    let inner = place
        .strip_prefix('[')
        .and_then(|place| place.strip_suffix(']'))
        .filter(|inner| inner.matches(':').count() < 2);
    let (host, port) = split_port(inner.unwrap_or(place))?;
    assemble(host, port, 22, path)
}

/// The host, and its port where one is written.
fn split_port(place: &str) -> Option<(&str, Option<u16>)> {
    let after_address = place.rfind(']').map_or(0, |end| end + 1);
    match place[after_address..].split_once(':') {
        None => Some((place, None)),
        Some((before, port)) => {
            let host = &place[..after_address + before.len()];
            if port.is_empty() {
                return Some((host, None));
            }
            // `parse` alone would take a `+`.
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            let port = port.parse().ok().filter(|port| digits && *port != 0)?;
            Some((host, Some(port)))
        }
    }
}

fn assemble(host: &str, port: Option<u16>, usual: u16, path: &str) -> Option<String> {
    let mut host = host.trim_end_matches('.').to_ascii_lowercase();
    if !is_host(&host) || is_this_machine(&host) {
        return None;
    }
    let mut port = port.filter(|port| *port != usual);
    let door = SIDE_DOORS.iter().find(|(door, _)| *door == host);
    if let (Some((_, behind)), None | Some(443)) = (door, port) {
        (*behind).clone_into(&mut host);
        port = None;
    }
    let path = if CASELESS.contains(&host.as_str()) {
        Cow::Owned(path.to_lowercase())
    } else {
        Cow::Borrowed(path)
    };
    let path = tidy(&path)?;
    Some(match port {
        Some(port) => format!("{host}:{port}/{path}"),
        None => format!("{host}/{path}"),
    })
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').unwrap_or_default();
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    !host.is_empty()
        && host.split('.').all(|label| !label.is_empty())
        && !host.starts_with('-')
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

/// On another machine the same words mean another repository.
fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

/// The path without slashes that say nothing and without the `.git` that git adds by itself.
fn tidy(path: &str) -> Option<String> {
    if path.contains(|c: char| c == '\\' || c.is_control()) {
        return None;
    }
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.iter().any(|part| matches!(*part, "." | "..")) {
        return None;
    }
    if let Some(last) = parts.pop() {
        let stem = last.strip_suffix(".git").unwrap_or(last);
        if !stem.is_empty() {
            parts.push(stem);
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Undoes `%41`. An escaped slash would make two paths look like one, so it is refused.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, tail) = rest.split_at_checked(2)?;
        rest = tail;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let value = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        if value == b'/' {
            return None;
        }
        bytes.push(value);
    }
    String::from_utf8(bytes).ok()
}

/// A normalised remote as a URL again, behind `https://` or `ssh://git@`. Nothing where it is no
/// remote.
#[must_use]
pub fn remote_url(front: &str, remote: &str) -> Option<String> {
    let (host, path) = remote.split_once('/')?;
    Some(format!("{front}{host}/{}", encode(path)))
}

/// What `decode` undoes. Programs refuse a URL with a blank in it, and read a `?` as something else.
fn encode(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=:@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("writing to a string never fails");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_to_one_repository_are_equal() {
        for url in [
            "https://host.org/Team/api.git",
            "https://host.org/Team/api",
            "https://HOST.org/Team/api.git/",
            "https://host.org.:443//Team//api/",
            "https://me:secret@host.org/Team/api",
            "https://me:s@cret@host.org/Team/api",
            "http://host.org:80/Team/api.git",
            "git://host.org/Team/api.git",
            "git://host.org:9418/Team/api.git",
            "ssh://git@host.org/Team/api.git",
            "SSH://git@host.org:22/Team/api.git",
            "ssh://host.org:/Team/api",
            "git+ssh://git@host.org/Team/api",
            "git@host.org:Team/api.git",
            "git@host.org:/Team/api.git",
            "host.org:Team/api",
            "[host.org]:Team/api",
            "git@[host.org:22]:Team/api",
            "https://host.org/%54eam/api",
            "  https://host.org/Team/api\n",
            "https://host.org/Team/api/.git",
        ] {
            let found = normalise_remote(url);
            assert_eq!(found.as_deref(), Some("host.org/Team/api"), "{url}");
        }
    }

    #[test]
    fn what_differs_stays_different() {
        for (url, expected) in [
            ("ssh://git@h.org:2222/a/b.git", "h.org:2222/a/b"),
            ("git@[h.org:2222]:a/b.git", "h.org:2222/a/b"),
            ("https://h.org:22/a/b", "h.org:22/a/b"),
            ("https://h.org/a/B", "h.org/a/B"),
            ("ssh://h.org/~me/b", "h.org/~me/b"),
            ("h.org:~me/b", "h.org/~me/b"),
            ("https://h.org/a%20b", "h.org/a b"),
            ("h.org:a%20b", "h.org/a%20b"),
            ("https://h.org/a.git.git", "h.org/a.git"),
            ("ssh://[2001:DB8::1]:2222/x", "[2001:db8::1]:2222/x"),
            ("git@[2001:db8::1]:x", "[2001:db8::1]/x"),
            ("nas:repos/x", "nas/repos/x"),
            ("https://h.org/größe", "h.org/größe"),
        ] {
            assert_eq!(normalise_remote(url).as_deref(), Some(expected), "{url}");
        }
    }

    #[test]
    fn hosts_that_ignore_case_get_one_spelling() {
        for url in [
            "https://GitHub.com/Me/Api.GIT",
            "git@github.com:me/api",
            "ssh://git@ssh.github.com:443/me/API.git",
        ] {
            let found = normalise_remote(url);
            assert_eq!(found.as_deref(), Some("github.com/me/api"), "{url}");
        }
        let found = normalise_remote("https://codeberg.org/A/B");
        assert_eq!(found.as_deref(), Some("codeberg.org/a/b"));
    }

    #[test]
    fn what_no_other_machine_could_know_identifies_nothing() {
        for url in [
            "",
            ".",
            "/srv/git/api.git",
            "../api",
            "./a:b",
            "file:///srv/api.git",
            "C:/work/api",
            "C:\\work\\api",
            "ext::sh -c x",
            "ext::x",
            "ftp://host.org/x",
            "https://host.org",
            "https://host.org/",
            "https://host.org/.git",
            "https:///x",
            "host.org:",
            "https://ho st.org/x",
            "https://host.org/a/../b",
            "https://host.org/a/%2e%2E/b",
            "https://host.org/a%2Fb",
            "https://host.org/a%0Ab",
            "https://host.org/a%00b",
            "https://host.org/%ff",
            "https://host.org/%4",
            "https://host.org/%+4",
            "https://host.org/a?b=c",
            "https://host.org/a#b",
            "https://host.org/a\\b",
            "https://host.org:x/a",
            "https://host.org:0/a",
            "https://host.org:+1/a",
            "https://host.org:99999/a",
            "https://-oProxyCommand=x/a",
            "-oProxyCommand=x:a",
            "https://a..b/x",
            "https://[::1/x",
            "https://[zz]/x",
            "ssh://localhost/x",
            "http://127.0.0.1:3000/me/x",
            "ssh://[::1]/x",
            "git@localhost:x",
            "https://host.org/a\u{7}b",
            "[:x",
            "@:x",
            "[]:x",
        ] {
            assert_eq!(normalise_remote(url), None, "{url:?}");
        }
        let long = format!("https://host.org/{}", "x".repeat(MAX_URL));
        assert_eq!(normalise_remote(&long), None);
    }

    #[test]
    fn a_remote_becomes_a_url_that_every_program_takes() {
        for (remote, url) in [
            ("h.org/team/api", "https://h.org/team/api"),
            (
                "h.org/My Project/_git/x",
                "https://h.org/My%20Project/_git/x",
            ),
            ("h.org/100%/a?b#c", "https://h.org/100%25/a%3Fb%23c"),
            ("h.org/größe", "https://h.org/gr%C3%B6%C3%9Fe"),
            (
                "[2001:db8::1]:2222/~me/x",
                "https://[2001:db8::1]:2222/~me/x",
            ),
        ] {
            let made = remote_url("https://", remote);
            assert_eq!(made.as_deref(), Some(url));
            assert_eq!(normalise_remote(url).as_deref(), Some(remote));
        }
        assert_eq!(remote_url("https://", "nowhere"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it_and_a_result_holds_no_user(text in "[\\PC%@:/\\[\\]. ]{0,60}") {
            if let Some(name) = normalise_remote(&text) {
                let host = name.split('/').next().unwrap_or_default();
                proptest::prop_assert!(!host.contains('@'));
                proptest::prop_assert!(!name.ends_with('/'));
            }
        }

        #[test]
        fn a_normalised_name_names_itself(path in "[a-z]{1,8}(/[a-z0-9.~-]{1,8}[a-z]){1,3}") {
            if let Some(name) = normalise_remote(&format!("https://host.org/{path}")) {
                let again = normalise_remote(&format!("ssh://git@{name}.git"));
                proptest::prop_assert_eq!(again, Some(name));
            }
        }
    }
}
