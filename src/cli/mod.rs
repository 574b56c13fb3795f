//! The command line: reads arguments, calls one flow, shows the report that comes back.
//!
//! *In*: arguments, the environment, the three streams. *Out*: text or one JSON document, and an exit
//! code. *Never*: logic; whoever wants a decision asks a flow.

pub mod answer;
pub mod args;
mod bug;
mod completions;
pub mod ctx;
pub mod exit;
mod man;
pub mod manner;
pub mod out;
pub mod show;
mod surroundings;
mod usage;

use std::ffi::OsString;

use crate::base::{BaseError, Edges};
use crate::flow::FlowError;

use answer::Failure;
use args::{Cli, Command};
use ctx::Ctx;
use manner::{Manner, Terminals};
use out::{Out, Streams};

pub use args::command;

/// Runs one command line in this process and gives the exit code. The program's name comes first.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let edges = Edges::system(surroundings::read());
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
        Ok(answer) => ctx.out.answer(&answer, &ctx.look()),
        Err(error) => ctx.out.failure(&Failure::from(&error)),
    }
}

/// Each command in its own file.
fn dispatch(ctx: &Ctx, name: &str, command: &Command) -> Result<answer::Answer, FlowError> {
    match command {
        Command::Completions(args) => completions::run(ctx, args),
        Command::Man(args) => man::run(ctx, args),
        // Arms to come, with their flows.
        Command::Backup(_)
        | Command::Project(_)
        | Command::Settings(_)
        | Command::Config(_)
        | Command::Demo(_) => Err(FlowError::Base(BaseError::Malformed {
            text: name.to_owned(),
            expected: "a command that this build can carry out",
        })),
    }
}
