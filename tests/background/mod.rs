//! What runs by itself.

mod day;
mod place;
mod process;
mod restored;
