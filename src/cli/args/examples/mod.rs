//! What each command looks like in use. A test parses every line, so none of them can grow stale.
//!
//! *In*: the name of a command. *Out*: its examples. *Never*: what a command does; the help texts say
//! that.

mod conflict;
mod example;
mod own;
mod task;
mod travels;
mod vault;

use conflict::CONFLICT;
pub use example::Example;
use own::OWN;
use task::TASK;
use travels::TRAVELS;
use vault::VAULT;

/// The examples of a command, named as `backup push`; of `holdall` itself for the empty name.
#[must_use]
pub fn examples_of(name: &str) -> &'static [Example] {
    EXAMPLES
        .into_iter()
        .flatten()
        .find(|(of, _)| *of == name)
        .map_or(&[], |(_, examples)| examples)
}

const EXAMPLES: [&[(&str, &[Example])]; 5] = [VAULT, CONFLICT, TRAVELS, TASK, OWN];
