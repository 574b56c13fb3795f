//! Documents that people and tools wrote, read and edited by spans.
//!
//! *In*: the bytes of a JSON, TOML or YAML file. *Out*: its values with their places, and new bytes in
//! which only what was asked for differs: comments, order and white space stay. *Never*: touch a
//! disk, or know what a key means.

mod braces;
mod dialect;
mod error;
mod format;
mod gap;
mod json;
mod laying;
#[cfg(test)]
mod laws;
mod pattern;
mod text;
pub mod toml;
mod tree;
mod yaml;

pub use error::{DocError, Position};
pub use format::{Format, MAX_BYTES, Retelling};
pub use json::{Change, Item, JsonDocument};
pub use pattern::KeyPattern;
pub use tree::{Choice, Form, KeyPath, Leaf, Member, Node, Overlaid, Shape, Stripped};
