//! `backup status`.

use std::fmt::Write as _;

use crate::flow::report::Counts;
use crate::flow::status::{LastRun, StatusOptions, StatusReport, status};
use crate::flow::{FlowError, withheld_hints};

use super::answer::{Answer, Look};
use super::args::StatusArgs;
use super::ctx::Ctx;
use super::overdue::{self, HINT};
use super::push::{skipped_hints, stays, twice_hint, withheld};
use super::show::{Table, ago, count, printable};
use super::words::{
    amount, conflict_hints, conflicts_words, decisions, resolved, task_changes, texts_hint,
    texts_line, unreadable_machines,
};

pub fn run(ctx: &Ctx, name: &str, args: &StatusArgs) -> Result<Answer, FlowError> {
    let options = StatusOptions {
        offline: args.offline,
    };
    let report = ctx.read(name, |session| status(session, options))?;
    let hints = hints(&report);
    Ok(Answer::new(report, text).hints(hints))
}

fn hints(report: &StatusReport) -> Vec<String> {
    if let Some(gone) = &report.gone {
        return gone.hints.clone();
    }
    let mut hints = Vec::new();
    if report.projects.is_empty() {
        hints.push("register a project: `holdall project add PATH`".to_owned());
    }
    if !report.configured {
        hints.push("connect a remote: `holdall backup configure URL`".to_owned());
    }
    let fault = report.remote.as_ref().and_then(|it| it.error.as_ref());
    hints.extend(fault.iter().flat_map(|fault| fault.hints.iter().cloned()));
    if report.interrupted.is_some() {
        hints.push("finish what was interrupted: `holdall backup pull`; or take it back: `holdall backup undo`".to_owned());
    }
    let waits = report.pending.counts != Counts::default()
        || report.pending.decisions + report.pending.resolved + report.pending.ops > 0;
    if report.overdue.is_some() {
        hints.push(HINT.to_owned());
    } else if waits && fault.is_none() {
        hints.push("send what waits: `holdall backup push`".to_owned());
    }
    if report.incoming > 0 || report.behind.is_some_and(|behind| behind > 0) {
        hints.push("take in what is new: `holdall backup pull`".to_owned());
    }
    hints.extend(conflict_hints(&report.conflict_list));
    hints.extend(withheld_hints(&report.withheld, "push"));
    hints.extend(texts_hint(&report.texts));
    hints.extend(skipped_hints(&report.skipped));
    hints.extend(twice_hint(&report.linked));
    hints
}

fn text(report: &StatusReport, look: &Look) -> String {
    let mut table = Table::new();
    table.row(["remote".to_owned(), remote(report)]);
    runs(&mut table, report, look);
    if let Some(writer) = &report.last_writer {
        let words = format!(
            "{} {} ({})",
            writer.machine,
            ago(writer.at, look.now),
            writer.commit.short()
        );
        table.row(["last writer".to_owned(), words]);
    }
    let waiting = amount(&report.pending.counts)
        + &task_changes(report.pending.ops)
        + &decisions(report.pending.decisions)
        + &resolved(report.pending.resolved);
    table.row(["waiting".to_owned(), waiting]);
    on_the_way(&mut table, report);
    table.row(["conflicts".to_owned(), report.conflicts.to_string()]);
    let fault = report.remote.as_ref().and_then(|it| it.error.as_ref());
    let mut text = report.gone.as_ref().map_or_else(String::new, |gone| {
        format!(
            "{}\nwhat follows is said without it\n",
            printable(&gone.message)
        )
    });
    if let Some(fault) = fault {
        let message = printable(&fault.message);
        writeln!(text, "{message}").ok();
        if report.gone.is_none() {
            text.push_str("what follows is what this machine saw last\n");
        }
    }
    text.push_str(&table.to_string());
    text.push_str(&carried(report));
    text.push_str(&machines(report, look));
    text.push_str(&conflicts_words(&report.conflict_list));
    text + &stay_here(report)
}

/// What waits for the remote, and what waits there for this disk.
fn on_the_way(table: &mut Table, report: &StatusReport) {
    if report.offline > 0 {
        let commits = count(report.offline as u64, "commit");
        let words = format!("{commits} made while the remote was away");
        table.row(["kept here".to_owned(), words]);
    }
    if report.incoming > 0 {
        let files = count(report.incoming as u64, "file");
        let words = format!("{files} of the vault did not come here yet");
        table.row(["to come".to_owned(), words]);
    }
}

/// How the last runs went.
fn runs(table: &mut Table, report: &StatusReport, look: &Look) {
    let push = run_words(report.last_push.as_ref(), look, report.overdue.is_some());
    let pull = run_words(report.last_pull.as_ref(), look, false);
    // Without a remote nothing left this machine.
    let name = if report.configured {
        "last push"
    } else {
        "last kept here"
    };
    table.row([name.to_owned(), push]);
    table.row(["last pull".to_owned(), pull]);
    if let Some(overdue) = &report.overdue {
        table.row(["overdue".to_owned(), overdue::words(overdue, look.now)]);
    }
    if let Some(run) = &report.interrupted {
        let words = format!(
            "a {} {}, while it wrote",
            run.command,
            ago(run.at, look.now)
        );
        table.row(["interrupted".to_owned(), words]);
    }
    if let Some(since) = report.pulls_paused {
        let words = format!(
            "undone {}: none comes by itself until `holdall backup pull`",
            ago(since, look.now)
        );
        table.row(["pulls".to_owned(), words]);
    }
}

fn stay_here(report: &StatusReport) -> String {
    let mut text = withheld(&report.withheld);
    text.push_str(&texts_line(&report.texts));
    text.extend(report.linked.iter().map(stays));
    text.extend(report.half_lines.iter().map(stays));
    text
}

fn carried(report: &StatusReport) -> String {
    let mut table = Table::new().indent(2);
    for line in report.projects.iter().chain(&report.settings) {
        let waits = if line.pending > 0 {
            format!("{} waiting", line.pending)
        } else {
            String::new()
        };
        let files = count(line.files as u64, "file");
        table.row([line.name.clone(), files, waits, line.path.to_string()]);
    }
    if table.is_empty() {
        String::new()
    } else {
        format!("carried\n{table}")
    }
}

fn machines(report: &StatusReport, look: &Look) -> String {
    let mut table = Table::new().indent(2);
    for machine in &report.machines.known {
        let this = if machine.this { "this machine" } else { "" };
        table.row([
            machine.name.as_str(),
            &ago(machine.last_push, look.now),
            this,
        ]);
    }
    let mut text = if table.is_empty() {
        String::new()
    } else {
        format!("machines, by last push\n{table}")
    };
    text.push_str(&unreadable_machines(&report.machines));
    text
}

fn remote(report: &StatusReport) -> String {
    let Some(remote) = &report.remote else {
        return "none: the vault is on this machine alone".to_owned();
    };
    let standing = match (&remote.error, report.ahead, report.behind) {
        (Some(fault), _, _) => fault.kind.word().replace('_', " "),
        _ if remote.empty == Some(true) => "empty".to_owned(),
        (None, Some(0), Some(0)) => "in step".to_owned(),
        (None, Some(ahead), Some(behind)) => format!("{ahead} ahead, {behind} behind"),
        _ => "not asked".to_owned(),
    };
    format!("{} ({standing})", remote.url)
}

/// How a run went; why it failed, unless that is told elsewhere.
fn run_words(run: Option<&LastRun>, look: &Look, is_told: bool) -> String {
    let Some(run) = run else {
        return "never".to_owned();
    };
    let when = ago(run.at, look.now);
    if run.result == "ok" {
        return when;
    }
    if is_told {
        return format!("failed {when} ({})", run.result);
    }
    let message = run.message.as_deref().unwrap_or_default();
    let good = run.last_ok.map_or_else(
        || "none went well yet".to_owned(),
        |at| format!("the last good one was {}", ago(at, look.now)),
    );
    format!("failed {when} ({}: {message}); {good}", run.result)
}
