//! `backup undo`.

use std::fmt::Write as _;

use crate::flow::FlowError;
use crate::flow::report::Counts;
use crate::flow::undo::{UndoEntry, UndoList, UndoOptions, UndoReport, list, undo};

use super::answer::{Answer, Look};
use super::args::UndoArgs;
use super::ctx::Ctx;
use super::pull::{changes, kept_hints};
use super::show::{Table, ago, count, printable};
use super::words::changes_words;

pub fn run(ctx: &Ctx, name: &str, args: &UndoArgs) -> Result<Answer, FlowError> {
    if args.list {
        let report = ctx.read(name, list)?;
        return Ok(Answer::new(report, list_text));
    }
    let options = UndoOptions {
        id: args.id.clone(),
        dry_run: args.dry_run,
    };
    let report = ctx.write(name, |writer| undo(writer, &options))?;
    let needs = report.needs_decision();
    let hints = hints(&report);
    Ok(Answer::new(report, text).needs_decision(needs).hints(hints))
}

fn hints(report: &UndoReport) -> Vec<String> {
    let units = report.projects.iter().chain(&report.settings);
    let run = format!("`holdall backup undo {}`", report.undone);
    // A run that is undone in part is undone: what is left waits until it is there again.
    let again = match &report.undo {
        Some(id) => format!("`holdall backup undo {id}` and {run}"),
        None => run,
    };
    let mut hints = kept_hints(units, &again);
    if let Some(id) = &report.undo {
        hints.push(format!("to have it again: `holdall backup undo {id}`"));
    } else if let Some(earlier) = report.earlier.as_ref().filter(|_| !wrote(report)) {
        hints.push(format!(
            "to go further back: `holdall backup undo {earlier}`"
        ));
    }
    hints
}

/// Whether it wrote anything, beside what it finished of another run.
fn wrote(report: &UndoReport) -> bool {
    let mut units = report.projects.iter().chain(&report.settings);
    !report.dry_run && units.any(|unit| !unit.changes.is_empty())
}

fn text(report: &UndoReport, look: &Look) -> String {
    let mut text = String::new();
    let units = || report.projects.iter().chain(&report.settings);
    for unit in units() {
        changes(&mut text, unit, report.dry_run || look.verbose);
    }
    for gone in &report.skipped {
        let name = printable(&gone.name);
        writeln!(text, "left  {name}: it is not where it was ({})", gone.path).ok();
    }
    let what = changes_words(&Counts::of(units().flat_map(|unit| &unit.changes)));
    let run = format!(
        "{} {} of {}",
        report.command,
        report.undone,
        report.at.readable()
    );
    let line = if report.dry_run {
        format!("would undo {run}: {what}; nothing was changed\n")
    } else if wrote(report) {
        format!("undone: {run}: {what}\n")
    } else {
        format!("nothing was written: {run}\n")
    };
    text + &line
}

fn list_text(report: &UndoList, look: &Look) -> String {
    if report.entries.is_empty() && report.unreadable.is_empty() {
        return "nothing was pulled or restored here that could be undone\n".to_owned();
    }
    let mut table = Table::new();
    for entry in &report.entries {
        table.row([
            entry.id.clone(),
            entry.at.readable(),
            ago(entry.at, look.now),
            entry.command.clone(),
            count(entry.files as u64, "file"),
            entry.projects.join(", "),
            standing(entry),
        ]);
    }
    let unreadable = report.unreadable.iter();
    let unreadable = unreadable.map(|id| format!("{id}  cannot be read\n"));
    table.to_string() + &unreadable.collect::<String>()
}

fn standing(entry: &UndoEntry) -> String {
    match (&entry.undone_by, &entry.undoes) {
        (Some(by), _) => format!("undone by {by}"),
        (None, Some(other)) => format!("undid {other}"),
        (None, None) if entry.interrupted => "interrupted".to_owned(),
        (None, None) => String::new(),
    }
}
