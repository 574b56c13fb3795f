//! The arguments of `daemon`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

#[derive(Debug, Subcommand)]
pub enum DaemonCommand {
    /// Push as scheduled, here and now, until somebody ends it
    ///
    /// Starts a run when one is due, soon after something changed on the task list, and soon after one
    /// that did not end well. It waits longer after each failure, and tries at once when the machine
    /// wakes up. `daemon install` has the system start it; this is for other ways, and to look on.
    Run(DaemonRunArgs),
    /// Have the system run it: now, and after each login
    ///
    /// As a user service of systemd, or as a LaunchAgent on a Mac. Where neither is there the line for
    /// cron is shown.
    Install(DaemonInstallArgs),
    /// Take the service away; your files and the vault stay
    Uninstall,
    /// Start the service anew
    Restart,
    /// Show whether anything pushes by itself, and how it went
    Status,
    /// Mend the service: its files, and whether it runs
    ///
    /// Nothing is changed where all is well. Installers call it after an update.
    Repair(DaemonRepairArgs),
    /// Show what the daemon did
    Logs(DaemonLogsArgs),
}

#[derive(Debug, Args)]
pub struct DaemonRunArgs {
    /// Do what is due, and end: for a timer or cron
    #[arg(long)]
    pub once: bool,
}

#[derive(Debug, Args)]
pub struct DaemonInstallArgs {
    /// No process that stays: a timer that looks every ten minutes
    #[arg(long)]
    pub timer: bool,
    /// The program to run, if not this one
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub program: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct DaemonRepairArgs {
    /// Do nothing where it is not installed
    #[arg(long)]
    pub if_installed: bool,
    /// The program to run, if not this one
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub program: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct DaemonLogsArgs {
    /// So many lines, the last ones
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    pub lines: usize,
    /// Go on with what comes, until Ctrl-C
    #[arg(short, long)]
    pub follow: bool,
}
