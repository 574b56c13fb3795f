//! What runs by itself.

mod day;
mod managed;
mod place;
mod process;
mod restored;
