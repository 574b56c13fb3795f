//! `doctor`.

use std::fmt::Write as _;

use crate::flow::FlowError;
use crate::flow::doctor::{Background, DoctorOptions, DoctorReport, Line, Verdict, doctor};

use super::answer::{Answer, Look};
use super::args::DoctorArgs;
use super::ctx::Ctx;
use super::daemon;
use super::manner::Talk;
use super::show::{Table, count, printable};

pub fn run(ctx: &Ctx, name: &str, args: DoctorArgs) -> Result<Answer, FlowError> {
    let options = DoctorOptions {
        integrity: args.integrity,
        rebuild: args.rebuild,
        background: background(ctx, name),
    };
    let home = ctx.manner.home.as_deref();
    let report = doctor(&ctx.edges, home, (name, &ctx.out), options)?;
    let (failed, quiet) = (report.has_failed(), is_quiet(ctx));
    let text = move |report: &DoctorReport, _: &Look| {
        let rebuilt = if report.rebuilt && !quiet {
            "what is shown of the tasks was made of their ops again\n"
        } else {
            ""
        };
        rebuilt.to_owned() + &told(&report.checks, quiet)
    };
    Ok(Answer::new(report, text).found_faults(failed))
}

/// What runs what is to come by itself. Where that cannot be asked, the doctor tells why.
fn background(ctx: &Ctx, name: &str) -> Background {
    daemon::standing(ctx, name).map_or_else(
        |_| Background::default(),
        |it| Background {
            installed: it.service.as_ref().map(|service| service.way.is_some()),
            running: it.is_at_work(),
        },
    )
}

pub fn is_quiet(ctx: &Ctx) -> bool {
    ctx.manner.talk == Talk::Quiet
}

/// The table, and how many there are of each; of a quiet run what is not well alone.
pub fn told(checks: &[Line], quiet: bool) -> String {
    let table = lines(checks, quiet);
    if quiet {
        table
    } else {
        table + &summary(checks)
    }
}

/// A line for each check, and below it what mends it.
fn lines(checks: &[Line], quiet: bool) -> String {
    let told = checks
        .iter()
        .filter(|line| !quiet || line.found.verdict != Verdict::Ok);
    let told: Vec<&Line> = told.collect();
    let mut table = Table::new();
    for line in &told {
        let ms = line.found.ms.map(|ms| format!(" ({ms} ms)"));
        let message = line.found.message.clone() + &ms.unwrap_or_default();
        table.row([word(line), line.name, &message]);
    }
    let mut text = String::new();
    for (shown, line) in table.lines().iter().zip(told) {
        text += shown;
        text.push('\n');
        if let Some(fix) = &line.found.fix {
            writeln!(text, "      fix: {}", printable(fix)).expect("a string takes everything");
        }
    }
    text
}

const fn word(line: &Line) -> &'static str {
    match line.found.verdict {
        _ if line.found.waits_for.is_some() => "skip",
        Verdict::Ok => "ok",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    }
}

fn summary(checks: &[Line]) -> String {
    let all = count(checks.len() as u64, "check");
    let parts = [
        ("FAIL", "failed"),
        ("warn", "to look at"),
        ("skip", "not made"),
    ];
    let parts = parts.into_iter().filter_map(|(its, words)| {
        let number = checks.iter().filter(|line| word(line) == its).count();
        (number > 0).then(|| format!("{number} {words}"))
    });
    let parts: Vec<String> = parts.collect();
    match parts.as_slice() {
        [] => format!("{all}: all is well\n"),
        parts => format!("{all}: {}\n", parts.join(", ")),
    }
}
