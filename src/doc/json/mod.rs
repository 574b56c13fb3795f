//! JSON, as people write it for tools, with comments and a comma behind the last item where these
//! stand; read strictly in all else, and edited without touching what was not meant.
//!
//! *In*: a text that claims to be JSON. *Out*: values with their spans; the text without some members,
//! or with them laid back in. *Never*: reformat, reorder, bring a comment into a text that had none
//! but with the member that it stands beside, or read a number as anything but its digits.

mod document;
mod outline;
mod overlay;
mod strip;

pub use document::{Change, Item, JsonDocument};

use super::dialect::Dialect;

pub(super) const JSON: Dialect = Dialect {
    read: outline::read,
    without: |json, drops| Ok(strip::without(json, drops)),
    with: |json, local, placed| Ok(overlay::with(json, local, placed)),
    in_lines: false,
};

#[cfg(test)]
mod documents;
#[cfg(test)]
mod laws;
