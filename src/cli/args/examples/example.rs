//! One line of use.

/// A command line, and what it is for.
pub struct Example {
    pub line: &'static str,
    pub does: &'static str,
}

pub const fn example(line: &'static str, does: &'static str) -> Example {
    Example { line, does }
}
