//! What the user's git configuration says about reaching remotes. Nothing else of it counts.

use std::ffi::OsString;

use crate::base::{Env, Program, find_program};

/// Where git looks for it, and what of it is in the environment itself, beside keys and values that
/// have numbers.
const PLACES: [&str; 6] = [
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
];
const NUMBERED: [&str; 2] = ["GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"];

/// What of the environment leads git to the person's configuration.
pub fn leads(env: &Env) -> impl Iterator<Item = (&str, &OsString)> {
    let vars = env.all().map(|(name, value)| (name.as_str(), value));
    vars.filter(|(name, _)| {
        PLACES.contains(name) || NUMBERED.iter().any(|begin| name.starts_with(begin))
    })
}

/// Its keys, in lower case but for a part in the middle, with their values, the later ones last.
#[derive(Clone, Debug, Default)]
pub struct GitConfig {
    entries: Vec<(String, String)>,
}

impl GitConfig {
    /// Asks git. Where there is no git, or it cannot read its own configuration, there is nothing.
    #[must_use]
    pub fn read(env: &Env) -> Self {
        let Some(git) = find_program(env, "git") else {
            return Self::default();
        };
        let mut program = Program::new(git, env).args(["config", "--list", "-z", "--includes"]);
        for (name, value) in leads(env) {
            program = program.var(name, value);
        }
        let said = program.output().ok().filter(|it| it.status.success());
        Self::parse(&said.map(|it| it.stdout).unwrap_or_default())
    }

    fn parse(bytes: &[u8]) -> Self {
        let entry = |entry: &[u8]| {
            let text = String::from_utf8(entry.to_vec()).ok()?;
            let (key, value) = text.split_once('\n').unwrap_or((&text, "true"));
            Some((key.to_owned(), value.to_owned()))
        };
        let entries = bytes.split(|byte| *byte == 0);
        Self {
            entries: entries
                .filter_map(entry)
                .filter(|it| !it.0.is_empty())
                .collect(),
        }
    }

    /// The value that holds of a key.
    #[must_use]
    pub fn last(&self, key: &str) -> Option<&str> {
        let mut found = self.entries.iter().rev();
        found
            .find(|(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }

    /// An address as the user has it rewritten (`url.<base>.insteadOf`): the longest match counts.
    #[must_use]
    pub fn rewritten(&self, url: &str) -> String {
        let rules = self.entries.iter().filter_map(|(key, prefix)| {
            let base = key.strip_prefix("url.")?.strip_suffix(".insteadof")?;
            url.strip_prefix(prefix.as_str())
                .map(|rest| (prefix.len(), base, rest))
        });
        let longest = rules.max_by_key(|(length, ..)| *length);
        longest.map_or_else(|| url.to_owned(), |(_, base, rest)| format!("{base}{rest}"))
    }

    /// The values of `http.<key>` that hold for an address: those for all of them, then those for
    /// parts of it, the longest last.
    #[must_use]
    pub fn http(&self, url: &str, key: &str) -> Vec<&str> {
        self.about(url, ("http.", key))
    }

    /// Whether somebody keeps logins for an address.
    #[must_use]
    pub fn has_credential_helper(&self, url: &str) -> bool {
        // An empty one takes back those before it.
        let last = self.about(url, ("credential.", "helper")).pop();
        last.is_some_and(|it| !it.is_empty())
    }

    fn about(&self, url: &str, (section, key): (&str, &str)) -> Vec<&str> {
        let mut found: Vec<(usize, &str)> = Vec::new();
        for (known, value) in &self.entries {
            let Some(rest) = known.strip_prefix(section) else {
                continue;
            };
            let length = match rest.rsplit_once('.') {
                None if rest == key => 0,
                Some((part, name)) if name == key && covers(part, url) => part.len(),
                _ => continue,
            };
            found.push((length, value));
        }
        found.sort_by_key(|(length, _)| *length);
        found.into_iter().map(|(_, value)| value).collect()
    }
}

/// Whether a part of an address is the beginning of another one, up to a slash.
fn covers(part: &str, url: &str) -> bool {
    let part = part.trim_end_matches('/');
    url.strip_prefix(part)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(lines: &[(&str, &str)]) -> GitConfig {
        let lines = lines.iter().map(|(key, value)| format!("{key}\n{value}\0"));
        GitConfig::parse(lines.collect::<String>().as_bytes())
    }

    #[test]
    fn the_last_value_counts() {
        let config = config(&[("core.sshcommand", "a"), ("core.sshcommand", "ssh -v")]);
        assert_eq!(config.last("core.sshcommand"), Some("ssh -v"));
        assert_eq!(config.last("core.editor"), None);
        assert_eq!(GitConfig::parse(b"a.b\0").last("a.b"), Some("true"));
    }

    #[test]
    fn the_longest_prefix_is_rewritten() {
        let config = config(&[
            ("url.https://git.example.com/.insteadof", "gh:"),
            ("url.ssh://git@host/team/.insteadof", "gh:team/"),
        ]);
        assert_eq!(config.rewritten("gh:me/v"), "https://git.example.com/me/v");
        assert_eq!(config.rewritten("gh:team/v"), "ssh://git@host/team/v");
        assert_eq!(config.rewritten("/srv/v"), "/srv/v");
    }

    #[test]
    fn the_narrowest_part_of_an_address_counts_last() {
        let config = config(&[
            ("http.https://host/me.proxy", "c"),
            ("http.proxy", "a"),
            ("http.https://host.proxy", "b"),
            ("http.https://host.example.proxy", "d"),
        ]);
        assert_eq!(config.http("https://host/me/v", "proxy"), ["a", "b", "c"]);
        assert_eq!(config.http("https://host/men", "proxy"), ["a", "b"]);
    }

    #[test]
    fn a_helper_is_there_for_all_or_for_a_part_until_it_is_taken_back() {
        let url = "https://host/me/v";
        let has = |lines: &[(&str, &str)]| config(lines).has_credential_helper(url);
        assert!(has(&[("credential.helper", "store")]));
        assert!(has(&[("credential.https://host.helper", "store")]));
        assert!(!has(&[("credential.https://other.helper", "store")]));
        assert!(!has(&[
            ("credential.helper", "store"),
            ("credential.helper", "")
        ]));
        assert!(!has(&[]));
    }

    #[test]
    fn settings_in_the_environment_count() {
        let vars = [
            ("PATH", std::env::var_os("PATH").expect("a path")),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("GIT_CONFIG_COUNT", "2".into()),
            ("GIT_CONFIG_KEY_0", "http.proxy".into()),
            ("GIT_CONFIG_VALUE_0", "http://proxy:1".into()),
            ("GIT_CONFIG_KEY_1", "credential.helper".into()),
            ("GIT_CONFIG_VALUE_1", "".into()),
            (
                "GIT_CONFIG_PARAMETERS",
                "'http.extraHeader'='X-A: b'".into(),
            ),
        ];
        let vars = vars.map(|(name, value)| (name.to_owned(), value));
        let env = Env::new(vars, "/".into(), "here".to_owned());
        let config = GitConfig::read(&env);
        assert_eq!(config.last("http.proxy"), Some("http://proxy:1"));
        assert_eq!(config.last("credential.helper"), Some(""));
        assert_eq!(config.last("http.extraheader"), Some("X-A: b"));
    }
}
