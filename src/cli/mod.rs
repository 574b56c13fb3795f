//! The command line: reads arguments, calls one flow, shows the report that comes back.
//!
//! *In*: arguments, the environment, the three streams. *Out*: text or one JSON document, and an exit
//! code. *Never*: logic; whoever wants a decision asks a flow.

pub mod answer;
pub mod args;
mod bar;
mod bug;
mod completions;
mod config;
mod configure;
mod conflict;
pub mod ctx;
mod daemon;
mod demo;
mod doctor;
mod editor;
mod explain;
pub mod exit;
mod history;
mod import;
mod man;
pub mod manner;
pub mod out;
mod overdue;
mod project;
mod project_add;
mod project_link;
mod project_scan;
mod pull;
mod push;
mod question;
mod restore;
mod restore_at;
mod schedule;
mod secret;
mod settings;
pub mod show;
mod status;
mod surroundings;
mod sync;
mod task;
mod undo;
mod usage;
mod verify;
mod words;

use std::ffi::OsString;

use crate::base::Edges;
use crate::flow::FlowError;

use answer::Failure;
use args::{BackupCommand, Cli, Command};
use ctx::Ctx;
use manner::{Manner, Terminals};
use out::{Out, Streams};

pub use args::command;

/// Runs one command line in this process and gives the exit code. The program's name comes first.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let mut edges = Edges::system(surroundings::read());
    let terminals = Terminals::of_this_process();
    let guess = Manner::guess(&args, &edges.env, terminals);
    let broken = |name: String| {
        let out = Out::new(guess.clone(), name, Streams::of_this_process());
        move |failure: Failure| out.failure(&failure)
    };
    bug::listen();
    let (name, parsed) = match bug::guarded(|| args::parse(&args)) {
        Ok(read) => read,
        Err(failure) => return broken(String::new())(failure),
    };
    match parsed {
        Ok(cli) => {
            let manner = Manner::resolve(&cli.global, &edges.env, terminals);
            let out = Out::new(manner.clone(), name.clone(), Streams::of_this_process());
            edges.env.attended = manner.may_ask;
            let ctx = Ctx { edges, manner, out };
            bug::guarded(|| obey(&ctx, &name, cli)).unwrap_or_else(broken(name))
        }
        Err(error) => {
            let out = Out::new(guess, name.clone(), Streams::of_this_process());
            match usage::read(&error, &name) {
                usage::Refused::Asked(text) => out.help(&text),
                usage::Refused::Wrong(failure) => out.failure(&failure),
            }
        }
    }
}

fn obey(ctx: &Ctx, name: &str, cli: Cli) -> u8 {
    match cli.command {
        Some(command) => finish(ctx, name, &command),
        None if ctx.manner.json => ctx.out.failure(&usage::no_command(name)),
        None => {
            let page = args::command().render_long_help();
            ctx.out.help(&page.ansi().to_string())
        }
    }
}

fn finish(ctx: &Ctx, name: &str, command: &Command) -> u8 {
    match dispatch(ctx, name, command) {
        Ok(answer) => {
            let code = ctx.out.answer(&answer, &ctx.look());
            if matches!(code, exit::DONE | exit::DECISION) {
                overdue::remind(ctx, name);
            }
            code
        }
        Err(error) => {
            overdue::show(ctx, name);
            ctx.out.failure(&Failure::from(&error))
        }
    }
}

/// Each command in its own file.
fn dispatch(ctx: &Ctx, name: &str, command: &Command) -> Result<answer::Answer, FlowError> {
    match command {
        Command::Completions(args) => completions::run(ctx, args),
        Command::Man(args) => man::run(ctx, args),
        Command::Backup(command) => backup(ctx, name, command),
        Command::Sync(args) => sync::run(ctx, name, args),
        Command::Conflict(command) => conflict::run(ctx, name, command),
        Command::Import(args) => import::run(ctx, name, args),
        Command::Restore(args) => restore::run(ctx, name, args),
        Command::Project(command) => project::run(ctx, name, command),
        Command::Settings(command) => settings::run(ctx, name, command),
        Command::Secret(command) => secret::run(ctx, name, command),
        Command::Task(command) => task::run(ctx, name, command),
        Command::Workspace(command) => task::run_workspace(ctx, name, command),
        Command::Epic(command) => task::run_epic(ctx, name, command),
        Command::Doctor(args) => doctor::run(ctx, name, *args),
        Command::Config(command) => config::run(ctx, command),
        Command::Daemon(command) => daemon::run(ctx, name, command),
        Command::Demo(args) => demo::run(ctx, args),
    }
}

fn backup(ctx: &Ctx, name: &str, command: &BackupCommand) -> Result<answer::Answer, FlowError> {
    match command {
        BackupCommand::Configure(args) => configure::run(ctx, name, args),
        BackupCommand::Push(args) => push::run(ctx, name, args),
        BackupCommand::Pull(args) => pull::run(ctx, name, args),
        BackupCommand::Restore(args) => restore_at::run(ctx, name, args),
        BackupCommand::Undo(args) => undo::run(ctx, name, args),
        BackupCommand::Status(args) => status::run(ctx, name, args),
        BackupCommand::Schedule(args) => schedule::run(ctx, name, args),
        BackupCommand::Verify(args) => verify::run(ctx, name, args),
        BackupCommand::Log(args) => history::run_log(ctx, name, args),
        BackupCommand::Diff(args) => history::run_diff(ctx, name, args),
    }
}
