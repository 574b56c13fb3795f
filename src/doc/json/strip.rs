//! Taking members out.

use crate::doc::tree::Drops;
use crate::doc::{braces, text};

use super::outline::Outline;

/// Takes members out with their commas and white space. An object that loses all its members becomes
/// `{}` if white space followed its brace, else it keeps the white space before the closing one.
pub(super) fn without(json: &Outline<'_>, drops: &Drops<'_>) -> String {
    let mut cuts = Vec::new();
    braces::cuts(json.text, &json.root, drops, &mut cuts);
    text::cut(json.text, cuts)
}
