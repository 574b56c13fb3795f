//! The arrows through the real program: what travels, what does not, and what is said about it.

mod beside;
mod comments;
mod configure;
mod database;
mod explain;
mod foreseen;
mod format;
mod gate;
mod half_line;
mod heal;
mod hostile;
mod identity;
mod laptop;
mod links;
mod memory;
mod merge;
mod misfit;
mod obstacles;
mod owners;
mod recognise;
mod rules;
mod secret;
mod settings;
mod told;
mod tools;
mod travel;
pub mod scene;
