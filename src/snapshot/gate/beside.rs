//! A value that stands beside its name instead of behind it: `name: DB_PASSWORD` and, before or after
//! that, `value: …`; or as elements, one after the other.

use std::ops::Range;

use super::lead::{Lead, Stand, after_sign, count, is_blank, line_end, skip_between};
use super::reading::read_value;

/// Keys under which the value of what is named stands.
const VALUE_KEYS: [&[u8]; 3] = [b"value", b"default", b"v"];
/// Endings of keys that say a name.
const NAME_KEYS: [&[u8]; 4] = [b"name", b"key", b"variable", b"id"];
/// So many members may stand between the two, none longer than this.
const MOST_MEMBERS: usize = 4;
const LONGEST_MEMBER: usize = 120;
/// So far before its name a value may begin.
const BEFORE: usize = 240;

/// Whether a key says no more than that a value stands under it.
pub fn says_value(key: &str) -> bool {
    is_one_of(key.as_bytes(), &VALUE_KEYS)
}

/// Where the value begins of a name that stands here.
pub(super) fn beside(text: &[u8], name: &Range<usize>) -> Option<usize> {
    let key = naming_key(text, name.start);
    let most = if key.is_some() { MOST_MEMBERS } else { 1 };
    member_after(text, name.end, most)
        .or_else(|| next_element(text, name.end))
        .or_else(|| member_before(text, key?))
}

/// Where the value begins in the members of an object that opens here, or is set in below its name.
pub(super) fn inside(text: &[u8], lead: Lead) -> Option<usize> {
    if text.get(lead.at) == Some(&b'{') {
        return member_after(text, lead.at, MOST_MEMBERS);
    }
    let key = key_at(text, lead.at);
    let is_first = lead.stand == Stand::Inset && is_one_of(&text[key.clone()], &VALUE_KEYS);
    is_first.then(|| after_key(text, key.end)).flatten()
}

/// Where the value begins that is one of the next members.
fn member_after(text: &[u8], from: usize, most: usize) -> Option<usize> {
    let mut at = from;
    for _ in 0..most {
        let member = skip_separators(text, at);
        let key = key_at(text, member);
        let value = after_key(text, key.end)?;
        if member > at && is_one_of(&text[key.clone()], &VALUE_KEYS) {
            return Some(value);
        }
        if member == at || key.is_empty() {
            return None;
        }
        at = read_value(text, value, LONGEST_MEMBER)?.place.end;
    }
    None
}

/// `value: …` as the member before the one whose key is here.
fn member_before(text: &[u8], key: usize) -> Option<usize> {
    let first = key.saturating_sub(BEFORE);
    let word = VALUE_KEYS[0];
    let starts = text[first..key].windows(word.len());
    let mut starts = starts.enumerate().rev();
    let (last, _) = starts.find(|(_, here)| here.eq_ignore_ascii_case(word))?;
    let at = first + last;
    let value = after_key(text, at + word.len())?;
    let found = read_value(text, value, BEFORE)?;
    let is_next = skip_separators(text, found.place.end) == key;
    is_next.then_some(value)
}

/// `<key>password</key> <string>…`: where the content of the next element begins.
fn next_element(text: &[u8], from: usize) -> Option<usize> {
    let tag = |at: usize, start: &[u8]| {
        let rest = text.get(at..)?.strip_prefix(start)?;
        let name = count(rest, |byte| byte.is_ascii_alphanumeric());
        (rest.get(name) == Some(&b'>')).then_some(at + start.len() + name + 1)
    };
    tag(skip_separators(text, tag(from, b"</")?), b"<")
}

/// Where the key begins under which a name stands that begins here.
fn naming_key(text: &[u8], name: usize) -> Option<usize> {
    let between = |byte: u8| is_blank(byte) || matches!(byte, b'"' | b'\'' | b'\\');
    let back = |from: usize, is_one: &dyn Fn(u8) -> bool| {
        let before = text[from.saturating_sub(LONGEST_MEMBER)..from].iter().rev();
        from - before.take_while(|byte| is_one(**byte)).count()
    };
    let sign = back(name, &between).checked_sub(1)?;
    let is_sign = matches!(text[sign], b':' | b'=');
    let end = back(sign, &between);
    let start = back(end, &|byte| byte.is_ascii_alphanumeric());
    let is_name = |key: &[u8]| NAME_KEYS.iter().any(|word| key.ends_with(word));
    (is_sign && is_name(&text[start..end].to_ascii_lowercase())).then_some(start)
}

/// Goes over what stands between two members: ends of lines, quotes, commas and comments.
fn skip_separators(text: &[u8], from: usize) -> usize {
    let end = text.len().min(from + LONGEST_MEMBER);
    let mut at = from;
    while at < end {
        let rest = &text[at..end];
        at += match rest {
            [b'#', ..] | [b'/', b'/', ..] => count(rest, |byte| !matches!(byte, b'\n' | b'\\')),
            _ if line_end(rest).is_some() => line_end(rest).unwrap_or(1),
            [
                b' ' | b'\t' | b'\\' | b'"' | b'\'' | b',' | b';' | b']' | b'{',
                ..,
            ] => 1,
            _ => break,
        };
    }
    at
}

fn key_at(text: &[u8], at: usize) -> Range<usize> {
    let rest = text.get(at..).unwrap_or_default();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    at..at + count(&rest[..rest.len().min(LONGEST_MEMBER)], is_part)
}

fn after_key(text: &[u8], end: usize) -> Option<usize> {
    after_sign(text, skip_between(text, end).0)
}

fn is_one_of(word: &[u8], words: &[&[u8]]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known))
}
