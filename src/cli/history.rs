//! `backup log` and `backup diff`.

use std::fmt::Write as _;

use crate::base::Timestamp;
use crate::flow::FlowError;
use crate::flow::history::{DiffOptions, DiffReport, LogOptions, LogReport, diff, log};

use super::answer::{Answer, Look};
use super::args::{DiffArgs, LogArgs};
use super::ctx::Ctx;
use super::show::{Table, ago, printable};
use super::words::change_line;

pub fn run_log(ctx: &Ctx, name: &str, args: &LogArgs) -> Result<Answer, FlowError> {
    let options = LogOptions {
        project: args.project.clone(),
        path: args.path.clone(),
        limit: args.limit,
    };
    let report = ctx.read(name, |session| log(session, &options))?;
    let hint = report
        .more
        .then_some("there is more: `holdall backup log --limit N`");
    Ok(Answer::new(report, log_text).hints(hint))
}

fn log_text(report: &LogReport, look: &Look) -> String {
    let whose = whose(report.remote.as_deref(), report.in_step, look);
    if report.entries.is_empty() {
        let none = if report.more {
            "no commits asked for"
        } else {
            "no commits yet"
        };
        return format!("{none}\n{whose}");
    }
    let mut table = Table::new();
    for entry in &report.entries {
        table.row([
            entry.commit.short(),
            entry.at.readable(),
            ago(entry.at, look.now),
            entry.summary.clone(),
        ]);
    }
    format!("{table}{whose}")
}

/// Nobody was asked: what the remote got meanwhile is not in it.
pub fn whose(remote: Option<&str>, in_step: Option<Timestamp>, look: &Look) -> String {
    match (remote, in_step) {
        (None, _) => "the vault is on this machine alone\n".to_owned(),
        (Some(url), None) => format!(
            "this machine's copy; it was never in step with {}\n",
            printable(url)
        ),
        (Some(url), Some(at)) => format!(
            "this machine's copy, last in step with {} {}\n",
            printable(url),
            ago(at, look.now)
        ),
    }
}

pub fn run_diff(ctx: &Ctx, name: &str, args: &DiffArgs) -> Result<Answer, FlowError> {
    let options = DiffOptions {
        from: args.from.clone(),
        to: args.to.clone(),
        project: args.project.clone(),
        patch: args.patch,
    };
    let report = ctx.read(name, |session| diff(session, &options))?;
    Ok(Answer::new(report, |report, _| diff_text(report)))
}

fn diff_text(report: &DiffReport) -> String {
    let mut text = String::new();
    for entry in &report.entries {
        let line = entry.patch.as_ref().map_or_else(
            || change_line(entry.path.as_str(), entry.change),
            |patch| patch.lines().map(printable).collect::<Vec<_>>().join("\n"),
        );
        writeln!(text, "{line}").ok();
    }
    text
}
