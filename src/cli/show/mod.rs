//! How a report reads: tables, sizes, times and counts, as every command writes them.
//!
//! *In*: values out of a report. *Out*: text. *Never*: a stream, a clock, or a decision.

mod table;
mod words;

pub use table::Table;
pub use words::{ago, bytes, count, count_of, grouped, printable};
