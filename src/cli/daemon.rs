//! `daemon`.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use crate::base::{BaseError, find_program};
use crate::daemon::{
    DaemonOptions, DaemonReport, Ended, LogOptions, LogReport, OnceReport, lines, newest, run_once,
};
use crate::flow::FlowError;
use crate::flow::service::{
    DaemonStatus, ServiceChange, ServiceOptions, ServiceReport, install, repair, restart, status,
    uninstall,
};

use super::answer::{Answer, Look};
use super::args::{DaemonCommand, DaemonLogsArgs, DaemonRunArgs};
use super::ctx::Ctx;
use super::exit;
use super::manner::Talk;
use super::show::{Table, ago, count, printable};

/// So often somebody who follows the log looks.
const LOOK: Duration = Duration::from_millis(300);

pub fn run(ctx: &Ctx, name: &str, command: &DaemonCommand) -> Result<Answer, FlowError> {
    match command {
        DaemonCommand::Run(args) => foreground(ctx, args),
        DaemonCommand::Logs(args) => logs(ctx, args),
        DaemonCommand::Status => {
            let report = standing(ctx, name)?;
            let hints = status_hints(&report);
            Ok(Answer::new(report, status_text).hints(hints))
        }
        DaemonCommand::Install(args) => {
            let options = service(ctx, args.program.as_ref(), args.timer)?;
            changed(ctx.read(name, |session| install(session, &options))?)
        }
        DaemonCommand::Uninstall => {
            let options = service(ctx, None, false)?;
            changed(ctx.read(name, |session| uninstall(session, &options))?)
        }
        DaemonCommand::Restart => {
            let options = service(ctx, None, false)?;
            changed(ctx.read(name, |session| restart(session, &options))?)
        }
        DaemonCommand::Repair(args) => {
            let options = service(ctx, args.program.as_ref(), false)?;
            changed(ctx.read(name, |session| repair(session, &options, args.if_installed))?)
        }
    }
}

/// How the background stands.
pub fn standing(ctx: &Ctx, name: &str) -> Result<DaemonStatus, FlowError> {
    let options = service(ctx, None, false)?;
    ctx.read(name, |session| status(session, &options))
}

fn foreground(ctx: &Ctx, args: &DaemonRunArgs) -> Result<Answer, FlowError> {
    let options = DaemonOptions {
        program: own_program(ctx)?,
        home: ctx.manner.home.clone(),
    };
    if args.once {
        let report = run_once(&ctx.edges, &options, &ctx.out)?;
        let code = report.outcome.as_ref().map(|outcome| outcome.code);
        let code = code.map_or(exit::DONE, |code| code.unwrap_or(exit::FAILED));
        let quiet = ctx.manner.talk == Talk::Quiet && matches!(code, exit::DONE | exit::DECISION);
        let text = move |report: &OnceReport, look: &Look| {
            if quiet {
                String::new()
            } else {
                once_text(report, look)
            }
        };
        return Ok(Answer::new(report, text).ending_with(code));
    }
    let report = crate::daemon::run(&ctx.edges, &options, &ctx.out)?;
    let code = match report.ended {
        Ended::Asked => exit::DONE,
        Ended::Interrupted => exit::INTERRUPTED,
    };
    Ok(Answer::new(report, run_text).ending_with(code))
}

fn once_text(report: &OnceReport, _: &Look) -> String {
    match (&report.ran, &report.outcome) {
        (Some(errand), Some(outcome)) => {
            let command = errand.words().join(" ");
            format!("{command}: {}\n", printable(&outcome.words()))
        }
        _ => "nothing is due\n".to_owned(),
    }
}

fn run_text(report: &DaemonReport, _: &Look) -> String {
    format!(
        "ended: {} started, {} failed\n",
        count(report.runs, "run"),
        report.failed
    )
}

/// This very program, by the name that lasts: an update puts another file behind a link.
fn own_program(ctx: &Ctx) -> Result<PathBuf, FlowError> {
    let own = std::env::current_exe().map_err(BaseError::io(
        "find the program of",
        PathBuf::from("holdall"),
    ))?;
    let named = find_program(&ctx.edges.env, "holdall");
    let same = named.filter(|path| path.canonicalize().ok() == own.canonicalize().ok());
    Ok(same.unwrap_or(own))
}

fn service(ctx: &Ctx, program: Option<&PathBuf>, timer: bool) -> Result<ServiceOptions, FlowError> {
    Ok(ServiceOptions {
        program: match program {
            Some(program) => program.clone(),
            None => own_program(ctx)?,
        },
        home: ctx.manner.home.clone(),
        timer,
    })
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the last word of four commands, each of which can fail before it"
)]
fn changed(report: ServiceReport) -> Result<Answer, FlowError> {
    let hints = hints(&report);
    Ok(Answer::new(report, text).hints(hints))
}

fn hints(report: &ServiceReport) -> Vec<String> {
    let mut hints = Vec::new();
    if matches!(report.change, ServiceChange::Removed) && report.schedule.is_some() {
        hints.push(
            "nothing pushes by itself now: `holdall backup schedule off` says so, too".to_owned(),
        );
    }
    if report.way.is_none() {
        return hints;
    }
    if report.schedule.is_none() {
        hints.push("say how often: `holdall backup schedule hourly`".to_owned());
    }
    if report.lingers == Some(false) {
        hints.push(
            "it runs while you are logged in; to have it run always: `loginctl enable-linger`"
                .to_owned(),
        );
    }
    hints
}

fn text(report: &ServiceReport, _: &Look) -> String {
    let line = match report.change {
        ServiceChange::Installed => "installed, and at work",
        ServiceChange::Removed => "taken away",
        ServiceChange::Restarted => "started anew",
        ServiceChange::Repaired => "mended, and at work",
        ServiceChange::Unchanged => "all is well; nothing was changed",
        ServiceChange::NotInstalled => "not installed; nothing was changed",
    };
    let files = report.files.iter();
    let files = files.map(|file| format!("  {}\n", printable(&file.to_string_lossy())));
    format!("{line}\n{}", files.collect::<String>())
}

fn status_hints(report: &DaemonStatus) -> Vec<String> {
    let mut hints = Vec::new();
    let is_installed = report.service.as_ref().is_some_and(|it| it.way.is_some());
    if report.schedule.is_none() {
        hints.push("say how often: `holdall backup schedule hourly`".to_owned());
    }
    if is_installed
        && (!report.is_at_work() || report.service.as_ref().is_some_and(|it| !it.current))
    {
        hints.push("mend the service: `holdall daemon repair`".to_owned());
    } else if !report.is_at_work() {
        hints.push("have the system run it: `holdall daemon install`".to_owned());
    }
    hints
}

fn status_text(report: &DaemonStatus, look: &Look) -> String {
    let mut table = Table::new();
    let process = match (&report.process, report.running) {
        (Some(holder), _) => format!(
            "runs, process {}, since {}",
            holder.pid,
            ago(holder.since, look.now)
        ),
        (None, true) => "runs".to_owned(),
        (None, false) => "does not run".to_owned(),
    };
    table.row(["daemon".to_owned(), process]);
    let service = match (&report.service, &report.no_service) {
        (Some(state), _) => state_words(state),
        (None, Some(why)) => printable(why).into_owned(),
        (None, None) => String::new(),
    };
    table.row(["service".to_owned(), service]);
    let schedule = report.schedule.clone().unwrap_or_else(|| "off".to_owned());
    table.row(["schedule".to_owned(), schedule]);
    if let Some(next) = report.next_run {
        let when = if next <= look.now {
            "due now".to_owned()
        } else {
            format!("{} ({})", next.locally_readable(), ago(next, look.now))
        };
        table.row(["next push".to_owned(), when]);
    }
    let good = report
        .last_ok
        .map_or_else(|| "never".to_owned(), |at| ago(at, look.now));
    table.row(["last good push".to_owned(), good]);
    if report.failures > 0 {
        table.row([
            "failed since".to_owned(),
            count(report.failures.into(), "run"),
        ]);
    }
    table.to_string()
}

fn state_words(state: &crate::flow::service::State) -> String {
    use crate::flow::service::Way;
    let Some(way) = state.way else {
        return "not installed".to_owned();
    };
    let way = match way {
        Way::Daemon => "installed",
        Way::Timer => "installed as a timer",
    };
    let faults = [
        (!state.active, "not at work"),
        (!state.enabled, "not started at login"),
        (!state.current, "its files are not what they should be"),
    ];
    let faults = faults.iter().filter(|(is, _)| *is);
    faults.fold(way.to_owned(), |text, (_, fault)| {
        format!("{text}, {fault}")
    })
}

fn logs(ctx: &Ctx, args: &DaemonLogsArgs) -> Result<Answer, FlowError> {
    let dir = ctx.places()?.logs();
    let report = lines(&dir, LogOptions { lines: args.lines })?;
    if args.follow && !ctx.manner.json {
        ctx.out.part(&log_text(&report, &ctx.look()));
        follow(ctx)?;
    }
    let hints = report.lines.is_empty().then_some(
        "nothing was written down yet: `holdall daemon status` says whether anything runs",
    );
    Ok(Answer::new(report, log_text).hints(hints))
}

/// Until Ctrl-C. Each day has a file of its own.
fn follow(ctx: &Ctx) -> Result<(), FlowError> {
    let dir = ctx.places()?.logs();
    let mut open = newest(&dir)?;
    loop {
        std::thread::sleep(LOOK);
        if let Some((path, file)) = &mut open {
            let mut text = String::new();
            file.read_to_string(&mut text)
                .map_err(BaseError::io("read", &*path))?;
            ctx.out.part(&text);
        }
        let now = newest(&dir)?;
        let is_other = now.as_ref().map(|(path, _)| path) != open.as_ref().map(|(path, _)| path);
        if is_other && let Some((path, _)) = now {
            let file = std::fs::File::open(&path).map_err(BaseError::io("open", &path))?;
            open = Some((path, file));
        }
    }
}

fn log_text(report: &LogReport, _: &Look) -> String {
    let lines = report.lines.iter().map(|line| printable(line));
    lines.fold(String::new(), |text, line| text + &line + "\n")
}
