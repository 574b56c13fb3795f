//! `backup configure`.

use crate::flow::configure::{
    ConfigureOptions, ConfigureReport, NewRepository, RemoteState, configure, configure_new,
};
use crate::flow::hosting::{Account, Host, USUAL_NAME};
use crate::flow::{FlowError, Session, Silent};

use super::answer::Answer;
use super::args::ConfigureArgs;
use super::ctx::Ctx;
use super::question::{agreed, line, line_or};
use super::show::{count, printable};

/// What is to be connected.
enum Wanted {
    Url(String),
    New(NewRepository),
}

pub fn run(ctx: &Ctx, name: &str, args: &ConfigureArgs) -> Result<Answer, FlowError> {
    let wanted = match (&args.url, &args.create_github) {
        (Some(url), _) => Wanted::Url(url.clone()),
        (None, Some(name)) => Wanted::New(NewRepository {
            host: Host::GitHub,
            name: name.clone(),
        }),
        (None, None) => ask(ctx, name)?,
    };
    let mut options = ConfigureOptions {
        url: String::new(),
        no_check: args.no_check,
        replace: args.replace,
        allow_public: args.public.allowed,
        allow_insecure: args.allow_insecure,
    };
    let report = ctx.connect(name, |writer| match wanted {
        Wanted::Url(url) => {
            options.url = url;
            configure(writer, &options)
        }
        Wanted::New(new) => configure_new(writer, &new, &options),
    })?;
    let next = match report.state {
        RemoteState::Empty | RemoteState::Unchecked => "send what you have: `holdall backup push`",
        RemoteState::Vault => "take in what it has: `holdall backup pull`",
    };
    Ok(Answer::new(report, |report, _| text(report)).hints([next]))
}

/// On a terminal questions; elsewhere nobody could answer them. Whoever says nothing changes nothing.
fn ask(ctx: &Ctx, name: &str) -> Result<Wanted, FlowError> {
    let session = Session::open(&ctx.edges, ctx.manner.home.as_deref(), name, &Silent)?;
    let wanted = if ctx.manner.may_ask {
        wanted(&session)
    } else {
        None
    };
    wanted.ok_or(FlowError::NoAddress {
        now: session.config.remote_url,
    })
}

/// Offers to make a repository, where somebody is logged in who can; else one is to be named.
fn wanted(session: &Session<'_>) -> Option<Wanted> {
    if let Some(Account { host, login }) = session.account() {
        let question = format!("Create a private repository on {host} for the vault, as {login}?");
        if agreed(&question)? {
            let name = line_or("Its name", USUAL_NAME)?;
            return Some(Wanted::New(NewRepository { host, name }));
        }
    }
    let prompt = "Address of an empty repository or a vault (a path, host:path or a url):";
    line(prompt).map(Wanted::Url)
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
    let tasks = match report.tasks {
        0 => String::new(),
        many => format!(
            "{} of this machine will be in it, too: the next push sends them\n",
            count(many as u64, "task")
        ),
    };
    let created = if report.created {
        format!("made {url}, a private repository\n")
    } else {
        String::new()
    };
    format!("{created}{state}\n{replaced}{tasks}")
}
