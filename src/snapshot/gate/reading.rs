//! A value as it is written: in quotes, or up to what ends it.

use std::ops::Range;

use super::lead::skip_between;
use super::value::is_code;

/// A value, and how it stands.
pub(super) struct Value {
    pub place: Range<usize>,
    pub quoted: bool,
}

/// The value that begins here. One that is longer than `most` goes on behind what is returned.
pub(super) fn read_value(text: &[u8], from: usize, most: usize) -> Option<Value> {
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
        None => byte.is_ascii_graphic() && !is_end(**byte),
    };
    let rest = text[start..].iter().take(most + 1);
    let length = rest.take_while(inside).count();
    let place = start..start + length;
    let is_code = quote.is_none() && (is_called(text, place.end) || is_code(&text[place.clone()]));
    (length > 0 && !is_code).then_some(Value {
        place,
        quoted: quote.is_some(),
    })
}

/// Whether a call or an index follows: this is code that fetches a value.
fn is_called(text: &[u8], end: usize) -> bool {
    matches!(text.get(end), Some(b'(' | b'['))
}

/// Whether a byte ends a value that stands without quotes.
const fn is_end(byte: u8) -> bool {
    matches!(
        byte,
        b'"' | b'\''
            | b'`'
            | b'\\'
            | b','
            | b';'
            | b'('
            | b')'
            | b'}'
            | b']'
            | b'<'
            | b'>'
            | b'|'
            | b'&'
    )
}
