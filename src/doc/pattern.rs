//! Patterns that say which keys are meant.

use std::fmt;

use super::DocError;

/// A pattern over key paths: `repos`, `a.b`, `servers.*.url`, `**.token`. Parts are divided by
/// dots; `*` is any one part, `**` any number of them, also none. A backslash takes the next
/// character as it is, so `editor\.theme` is one part. Upper and lower case differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPattern {
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Name(String),
    One,
    Many,
}

impl KeyPattern {
    pub fn parse(text: &str) -> Result<Self, DocError> {
        let bad = || DocError::BadPattern {
            pattern: text.chars().take(80).collect(),
        };
        let mut parts = Vec::new();
        let mut name = String::new();
        let mut plain = true;
        let mut chars = text.chars();
        loop {
            match chars.next() {
                Some('\\') => {
                    name.push(chars.next().ok_or_else(bad)?);
                    plain = false;
                }
                Some(other) if other != '.' => name.push(other),
                end => {
                    parts.push(match name.as_str() {
                        "" => return Err(bad()),
                        "*" if plain => Part::One,
                        "**" if plain => Part::Many,
                        _ => Part::Name(std::mem::take(&mut name)),
                    });
                    name.clear();
                    plain = true;
                    if end.is_none() {
                        break;
                    }
                }
            }
        }
        Ok(Self {
            source: text.to_owned(),
            parts,
        })
    }

    /// Whether this very path is meant; what lies below it is another path.
    #[must_use]
    pub fn matches(&self, path: &[&str]) -> bool {
        let (mut part, mut at) = (0, 0);
        // Where to go on when a `**` must take one more: only the last one ever needs to.
        let mut again: Option<(usize, usize)> = None;
        while at < path.len() {
            match self.parts.get(part) {
                Some(Part::Many) => {
                    again = Some((part, at));
                    part += 1;
                    continue;
                }
                Some(Part::One) => {
                    part += 1;
                    at += 1;
                    continue;
                }
                Some(Part::Name(name)) if name == path[at] => {
                    part += 1;
                    at += 1;
                    continue;
                }
                Some(Part::Name(_)) | None => {}
            }
            let Some((many, taken)) = again else {
                return false;
            };
            again = Some((many, taken + 1));
            part = many + 1;
            at = taken + 1;
        }
        self.parts[part..].iter().all(|rest| *rest == Part::Many)
    }
}

impl fmt::Display for KeyPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        let path: Vec<&str> = path.split('.').collect();
        KeyPattern::parse(pattern)
            .expect("a pattern")
            .matches(&path)
    }

    #[test]
    fn a_plain_pattern_means_that_key_alone() {
        assert!(matches("repos", "repos"));
        assert!(!matches("repos", "Repos"));
        assert!(!matches("repos", "repos.x"));
        assert!(!matches("repos", "x.repos"));
        assert!(matches("a.b.c", "a.b.c"));
        assert!(!matches("a.b.c", "a.b"));
    }

    #[test]
    fn one_star_is_one_part_and_two_are_any_number() {
        assert!(matches("servers.*.url", "servers.x.url"));
        assert!(!matches("servers.*.url", "servers.url"));
        assert!(matches("**.token", "token"));
        assert!(matches("**.token", "a.b.c.token"));
        assert!(!matches("**.token", "a.token.b"));
        assert!(matches("a.**", "a"));
        assert!(matches("a.**", "a.b.c"));
        assert!(matches("a.**.b.*.c", "a.x.b.y.b.z.c"));
        assert!(!matches("a.**.b.*.c", "a.x.b.y.b.c"));
        assert!(matches("**.**", "a"));
    }

    #[test]
    fn a_backslash_takes_the_next_character_as_it_is() {
        let pattern = KeyPattern::parse(r"editor\.theme.\*").expect("a pattern");
        assert!(pattern.matches(&["editor.theme", "*"]));
        assert!(!pattern.matches(&["editor.theme", "x"]));
        assert!(!pattern.matches(&["editor", "theme", "*"]));
    }

    #[test]
    fn a_pattern_with_an_empty_part_is_refused() {
        for text in ["", ".", "a.", ".a", "a..b", "a\\"] {
            assert!(KeyPattern::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        let pattern = KeyPattern::parse(&["**.a"; 60].join(".")).expect("a pattern");
        let path = ["a"; 59];
        assert!(!pattern.matches(&path));
        let long = vec!["b"; 5_000];
        assert!(!pattern.matches(&long));
    }
}
