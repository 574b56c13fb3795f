//! What can be typed: the tree of commands with their flags and help texts, as clap reads it.
//!
//! *In*: raw arguments. *Out*: one typed value per command, or what was wrong with them.
//! *Never*: a decision; what a flag means is resolved in `manner` and in each command's file.

mod backup;
mod config;
mod conflict;
mod daemon;
mod doctor;
mod examples;
mod grouping;
mod import;
mod later;
mod project;
mod public;
mod restore;
mod task;
mod tree;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};

pub use backup::{
    BackupCommand, ConfigureArgs, DiffArgs, LogArgs, PullArgs, PushArgs, RestoreAtArgs,
    ScheduleArgs, StatusArgs, SyncArgs, TakeSide, UndoArgs, VerifyArgs,
};
pub use config::ConfigCommand;
pub use conflict::{ConflictCommand, ConflictDiffArgs, ConflictExportArgs, ResolveArgs};
pub use daemon::{
    DaemonCommand, DaemonInstallArgs, DaemonLogsArgs, DaemonRepairArgs, DaemonRunArgs,
};
pub use doctor::DoctorArgs;
pub use examples::{Example, examples_of};
pub use grouping::{EpicCommand, WorkspaceArgs, WorkspaceCommand};
pub use import::ImportArgs;
pub use later::Later;
pub use project::{
    ProjectAddArgs, ProjectCommand, ProjectLinkArgs, ProjectRemoveArgs, ProjectScanArgs,
    SecretCommand, SettingsCommand,
};
pub use restore::{CloneWay, RestoreArgs};
pub use task::{
    By, DependArgs, DependCommand, LabelArgs, LabelCommand, NoteAddArgs, NoteCommand, OneTask,
    TaskAddArgs, TaskCommand, TaskEditArgs, TaskFields, TaskFilter, TaskListArgs, TaskLogArgs,
    TaskSearchArgs, TaskStateArgs, TaskUndoArgs,
};
pub use tree::{command, parse};

/// The heading under which every help text lists the flags that all commands take.
const GLOBAL: &str = "Global options";

/// Carries your working state between machines through one private git repository
///
/// The state that your tools keep in each project and your projects' git ignores, and the tools'
/// global settings, travel through a git repository of yours: the vault. It is merged there, never
/// overwritten; secrets are held back; without a remote it lives on this machine alone.
#[derive(Debug, Parser)]
#[command(
    name = "holdall",
    version,
    disable_help_flag = true,
    disable_version_flag = true
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that stand before or after any command.
#[derive(Debug, Args)]
#[command(next_help_heading = GLOBAL)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags are bools; what they mean together is a Manner"
)]
pub struct Global {
    /// Answer with one JSON document on stdout, on failure too; help and version stay text
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing but the answer and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more about what is done
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Never ask: fail where an answer is needed
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Whether to color what is written
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t = ColorWhen::Auto
    )]
    pub color: ColorWhen,
    /// Keep config, data and state under DIR (also: HOLDALL_HOME)
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub home: Option<PathBuf>,
    /// Print help: -h in short, --help with examples
    #[arg(short, long, global = true, action = ArgAction::Help)]
    help: Option<bool>,
    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    Auto,
    Always,
    Never,
}

/// The commands. Where one has commands of its own, they stand in its own file.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Send your state to the vault, take it from there, see how things stand
    ///
    /// The vault is a private git repository. A push merges what changed here into it, a pull takes
    /// in what other machines brought. Neither overwrites what the other side wrote: what cannot be
    /// merged becomes a conflict that you decide, and blocks nothing else.
    #[command(subcommand, visible_alias = "vault")]
    Backup(Later<BackupCommand>),
    /// Take in what the vault has, then send what changed here
    ///
    /// `backup pull` and then `backup push`, on one look at the remote. What changed on both sides and
    /// cannot be merged stays on this disk, is filed in the vault, and stops nothing else.
    Sync(SyncArgs),
    /// See what two machines changed at once, and decide
    ///
    /// A file that both sides changed and that cannot be merged blocks nothing: the vault keeps its
    /// version, each disk its own, and a push files the other ones until somebody decides.
    #[command(subcommand)]
    Conflict(Later<ConflictCommand>),
    /// Make a new machine ready: connect a vault, find or clone its projects, pull
    ///
    /// Shows what the vault holds and where it would go; on a terminal it asks before it changes
    /// anything. Checkouts are recognised by their remotes or first commits, never by their name, and
    /// nothing is deleted: what is there already is merged or kept. What has no place here is listed
    /// with the command for it. An interrupted run is simply run again.
    Restore(RestoreArgs),
    /// Take over what another tool knows and kept
    ///
    /// From Aigon: the repositories of its config.json are registered, and its vault becomes one of
    /// holdall by one commit on top of it, so that its history stays. A directory of that vault becomes
    /// a project where exactly one of the repositories has its name; the others stay as they are, and
    /// are named. Asks for --yes before anything is changed.
    Import(ImportArgs),
    /// Say which projects travel
    ///
    /// A project is recognised by its git remotes, not by where it lies: the same project may lie
    /// elsewhere on another machine.
    #[command(subcommand)]
    Project(Later<ProjectCommand>),
    /// Say which global settings files travel
    ///
    /// Keys that belong to one machine and values that look like secrets stay here: they are taken
    /// out on the way to the vault, and kept when a pull writes the file.
    #[command(subcommand)]
    Settings(Later<SettingsCommand>),
    /// See which secrets are withheld, and let one value travel
    ///
    /// A file in which the gate finds a token, a key or a password stays here, and a push says so. Take
    /// the value out of the file, or allow it if it is none or if the vault may have it.
    #[command(subcommand)]
    Secret(Later<SecretCommand>),
    /// Keep a list of what is to be done
    ///
    /// The list is on this machine and needs nobody. A task goes by its ref, such as API-7KQ9: the
    /// prefix of its project, and as much of its own name as tells it from all others.
    #[command(subcommand)]
    Task(Later<Box<TaskCommand>>),
    /// Keep the tasks of one part of your life from those of another
    ///
    /// A task is in the workspace of its project, or in the one that was named with it; all others are
    /// in `default`.
    #[command(subcommand)]
    Workspace(Later<WorkspaceCommand>),
    /// See which tasks belong to something larger
    #[command(subcommand)]
    Epic(Later<EpicCommand>),
    /// See what is wrong, and the command that mends it
    ///
    /// One line for each check: the configuration, who may read what lies here, room, folders that a cloud
    /// service syncs, this machine's store, the remote, the ops and the task list, clocks, what waits for
    /// you, the last runs and what is to come by itself. What is not well has its cause and what mends it.
    /// Nothing is changed, and nobody waits for it. The exit code is 1 where a check fails; a warning
    /// leaves it 0.
    Doctor(DoctorArgs),
    /// Have it pushed for you, in the background
    ///
    /// `backup schedule` says how often, and the daemon does it: as a user service of systemd, as a
    /// LaunchAgent on a Mac, or as a timer without a process that stays.
    #[command(subcommand)]
    Daemon(Later<DaemonCommand>),
    /// Read and change holdall's own configuration
    ///
    /// Comments and order in the file stay as you wrote them. Keys under `hooks` name commands of yours
    /// that are told what came of a run: docs/hooks.md has what they get.
    #[command(subcommand)]
    Config(Later<ConfigCommand>),
    /// See it work: two machines and one vault in a temporary directory
    ///
    /// Shows each command as it runs: push, pull, a merge, a withheld secret, a conflict. Your own
    /// files and settings are not touched, and nothing is left behind without --keep. Needs git.
    Demo(DemoArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Print or write the man pages
    ///
    /// Without --dir the page of holdall itself is printed.
    Man(ManArgs),
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Leave the directory in place to look around in
    #[arg(long)]
    pub keep: bool,
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell that is to complete
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write one page per command into DIR
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}
