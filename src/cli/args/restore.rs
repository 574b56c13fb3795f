//! The arguments of `restore`: the new laptop.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::public::Public;

#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The vault: a path, or an address of ssh
    #[arg(value_hint = ValueHint::AnyPath)]
    pub url: String,
    /// Look for checkouts below DIR [default: those of ~/code ~/src ~/work ~/projects ~/dev ~/Developer that are there]
    ///
    /// May be given more than once. With --clone the first one is where missing projects go; it need
    /// not exist.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub into: Vec<PathBuf>,
    /// Clone the projects that are not here from where they are published
    ///
    /// With your own git and its configuration. A clone that fails is reported, and the rest goes on.
    #[arg(long)]
    pub clone: bool,
    /// How hosts are reached [default: https, then ssh]
    #[arg(long, value_enum, value_name = "HOW", requires = "clone")]
    pub clone_with: Option<CloneWay>,
    #[command(flatten)]
    pub public: Public,
    /// Show the plan, and change nothing: the vault is not connected either
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before the plan is carried out
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CloneWay {
    Https,
    Ssh,
}
