//! JSON, read strictly and edited without touching what was not meant.
//!
//! *In*: bytes that claim to be JSON. *Out*: values with their spans; a text without some members
//! (`strip`), and a text with them laid back in (`overlay`). *Never*: reformat, reorder, or
//! read a number as anything but its digits.

mod overlay;
mod parse;
mod same;
mod strip;

pub use overlay::overlay;
pub use parse::{Json, MAX_DEPTH, parse};
pub use same::same_value;
pub use strip::strip;

#[cfg(test)]
mod laws;
