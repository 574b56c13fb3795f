//! The arguments of `conflict`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::task::By;

#[derive(Debug, Subcommand)]
pub enum ConflictCommand {
    /// See what waits for a decision, and what there is to choose from
    ///
    /// Shows this machine's copy of the vault and this disk, and when the copy was last in step. The
    /// exit code is 0 also where there are conflicts.
    List,
    /// See one conflict with all its versions, and how they differ from the vault's
    ///
    /// A field of a task that several wrote at once shows the latest value meanwhile.
    Show {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        field: WhichField,
    },
    /// See how the versions differ from what the vault has, or of a field from what is shown
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
    /// with what the vault has now. Without --use, --file and --value the text opens in your editor
    /// ($VISUAL, $EDITOR).
    ///
    /// A value of a task's field is written like any other change: `task undo` takes it back, and then
    /// the conflict is open again. Where two machines decide at once and not alike, that is a conflict
    /// of the two.
    Resolve(ResolveArgs),
}

#[derive(Debug, Args)]
pub struct Which {
    /// The id, or four or more of its first digits; PROJECT:PATH, or the file on this disk; the ref of a
    /// task; or `project/NAME`, `workspace/NAME`
    #[arg(value_name = "CONFLICT", value_hint = ValueHint::AnyPath)]
    pub conflict: String,
}

#[derive(Debug, Args)]
pub struct WhichField {
    /// Its field, where several of a task are in conflict
    #[arg(value_name = "FIELD")]
    pub field: Option<String>,
}

#[derive(Debug, Args)]
pub struct ConflictDiffArgs {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub field: WhichField,
    /// Only the version with this token; it may stand without a field
    pub token: Option<String>,
    /// Compare with what the version came from
    #[arg(long)]
    pub base: bool,
}

#[derive(Debug, Args)]
pub struct ConflictExportArgs {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub field: WhichField,
    /// Where to; it is made if it is not there
    #[arg(long, value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
}

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags are bools, and most of them stand alone"
)]
pub struct ResolveArgs {
    /// The id, or four or more of its first digits; PROJECT:PATH, or the file on this disk; the ref of a
    /// task; or `project/NAME`, `workspace/NAME`
    #[arg(value_name = "CONFLICT", required_unless_present = "all", value_hint = ValueHint::AnyPath)]
    pub conflict: Option<String>,
    #[command(flatten)]
    pub field: WhichField,
    /// Take the version with this token, or `base` (what all came from). Of a file `vault` (what the
    /// vault has) or `local` (the other version, where there is only one); of a field `local` (what
    /// this machine wrote, where that is one value) or `remote` (the other one, where there is only one); of a deleted task
    /// each means to keep it or not
    #[arg(long = "use", value_name = "WHAT", group = "taken")]
    pub choice: Option<String>,
    /// Take this text, checked as `task edit` does
    #[arg(long, value_name = "TEXT", group = "taken", allow_hyphen_values = true)]
    pub value: Option<String>,
    /// Take the content of this file
    #[arg(
        long, visible_alias = "value-file", value_name = "F", group = "taken",
        value_hint = ValueHint::FilePath
    )]
    pub file: Option<PathBuf>,
    /// Take the input
    #[arg(long, group = "taken")]
    pub value_stdin: bool,
    /// Decide all conflicts, with --use local or --use remote (or `vault`, the same); asks first. Fields
    /// that cannot be decided so are left, and named
    #[arg(long, conflicts_with_all = ["conflict", "file", "value", "value_stdin", "if_seen"])]
    pub all: bool,
    /// Do not ask
    #[arg(long, requires = "all")]
    pub yes: bool,
    /// Show what would be decided
    #[arg(long)]
    pub dry_run: bool,
    /// Decide about a field only if nobody wrote to it since `conflict show` said this token
    #[arg(long, value_name = "TOKEN")]
    pub if_seen: Option<String>,
    #[command(flatten)]
    pub by: By,
}
