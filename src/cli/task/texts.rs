//! Texts that come from a file or from the input.

use std::io::Read as _;
use std::path::Path;

use crate::base::{BaseError, Env, read_limited};
use crate::flow::FlowError;

/// A longer one is no text that anybody wrote.
const MAX_SIZE: u64 = 64 * 1024 * 1024;

pub fn from_file(env: &Env, file: &Path) -> Result<String, FlowError> {
    let file = env.cwd.join(file);
    let bytes = read_limited(&file, MAX_SIZE)?;
    text(bytes, &file.display().to_string())
}

pub fn from_input() -> Result<String, FlowError> {
    let mut bytes = Vec::new();
    let mut input = std::io::stdin().lock().take(MAX_SIZE + 1);
    let read = input.read_to_end(&mut bytes);
    let read = read.map_err(BaseError::io("read", "the input"))?;
    if read as u64 > MAX_SIZE {
        return Err(bad("the input is longer than 64 MB".to_owned()));
    }
    text(bytes, "the input")
}

fn text(bytes: Vec<u8>, place: &str) -> Result<String, FlowError> {
    String::from_utf8(bytes).map_err(|_| bad(format!("{place} is no text in UTF-8")))
}

fn bad(what: String) -> FlowError {
    FlowError::BadValue {
        what,
        hint: "give it text; nothing was written".to_owned(),
    }
}
