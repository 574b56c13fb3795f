//! `task note`, `task label`, `task depend`.

use std::fmt::Write as _;

use crate::cli::answer::{Answer, Look};
use crate::cli::args::{
    DependArgs, DependCommand, LabelArgs, LabelCommand, NoteAddArgs, NoteCommand,
};
use crate::cli::ctx::Ctx;
use crate::cli::show::{Table, ago, count, printable};
use crate::flow::FlowError;
use crate::flow::task::{
    LabelListReport, Link, NoteListReport, add_note, depend, label, labels, notes, remove_note,
};

use super::change::told;
use super::texts::{from_file, from_input};
use super::words::{withheld, withheld_hints};

pub fn run_note(ctx: &Ctx, name: &str, command: &NoteCommand) -> Result<Answer, FlowError> {
    let report = match command {
        NoteCommand::Add(args) => add(ctx, name, args)?,
        NoteCommand::Remove { task, token, by } => {
            let link = Link {
                reference: &task.reference,
                adds: false,
                by: by.by.as_deref(),
            };
            ctx.read(name, |session| remove_note(session, link, token))?
        }
        NoteCommand::List { task } => ctx.read(name, |session| notes(session, &task.reference))?,
    };
    let (is_held, hints) = (
        !report.withheld.is_empty(),
        withheld_hints(&report.withheld),
    );
    Ok(Answer::new(report, notes_text)
        .needs_decision(is_held)
        .hints(hints))
}

fn add(ctx: &Ctx, name: &str, args: &NoteAddArgs) -> Result<NoteListReport, FlowError> {
    let text = match &args.file {
        Some(file) => from_file(&ctx.edges.env, file)?,
        None if args.stdin => from_input()?,
        None => args.text.join(" "),
    };
    let link = Link {
        reference: &args.task.reference,
        adds: true,
        by: args.by.by.as_deref(),
    };
    ctx.read(name, |session| add_note(session, link, &text))
}

fn notes_text(report: &NoteListReport, look: &Look) -> String {
    let (reference, title) = (&report.reference, printable(&report.title));
    let many = count(report.notes.len() as u64, "note");
    let mut text = format!("{reference}  {title}: {many}\n");
    for note in &report.notes {
        let by = note.by.as_deref().unwrap_or("somebody");
        let when = ago(note.at, look.now);
        writeln!(text, "{}  {when}, {}", note.token, printable(by)).ok();
        for line in note.text.trim_end().lines() {
            writeln!(text, "  {}", printable(&line.replace('\t', "    "))).ok();
        }
    }
    text + &withheld(&report.withheld)
}

pub fn run_label(ctx: &Ctx, name: &str, command: &LabelCommand) -> Result<Answer, FlowError> {
    let change = |args: &LabelArgs, adds| {
        let link = Link {
            reference: &args.task.reference,
            adds,
            by: args.by.by.as_deref(),
        };
        let report = ctx.read(name, |session| label(session, link, &args.labels))?;
        Ok(told(report, "changed"))
    };
    match command {
        LabelCommand::Add(args) => change(args, true),
        LabelCommand::Remove(args) => change(args, false),
        LabelCommand::List => {
            let report = ctx.read(name, labels)?;
            Ok(Answer::new(report, |report, _| labels_text(report)))
        }
    }
}

fn labels_text(report: &LabelListReport) -> String {
    if report.labels.is_empty() {
        return "no open task has a label\n".to_owned();
    }
    let mut table = Table::new().right(1);
    for label in &report.labels {
        table.row([label.name.clone(), label.open.to_string()]);
    }
    table.to_string()
}

pub fn run_depend(ctx: &Ctx, name: &str, command: &DependCommand) -> Result<Answer, FlowError> {
    let change = |args: &DependArgs, adds| {
        let link = Link {
            reference: &args.task.reference,
            adds,
            by: args.by.by.as_deref(),
        };
        let report = ctx.read(name, |session| depend(session, link, &args.first))?;
        Ok(told(report, "changed"))
    };
    match command {
        DependCommand::Add(args) => change(args, true),
        DependCommand::Remove(args) => change(args, false),
    }
}
