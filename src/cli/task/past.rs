//! `task log`, `task undo`.

use std::fmt::Write as _;

use crate::cli::answer::{Answer, Look};
use crate::cli::args::{TaskLogArgs, TaskUndoArgs};
use crate::cli::ctx::Ctx;
use crate::cli::show::{Table, ago, printable};
use crate::flow::FlowError;
use crate::flow::task::{TaskLogEntry, TaskLogReport, UndoReport, deeds, log, redo, undo};

use super::words::rows;

/// So much of a value is shown in a line.
const WIDTH: usize = 60;
/// So many steps are listed.
const LISTED: usize = 20;

pub fn run_log(ctx: &Ctx, name: &str, args: &TaskLogArgs) -> Result<Answer, FlowError> {
    let reference = args.reference.as_deref();
    let report = ctx.read(name, |session| log(session, reference, args.limit))?;
    let hint = report
        .more
        .then_some("there is more: `holdall task log --limit N`");
    Ok(Answer::new(report, log_text).hints(hint))
}

fn log_text(report: &TaskLogReport, look: &Look) -> String {
    if report.entries.is_empty() {
        return "nothing was written yet\n".to_owned();
    }
    let mut table = Table::new();
    for entry in &report.entries {
        let machine = if entry.this_machine {
            "this machine".to_owned()
        } else {
            entry.machine.clone()
        };
        let by = entry.by.as_deref().unwrap_or("somebody");
        let on = report.reference.is_none().then(|| entry.on.clone());
        let cells = [
            Some(entry.token.clone()),
            Some(entry.at.readable()),
            Some(ago(entry.at, look.now)),
            Some(format!("{by}, {machine}")),
            on,
            Some(said(entry)),
        ];
        table.row(cells.into_iter().flatten());
    }
    table.to_string()
}

fn said(entry: &TaskLogEntry) -> String {
    let value = entry.value.as_deref();
    let first = value
        .and_then(|text| text.lines().next())
        .unwrap_or_default();
    let mut short: String = first.chars().take(WIDTH).collect();
    if value.is_some_and(|text| text.trim_end() != short) {
        short.push('…');
    }
    match (entry.verb.as_str(), entry.field.as_deref()) {
        ("new", _) => format!("new: {short}"),
        ("set", Some(field)) if value.is_none() => format!("{field}: none"),
        ("set", Some(field)) => format!("{field}: {short}"),
        ("add", Some(field)) => format!("{field}: + {short}"),
        ("remove", Some(field)) => format!("{field}: one removed"),
        ("undelete", _) => "restored".to_owned(),
        ("delete", _) => "deleted".to_owned(),
        (verb, _) => verb.to_owned(),
    }
}

pub fn run_undo(ctx: &Ctx, name: &str, args: &TaskUndoArgs) -> Result<Answer, FlowError> {
    let by = args.by.by.as_deref();
    if args.list {
        let report = ctx.read(name, |session| deeds(session, LISTED))?;
        return Ok(Answer::new(report, list_text));
    }
    if args.redo {
        let report = ctx.read(name, |session| redo(session, by))?;
        return Ok(Answer::new(report, |report, look| {
            undo_text(report, look, "done again")
        }));
    }
    let report = ctx.read(name, |session| undo(session, usize::from(args.many), by))?;
    let text = |report: &UndoReport, look: &Look| undo_text(report, look, "undone");
    Ok(Answer::new(report, text).hints(["to have it again: `holdall task undo --redo`"]))
}

fn list_text(report: &UndoReport, look: &Look) -> String {
    if report.deeds.is_empty() {
        return "there is nothing to undo\n".to_owned();
    }
    let mut table = Table::new().right(0);
    for (at, deed) in report.deeds.iter().enumerate() {
        let number = (at + 1).to_string();
        table.row([number, ago(deed.at, look.now), deed.what.clone()]);
    }
    table.to_string()
}

fn undo_text(report: &UndoReport, look: &Look, verb: &str) -> String {
    let mut text = String::new();
    let not = if report.tasks.is_empty() && !report.kept.is_empty() {
        "not "
    } else {
        ""
    };
    for deed in &report.deeds {
        let when = ago(deed.at, look.now);
        writeln!(text, "{not}{verb}  {} ({when})", printable(&deed.what)).ok();
    }
    for line in rows(&report.tasks, look).lines() {
        writeln!(text, "  {line}").ok();
    }
    for kept in &report.kept {
        let field = match kept.field.as_str() {
            "" => "whether it is deleted",
            field => field,
        };
        let (on, field) = (printable(&kept.on), printable(field));
        writeln!(text, "kept  {on}: {field} was written since").ok();
    }
    text
}
