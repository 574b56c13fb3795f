//! The arguments of `config`.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// See every key with its value, and whether you set it
    List,
    /// Print the value of a key
    Get {
        /// A key as `config list` names it
        key: String,
    },
    /// Set a key
    Set {
        /// A key as `config list` names it
        key: String,
        /// The value, as you would write it in the file; quotes are not needed
        #[arg(allow_negative_numbers = true)]
        value: String,
    },
    /// Take a key out: its default counts again
    Unset {
        /// A key as `config list` names it
        key: String,
    },
    /// Print where the configuration file is
    Path,
}
