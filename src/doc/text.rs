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

/// The text without these spans, which may touch and overlap.
pub(super) fn cut(text: &str, spans: Vec<Range<usize>>) -> String {
    let edits = merged(spans).into_iter().map(|span| Edit {
        span,
        with: String::new(),
    });
    apply(text, edits.collect())
}

/// These spans in order; what touches is one.
pub(super) fn merged(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_by_key(|span| span.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// Cuts whole lines. Where the last line has no newline of its own and goes, the line that is last
/// then has none either.
pub(super) fn cut_lines(text: &str, spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut spans = merged(spans);
    if let Some(last) = spans.last_mut()
        && last.end == text.len()
        && !text.ends_with('\n')
    {
        let before = &text[..last.start];
        let before = before.strip_suffix('\n').unwrap_or(before);
        last.start = before.strip_suffix('\r').unwrap_or(before).len();
    }
    spans
}

/// Where the line begins in which this place lies.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the next line begins.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..]
        .find('\n')
        .map_or(text.len(), |newline| at + newline + 1)
}
