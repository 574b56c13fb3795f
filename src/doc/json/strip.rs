//! Taking members out.

use crate::doc::dialect::Outline;
use crate::doc::gap::Comments;
use crate::doc::tree::Drops;
use crate::doc::{braces, text};

/// Takes members out with their commas, their white space and the comments beside them.
pub(super) fn without(json: &Outline<'_>, drops: &Drops<'_>) -> String {
    let mut cuts = Vec::new();
    braces::cuts((json.text, Comments::Slashes), &json.root, drops, &mut cuts);
    text::cut(json.text, cuts)
}
