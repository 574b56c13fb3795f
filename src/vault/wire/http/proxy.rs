//! Which proxy leads to a host, if any: git's own settings, else the environment.

use crate::base::Env;

use crate::vault::wire::address::HttpPlace;
use crate::vault::wire::git_config::GitConfig;

/// What curl and git look at, in their order. `HTTP_PROXY` is none of them: a web server sets it from
/// what strangers send.
const OF_HTTPS: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const OF_HTTP: [&str; 3] = ["http_proxy", "all_proxy", "ALL_PROXY"];

/// The proxy's address. It may have a password in it.
pub fn chosen(place: &HttpPlace, env: &Env, config: &GitConfig) -> Option<String> {
    let text = |name: &&str| env.var(name).and_then(|value| value.to_str());
    let exempt = ["no_proxy", "NO_PROXY"].iter().find_map(text);
    if exempt.is_some_and(|list| covers(list, &place.host)) {
        return None;
    }
    let names: &[&str] = if place.tls { &OF_HTTPS } else { &OF_HTTP };
    let of_git = config.http(&place.url(), "proxy").pop();
    let chosen = of_git.or_else(|| names.iter().find_map(text))?;
    // An empty one in git's settings is none, whatever the environment says.
    Some(chosen.to_owned()).filter(|proxy| !proxy.is_empty())
}

/// Whether a list of hosts names this one, or a domain that it is in.
fn covers(list: &str, host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    };
    let bare = bare.to_ascii_lowercase();
    let entries = list.split([',', ' ']).map(str::trim);
    entries.filter(|entry| !entry.is_empty()).any(|entry| {
        let entry = entry.to_ascii_lowercase();
        let name = entry.trim_start_matches("*.").trim_start_matches('.');
        entry == "*"
            || name == host
            || name == bare
            || bare
                .strip_suffix(name)
                .is_some_and(|rest| rest.ends_with('.'))
    })
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
    fn hosts_are_exempt_by_name_and_by_domain() {
        for (list, is_exempt) in [
            ("git.example.com", true),
            ("other, .example.com", true),
            ("*.EXAMPLE.com", true),
            ("example.com", true),
            ("git.example.com:8443", true),
            ("*", true),
            ("ample.com", false),
            ("git.example.com.evil", false),
            ("", false),
        ] {
            assert_eq!(covers(list, "git.example.com:8443"), is_exempt, "{list}");
        }
        assert!(covers("::1,127.0.0.1", "[::1]:80") && covers("127.0.0.1", "127.0.0.1"));
        let env = env(&[("https_proxy", "http://a:1"), ("NO_PROXY", "example.com")]);
        assert_eq!(chosen(&place(true), &env, &GitConfig::default()), None);
    }
}
