//! Texts in UTF-16, made narrow: every secret is of ASCII characters.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2_iter};

/// So many characters at the beginning of a content tell without a mark.
const SAMPLE: usize = 32;
/// Stands for every character that is none of ASCII.
const OTHER: u8 = 0xff;

/// Which byte of two is the low one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    LowFirst,
    HighFirst,
}

/// The order of a content that begins so, if it is UTF-16: by its mark, or because every other byte is NUL.
pub(super) fn order(start: &[u8]) -> Option<Order> {
    match start {
        [0xff, 0xfe, ..] => return Some(Order::LowFirst),
        [0xfe, 0xff, ..] => return Some(Order::HighFirst),
        _ => {}
    }
    let sample = &start[..start.len().min(2 * SAMPLE) & !1];
    if sample.len() < 16 || memchr(0, sample).is_none() {
        return None;
    }
    let every = |parity: usize, is_nul: bool| {
        let mut bytes = sample.iter().skip(parity).step_by(2);
        bytes.all(|byte| (*byte == 0) == is_nul)
    };
    if every(1, true) && every(0, false) {
        Some(Order::LowFirst)
    } else {
        (every(0, true) && every(1, false)).then_some(Order::HighFirst)
    }
}

/// The characters of a piece of whole ones.
pub(super) fn narrow(piece: &[u8], order: Order) -> Vec<u8> {
    let character = |pair: &[u8]| {
        let (low, high) = match (order, pair) {
            (Order::LowFirst, [low, high]) | (Order::HighFirst, [high, low]) => (*low, *high),
            _ => return OTHER,
        };
        if high == 0 { low } else { OTHER }
    };
    piece.chunks(2).map(character).collect()
}

/// The wide characters among other bytes, as in a database, and where a place lies there: each has
/// another one two bytes before or behind it, and a NUL between them. All ends of lines stay, for they are
/// counted; other bytes leave a NUL, once.
pub(super) fn narrowed_within(text: &[u8], place: Range<usize>) -> (Vec<u8>, Range<usize>) {
    let is_text = |at: usize| matches!(text.get(at), Some(b' '..=b'~' | b'\t' | b'\n' | b'\r'));
    let begins = |nul: usize| {
        nul > 0 && is_text(nul - 1) && is_text(nul + 1) && text.get(nul + 2) == Some(&0)
    };
    if !memchr_iter(0, text).any(|nul| begins(nul) && is_text(nul + 3)) {
        return (Vec::new(), 0..0);
    }
    let mut narrow = Vec::new();
    let mut marks = [None; 2];
    // Where the last character that stays was: what follows it at once, or after a NUL, is its neighbour.
    let mut end = 0;
    let mut keep = |at: usize| {
        if at > end {
            narrow.push(0);
        }
        for (mark, place) in marks.iter_mut().zip([place.start, place.end]) {
            if at >= place && mark.is_none() {
                *mark = Some(narrow.len());
            }
        }
        narrow.push(text[at]);
        end = at + 2;
    };
    let mut told = 0;
    for at in memchr2_iter(0, b'\n', text) {
        let pair = if text[at] == b'\n' {
            [at, at]
        } else if at > 0 && is_text(at - 1) && is_text(at + 1) {
            [at - 1, at + 1]
        } else {
            continue;
        };
        for at in pair {
            if at >= told {
                keep(at);
                told = at + 1;
            }
        }
    }
    let marks = marks.map(|mark| mark.unwrap_or(narrow.len()));
    (narrow, marks[0]..marks[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str, order: Order) -> Vec<u8> {
        let bytes = |unit: u16| match order {
            Order::LowFirst => unit.to_le_bytes(),
            Order::HighFirst => unit.to_be_bytes(),
        };
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn a_wide_text_is_known_with_a_mark_and_without_and_read() {
        for way in [Order::LowFirst, Order::HighFirst] {
            for text in ["\u{feff}a", "plain words\n", "\u{feff}\u{20ac} or so"] {
                let bytes = wide(text, way);
                assert_eq!(order(&bytes), Some(way), "{text:?}");
                let read = narrow(&bytes, way);
                assert_eq!(read.len(), text.chars().count());
                assert_eq!(read.last(), text.as_bytes().last());
            }
        }
    }

    #[test]
    fn wide_texts_are_read_among_other_bytes_with_all_ends_of_lines() {
        for way in [Order::LowFirst, Order::HighFirst] {
            let mut bytes = b"x\xff\0\0narrow\nwords\0\0\x01".to_vec();
            let begin = bytes.len();
            bytes.extend(wide("one\ntwo", way));
            bytes.extend(b"\x02\0\0more\n");
            let (narrow, place) = narrowed_within(&bytes, begin..bytes.len());
            assert_eq!(narrow, b"\0\n\0one\ntwo\0\n");
            assert_eq!(narrow[place], b"one\ntwo\0\n"[..]);
        }
        assert_eq!(narrowed_within(b"a\0b\ncd\0e", 0..9), (Vec::new(), 0..0));
    }

    #[test]
    fn other_contents_are_not_taken_for_it() {
        for content in [
            &b""[..],
            b"plain words of a file",
            b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"a\0b\0c\0d\0e\0f\0g\0h",
            b"SQLite format 3\0\x10\0\x01\x01",
        ] {
            assert_eq!(order(content), None, "{content:?}");
        }
    }
}
