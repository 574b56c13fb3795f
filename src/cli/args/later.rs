//! The commands below a command, which are put together only where somebody types it: the whole tree
//! takes longer than many a command does.

use std::cell::Cell;
use std::ops::Deref;

use clap::{ArgMatches, Command, Error, FromArgMatches, Subcommand};

thread_local! {
    /// The tree is put together with everything below it: for a help text, completions, a man page.
    static IS_WHOLE: Cell<bool> = const { Cell::new(false) };
}

/// Commands that are put together later.
#[derive(Debug)]
pub struct Later<T>(T);

impl<T> Deref for Later<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// The tree with everything below it.
pub fn whole(tree: impl FnOnce() -> Command) -> Command {
    IS_WHOLE.set(true);
    let whole = tree();
    IS_WHOLE.set(false);
    whole
}

impl<T: FromArgMatches> FromArgMatches for Later<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<T: Subcommand> Subcommand for Later<T> {
    fn augment_subcommands(command: Command) -> Command {
        if IS_WHOLE.get() {
            T::augment_subcommands(command)
        } else {
            command.defer(T::augment_subcommands)
        }
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        T::augment_subcommands_for_update(command)
    }

    fn has_subcommand(name: &str) -> bool {
        T::has_subcommand(name)
    }
}
