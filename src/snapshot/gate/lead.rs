//! What may stand between a name and its value: ends of lines, comments, and what the languages of
//! settings write before a text.

use memchr::memmem;

use super::escapes::colour;

/// What may stand between a name and its sign, or the sign and the value: quotes, blanks, backslashes.
const MOST_BETWEEN: usize = 10;
/// How far the steps from a sign to its value reach, and each of them.
const MOST_STEPS: usize = 10;
const LONGEST_STEP: usize = 120;

/// Where a value may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// On the line of its name.
    Here,
    /// At the beginning of a lower line.
    Below,
    /// On a lower line that is indented, or the item of a list.
    Inset,
    /// On the first line of a text whose quotes opened on the line above.
    Opened,
    /// In brackets.
    Within,
}

/// Where a value begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lead {
    pub at: usize,
    pub stand: Stand,
}

/// Goes over quotes, blanks, backslashes and colours; says where to, and which quote came last.
pub(super) fn skip_between(text: &[u8], from: usize) -> (usize, Option<u8>) {
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

/// Goes from the sign of a name towards its value.
pub(super) fn lead(text: &[u8], from: usize) -> Lead {
    let mut lead = Lead {
        at: from,
        stand: Stand::Here,
    };
    for _ in 0..MOST_STEPS {
        let rest = text.get(lead.at..).unwrap_or_default();
        let rest = &rest[..rest.len().min(LONGEST_STEP)];
        let Some((length, stand)) = step(rest, lead.stand) else {
            break;
        };
        lead.at += length;
        lead.stand = stand;
    }
    lead
}

/// The length of what stands here before a value, and where the value stands behind it.
fn step(rest: &[u8], stand: Stand) -> Option<(usize, Stand)> {
    let blanks = count(rest, is_blank);
    if blanks > 0 {
        let is_below = stand == Stand::Below;
        return Some((blanks, if is_below { Stand::Inset } else { stand }));
    }
    if let Some(length) = line_end(rest) {
        let goes_on = matches!(stand, Stand::Opened | Stand::Within);
        return Some((length, if goes_on { stand } else { Stand::Below }));
    }
    let (length, stand) = match rest {
        [b'[' | b'(', ..] => (1, Stand::Within),
        [b'-', b' ', ..] if stand != Stand::Here => (1, Stand::Inset),
        [b'#', ..] | [b'/', b'/' | b'*', ..] => (comment(rest)?, stand),
        [b'|' | b'>', ..] => (block(rest)?, stand),
        [b'!', b'!', word @ ..] | [b'&', word @ ..] => {
            (rest.len() - word.len() + tag(word)?, stand)
        }
        // Bold, as Markdown ends it; a line that goes on.
        [b'*', b'*', b' ', ..] => (2, stand),
        [b'\\', b'\n' | b'\r', ..] => (1, stand),
        _ => opening(rest, stand)?,
    };
    Some((length, stand))
}

/// The length of the beginning of a block of YAML.
fn block(rest: &[u8]) -> Option<usize> {
    let hint = |byte| matches!(byte, b'|' | b'>' | b'-' | b'+' | b'1'..=b'9');
    let length = count(rest, |byte| hint(byte) || is_blank(byte));
    let behind = &rest[length..];
    (line_end(behind).is_some() || comment(behind).is_some()).then_some(length)
}

/// The length of a tag or an anchor of YAML.
fn tag(word: &[u8]) -> Option<usize> {
    let length = count(word, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let ends =
        word.get(length).is_some_and(|byte| is_blank(*byte)) || line_end(&word[length..]).is_some();
    (length > 0 && ends).then_some(length)
}

/// The length of quotes that open a text on the next line; or of all but the last of three.
fn opening(rest: &[u8], stand: Stand) -> Option<(usize, Stand)> {
    let quote = |at: usize| {
        let at = at + count(&rest[at..], |byte| byte == b'\\');
        matches!(rest.get(at), Some(b'"' | b'\'' | b'`')).then_some(at + 1)
    };
    let first = quote(0)?;
    let second = quote(first);
    let third = second.and_then(quote);
    let last = third.unwrap_or(first);
    let goes_on = matches!(rest[last..], [b'\\', b'\n' | b'\r', ..]);
    if goes_on || line_end(&rest[last..]).is_some() {
        return Some((last, Stand::Opened));
    }
    third.and(second).map(|length| (length, stand))
}

/// The length of a comment here: up to the end of its line, or to an end of its own.
fn comment(rest: &[u8]) -> Option<usize> {
    if let [b'/', b'*', inside @ ..] = rest {
        return memmem::find(inside, b"*/").map(|length| length + 4);
    }
    let ends = |at: &usize| line_end(&rest[*at..]).is_some();
    let is_comment = matches!(rest, [b'#', ..] | [b'/', b'/', b' ' | b'\t', ..]);
    (0..rest.len()).find(|at| is_comment && ends(at))
}

/// The length of the end of a line here, which may be written out.
pub(super) fn line_end(text: &[u8]) -> Option<usize> {
    let one = |at: usize| {
        let backslashes = text.get(at..)?.iter().take(MOST_BETWEEN);
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

/// Goes over the sign of an assignment: `=`, `:`, `:=`, `=>`, `||`, `?=`, and `,` between arguments.
pub(super) fn after_sign(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let optional = usize::from(rest.starts_with(b"?="));
    let rest = &rest[optional..rest.len().min(optional + 3)];
    let length = count(rest, |byte| {
        matches!(byte, b'=' | b':' | b'>' | b',' | b'|')
    });
    (length > 0).then_some(from + optional + length)
}

/// How many bytes here are such ones.
pub(super) fn count(text: &[u8], is_one: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| is_one(**byte)).count()
}

pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
