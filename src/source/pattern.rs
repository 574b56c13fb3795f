//! One pattern of gitignore's language, as globs that mean the same.

use std::iter::Peekable;
use std::str::Chars;

use globset::{Glob, GlobBuilder};

use super::error::RuleFault;

/// Longer patterns are not written by people.
const MAX_PATTERN: usize = 1000;

/// A pattern that was understood.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Without the `!` and the slash at the end, for the whole path.
    pub glob: Glob,
    /// Began with `!`: what it matches travels after all.
    pub negated: bool,
    /// Ended with `/`: it matches directories only.
    pub dirs_only: bool,
}

impl Pattern {
    /// Reads a pattern. One that could match nothing is refused, so that nobody relies on it.
    pub fn parse(text: &str) -> Result<Self, RuleFault> {
        let fault = |why| RuleFault::Pattern {
            pattern: text.chars().take(80).collect(),
            why,
        };
        if text.len() > MAX_PATTERN {
            return Err(fault("it is too long"));
        }
        let (negated, rest) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (dirs_only, rest) = match rest.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        // A slash anywhere but at the end ties the pattern to the top.
        let is_tied = rest.contains('/');
        let names = names(rest.strip_prefix('/').unwrap_or(rest)).map_err(fault)?;
        let glob = GlobBuilder::new(&joined(names, is_tied))
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .map_err(|_| fault("it cannot be understood"))?;
        Ok(Self {
            glob,
            negated,
            dirs_only,
        })
    }
}

/// One name of a pattern.
enum Name {
    /// Any number of directories: `**`.
    Deep,
    /// As a glob.
    Glob(String),
}

fn joined(names: Vec<Name>, is_tied: bool) -> String {
    let mut parts: Vec<String> = Vec::with_capacity(names.len() + 1);
    if !is_tied {
        parts.push("**".to_owned());
    }
    for name in names {
        match name {
            Name::Glob(glob) => parts.push(glob),
            Name::Deep if !is_tied => parts.push("*".to_owned()),
            Name::Deep if parts.last().is_some_and(|last| last == "**") => {}
            Name::Deep => parts.push("**".to_owned()),
        }
    }
    parts.join("/")
}

fn names(text: &str) -> Result<Vec<Name>, &'static str> {
    let mut names = Vec::new();
    let mut glob = String::new();
    let mut stars = 0;
    let mut chars = text.chars().peekable();
    loop {
        let c = chars.next();
        let is_literal = c == Some('\\');
        match if is_literal { chars.next() } else { c } {
            // An escaped slash is a slash.
            None if is_literal => return Err("a backslash stands at its end"),
            None | Some('/') => {
                let name = name(&glob, stars)?;
                if is_literal && matches!(name, Name::Deep) {
                    // Before such a slash git wants one directory at least.
                    names.push(Name::Glob("*".to_owned()));
                }
                names.push(name);
                (glob, stars) = (String::new(), 0);
                if c.is_none() {
                    return Ok(names);
                }
            }
            Some('\0') => return Err("it holds a NUL character"),
            Some('*') if !is_literal => {
                stars += 1;
                while chars.next_if_eq(&'*').is_some() {
                    stars += 1;
                }
                glob.push('*');
            }
            Some('?') if !is_literal => glob.push('?'),
            Some('[') if !is_literal => glob.push_str(&class(&mut chars)?),
            Some(c) => literal(&mut glob, c),
        }
    }
}

fn name(glob: &str, stars: usize) -> Result<Name, &'static str> {
    match glob {
        "" => Err("a name in it is empty"),
        "." | "\\." | ".." | "\\.\\." => Err("no path has a name `.` or `..`"),
        "*" if stars > 1 => Ok(Name::Deep),
        _ => Ok(Name::Glob(glob.to_owned())),
    }
}

/// Every sign that means something to the glob library, and some that do not, as itself.
fn literal(glob: &mut String, c: char) {
    if c.is_ascii_punctuation() {
        glob.push('\\');
    }
    glob.push(c);
}

/// What stands between brackets, read as git does: `!` or `^` first, ranges, escapes, `[:alpha:]`.
/// A class never matches a slash.
fn class(chars: &mut Peekable<Chars<'_>>) -> Result<String, &'static str> {
    const OPEN: &str = "a `[` in it has no `]`";
    let negated = chars.next_if(|c| matches!(c, '!' | '^')).is_some();
    let mut members = [false; 128];
    let mut before: Option<char> = None;
    let mut is_first = true;
    loop {
        let c = chars.next().ok_or(OPEN)?;
        if c == ']' && !is_first {
            break;
        }
        is_first = false;
        let next = chars.peek().copied();
        match (c, before) {
            ('\\', _) => before = Some(add(&mut members, chars.next().ok_or(OPEN)?)?),
            ('-', Some(low)) if next.is_some_and(|next| next != ']') => {
                let high = match chars.next().ok_or(OPEN)? {
                    '\\' => chars.next().ok_or(OPEN)?,
                    high => high,
                };
                let high = ascii(high)?;
                for member in members.iter_mut().take(high + 1).skip(low as usize) {
                    *member = true;
                }
                before = None;
            }
            ('[', _) if next == Some(':') => before = add_named(&mut members, chars)?,
            (c, _) => before = Some(add(&mut members, c)?),
        }
    }
    members[usize::from(b'/')] = negated;
    written(&members, negated)
}

fn ascii(c: char) -> Result<usize, &'static str> {
    let number = c as usize;
    if number < 128 && c != '\0' {
        Ok(number)
    } else {
        // Git would compare their bytes, of which none is a character.
        Err("between brackets only ASCII characters can stand")
    }
}

fn add(members: &mut [bool; 128], c: char) -> Result<char, &'static str> {
    members[ascii(c)?] = true;
    Ok(c)
}

/// A class by name, such as `[:digit:]`; the `[` of it was read. Where there is no such form, the
/// `[` is itself.
fn add_named(
    members: &mut [bool; 128],
    chars: &mut Peekable<Chars<'_>>,
) -> Result<Option<char>, &'static str> {
    let mut ahead = chars.clone();
    ahead.next();
    let inner: String = ahead.by_ref().take_while(|c| *c != ']').collect();
    let Some(name) = inner.strip_suffix(':') else {
        return add(members, '[').map(Some);
    };
    let holds: fn(&u8) -> bool = match name {
        "alnum" => u8::is_ascii_alphanumeric,
        "alpha" => u8::is_ascii_alphabetic,
        "blank" => |c| matches!(c, b' ' | b'\t'),
        "cntrl" => u8::is_ascii_control,
        "digit" => u8::is_ascii_digit,
        "graph" => u8::is_ascii_graphic,
        "lower" => u8::is_ascii_lowercase,
        "print" => |c| *c == b' ' || c.is_ascii_graphic(),
        "punct" => u8::is_ascii_punctuation,
        "space" => u8::is_ascii_whitespace,
        "upper" => u8::is_ascii_uppercase,
        "xdigit" => u8::is_ascii_hexdigit,
        _ => return Err("a class between `[:` and `:]` has an unknown name"),
    };
    for (c, member) in (0..).zip(members.iter_mut()).skip(1) {
        *member |= holds(&c);
    }
    *chars = ahead;
    Ok(None)
}

/// A class in the glob library's own form, in which no sign has a second meaning.
fn written(members: &[bool; 128], negated: bool) -> Result<String, &'static str> {
    let all = (0u8..).zip(members).filter(|(_, member)| **member);
    let all: Vec<char> = all.map(|(c, _)| char::from(c)).collect();
    if negated {
        let plain = all.iter().filter(|c| !matches!(c, ']' | '-'));
        let has = |c: char| {
            if all.contains(&c) {
                c.to_string()
            } else {
                String::new()
            }
        };
        let plain: String = plain.collect();
        return Ok(format!("[!{}{plain}{}]", has(']'), has('-')));
    }
    let mut alternatives = Vec::with_capacity(all.len());
    for c in all {
        let mut one = String::new();
        literal(&mut one, c);
        alternatives.push(one);
    }
    if alternatives.is_empty() {
        return Err("no character fits its brackets");
    }
    Ok(format!("{{{}}}", alternatives.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_match_nothing_is_refused_with_the_reason() {
        for (text, why) in [
            ("", "empty"),
            ("/", "empty"),
            ("!", "empty"),
            ("!/", "empty"),
            ("//", "empty"),
            ("a//b", "empty"),
            ("./a", "`.`"),
            ("a/../b", "`.`"),
            ("a\0", "NUL"),
            ("[a", "`]`"),
            ("[]", "`]`"),
            ("[a\\", "`]`"),
            ("a\\", "backslash"),
            ("a\\/", "backslash"),
            ("x/[/]", "no character"),
            ("[[:word:]]", "unknown name"),
            ("[\u{e9}]", "ASCII"),
        ] {
            let Err(fault) = Pattern::parse(text) else {
                panic!("{text:?} was taken")
            };
            assert!(fault.to_string().contains(why), "{text:?}: {fault}");
        }
        assert!(Pattern::parse(&"x".repeat(2000)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in "[\\PC*?!/\\[\\]{}\\\\:^-]{0,40}") {
            drop(Pattern::parse(&text));
        }
    }
}
