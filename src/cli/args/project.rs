//! The arguments of `project` and `settings`: what travels.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

#[derive(Debug, Subcommand)]
pub enum ProjectCommand {
    /// Let the state of a project travel
    ///
    /// Finds the state directories of known tools by itself. A project that the vault knows from
    /// another machine is recognised by its remotes and keeps its name there; where more than one
    /// fits, you are asked. A linked worktree stands for its main checkout.
    Add(ProjectAddArgs),
    /// Say that a checkout is a project of the vault, whatever its remotes say
    ///
    /// For a checkout without a remote, a fork that is meant to share its state, or one that could be
    /// several projects. Nothing is written to it before the next pull, which merges or keeps what is
    /// there. Its remotes become remotes of the project with the next push.
    Link(ProjectLinkArgs),
    /// Register the checkouts below directories that the vault knows
    ///
    /// A checkout is recognised by its remotes, or by its first commits where one side has no remote;
    /// never by its name. Looks six directories deep, and enters no hidden directory, no
    /// node_modules, target or vendor, no other file system, no link and nothing inside a checkout.
    /// What could be several is listed with the commands that decide (exit 3), and so is what the
    /// vault has and these directories do not.
    Scan(ProjectScanArgs),
    /// See the projects of this machine
    List,
    /// Say whether a path travels, and which rule decides
    ///
    /// The path may lie in a project or among your tools' settings, and need not exist. Says where
    /// the rule stands and the one line that changes it. Rules come from the presets, then from
    /// `rules` in config.toml, then from the file .holdallignore in the state directory; the last
    /// that matches wins.
    Explain {
        /// A file or directory; one with a slash at its end is a directory
        #[arg(value_hint = ValueHint::AnyPath)]
        path: PathBuf,
    },
    /// Forget a project on this machine
    ///
    /// Nothing is deleted from the disk, and the vault keeps the project for your other machines.
    Remove(ProjectRemoveArgs),
}

#[derive(Debug, Args)]
pub struct ProjectAddArgs {
    /// The project's directory [default: the one you are in]
    #[arg(value_hint = ValueHint::DirPath)]
    pub path: Option<PathBuf>,
    /// Its name in the vault [default: the name of the directory]
    #[arg(long)]
    pub name: Option<String>,
    /// A directory of the project that travels; may be given more than once
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub state: Vec<PathBuf>,
    /// Take a second checkout as a project of its own
    #[arg(long)]
    pub separate: bool,
}

#[derive(Debug, Args)]
pub struct ProjectLinkArgs {
    /// The checkout, or anywhere in it
    #[arg(value_hint = ValueHint::DirPath)]
    pub path: PathBuf,
    /// The project of the vault: its id, or its name there
    #[arg(value_name = "ID|NAME")]
    pub project: String,
}

#[derive(Debug, Args)]
pub struct ProjectScanArgs {
    /// Where to look [default: the directory you are in]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dirs: Vec<PathBuf>,
    /// Say what would be registered, and register nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct ProjectRemoveArgs {
    /// The project, as `project list` names it
    pub name: String,
    /// Remove it from the vault too; its history stays there
    #[arg(long)]
    pub from_vault: bool,
}

#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    /// See what the gate found in what waits here, and what is allowed
    ///
    /// A value is named by its fingerprint, never shown.
    List,
    /// Let one value travel
    ///
    /// Every file that holds it, and nothing else that is withheld, goes with the next push; so does
    /// the decision, for all machines of the vault.
    Allow {
        /// As `secret list` and a push name it; six or more of its first digits will do
        fingerprint: String,
    },
    /// Withhold a value again that was allowed, wherever the vault does not have it yet
    ///
    /// A file that has the value in the vault already keeps it, and its changes travel as before; the
    /// vault's history keeps it too. Every other file with it is withheld.
    Revoke {
        /// As `secret list` names it; six or more of its first digits will do
        fingerprint: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum SettingsCommand {
    /// Let a settings file or directory travel
    Add {
        /// A file or directory below your home directory
        #[arg(value_hint = ValueHint::AnyPath)]
        path: PathBuf,
    },
    /// See which settings travel, and why others stay
    List,
    /// Let a file, or all settings of a tool, stay here
    ///
    /// Nothing is deleted, here or in the vault.
    Remove {
        /// A path that was added, or the name of a tool
        #[arg(value_name = "PATH|TOOL")]
        what: String,
    },
}
