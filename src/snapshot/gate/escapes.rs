//! Characters that a text writes out, `\n`, `\u003d`, `%3D`, and the colours of a terminal: what stands
//! behind one does not stand inside a word.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memmem};

/// So far is looked back for the beginning of an escape.
const REACH: usize = 24;
/// How the character that begins a colour is written, after a backslash but for the first.
const ESCAPES: [&[u8]; 5] = [b"\x1b[", b"u001b[", b"x1b[", b"033[", b"e["];

/// Whether a word can begin here: behind anything but a letter or a digit, unless these belong to an
/// escape.
pub(super) fn is_beginning(text: &[u8], at: usize) -> bool {
    let before = &text[at.saturating_sub(REACH)..at];
    let hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    match before {
        [.., last] if !last.is_ascii_alphanumeric() => true,
        [
            ..,
            b'\\',
            b'n' | b'r' | b't' | b'b' | b'f' | b'v' | b'a' | b'e' | b'0',
        ] => true,
        [.., b'%', a, b] | [.., b'\\', b'x', a, b] if hex(&[*a, *b]) => true,
        [.., b'\\', a, b, c] if [a, b, c].iter().all(|digit| matches!(digit, b'0'..=b'7')) => true,
        // As mails write `=`, a blank, a quote and a colon.
        [.., b'=', b'3', b'D' | b'A'] | [.., b'=', b'2', b'0' | b'2' | b'7'] => true,
        _ => before.is_empty() || ends_in_colour(before) || ends_in_unicode(before),
    }
}

fn ends_in_unicode(before: &[u8]) -> bool {
    let Some((rest, digits)) = before.split_last_chunk::<4>() else {
        return false;
    };
    rest.ends_with(b"\\u") && digits.iter().all(u8::is_ascii_hexdigit)
}

/// `\x1b[32m`, however its first character is written.
fn ends_in_colour(before: &[u8]) -> bool {
    let Some((_, rest)) = before.split_last() else {
        return false;
    };
    let numbers = rest.iter().rev().take_while(|byte| is_number(**byte));
    let numbers = numbers.count();
    let start = &rest[..rest.len() - numbers];
    if numbers > 0 {
        start.ends_with(b"[")
    } else {
        ESCAPES.iter().any(|escape| start.ends_with(escape))
    }
}

/// The length of a colour that begins here, behind the backslash of its first character.
pub(super) fn colour(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let is_written = at > 0 && text[at - 1] == b'\\';
    let starts = |escape: &&&[u8]| rest.starts_with(escape) && (is_written || escape[0] == 0x1b);
    let escape = ESCAPES.iter().find(starts)?.len();
    let numbers = rest[escape..].iter().take(REACH);
    let end = escape + numbers.take_while(|byte| is_number(**byte)).count();
    rest.get(end)?.is_ascii_alphabetic().then_some(end + 1)
}

const fn is_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b';' | b'?' | b':')
}

/// The text with `\/` and `\u0067` as the characters that they are, and where a place of it lies there.
/// Ends of lines, quotes and backslashes stay as they are written: lines are counted, and values end there.
pub(super) fn plain(text: &[u8], place: Range<usize>) -> (Cow<'_, [u8]>, Range<usize>) {
    if !has_written(text) {
        return (Cow::Borrowed(text), place);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut marks = [place.start, place.end];
    let mut at = 0;
    while let Some(next) = memchr(b'\\', &text[at..]) {
        let start = at + next;
        plain.extend_from_slice(&text[at..start]);
        let backslashes = text[start..].iter().take_while(|byte| **byte == b'\\');
        at = start + backslashes.count();
        let Some((byte, length)) = written(&text[at..]) else {
            plain.extend_from_slice(&text[start..at]);
            continue;
        };
        at += length;
        for (mark, place) in marks.iter_mut().zip([place.start, place.end]) {
            if place >= at {
                *mark = plain.len() + 1 + place - at;
            } else if place > start {
                *mark = plain.len();
            }
        }
        plain.push(byte);
    }
    plain.extend_from_slice(&text[at..]);
    (Cow::Owned(plain), marks[0]..marks[1])
}

/// Whether any character is written out: in most texts none is.
fn has_written(text: &[u8]) -> bool {
    memmem::find(text, b"\\/").is_some()
        || memmem::find_iter(text, b"\\u00").any(|at| written(&text[at + 1..]).is_some())
}

/// The character that is written here, behind its backslash, and the length of that.
fn written(text: &[u8]) -> Option<(u8, usize)> {
    if text.first() == Some(&b'/') {
        return Some((b'/', 1));
    }
    let digits = std::str::from_utf8(text.strip_prefix(b"u00")?.get(..2)?).ok()?;
    let byte = u8::from_str_radix(digits, 16).ok()?;
    let is_plain = matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    is_plain.then_some((byte, 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_begins_after_an_escape_and_not_inside_another() {
        for (text, begins) in [
            ("x", true),
            ("\\nx", true),
            ("\\u003dx", true),
            ("%3Dx", true),
            ("=x", true),
            ("_x", true),
            ("\\x0ax", true),
            ("\\012x", true),
            ("TOKEN=3Dx", true),
            ("\u{1b}[32mx", true),
            ("\u{1b}[01;31m\u{1b}[Kx", true),
            ("\\u001b[mx", true),
            ("\\\\u001b[1;32mx", true),
            ("\\033[0mx", true),
            ("\\e[Kx", true),
            ("nx", false),
            ("32mx", false),
            ("u003dx", false),
            ("x0ax", false),
            ("a[mx", false),
        ] {
            assert_eq!(
                is_beginning(text.as_bytes(), text.len() - 1),
                begins,
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_colour_is_as_long_as_it_is_however_it_is_written() {
        for (text, length) in [
            ("\u{1b}[32mx", Some(5)),
            ("\u{1b}[Kx", Some(3)),
            ("u001b[1;32mx", None),
            ("[32mx", None),
            ("\u{1b}[32", None),
        ] {
            assert_eq!(colour(text.as_bytes(), 0), length, "{text:?}");
        }
        assert_eq!(colour(b"\\u001b[1;32mx", 1), Some(11));
    }

    #[test]
    fn what_is_written_out_is_read_and_the_rest_stays_as_it_is() {
        let read = |text: &str| {
            let plain = plain(text.as_bytes(), 0..0).0;
            String::from_utf8(plain.into_owned()).expect("UTF-8")
        };
        for (text, expected) in [
            ("a\\/b\\\\\\/c", "a/b/c"),
            ("\\u0067hp\\u005F1", "ghp_1"),
            (
                "\\n\\u000a\\u0022\\u005c\\u001b\\u20ac",
                "\\n\\u000a\\u0022\\u005c\\u001b\\u20ac",
            ),
            ("\\u00", "\\u00"),
            ("\\u00+1", "\\u00+1"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_place_lies_where_its_characters_went() {
        let text = b"ab\\/cd\\u0067ef";
        for (place, expected) in [
            (0..text.len(), 0..8),
            (1..5, 1..4),
            (3..8, 2..5),
            (4..12, 3..6),
            (12..13, 6..7),
        ] {
            assert_eq!(plain(text, place.clone()).1, expected, "{place:?}");
        }
    }
}
