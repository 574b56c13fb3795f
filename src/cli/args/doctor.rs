//! The arguments of `doctor`.

use clap::Args;

#[derive(Clone, Copy, Debug, Args)]
pub struct DoctorArgs {
    /// Read every object again, and look at the disk without what is remembered of it
    #[arg(long)]
    pub integrity: bool,
    /// First make what is shown of the tasks of their ops again
    #[arg(long)]
    pub rebuild: bool,
    /// First mend what is damaged, and lose nothing that still reads
    #[arg(long, conflicts_with = "rebuild")]
    pub repair: bool,
}
