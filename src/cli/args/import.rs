//! The arguments of `import`: what another tool kept.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::public::Public;

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The tool's configuration [default: where the tool keeps it]
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// The tool
    #[arg(long, value_enum, value_name = "TOOL")]
    pub from: ImportFrom,
    #[command(flatten)]
    pub public: Public,
    /// Show what would be taken over, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Take it over
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportFrom {
    Aigon,
}
