//! The arguments of `conflict`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

#[derive(Debug, Subcommand)]
pub enum ConflictCommand {
    /// See what waits for a decision, and what there is to choose from
    ///
    /// Shows this machine's copy of the vault and this disk, and when the copy was last in step. The
    /// exit code is 0 also where there are conflicts.
    List,
    /// See one conflict with all its versions, and how they differ from the vault's
    Show {
        #[command(flatten)]
        which: Which,
    },
    /// See how the versions differ from what the vault has
    Diff(ConflictDiffArgs),
    /// Write all versions into files of a directory, for other programs to look at
    ///
    /// Nothing is overwritten.
    Export(ConflictExportArgs),
    /// Decide which version it is to be
    ///
    /// Any machine may decide. The choice is written to this disk, if the project is here, and goes to
    /// the vault with the next push; there it takes the conflict away, provided that the versions and
    /// the vault's content still are what they are now. Else the decision is dropped, the push says so
    /// (or a pull before it), and the conflict stays: your choice is one of its versions, or is merged
    /// with what the vault has now. Without --use and --file the file opens in your editor ($VISUAL,
    /// $EDITOR).
    Resolve(ResolveArgs),
}

#[derive(Debug, Args)]
pub struct Which {
    /// The id, or four or more of its first digits; PROJECT:PATH; or the file on this disk
    #[arg(value_name = "CONFLICT", value_hint = ValueHint::AnyPath)]
    pub conflict: String,
}

#[derive(Debug, Args)]
pub struct ConflictDiffArgs {
    #[command(flatten)]
    pub which: Which,
    /// Only the version with this token
    pub token: Option<String>,
    /// Compare with what the version came from
    #[arg(long)]
    pub base: bool,
}

#[derive(Debug, Args)]
pub struct ConflictExportArgs {
    #[command(flatten)]
    pub which: Which,
    /// Where to; it is made if it is not there
    #[arg(long, value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
}

#[derive(Debug, Args)]
pub struct ResolveArgs {
    /// The id, or four or more of its first digits; PROJECT:PATH; or the file on this disk
    #[arg(value_name = "CONFLICT", required_unless_present = "all", value_hint = ValueHint::AnyPath)]
    pub conflict: Option<String>,
    /// Take `vault` (what the vault has), `local` (the other version, where there is only one),
    /// `base` (what both came from), or the version with this token
    #[arg(long = "use", value_name = "WHAT", conflicts_with = "file")]
    pub choice: Option<String>,
    /// Take the content of this file
    #[arg(long, value_name = "F", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Decide all conflicts, with --use local or --use vault; asks first
    #[arg(long, conflicts_with_all = ["conflict", "file"])]
    pub all: bool,
    /// Do not ask
    #[arg(long, requires = "all")]
    pub yes: bool,
    /// Show what would be decided
    #[arg(long)]
    pub dry_run: bool,
}
