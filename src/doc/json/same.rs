//! Whether two texts say the same.

use crate::doc::tree::same_node;

use super::parse::parse;

/// Whether two documents differ in white space, key order or the spelling of strings at most.
/// Numbers count as written. What does not parse is the same as itself alone.
#[must_use]
pub fn same_value(a: &[u8], b: &[u8]) -> bool {
    if a == b {
        return true;
    }
    match (parse(a), parse(b)) {
        (Ok(a), Ok(b)) => same_node(&a.root, &b.root, None),
        _ => false,
    }
}
