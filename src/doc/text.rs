//! Texts, places in them, and edits by span.

use std::ops::Range;

use super::{DocError, Position};

pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// The text in these bytes.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, DocError> {
    std::str::from_utf8(bytes).map_err(|fault| {
        let good = String::from_utf8_lossy(&bytes[..fault.valid_up_to()]);
        DocError::NotUtf8 {
            at: position(&good, good.len()),
        }
    })
}

/// Line and column of a byte offset.
pub(super) fn position(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Position {
        line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
        column: before[start..].chars().count() + 1,
    }
}

/// One replacement: what stands in `span` becomes `with`.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) span: Range<usize>,
    pub(super) with: String,
}

/// The text after all edits, which do not overlap. Of two at one place the first given comes first.
pub(super) fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.span.start);
    let grown: usize = edits.iter().map(|edit| edit.with.len()).sum();
    let mut out = String::with_capacity(text.len() + grown);
    let mut done = 0;
    for edit in edits {
        out.push_str(&text[done..edit.span.start]);
        out.push_str(&edit.with);
        done = edit.span.end;
    }
    out.push_str(&text[done..]);
    out
}
