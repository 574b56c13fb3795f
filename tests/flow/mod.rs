//! The arrows through the real program: what travels, what does not, and what is said about it.

mod beside;
mod configure;
mod database;
mod format;
mod gate;
mod half_line;
mod heal;
mod hostile;
mod identity;
mod explain;
mod memory;
mod merge;
mod rules;
pub mod scene;
mod secret;
mod settings;
mod told;
mod travel;
