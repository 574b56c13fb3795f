//! The consent to a vault that everybody can read.

use clap::Args;

#[derive(Clone, Copy, Debug, Args)]
pub struct Public {
    /// Connect it also where it is a repository at GitHub that everybody can read
    #[arg(long = "allow-public")]
    pub allowed: bool,
}
