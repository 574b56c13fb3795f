//! The arrows through the real program: what travels, what does not, and what is said about it.

mod beside;
mod comments;
mod configure;
mod content;
mod database;
mod explain;
mod foreseen;
mod format;
mod gate;
mod half_line;
mod heal;
mod hostile;
mod identity;
mod links;
mod logs;
mod memory;
mod merge;
mod misfit;
mod obstacles;
mod owners;
mod rules;
mod secret;
mod settings;
mod told;
mod tools;
mod travel;
pub mod scene;
