//! Which proxy leads to a host, if any: git's own settings, else the environment.

use std::net::IpAddr;

use crate::base::Env;

use crate::vault::wire::address::HttpPlace;
use crate::vault::wire::git_config::GitConfig;

/// What curl and git look at, in their order. `HTTP_PROXY` is none of them: a web server sets it from
/// what strangers send.
const OF_HTTPS: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const OF_HTTP: [&str; 3] = ["http_proxy", "all_proxy", "ALL_PROXY"];

/// The proxy's address. It may have a password in it.
pub fn chosen(place: &HttpPlace, env: &Env, config: &GitConfig) -> Option<String> {
    // An empty variable is none.
    let text = |name: &&str| env.var(name)?.to_str().filter(|value| !value.is_empty());
    let exempt = ["no_proxy", "NO_PROXY"].iter().find_map(text);
    if exempt.is_some_and(|list| covers(list, place)) {
        return None;
    }
    let names: &[&str] = if place.tls { &OF_HTTPS } else { &OF_HTTP };
    let of_git = config.http(&place.url(), "proxy").pop();
    let chosen = of_git.or_else(|| names.iter().find_map(text))?;
    // An empty one in git's settings is none, whatever the environment says.
    Some(chosen.to_owned()).filter(|proxy| !proxy.is_empty())
}

/// Whether a list names this host, a domain that it is in or a network, as curl reads it. Others know
/// `*.domain`, too, and a port.
fn covers(list: &str, place: &HttpPlace) -> bool {
    let host = place.host.to_ascii_lowercase();
    let (name, port) = parts(&host);
    let port = port.unwrap_or(if place.tls { "443" } else { "80" });
    let address = name.parse::<IpAddr>().ok();
    let list = list.to_ascii_lowercase();
    let mut entries = list.split(|c: char| c == ',' || c.is_whitespace());
    entries.any(|entry| {
        let (of, of_port) = parts(entry);
        let is_named = match address {
            Some(address) => is_in(address, of),
            None => is_below(name, of),
        };
        entry == "*" || is_named && of_port.is_none_or(|it| it == port)
    })
}

/// A name or an address without brackets, and the port behind it.
fn parts(host: &str) -> (&str, Option<&str>) {
    if let Some((address, rest)) = host.strip_prefix('[').and_then(|it| it.split_once(']')) {
        return (address, rest.strip_prefix(':'));
    }
    match host.split_once(':') {
        Some((name, port)) if !port.contains(':') => (name, Some(port)),
        _ => (host, None),
    }
}

fn is_below(name: &str, domain: &str) -> bool {
    let name = name.trim_end_matches('.');
    let domain = domain.strip_prefix('*').unwrap_or(domain);
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let domain = domain.trim_end_matches('.');
    let above = name.strip_suffix(domain).filter(|_| !domain.is_empty());
    above.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether an address is this one, or in this network (`10.0.0.0/8`).
fn is_in(address: IpAddr, network: &str) -> bool {
    let width: u32 = if address.is_ipv4() { 32 } else { 128 };
    let (first, bits) = match network.split_once('/') {
        Some((first, bits)) => (first, bits.parse().ok()),
        None => (network, Some(width)),
    };
    let differs = match (address, first.parse()) {
        (IpAddr::V4(one), Ok(IpAddr::V4(other))) => u128::from(one.to_bits() ^ other.to_bits()),
        (IpAddr::V6(one), Ok(IpAddr::V6(other))) => one.to_bits() ^ other.to_bits(),
        _ => return false,
    };
    let beyond = bits.and_then(|bits| width.checked_sub(bits));
    beyond.is_some_and(|beyond| differs.checked_shr(beyond).is_none_or(|it| it == 0))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::PathBuf;

    use super::*;

    fn env(vars: &[(&str, &str)]) -> Env {
        let vars = vars
            .iter()
            .map(|(name, value)| ((*name).to_owned(), OsString::from(value)));
        Env::new(vars, PathBuf::from("/"), "test".to_owned())
    }

    fn place(tls: bool) -> HttpPlace {
        HttpPlace::of_url(tls, "git.example.com:8443/v").expect("a place")
    }

    #[test]
    fn the_environment_names_one_for_each_way() {
        let env = env(&[
            ("https_proxy", "http://a:1"),
            ("http_proxy", "http://b:1"),
            ("HTTP_PROXY", "http://evil:1"),
            ("ALL_PROXY", "http://c:1"),
        ]);
        let none = GitConfig::default();
        let chosen = |tls| chosen(&place(tls), &env, &none);
        assert_eq!(chosen(true).as_deref(), Some("http://a:1"));
        assert_eq!(chosen(false).as_deref(), Some("http://b:1"));
    }

    #[test]
    fn an_empty_variable_is_none() {
        let env = env(&[
            ("https_proxy", ""),
            ("ALL_PROXY", "http://c:1"),
            ("no_proxy", ""),
            ("NO_PROXY", "git.example.com"),
        ]);
        let none = GitConfig::default();
        assert_eq!(chosen(&place(true), &env, &none), None);
        let other = HttpPlace::of_url(true, "host/v").expect("a place");
        assert_eq!(chosen(&other, &env, &none).as_deref(), Some("http://c:1"));
    }

    #[test]
    fn hosts_are_exempt_by_name_by_domain_and_by_network() {
        for (host, list, is_exempt) in [
            ("git.example.com:8443", "git.example.com", true),
            ("git.example.com:8443", "other, .example.com", true),
            ("git.example.com:8443", "*.EXAMPLE.com", true),
            ("git.example.com:8443", "other\texample.com.", true),
            ("Git.example.com.:8443", "example.com", true),
            ("git.example.com:8443", "git.example.com:8443", true),
            ("git.example.com:8443", "example.com:8443", true),
            ("git.example.com:8443", "example.com:443", false),
            ("git.example.com", "example.com:443", true),
            ("git.example.com", "*", true),
            ("git.example.com", "other,*", true),
            ("git.example.com", "ample.com", false),
            ("git.example.com", "git.example.com.evil", false),
            ("git.example.com", "my.git.example.com", false),
            ("git.example.com", ".", false),
            ("git.example.com", "", false),
            ("git.example.com", "10.0.0.0/8", false),
            ("10.1.2.3:80", "10.1.2.3", true),
            ("10.1.2.3:80", "x,10.0.0.0/8", true),
            ("11.1.2.3:80", "10.0.0.0/8", false),
            ("11.1.2.3:80", "10.0.0.0/7", true),
            ("11.1.2.3:80", "0.0.0.0/0", true),
            ("10.1.2.3:80", "10.1.2.0/33", false),
            ("10.1.2.3:80", "10.1.2.0/", false),
            ("10.1.2.3:80", "1.2.3", false),
            ("10.1.2.3:80", "::/0", false),
            ("[::1]:80", "::1,127.0.0.1", true),
            ("[::1]:80", "[::1]", true),
            ("[::1]:80", "[::1]:80", true),
            ("[::1]", "::2", false),
            ("[fe80::1]:80", "fe80::/10", true),
            ("[fe80::1]:80", "fe80::/129", false),
            ("[fe80::1]:80", "::/0", true),
        ] {
            let place = HttpPlace::of_url(true, &format!("{host}/v")).expect("a place");
            assert_eq!(covers(list, &place), is_exempt, "{host}: {list}");
        }
        let env = env(&[("https_proxy", "http://a:1"), ("NO_PROXY", "example.com")]);
        assert_eq!(chosen(&place(true), &env, &GitConfig::default()), None);
    }
}
