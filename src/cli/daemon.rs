//! `daemon`.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use crate::base::{BaseError, Holder, TOKEN_VAR, Timestamp, find_program};
use crate::daemon::{
    DaemonOptions, Ended, LogOptions, LogReport, OnceReport, lines, newest, run_once,
};
use crate::flow::background::service::{
    DaemonStatus, ServiceChange, ServiceOptions, ServiceReport, install, repair, restart, status,
    uninstall,
};
use crate::flow::{FlowError, Session};

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
            Ok(changed(
                ctx.read(name, |session| install(session, &options))?,
            ))
        }
        DaemonCommand::Uninstall => {
            let options = service(ctx, None, false)?;
            Ok(changed(
                ctx.read(name, |session| uninstall(session, &options))?,
            ))
        }
        DaemonCommand::Restart => {
            let options = service(ctx, None, false)?;
            Ok(changed(
                ctx.read(name, |session| restart(session, &options))?,
            ))
        }
        DaemonCommand::Repair(args) => {
            let options = service(ctx, args.program.as_ref(), false)?;
            Ok(changed(ctx.read(name, |session| {
                repair(session, &options, args.if_installed)
            })?))
        }
    }
}

/// How the background stands.
pub fn standing(ctx: &Ctx, name: &str) -> Result<DaemonStatus, FlowError> {
    let options = service(ctx, None, false)?;
    let home = ctx.manner.home.as_deref();
    let (session, broken) = Session::open_anyway(&ctx.edges, home, (name, &ctx.out))?;
    status((&session, broken.as_ref()), &options)
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
    // The last line of the log said it.
    Ok(Answer::new(report, |_, _| String::new()).ending_with(code))
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

fn changed(report: ServiceReport) -> Answer {
    let hints = hints(&report);
    Answer::new(report, text).hints(hints)
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
    hints.extend(report.unseen.iter().map(|name| unseen_hint(name)));
    if report.lingers == Some(false) {
        hints.push(
            "it runs while you are logged in; to have it run always: `loginctl enable-linger`"
                .to_owned(),
        );
    }
    hints
}

/// A push by hand goes well with it, and none by itself.
fn unseen_hint(name: &str) -> String {
    let way = if name == TOKEN_VAR {
        "name a file with the token: `holdall config set remote.token_file PATH`".to_owned()
    } else {
        format!(
            "hand it on after each login: `systemctl --user import-environment {name} && holdall daemon restart`"
        )
    };
    format!("the service does not see {name}, which this shell has; {way}")
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
    if report.no_schedule.is_some() {
        hints.push("see what is wrong: `holdall doctor`".to_owned());
    } else if report.schedule.is_none() {
        hints.push("say how often: `holdall backup schedule hourly`".to_owned());
    }
    if report.fault().is_some() {
        hints.push("mend the service: `holdall daemon repair`".to_owned());
    } else if !report.is_at_work() {
        hints.push("have the system run it: `holdall daemon install`".to_owned());
    }
    hints
}

fn status_text(report: &DaemonStatus, look: &Look) -> String {
    let mut table = Table::new();
    processes(&mut table, report, look);
    let service = match (&report.service, &report.no_service) {
        (Some(state), _) => state_words(state),
        (None, Some(why)) => printable(why).into_owned(),
        (None, None) => String::new(),
    };
    table.row(["service".to_owned(), service]);
    let schedule = match (&report.no_schedule, &report.schedule) {
        (Some(why), _) => format!("not known: {}", printable(why)),
        (None, Some(schedule)) => schedule.clone(),
        (None, None) => "off".to_owned(),
    };
    table.row(["schedule".to_owned(), schedule]);
    if let Some(deaf) = &report.deaf {
        table.row(["changes".to_owned(), printable(deaf).into_owned()]);
    }
    if let Some(next) = report.next_run {
        let words = if next <= look.now {
            "due now".to_owned()
        } else {
            when(next, look)
        };
        table.row(["next push".to_owned(), words]);
    }
    let good = report.last_ok;
    let good = good.map_or_else(|| "never".to_owned(), |at| when(at, look));
    let name = if report.is_alone {
        "last kept here"
    } else {
        "last good push"
    };
    table.row([name.to_owned(), good]);
    if report.failures > 0 {
        let runs = count(report.failures.into(), "run");
        table.row(["failed since".to_owned(), runs]);
    }
    if let Some(next) = report.next_try {
        table.row(["next try".to_owned(), when(next, look)]);
    }
    table.to_string()
}

/// Who is there, and what is being done.
fn processes(table: &mut Table, report: &DaemonStatus, look: &Look) {
    let since =
        |holder: &Holder| format!("process {}, since {}", holder.pid, when(holder.since, look));
    let process = match (&report.process, report.running) {
        (Some(holder), _) => format!("runs, {}", since(holder)),
        (None, true) => "runs".to_owned(),
        (None, false) => "does not run".to_owned(),
    };
    table.row(["daemon".to_owned(), process]);
    if let Some(looked) = report.looked {
        let words = format!("a timer or cron looked {}", ago(looked, look.now));
        table.row([String::new(), words]);
    }
    if let Some(run) = &report.run {
        let words = format!("{}, {}", printable(&run.command), since(run));
        table.row(["under way".to_owned(), words]);
    }
}

fn when(moment: Timestamp, look: &Look) -> String {
    format!("{} ({})", moment.locally_readable(), ago(moment, look.now))
}

fn state_words(state: &crate::flow::background::service::State) -> String {
    use crate::flow::background::service::Way;
    let Some(way) = state.way else {
        return "not installed".to_owned();
    };
    let way = match way {
        Way::Daemon => "installed",
        Way::Timer => "installed as a timer",
    };
    let faults = state.faults(false).into_iter();
    faults.fold(way.to_owned(), |text, fault| format!("{text}, {fault}"))
}

fn logs(ctx: &Ctx, args: &DaemonLogsArgs) -> Result<Answer, FlowError> {
    if args.follow && ctx.manner.json {
        return Err(FlowError::Unsaid {
            what: "`--json` is one document, and what is followed has no end",
            hint: "follow the log as text, or ask for its last lines: `holdall daemon logs --json`"
                .to_owned(),
        });
    }
    let dir = ctx.places()?.logs();
    let report = lines(&dir, LogOptions { lines: args.lines })?;
    if args.follow {
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
    let mut text = String::new();
    loop {
        std::thread::sleep(LOOK);
        if let Some((path, file)) = &mut open {
            file.read_to_string(&mut text)
                .map_err(BaseError::io("read", &*path))?;
            // A line that is not ended yet is read on.
            let ended = text.rfind('\n').map_or(0, |at| at + 1);
            for line in text.drain(..ended).collect::<String>().lines() {
                ctx.out.part(&log_line(line));
            }
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
    report.lines.iter().map(|line| log_line(line)).collect()
}

/// A line as it is read here: by the clock on the wall.
fn log_line(line: &str) -> String {
    let parted = line.split_once(' ');
    let parted = parted.and_then(|(at, rest)| Some((Timestamp::parse(at).ok()?, rest)));
    let line = parted.map_or_else(
        || line.to_owned(),
        |(at, rest)| format!("{} {rest}", at.locally_readable()),
    );
    format!("{}\n", printable(&line))
}
