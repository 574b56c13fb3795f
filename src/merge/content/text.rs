//! Texts merge by lines that stand apart.

use crate::doc::Format;

use super::{Contents, MergeText};

/// Longer texts are not merged.
pub const MOST: usize = 1 << 20;

/// Whether this can be told as lines.
pub fn is_text(bytes: &[u8]) -> bool {
    bytes.len() <= MOST && !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok()
}

/// Nothing where the changes overlap, where nothing was agreed, or where a format is made of it that
/// its readers would refuse.
pub fn merge(name: &str, contents: Contents<'_>, merge_text: MergeText<'_>) -> Option<Vec<u8>> {
    let Contents { base, local, vault } = contents;
    let base = base?;
    if ![base, local, vault].into_iter().all(is_text) {
        return None;
    }
    let merged = merge_text(base, local, vault)?;
    let is_whole = Format::of(name).is_none_or(|format| format.parses(&merged));
    is_whole.then_some(merged)
}
