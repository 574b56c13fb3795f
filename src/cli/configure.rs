//! `backup configure`.

use crate::flow::configure::{ConfigureOptions, ConfigureReport, RemoteState, configure};
use crate::flow::{FlowError, Session, Silent};

use super::answer::Answer;
use super::args::ConfigureArgs;
use super::ctx::Ctx;
use super::question::line;
use super::show::{count, printable};

pub fn run(ctx: &Ctx, name: &str, args: &ConfigureArgs) -> Result<Answer, FlowError> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => ask(ctx, name)?,
    };
    let options = ConfigureOptions {
        url,
        no_check: args.no_check,
        replace: args.replace,
        allow_insecure: args.allow_insecure,
    };
    let report = ctx.write(name, |writer| configure(writer, &options))?;
    let next = match report.state {
        RemoteState::Empty | RemoteState::Unchecked => "send what you have: `holdall backup push`",
        RemoteState::Vault => "take in what it has: `holdall backup pull`",
    };
    Ok(Answer::new(report, |report, _| text(report)).hints([next]))
}

/// On a terminal a question; elsewhere nobody could answer it.
fn ask(ctx: &Ctx, name: &str) -> Result<String, FlowError> {
    let session = Session::open(&ctx.edges, ctx.manner.home.as_deref(), name, &Silent)?;
    if !ctx.manner.may_ask {
        return Err(FlowError::NoAddress {
            now: session.config.remote_url,
        });
    }
    let prompt =
        "Address of an empty bare repository or a vault (a path, user@host:path or https://):";
    line(prompt).ok_or(FlowError::NoAddress {
        now: session.config.remote_url,
    })
}

fn text(report: &ConfigureReport) -> String {
    let url = printable(&report.remote);
    let state = match report.state {
        RemoteState::Empty => format!("{url} is empty: the first push makes it a vault"),
        RemoteState::Vault => format!(
            "{url} is a vault with {}",
            count(report.projects as u64, "project")
        ),
        RemoteState::Unchecked => format!("{url} is configured; it was not looked at"),
    };
    let replaced = if report.replaced {
        "the vault that this machine knew before stays in its own store\n"
    } else {
        ""
    };
    format!("{state}\n{replaced}")
}
