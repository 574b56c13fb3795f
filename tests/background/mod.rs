//! What runs by itself.

mod day;
mod process;
