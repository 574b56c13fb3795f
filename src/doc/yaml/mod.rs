//! YAML, read strictly and edited without touching what was not meant.
//!
//! *In*: the text of one document. *Out*: its values with their places, the text without some
//! members, or with them laid back in; comments, order and style stay. *Never*: edit where it is
//! not certain what the text would then say: such a document is refused.

mod outline;
mod overlay;
mod strip;

use super::dialect::Dialect;

pub(super) const YAML: Dialect = Dialect {
    read: outline::read,
    without: strip::without,
    with: overlay::with,
    in_lines: true,
};

#[cfg(test)]
mod laws;
