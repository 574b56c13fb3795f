//! The arrows: each verb file is one way through the house, and the only code that knows two boxes.
//!
//! *In*: options from a face, the edges of the process. *Out*: reports that serialize as the JSON
//! people script against. *Never*: print, read the environment, be async.

pub mod config;
mod error;
mod places;

pub use error::{ErrorKind, FlowError};
pub use places::Places;
