//! `task add`, `task edit`, and the commands that change where a task stands.

use std::fmt::Write as _;

use crate::cli::answer::{Answer, Look};
use crate::cli::args::{TaskAddArgs, TaskEditArgs, TaskFields, TaskStateArgs};
use crate::cli::ctx::Ctx;
use crate::cli::show::{Table, count, printable};
use crate::flow::task::{
    AddReport, Change, EditOptions, TasksReport, Wishes, add, add_lines, edit, edit_lines,
};
use crate::flow::{FlowError, quoted};

use super::texts::{from_file, from_input};
use super::words::{conflict_hint, rows, withheld, withheld_hints};

pub fn run_add(
    ctx: &Ctx,
    name: &str,
    (args, is_epic): (&TaskAddArgs, bool),
) -> Result<Answer, FlowError> {
    let by = args.by.by.as_deref();
    if args.stdin {
        let text = from_input()?;
        let report = ctx.read(name, |session| add_lines(session, &text, by))?;
        let (is_held, hints) = (
            !report.withheld.is_empty(),
            withheld_hints(&report.withheld),
        );
        return Ok(Answer::new(report, added)
            .needs_decision(is_held)
            .hints(hints));
    }
    let wishes = Wishes {
        title: Some(args.title.join(" ")),
        depends: args.depends.clone(),
        is_epic,
        ..wishes(ctx, &args.fields)?
    };
    let report = ctx.read(name, |session| add(session, &wishes, by))?;
    Ok(told(report, "added"))
}

pub fn run_edit(ctx: &Ctx, name: &str, args: &TaskEditArgs) -> Result<Answer, FlowError> {
    if args.stdin {
        let (text, by) = (from_input()?, args.by.by.as_deref());
        let report = ctx.read(name, |session| edit_lines(session, &text, by))?;
        return Ok(told(report, "changed"));
    }
    let wishes = Wishes {
        title: args.title.clone(),
        unlabels: args.unlabel.clone(),
        ..wishes(ctx, &args.fields)?
    };
    let options = EditOptions {
        references: args.references.clone(),
        change: Change::Fields(Box::new(wishes)),
        if_seen: args.seen.if_seen.clone(),
        by: args.by.by.clone(),
    };
    let report = ctx.read(name, |session| edit(session, &options))?;
    Ok(told(report, "changed"))
}

pub fn run_state(
    ctx: &Ctx,
    name: &str,
    (args, change): (&TaskStateArgs, Change),
) -> Result<Answer, FlowError> {
    let verb = match change {
        Change::Delete => "deleted",
        Change::Restore => "restored",
        _ => "changed",
    };
    let options = EditOptions {
        references: args.references.clone(),
        change,
        if_seen: args.seen.if_seen.clone(),
        by: args.by.by.clone(),
    };
    let report = ctx.read(name, |session| edit(session, &options))?;
    Ok(told(report, verb))
}

fn wishes(ctx: &Ctx, fields: &TaskFields) -> Result<Wishes, FlowError> {
    let description = match (&fields.description, &fields.description_file) {
        (Some(text), _) => Some(text.clone()),
        (None, Some(file)) => Some(from_file(&ctx.edges.env, file)?),
        (None, None) if fields.description_stdin => Some(from_input()?),
        (None, None) => None,
    };
    let meta = fields.meta.iter();
    let meta = meta.map(|pair| match pair.split_once('=') {
        Some((name, value)) => (name.to_owned(), value.to_owned()),
        None => (pair.clone(), String::new()),
    });
    Ok(Wishes {
        description,
        status: fields.status.clone(),
        priority: fields.priority.clone(),
        project: fields.project.clone(),
        workspace: fields.workspace.clone(),
        epic: fields.epic.clone(),
        due: fields.due.clone(),
        available: fields.available.clone(),
        labels: fields.label.clone(),
        meta: meta.collect(),
        ..Wishes::default()
    })
}

/// What became of tasks. A field that somebody else wrote meanwhile wants a decision.
pub fn told(report: TasksReport, verb: &'static str) -> Answer {
    let conflict = report.all().find_map(conflict_hint);
    let wants = conflict.is_some() || !report.withheld.is_empty();
    let mut hints = withheld_hints(&report.withheld);
    hints.extend(conflict);
    hints.extend(report.circles.first().map(|circle| {
        let (on, needs) = (quoted(&circle.reference), quoted(&circle.needs));
        format!("to open the circle here: `holdall task depend remove {on} {needs}`")
    }));
    let text = move |report: &TasksReport, look: &Look| {
        let verb = if report.changed == 0 {
            "as before"
        } else {
            verb
        };
        let tasks: Vec<_> = report.all().cloned().collect();
        let mut text = String::new();
        for line in rows(&tasks, look).lines() {
            writeln!(text, "{verb}  {line}").ok();
        }
        for circle in &report.circles {
            let (on, needs) = (printable(&circle.reference), printable(&circle.needs));
            writeln!(
                text,
                "note  {on}: {needs} before it closes a circle; that is kept, and not waited for"
            )
            .ok();
        }
        text + &withheld(&report.withheld)
    };
    Answer::new(report, text).needs_decision(wants).hints(hints)
}

fn added(report: &AddReport, _: &Look) -> String {
    let mut table = Table::new();
    for task in &report.tasks {
        table.row([&task.reference, &task.title]);
    }
    let many = count(report.tasks.len() as u64, "task");
    format!("{table}added {many}\n{}", withheld(&report.withheld))
}
