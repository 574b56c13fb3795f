//! Inputs that nobody would write: seeded, so that a failure can be run again.

mod rules;
mod sanitizer;
mod wire;
