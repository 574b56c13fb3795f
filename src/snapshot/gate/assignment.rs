//! Values that stand under a name: `api_key = "…"`, `"password": "…"`, also inside a JSON string,
//! where each quote has backslashes before it.

use std::ops::Range;

use super::beside::{beside, inside};
use super::lead::{Stand, after_sign, lead, line_end, skip_between};
use super::reading::read_value;
use super::value::is_name;

/// How far a name reaches around the word that drew attention.
const NAME_REACH: usize = 40;
/// A longer value is looked at as one: a name inside it has a short value.
pub(super) const LONG: usize = 400;
/// Longer values are data.
pub(super) const LONGEST: usize = 4096;
/// Endings of a name that say: this is about a secret, not one.
const ABOUT: [&str; 54] = [
    "at", "budget", "cache", "cached", "check", "class", "column", "command", "cost", "count",
    "counts", "dir", "env", "error", "expires", "expiry", "field", "file", "format", "hash",
    "header", "id", "ids", "index", "input", "kind", "len", "length", "limit", "limits", "manager",
    "method", "mode", "model", "name", "names", "output", "path", "policy", "prefix", "ref",
    "scheme", "sha", "size", "source", "status", "stdin", "store", "total", "type", "uri", "url",
    "usage", "used",
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

/// What stands before another value, in quotes, that holds where the first one is none.
const FALLBACKS: [&[u8]; 3] = [b"||", b"??", b"or "];

/// The value assigned to the name of which `word` is a part. One that is longer than `most` goes on
/// behind what is returned.
pub(super) fn assigned(text: &[u8], word: Range<usize>, most: usize) -> Option<Range<usize>> {
    let name = name_around(text, &word);
    if is_about(&text[word.clone()], &text[word.end..name.end])
        || is_public(&text[name.start..word.start])
    {
        return None;
    }
    let behind = skip_between(text, name.end).0;
    if matches!(text.get(behind), Some(b'=' | b':')) {
        return behind_sign(text, name.end, most);
    }
    let apart = beside(text, &name).or_else(|| option(text, &name));
    let found = match apart {
        Some(from) => read_value(text, from, most)?.place,
        None => behind_sign(text, name.end, most)?,
    };
    // Words stand beside each other in lists, too: `["password", "created_at_2"]`.
    let is_option = text[name.start] == b'-';
    (is_option || !is_name(&text[found.clone()])).then_some(found)
}

/// The value behind the sign that follows a name.
fn behind_sign(text: &[u8], name_end: usize, most: usize) -> Option<Range<usize>> {
    let lead = lead(text, sign(text, name_end)?);
    if let Some(from) = inside(text, lead) {
        return read_value(text, from, most).map(|found| found.place);
    }
    let found = read_value(text, lead.at, most)?;
    let is_plain = lead.stand == Stand::Here && !found.quoted && found.place.len() <= most;
    if is_plain && let Some(from) = instead(text, found.place.end) {
        return read_value(text, from, most).map(|found| found.place);
    }
    // Elsewhere the line goes on: it is another name, or prose.
    let ends_line = |byte: &u8| matches!(byte, b'\n' | b'\r' | b'\\' | b'"' | b'\'' | b'`');
    let is_alone = || text.get(found.place.end).is_none_or(ends_line);
    let stands = match lead.stand {
        Stand::Here => true,
        Stand::Inset | Stand::Opened => found.quoted || is_alone(),
        Stand::Below => found.quoted,
        Stand::Within => found.quoted && !is_name(&text[found.place.clone()]),
    };
    stands.then_some(found.place)
}

/// Where what follows the sign behind a name begins. A colon may stand on the next line.
fn sign(text: &[u8], name_end: usize) -> Option<usize> {
    let (at, _) = skip_between(text, name_end);
    let escape = text[..at].iter().rev().take_while(|byte| **byte == b'\\');
    let end = at - escape.count();
    let below = line_end(&text[end..]).map(|length| end + length);
    let colon = below.map(|at| skip_between(text, at).0);
    let colon = colon.filter(|at| text.get(*at) == Some(&b':'));
    after_sign(text, colon.unwrap_or(at))
}

/// Where the value begins that stands behind another one: behind a type, as in
/// `const apiKey: string = "…"`, or as what holds without it, as in `process.env.X || "…"`.
fn instead(text: &[u8], end: usize) -> Option<usize> {
    let at = skip_between(text, end).0;
    let rest = text.get(at..)?;
    if rest.starts_with(b"=") && !rest.starts_with(b"==") {
        return Some(at + 1);
    }
    let fallback = FALLBACKS.iter().find(|word| rest.starts_with(word))?;
    let value = at + fallback.len();
    skip_between(text, value).1.map(|_| value)
}

/// `--token …` of a command, whose value is the next word, or the next item of a list.
fn option(text: &[u8], name: &Range<usize>) -> Option<usize> {
    let is_option = text[name.clone()].starts_with(b"-");
    let lead = lead(text, name.end);
    let is_value = |byte: &u8| !matches!(byte, b'-' | b'=' | b':' | b',' | b'|' | b'>');
    let follows = lead.at > name.end && matches!(lead.stand, Stand::Here | Stand::Inset);
    (is_option && follows && text.get(lead.at).is_some_and(is_value)).then_some(lead.at)
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
fn is_about(word: &[u8], rest: &[u8]) -> bool {
    // `tokenizer`, `SECRETARY`: another word.
    let goes_on = match (word.last(), rest.first()) {
        (Some(last), Some(first)) if last.is_ascii_uppercase() => first.is_ascii_uppercase(),
        (_, Some(first)) => first.is_ascii_lowercase(),
        _ => return false,
    };
    let endings: [&[u8]; 4] = [b"s", b"key", b"keys", b"value"];
    let is_same = endings.iter().any(|end| rest.eq_ignore_ascii_case(end));
    goes_on && !is_same || ABOUT.contains(&last_word(rest).as_str())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'t>(text: &'t str, word: &str) -> Option<&'t str> {
        let at = text.find(word).expect("the word is there");
        assigned(text.as_bytes(), at..at + word.len(), LONGEST).map(|found| &text[found])
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
