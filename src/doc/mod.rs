//! Documents that people and tools wrote, read and edited by spans.
//!
//! *In*: the bytes of a JSON or TOML file. *Out*: its values with their places, and new bytes in
//! which only what was asked for differs: comments, order and white space stay. *Never*: touch a
//! disk, or know what a key means.

mod error;
pub mod json;
mod pattern;
mod text;
pub mod toml;

pub use error::{DocError, Position};
pub use pattern::KeyPattern;
