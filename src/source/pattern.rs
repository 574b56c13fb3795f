//! One line of the rule language, which is gitignore's, as a glob.

use globset::{Glob, GlobBuilder};

use super::SourceError;

/// Longer patterns are not written by people.
const MAX_PATTERN: usize = 1000;

/// A pattern that was understood.
pub struct Pattern {
    pub glob: Glob,
    /// Began with `!`: what it matches travels after all.
    pub negated: bool,
    /// Ended with `/`: it matches directories only.
    pub dirs_only: bool,
}

impl Pattern {
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let fault = |source| SourceError::Pattern {
            pattern: text.chars().take(80).collect(),
            source,
        };
        let (negated, rest) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (dirs_only, rest) = match rest.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        if rest.is_empty() || rest == "/" || text.len() > MAX_PATTERN || text.contains('\0') {
            return Err(fault(None));
        }
        // A slash anywhere but at the end ties the pattern to the top.
        let glob = match rest.strip_prefix('/') {
            Some(rest) => literal_braces(rest),
            None if rest.contains('/') => literal_braces(rest),
            None => format!("**/{}", literal_braces(rest)),
        };
        let glob = GlobBuilder::new(&glob)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .map_err(|source| fault(Some(source)))?;
        Ok(Self {
            glob,
            negated,
            dirs_only,
        })
    }
}

/// Braces mean alternatives to the glob library, and themselves to gitignore.
fn literal_braces(text: &str) -> String {
    let mut glob = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                glob.push(c);
                glob.extend(chars.next());
            }
            '[' if !in_class => {
                in_class = true;
                glob.push(c);
                // The first `]` of a class, also behind `!`, belongs to it.
                glob.extend(chars.next_if(|next| matches!(next, '!' | '^')));
                glob.extend(chars.next_if(|next| *next == ']'));
            }
            ']' => {
                in_class = false;
                glob.push(c);
            }
            '{' | '}' | ',' if !in_class => {
                glob.push('\\');
                glob.push(c);
            }
            _ => glob.push(c),
        }
    }
    glob
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pattern_is_refused_and_named() {
        for text in ["", "/", "!", "!/", "//", "a\0", "[a", "a\\", "[z-a]"] {
            let fault = Pattern::parse(text);
            let Err(fault) = fault else {
                panic!("{text:?} was taken")
            };
            assert!(fault.to_string().ends_with("is not a pattern"), "{text:?}");
        }
        assert!(Pattern::parse(&"x".repeat(2000)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in "[\\PC*?!/\\[\\]{}\\\\]{0,40}") {
            drop(Pattern::parse(&text));
        }
    }
}
