//! Values that stand under a name: `api_key = "…"`, `"password": "…"`, also inside a JSON string,
//! where each quote has backslashes before it.

use std::ops::Range;

/// How far a name reaches around the word that drew attention.
const NAME_REACH: usize = 40;
/// What may stand between a name and its sign, or the sign and the value: quotes, blanks, backslashes.
const MOST_BETWEEN: usize = 10;
/// Longer values are data.
const LONGEST: usize = 400;
/// Endings of a name that say: this is about a secret, not one.
const ABOUT: [&str; 48] = [
    "at", "budget", "cache", "cached", "class", "column", "cost", "count", "counts", "dir", "env",
    "error", "expires", "expiry", "field", "file", "format", "hash", "header", "id", "ids",
    "index", "input", "kind", "len", "length", "limit", "limits", "mode", "model", "name", "names",
    "output", "path", "policy", "prefix", "ref", "sha", "size", "source", "status", "store",
    "total", "type", "uri", "url", "usage", "used",
];
/// Beginnings of a name whose tokens and keys everybody may see.
const PUBLIC: [&str; 16] = [
    "cancel",
    "continuation",
    "csrf",
    "cursor",
    "dedupe",
    "design",
    "foreign",
    "idempotency",
    "next",
    "page",
    "partition",
    "primary",
    "public",
    "resume",
    "sort",
    "sync",
];

/// A value with the name that it stands under.
pub(super) struct Assigned {
    pub value: Range<usize>,
    /// The value stood in quotes.
    pub quoted: bool,
}

/// The value assigned to the name of which `word` is a part.
pub(super) fn assigned(text: &[u8], word: Range<usize>) -> Option<Assigned> {
    let name = name_around(text, &word);
    if is_about(&text[word.end..name.end]) || is_public(&text[name.start..word.start]) {
        return None;
    }
    let (sign, _) = skip_between(text, name.end);
    let value = after_sign(text, sign)?;
    let found = read_value(text, value)?;
    if found.quoted {
        return Some(found);
    }
    // `const apiKey: string = "…"`: the first sign is followed by a type.
    let typed = skip_between(text, found.value.end).0;
    if text.get(typed) == Some(&b'=') && text.get(typed + 1) != Some(&b'=') {
        return read_value(text, typed + 1);
    }
    Some(found)
}

fn name_around(text: &[u8], word: &Range<usize>) -> Range<usize> {
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let before = text[word.start.saturating_sub(NAME_REACH)..word.start]
        .iter()
        .rev();
    let start = word.start - before.take_while(part).count();
    let after = text[word.end..].iter().take(NAME_REACH);
    start..word.end + after.take_while(part).count()
}

/// Whether the rest of a name after the word says that the value is something else.
fn is_about(rest: &[u8]) -> bool {
    let Some(first) = rest.first() else {
        return false;
    };
    // `tokenizer`, `secretary`: another word.
    let goes_on = first.is_ascii_lowercase() && !matches!(rest, b"s" | b"key" | b"keys" | b"value");
    goes_on || ABOUT.contains(&last_word(rest).as_str())
}

fn is_public(start: &[u8]) -> bool {
    PUBLIC.contains(&last_word(start).as_str())
}

/// The last part of a name: `id` of `token_id`, `TOKEN_ID` and `tokenId`.
fn last_word(name: &[u8]) -> String {
    let name = name.trim_ascii_end();
    let end = name.len()
        - name
            .iter()
            .rev()
            .take_while(|byte| !byte.is_ascii_alphanumeric())
            .count();
    let name = &name[..end];
    let lower = |byte: &&u8| byte.is_ascii_lowercase();
    let mut length = name.iter().rev().take_while(lower).count();
    if length == 0 {
        length = name
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_uppercase())
            .count();
    } else if length < name.len() && name[name.len() - length - 1].is_ascii_uppercase() {
        length += 1;
    }
    String::from_utf8_lossy(&name[name.len() - length..]).to_ascii_lowercase()
}

/// Goes over quotes, blanks and backslashes; says where to, and which quote came last.
fn skip_between(text: &[u8], from: usize) -> (usize, Option<u8>) {
    let mut quote = None;
    let mut at = from;
    while let Some(byte) = text.get(at).filter(|_| at - from < MOST_BETWEEN) {
        match byte {
            b'"' | b'\'' | b'`' => quote = Some(*byte),
            b' ' | b'\t' | b'\\' | b']' => {}
            _ => break,
        }
        at += 1;
    }
    (at, quote)
}

/// Goes over the sign of an assignment: `=`, `:`, `:=`, `=>`, `||`, `?=`, and `,` between arguments.
fn after_sign(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let optional = usize::from(rest.starts_with(b"?="));
    let sign = |byte: &&u8| matches!(byte, b'=' | b':' | b'>' | b',' | b'|');
    let length = rest[optional..].iter().take(3).take_while(sign).count();
    (length > 0).then_some(from + optional + length)
}

fn read_value(text: &[u8], from: usize) -> Option<Assigned> {
    let (start, quote) = skip_between(text, from);
    let quotes = text[from..start]
        .iter()
        .filter(|byte| Some(**byte) == quote);
    if quotes.count() > 1 {
        // An empty text: what follows is no longer the value.
        return None;
    }
    let inside = |byte: &&u8| match quote {
        Some(quote) => **byte != quote && !matches!(byte, b'\\' | b'\n' | b'\r'),
        None => {
            byte.is_ascii_graphic()
                && !matches!(
                    byte,
                    b'"' | b'\''
                        | b'`'
                        | b'\\'
                        | b','
                        | b';'
                        | b')'
                        | b'}'
                        | b']'
                        | b'<'
                        | b'>'
                        | b'|'
                        | b'&'
                        | b'('
                )
        }
    };
    let length = text[start..]
        .iter()
        .take(LONGEST + 1)
        .take_while(inside)
        .count();
    // A call or an index follows: this is code that fetches a value.
    let is_code = quote.is_none() && matches!(text.get(start + length), Some(b'(' | b'['));
    (length > 0 && length <= LONGEST && !is_code).then_some(Assigned {
        value: start..start + length,
        quoted: quote.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'t>(text: &'t str, word: &str) -> Option<&'t str> {
        let at = text.find(word).expect("the word is there");
        assigned(text.as_bytes(), at..at + word.len()).map(|found| &text[found.value])
    }

    #[test]
    fn a_value_is_found_however_it_is_written() {
        for text in [
            "token = v1",
            "\"token\": \"v1\"",
            "{\\\"token\\\":\\\"v1\\\"}",
            "{\\\\\\\"token\\\\\\\": \\\\\\\"v1\\\\\\\"}",
            "export MY_TOKEN='v1'",
            "token_2: v1",
            "<token>v1</token>",
            "set(\"token\", \"v1\")",
            "const token: string = 'v1';",
            "tokens => v1",
        ] {
            let word = if text.contains("TOKEN") {
                "TOKEN"
            } else {
                "token"
            };
            assert_eq!(value(text, word), Some("v1"), "{text}");
        }
    }

    #[test]
    fn a_name_that_is_about_secrets_has_none() {
        for text in [
            "token_count: 12",
            "tokenId: 12",
            "TOKEN_LIMIT=12",
            "tokenizer: x",
            "nextPagetoken",
            "csrf_token: x",
            "token",
            "token = read(x)",
            "token || \"\", o = \"x\"",
            "/token?limit=12",
        ] {
            let word = if text.contains("TOKEN") {
                "TOKEN"
            } else {
                "token"
            };
            assert_eq!(value(text, word), None, "{text}");
        }
    }
}
