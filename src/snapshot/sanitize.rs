//! Settings without what belongs to one machine, and without obvious secrets.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use crate::doc::{DocError, Format, KeyPath, KeyPattern, Leaf, Stripped};
use crate::source::Reason;

use super::gate::{Scanner, Secret, fingerprint, says_value};
use super::portable::{with_home, with_tilde};

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

/// Why the vault's version of a settings file cannot come here.
#[derive(Debug)]
pub enum Misfit {
    /// It cannot be read.
    Vault(DocError),
    /// This machine's keys cannot be written into it without risk.
    Edit(DocError),
    /// It has no place for these keys, which would be lost.
    NoPlace(Vec<KeyPath>),
}

/// Why a settings file stays of which nothing could be taken out.
#[must_use]
pub const fn reason_of(fault: &DocError) -> Reason {
    match fault {
        DocError::Unsupported { .. } | DocError::Unsafe { .. } => Reason::NotEditable,
        _ => Reason::Damaged,
    }
}

/// What to leave out of one settings file, and what to say otherwise in it.
#[derive(Clone, Debug)]
pub struct Sanitizer {
    pub format: Format,
    /// What belongs to this machine.
    pub keys: Vec<KeyPattern>,
    /// Texts in which the home directory travels as `~`.
    pub portable: Vec<KeyPattern>,
    pub home: Option<String>,
    /// Fingerprints of the values that travel, though they look like secrets.
    pub allowed: Arc<BTreeSet<String>>,
}

/// A value in settings that looks like a secret.
#[derive(Debug)]
pub struct Masked {
    /// Its key, the ones above it first.
    pub key: String,
    pub rule: &'static str,
    pub fingerprint: String,
}

/// The rule by which a value is known by the name of its key alone.
const BY_NAME: &str = "secret-key-name";

impl Sanitizer {
    /// The document without machine-local keys and secrets, and with portable paths; the rest is
    /// byte for byte as it was.
    pub fn clean(&self, text: &[u8]) -> Result<Stripped, DocError> {
        let mut stripped = self.format.strip(text, &mut |path, leaf| {
            self.is_local(path) || secrets(path, &leaf).iter().any(|it| !self.allows(it))
        })?;
        if let Some(home) = self.moving_home() {
            stripped.text = self.format.retell(&stripped.text, &mut |path, text| {
                self.is_portable(path).then(|| with_tilde(text, home))
            })?;
        }
        Ok(stripped)
    }

    /// What to write here: the vault's text with this machine's home directory, and with what
    /// `local` keeps for itself. Keys of another machine that reached the vault by hand stay out.
    pub fn lay_over(&self, vault: &[u8], local: Option<&[u8]>) -> Result<Vec<u8>, Misfit> {
        let theirs = self.clean(vault).map_err(Misfit::Vault)?;
        let theirs = self.at_home(theirs.text, local).map_err(Misfit::Vault)?;
        let Some(local) = local else {
            return Ok(theirs);
        };
        let ours = self.clean(local).map_err(Misfit::Edit)?;
        let overlaid = self.format.overlay(&theirs, local, &ours.dropped);
        let overlaid = overlaid.map_err(Misfit::Edit)?;
        if overlaid.left_out.is_empty() {
            return Ok(overlaid.text);
        }
        Err(Misfit::NoPlace(overlaid.left_out))
    }

    /// The text with this machine's home directory for `~`. Where the local file says the same in
    /// its own words, these stay: first at the same path, in their order where a list has several,
    /// then anywhere.
    fn at_home(&self, text: Vec<u8>, local: Option<&[u8]>) -> Result<Vec<u8>, DocError> {
        let Some(home) = self.moving_home() else {
            return Ok(text);
        };
        let mut own: HashMap<(String, String), VecDeque<String>> = HashMap::new();
        if let Some(local) = local {
            self.format.texts(local, &mut |path, text| {
                if self.is_portable(path) {
                    let travels = with_tilde(text, home);
                    for place in [path.join("."), String::new()] {
                        let key = (place, travels.clone());
                        own.entry(key).or_default().push_back(text.to_owned());
                    }
                }
            })?;
        }
        self.format.retell(&text, &mut |path, text| {
            self.is_portable(path).then(|| {
                let mut said = |place: String| {
                    let words = own.get_mut(&(place, text.to_owned()))?;
                    // The last ones serve for all that follow.
                    let next = words.pop_front()?;
                    if words.is_empty() {
                        words.push_back(next.clone());
                    }
                    Some(next)
                };
                let said = said(path.join(".")).or_else(|| said(String::new()));
                said.unwrap_or_else(|| with_home(text, home))
            })
        })
    }

    /// Whether a file has keys that belong to this machine alone: then the vault's deletion of the rest
    /// does not delete the file.
    #[must_use]
    pub fn keeps(&self, local: &[u8]) -> bool {
        matches!(self.clean(local), Ok(clean) if !clean.dropped.is_empty())
    }

    /// The values that stay here, or would without a person's leave.
    pub fn masked(&self, text: &[u8]) -> Result<Vec<Masked>, DocError> {
        let mut masked = Vec::new();
        self.format.texts(text, &mut |path, value| {
            if let Some(name) = naming(path).filter(|_| !self.is_local(path)) {
                let found = secrets_in(name, value).into_iter();
                masked.extend(found.map(|secret| Masked {
                    key: path.join("."),
                    rule: secret.rule,
                    fingerprint: secret.fingerprint,
                }));
            }
        })?;
        Ok(masked)
    }

    fn is_local(&self, path: &[&str]) -> bool {
        self.keys.iter().any(|pattern| pattern.matches(path))
    }

    fn allows(&self, secret: &Secret) -> bool {
        self.allowed.contains(&secret.fingerprint)
    }

    fn moving_home(&self) -> Option<&str> {
        self.home.as_deref().filter(|_| !self.portable.is_empty())
    }

    fn is_portable(&self, path: &[&str]) -> bool {
        self.portable.iter().any(|pattern| pattern.matches(path))
    }
}

fn secrets(path: &[&str], leaf: &Leaf<'_>) -> Vec<Secret> {
    match (naming(path), leaf) {
        (Some(name), Leaf::Text(value)) => secrets_in(name, value),
        _ => Vec::new(),
    }
}

/// The key that says what a value is: its own, or in `"password": {"value": "…"}` the one above.
fn naming<'p>(path: &[&'p str]) -> Option<&'p str> {
    let named = path.iter().rev().find(|key| !says_value(key));
    named.or(path.last()).copied()
}

/// What looks like a secret in a value of this name: by its shape, else all of it by its name.
fn secrets_in(name: &str, value: &str) -> Vec<Secret> {
    let as_written = format!("\"{name}\": \"{value}\"");
    let found = Scanner::whole(as_written.as_bytes());
    if !found.is_empty() {
        return found;
    }
    let plain: String = name
        .chars()
        .filter(|c| !matches!(c, '_' | '-' | '.'))
        .collect();
    let plain = plain.to_lowercase();
    let plain = plain.strip_suffix('s').unwrap_or(&plain);
    if value.len() < SHORTEST_SECRET || !SECRET_NAMES.iter().any(|ending| plain.ends_with(ending)) {
        return Vec::new();
    }
    vec![Secret {
        rule: BY_NAME,
        line: 1,
        fingerprint: fingerprint(value.as_bytes()),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a machine whose home is `/home/NAME`.
    fn of(name: &str) -> Sanitizer {
        let pattern = KeyPattern::parse("**.run").expect("a pattern");
        Sanitizer {
            format: Format::Json,
            keys: Vec::new(),
            portable: vec![pattern],
            home: Some(format!("/home/{name}")),
            allowed: Arc::default(),
        }
    }

    fn laid(text: &str, local: &str) -> String {
        let laid = of("bob").lay_over(text.as_bytes(), Some(local.as_bytes()));
        String::from_utf8(laid.expect("laid")).expect("UTF-8")
    }

    #[test]
    fn a_path_below_one_home_is_the_same_path_below_another() {
        let here =
            br#"{"run": "sh /home/ada/x", "list": [{"run": "/home/ada"}], "not": "/home/ada/x"}"#;
        let clean = of("ada").clean(here).expect("clean").text;
        assert_eq!(
            String::from_utf8_lossy(&clean),
            r#"{"run": "sh ~/x", "list": [{"run": "~"}], "not": "/home/ada/x"}"#
        );
        let there = of("bob").lay_over(&clean, None).expect("laid");
        assert_eq!(
            String::from_utf8_lossy(&there),
            r#"{"run": "sh /home/bob/x", "list": [{"run": "/home/bob"}], "not": "/home/ada/x"}"#
        );
        assert_eq!(of("bob").clean(&there).expect("clean").text, clean);
    }

    #[test]
    fn what_the_local_file_says_in_its_own_words_stays() {
        let text = r#"{"l": [{"run": "~/new"}, {"run": "~/a"}, {"run": "~/b"}]}"#;
        let local = r#"{"l": [{"run": "~/a"}, {"run": "/home/bob/b"}]}"#;
        assert_eq!(
            laid(text, local),
            r#"{"l": [{"run": "/home/bob/new"}, {"run": "~/a"}, {"run": "/home/bob/b"}]}"#
        );
    }

    #[test]
    fn several_words_for_one_path_stay_in_their_order() {
        let local = r#"{"l": [{"run": "/home/bob"}, {"run": "~"}], "n": 1}"#;
        let text = r#"{"l": [{"run": "~"}, {"run": "~"}], "n": 2}"#;
        assert_eq!(laid(text, local), local.replace('1', "2"));
    }

    #[test]
    fn a_masked_value_has_a_name_by_which_it_is_let_through() {
        let text = br#"{"agents": {"cx": {"API_KEY": "0123456789ab"}}, "theme": "dark"}"#;
        let mut sanitizer = of("ada");
        let masked = sanitizer.masked(text).expect("read");
        assert_eq!(masked.len(), 1);
        assert_eq!(masked[0].key, "agents.cx.API_KEY");
        assert_ne!(sanitizer.clean(text).expect("clean").text, text);
        sanitizer.allowed = Arc::new(BTreeSet::from([masked[0].fingerprint.clone()]));
        assert_eq!(sanitizer.clean(text).expect("clean").text, text);
    }

    #[test]
    fn a_value_goes_by_the_name_of_what_it_is_a_value_of() {
        let text = br#"{"password": {"v": "0123456789ab", "by": "ada"}, "v": "0123456789ab"}"#;
        let clean = of("ada").clean(text).expect("clean").text;
        assert_eq!(
            String::from_utf8_lossy(&clean),
            r#"{"password": {"by": "ada"}, "v": "0123456789ab"}"#
        );
        let masked = of("ada").masked(text).expect("read");
        let keys: Vec<_> = masked.iter().map(|it| it.key.as_str()).collect();
        assert_eq!(keys, ["password.v"]);
    }

    #[test]
    fn obvious_secrets_are_known_by_name_or_shape() {
        let looks = |name: &str, value: &str| !secrets_in(name, value).is_empty();
        assert!(looks("githubToken", "0123456789"));
        assert!(looks("OPENAI_API_KEY", "0123456789"));
        assert!(looks("client-secret", "0123456789"));
        assert!(looks("note", &format!("ghp_{}", "a1".repeat(18))));
        assert!(!looks("tokenizer", "cl100k_base"));
        assert!(!looks("token", "auto"));
        assert!(!looks("theme", "solarized-dark"));
    }
}
