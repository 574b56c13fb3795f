//! The arguments of `backup`, alias `vault`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use crate::flow::hosting::USUAL_NAME;

use super::public::Public;

#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Connect the vault to a git repository
    ///
    /// URL is a bare repository: on a disk of this machine, a mounted one included, behind ssh, or on a
    /// web server (https). Over https git's credential helpers say who you are, else HOLDALL_TOKEN, else
    /// the file of `remote.token_file`. An empty repository and a vault are both looked at, and neither is written to. A
    /// repository with other content is refused, and so is one at GitHub that everybody can read, as far
    /// as your `gh` can tell. Without a URL holdall asks on a terminal: it offers to make a private
    /// repository where `gh` or `glab` is there and logged in, else it wants the URL of one.
    Configure(ConfigureArgs),
    /// Send what changed here to the vault
    ///
    /// Takes a snapshot of your projects and settings, merges it with what the vault has by now, and
    /// sends one commit. "Pushed" means that the remote's own branch has it. Exit code 3 says:
    /// done, and something wants a decision (a conflict, a withheld file).
    Push(PushArgs),
    /// Take in what the vault has for this machine
    ///
    /// A file is written only where nothing stands, or where it still is as the vault last knew it.
    /// Everything else is kept, and named. Projects that are not on this machine are listed with the
    /// remotes to clone them from.
    Pull(PullArgs),
    /// Take back what the last pull or restore wrote
    ///
    /// Every file that still is as that run left it becomes what it was before. One that was edited
    /// since is merged with that by its content; where this cannot be it stays, and is named. The vault is not asked and not changed, and no push reverts it
    /// because of this. Undo again to go back one run further; an undo has an ID as well, and can be
    /// undone by it. Runs can be undone for 30 days.
    Undo(UndoArgs),
    /// Bring an older state back onto this disk
    ///
    /// Files become what the vault had at that commit or moment. That is an edit like one by hand: it
    /// can be undone, and travels with the next push. Settings keep the keys of this machine. What the
    /// vault did not have then stays, unless --delete is given. With --to the older state is written
    /// into a directory of its own, laid out as the vault is, and nothing else is touched; that also
    /// works for projects that are not on this machine.
    Restore(RestoreAtArgs),
    /// See the remote, the last runs and what waits to be pushed
    ///
    /// The remote is judged as a push would judge it, and nothing is changed. This is a report: the
    /// exit code is 0 also where the remote cannot be reached; `data.remote.error` says so.
    Status(StatusArgs),
    /// Set how often a push comes by itself, or see it
    ///
    /// WHEN is `hourly`, `daily`, `weekly` or `off`, or five fields as cron has them: minute, hour, day,
    /// month and weekday, by the clock on the wall. Hourly is an hour after the last push that went well,
    /// daily and weekly are in the first hour of the day and of Monday. What was missed while the machine slept or was off is
    /// made up for once. After failures it waits for 1, 2, 5, 15 and then 60 minutes.
    Schedule(ScheduleArgs),
    /// Check this machine's copy of the vault, and that the remote has what it should have
    ///
    /// Every object that a commit leads to is there, packs and their indexes are of each other, records
    /// and ops keep to the vault's contract, and the remote's branch goes on where it was seen last.
    /// Nothing is changed. The exit code is 1 where something here is damaged, or the remote lost what it
    /// was seen to have. Where the remote cannot be asked or read it is that of a push (4 where it is
    /// away, 70 where it is damaged), behind all that was found here.
    Verify(VerifyArgs),
    /// See the vault's history, the newest first
    ///
    /// Shows this machine's copy, and when that last was in step: a push or a pull brings it there.
    Log(LogArgs),
    /// See what differs between two states of the vault
    ///
    /// Without REV: what a push would change. With one: what changed since it. With two: what
    /// changed between them. A REV is a commit of the vault, in full or its first characters.
    Diff(DiffArgs),
}

#[derive(Debug, Args)]
pub struct ConfigureArgs {
    /// Where the vault is: a directory, user@host:path, or an ssh://, https:// or file:// url
    #[arg(value_hint = ValueHint::Url)]
    pub url: Option<String>,
    /// Make a private repository at GitHub with your `gh`, and connect it [default name: holdall-vault]
    ///
    /// Its address is ssh or https, as `gh` is set up. Where the name is taken nothing is made, and
    /// nothing is connected.
    #[arg(
        long,
        value_name = "NAME",
        num_args = 0..=1,
        default_missing_value = USUAL_NAME,
        conflicts_with = "url"
    )]
    pub create_github: Option<String>,
    #[command(flatten)]
    pub public: Public,
    /// Do not ask the remote now: it is checked by the first push or pull
    #[arg(long)]
    pub no_check: bool,
    /// Take another vault than the one this machine knows
    #[arg(long)]
    pub replace: bool,
    /// Let http:// lead to another machine: everybody on the way reads along
    #[arg(long)]
    pub allow_insecure: bool,
}

#[derive(Debug, Args)]
pub struct PushArgs {
    /// Show what would travel, and why the rest stays
    #[arg(long)]
    pub dry_run: bool,
    /// Only this project; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub project: Vec<String>,
    /// Push even where a state directory has lost most of its files
    ///
    /// Without it a directory is withheld that is gone, that lost more than 20 files and more than
    /// it still has, or that lost more than three and has none left.
    #[arg(long)]
    pub allow_mass_delete: bool,
}

#[derive(Debug, Args)]
pub struct PullArgs {
    /// Show what would be written, path by path
    #[arg(long)]
    pub dry_run: bool,
    /// Only this project; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub project: Vec<String>,
    /// Decide conflicts at once: for this disk's version, or for the vault's
    ///
    /// local: the file here stays, and the next push puts it at the path; the vault's version stays in
    /// the history. vault: its version is written here, and `backup undo` brings the other one back.
    /// Where this disk has what the vault has, `conflict resolve` decides.
    #[arg(long, value_enum, value_name = "SIDE")]
    pub take: Option<TakeSide>,
    /// Pull even where that deletes most files of a state directory
    ///
    /// Without it nothing is written to a directory that would lose more than 20 files and more
    /// than it keeps, or more than three and have none left.
    #[arg(long)]
    pub allow_mass_delete: bool,
}

#[derive(Debug, Args)]
pub struct SyncArgs {
    /// Show what would be written here, and what would travel as this disk is now
    #[arg(long)]
    pub dry_run: bool,
    /// Only this project; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub project: Vec<String>,
    /// Go on even where a state directory loses most of its files, here or in the vault
    ///
    /// See `backup push --help` and `backup pull --help` for what is held back without it.
    #[arg(long)]
    pub allow_mass_delete: bool,
}

#[derive(Debug, Args)]
pub struct ScheduleArgs {
    /// hourly, daily, weekly, off, or a line of cron such as "0 9 * * MON-FRI"; without it: show what is set
    pub when: Option<String>,
    /// Pull, too, before each push
    #[arg(long, requires = "when")]
    pub pull: bool,
}

#[derive(Debug, Args)]
pub struct RestoreAtArgs {
    /// A commit of the vault, or a moment: 2026-11-20, "2026-11-20 14:00" (UTC), 3d, "2 hours ago"
    #[arg(long, value_name = "REV|TIME")]
    pub at: String,
    /// Only this project; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub project: Vec<String>,
    /// Only what lies at or below this path of the vault, or of the projects; may be given more than once
    #[arg(long)]
    pub path: Vec<String>,
    /// Write it below DIR, which is empty or not there yet
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub to: Option<PathBuf>,
    /// Delete what the vault did not have then
    #[arg(long, conflicts_with = "to")]
    pub delete: bool,
    /// Show what would be written, path by path
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct UndoArgs {
    /// The run to take back, as `--list` names it; without it the last one that is not undone
    pub id: Option<String>,
    /// List the runs that can be undone
    #[arg(long, conflicts_with_all = ["id", "dry_run"])]
    pub list: bool,
    /// Show what would be written, path by path
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TakeSide {
    Local,
    Vault,
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Do not ask the remote: answer with what was last seen
    #[arg(long)]
    pub offline: bool,
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Read every object again, compare it with what it is named after, and fetch all that the remote has
    #[arg(long)]
    pub read_data: bool,
}

#[derive(Debug, Args)]
pub struct LogArgs {
    /// Only what touched this project
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// Only what touched this path of the vault, or of the project
    #[arg(long)]
    pub path: Option<String>,
    /// At most N entries
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
}

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The older state
    #[arg(value_name = "REV")]
    pub from: Option<String>,
    /// The newer state
    #[arg(value_name = "REV")]
    pub to: Option<String>,
    /// Only this project
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// Show the changed lines, not only the paths
    #[arg(short, long)]
    pub patch: bool,
}
