//! Values that stand under a name: `api_key = "…"`, `"password": "…"`, also inside a JSON string,
//! where each quote has backslashes before it.

use std::ops::Range;

use super::escapes::colour;

/// How far a name reaches around the word that drew attention.
const NAME_REACH: usize = 40;
/// What may stand between a name and its sign, or the sign and the value: quotes, blanks, backslashes.
const MOST_BETWEEN: usize = 10;
/// What may stand between a name and the `value` that follows it in a list, or before a value on the
/// next line.
const MOST_INDENTED: usize = 80;
/// A longer value is looked at as one: a name inside it has a short value.
pub(super) const LONG: usize = 400;
/// Longer values are data.
pub(super) const LONGEST: usize = 4096;
/// Endings of a name that say: this is about a secret, not one.
const ABOUT: [&str; 50] = [
    "at", "budget", "cache", "cached", "class", "column", "command", "cost", "count", "counts",
    "dir", "env", "error", "expires", "expiry", "field", "file", "format", "hash", "header", "id",
    "ids", "index", "input", "kind", "len", "length", "limit", "limits", "mode", "model", "name",
    "names", "output", "path", "policy", "prefix", "ref", "sha", "size", "source", "status",
    "stdin", "store", "total", "type", "uri", "url", "usage", "used",
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

/// The value assigned to the name of which `word` is a part. One that is longer than `most` goes on
/// behind what is returned.
pub(super) fn assigned(text: &[u8], word: Range<usize>, most: usize) -> Option<Assigned> {
    let name = name_around(text, &word);
    if is_about(&text[word.end..name.end]) || is_public(&text[name.start..word.start]) {
        return None;
    }
    if let Some(value) = listed(text, name.end).or_else(|| option(text, &name)) {
        return read_value(text, value, most);
    }
    let (sign, _) = skip_between(text, name.end);
    let value = after_sign(text, sign)?;
    if let Some(found) = on_next_line(text, value, most) {
        return Some(found);
    }
    let found = read_value(text, value, most)?;
    if found.quoted || found.value.len() > most {
        return Some(found);
    }
    // `const apiKey: string = "…"`: the first sign is followed by a type.
    let typed = skip_between(text, found.value.end).0;
    if text.get(typed) == Some(&b'=') && text.get(typed + 1) != Some(&b'=') {
        return read_value(text, typed + 1, most);
    }
    Some(found)
}

/// `name: DB_PASSWORD, value: …`, on one line or on two: where what follows `value` begins.
fn listed(text: &[u8], name_end: usize) -> Option<usize> {
    let end = text.len().min(name_end + MOST_INDENTED);
    let mut at = name_end;
    while at < end {
        match text[at] {
            b' ' | b'\t' | b'\n' | b'\r' | b'\\' | b'"' | b'\'' | b',' | b';' => {}
            // The end of a line that is written out.
            b'n' | b'r' if text[at - 1] == b'\\' => {}
            _ => break,
        }
        at += 1;
    }
    let is_value = text.get(at..at + 5)?.eq_ignore_ascii_case(b"value");
    let (sign, _) = skip_between(text, at + 5);
    after_sign(text, sign).filter(|_| is_value && at > name_end)
}

/// `--token …` of a command, whose value is the next word.
fn option(text: &[u8], name: &Range<usize>) -> Option<usize> {
    let is_option = text[name.clone()].starts_with(b"-") && text.get(name.end) == Some(&b' ');
    let (value, _) = skip_between(text, name.end);
    let is_value = |byte: &u8| !matches!(byte, b'-' | b'=' | b':' | b',' | b'|' | b'>');
    (is_option && text.get(value).is_some_and(is_value)).then_some(name.end)
}

/// A value on the line behind its name: in quotes, in a block that `|` or `>` begins, or alone there.
fn on_next_line(text: &[u8], from: usize, most: usize) -> Option<Assigned> {
    let rest = text.get(from..)?;
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    let mut at = rest.iter().take(MOST_BETWEEN).take_while(is_blank).count();
    if matches!(rest.get(at), Some(b'|' | b'>')) {
        let hint = |byte: &&u8| matches!(byte, b'|' | b'>' | b'-' | b'+' | b'1'..=b'9');
        at += rest[at..].iter().take(3).take_while(hint).count();
    }
    at += line_end(&rest[at..])?;
    let indent = rest[at..].iter().take(MOST_INDENTED);
    let indent = indent.take_while(is_blank).count();
    at += indent;
    let found = read_value(text, from + at, most)?;
    // Elsewhere the line goes on: it is another name, or prose.
    let is_alone = |byte: &u8| matches!(byte, b'\n' | b'\r' | b'\\' | b'"' | b'\'' | b'`');
    let is_alone = indent > 0 && text.get(found.value.end).is_none_or(is_alone);
    (found.quoted || is_alone).then_some(found)
}

/// The length of the end of a line here, which may be written out.
fn line_end(text: &[u8]) -> Option<usize> {
    let one = |at: usize| {
        let backslashes = text[at..].iter().take(MOST_BETWEEN);
        let backslashes = backslashes.take_while(|byte| **byte == b'\\').count();
        match (backslashes, text.get(at + backslashes)?) {
            (0, b'\n' | b'\r') => Some(1),
            (1.., b'n' | b'r') => Some(backslashes + 1),
            _ => None,
        }
    };
    let first = one(0)?;
    let is_return = matches!(text[first - 1], b'\r' | b'r');
    Some(first + one(first).filter(|_| is_return).unwrap_or(0))
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

/// Goes over quotes, blanks, backslashes and colours; says where to, and which quote came last.
fn skip_between(text: &[u8], from: usize) -> (usize, Option<u8>) {
    let mut quote = None;
    let mut at = from;
    for _ in 0..MOST_BETWEEN {
        match text.get(at) {
            Some(byte @ (b'"' | b'\'' | b'`')) => quote = Some(*byte),
            Some(b' ' | b'\t' | b'\\' | b']') => {}
            Some(_) => match colour(text, at) {
                Some(length) => at += length - 1,
                None => break,
            },
            None => break,
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

fn read_value(text: &[u8], from: usize, most: usize) -> Option<Assigned> {
    let (start, quote) = skip_between(text, from);
    let quotes = text[from..start]
        .iter()
        .filter(|byte| Some(**byte) == quote);
    if quotes.count() > 1 {
        // An empty text: what follows is no longer the value.
        return None;
    }
    let inside = |byte: &&u8| match quote {
        Some(quote) => **byte != quote && !matches!(byte, b'\\' | b'\n' | b'\r' | 0x1b),
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
    let rest = text[start..].iter().take(most + 1);
    let length = rest.take_while(inside).count();
    // A call or an index follows: this is code that fetches a value.
    let is_code = quote.is_none() && matches!(text.get(start + length), Some(b'(' | b'['));
    (length > 0 && !is_code).then_some(Assigned {
        value: start..start + length,
        quoted: quote.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'t>(text: &'t str, word: &str) -> Option<&'t str> {
        let at = text.find(word).expect("the word is there");
        assigned(text.as_bytes(), at..at + word.len(), LONGEST).map(|found| &text[found.value])
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
            "token: |-\n    v1\n",
            "token: >\r\n  v1",
            "\"token\":\n   \"v1\"",
            "a:\\n  token: |\\n    v1\\n",
            "token:\n  v1\n",
            "{name: A_TOKEN, value: v1}",
            "- name: A_TOKEN\n  value: \"v1\"",
            "{\\\"name\\\":\\\"token\\\",\\n\\\"value\\\":\\\"v1\\\"}",
            "<add key=\"token\" value=\"v1\"/>",
            "tool --token v1 --other",
            "tool -auth-token 'v1'",
            "token = \u{1b}[32mv1\u{1b}[0m",
            "token: \\u001b[1;32mv1\\u001b[0m",
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
            "token:\n  v1 and more\n",
            "token:\nv1\n",
            "TOKEN=\nv1=2\n",
            "a token v1",
            "--token --verbose",
            "--token-stdin v1",
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
