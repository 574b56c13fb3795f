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
    bug::listen();
    let answered = bug::guarded(|| read_and_run(&args, edges, terminals));
    answered.unwrap_or_else(|failure| {
        let command = args::named(&args::command(), &args);
        Out::new(guess, command, Streams::of_this_process()).failure(&failure)
    })
}

fn read_and_run(args: &[OsString], edges: Edges, terminals: Terminals) -> u8 {
    let name = args::named(&args::command(), args);
    let out = |manner: Manner| Out::new(manner, name.clone(), Streams::of_this_process());
    let guess = || out(Manner::guess(args, &edges.env, terminals));
    let cli = match args::parse(args) {
        Ok(cli) => cli,
        Err(error) => {
            return match usage::read(&error, &name) {
                usage::Refused::Asked(text) => guess().help(&text),
                usage::Refused::Wrong(failure) => guess().failure(&failure),
            };
        }
    };
    let Cli { global, command } = cli;
    let manner = Manner::resolve(&global, &edges.env, terminals);
    let ctx = Ctx {
        out: out(manner.clone()),
        edges,
        manner,
    };
    match command {
        Some(command) => finish(&ctx, &name, &command),
        None if ctx.manner.json => ctx.out.failure(&usage::no_command("")),
        None => ctx
            .out
            .help(&args::command().render_help().ansi().to_string()),
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
