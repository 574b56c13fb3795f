//! Two versions of a file that become one, by what kind of content it is.
//!
//! *In*: what was agreed, what this disk has and what the vault has. *Out*: one content with the
//! changes of both, or nothing, where somebody has to decide. *Never*: drop what one side wrote and the
//! other did not take away, or write a marker.

mod class;
mod json;
mod kind;
#[cfg(test)]
mod laws;
mod lists;
mod moment;
mod text;
mod union;

pub use class::{ContentClass, ListRule};
pub use kind::{Plain, plain};

/// The three versions of a file.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'c> {
    /// Nothing at a first meeting.
    pub base: Option<&'c [u8]>,
    pub local: &'c [u8],
    pub vault: &'c [u8],
}

/// Merges three texts by lines; nothing where they overlap.
pub type MergeText<'m> = &'m dyn Fn(&[u8], &[u8], &[u8]) -> Option<Vec<u8>>;

/// The content with the changes of both sides, always the same of the same three. Nothing means that
/// it is a conflict. Where no rule names the class, the file's name does, or else its content.
#[must_use]
pub fn merge_contents(
    name: &str,
    class: Option<&ContentClass>,
    contents: Contents<'_>,
    merge_text: MergeText<'_>,
) -> Option<Vec<u8>> {
    let found;
    let class = if let Some(class) = class {
        class
    } else {
        found = ContentClass::of(name, &contents);
        &found
    };
    match class {
        ContentClass::Union => union::merge(contents),
        ContentClass::Json(lists) => json::merge(contents, lists),
        ContentClass::Text => text::merge(name, contents, merge_text),
        ContentClass::Whole => None,
    }
}
