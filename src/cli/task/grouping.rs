//! `workspace` and `epic`.

use std::fmt::Write as _;

use crate::cli::answer::{Answer, Look};
use crate::cli::args::{EpicCommand, WorkspaceCommand};
use crate::cli::ctx::Ctx;
use crate::cli::show::{Table, count, printable};
use crate::flow::FlowError;
use crate::flow::task::{
    EpicListReport, EpicShowReport, WorkspaceLine, WorkspaceListReport, WorkspaceReport,
    add_workspace, delete_workspace, list_epics, list_workspaces, rename_workspace, show_epic,
};

use super::change::run_add;
use super::words::page;

pub fn run_workspace(
    ctx: &Ctx,
    name: &str,
    command: &WorkspaceCommand,
) -> Result<Answer, FlowError> {
    match command {
        WorkspaceCommand::Add(args) => {
            let by = args.by.by.as_deref();
            let report = ctx.read(name, |session| add_workspace(session, &args.name, by))?;
            Ok(told(report, "is there")
                .hints(["put a task in it: `holdall task edit REF --workspace NAME`"]))
        }
        WorkspaceCommand::List => {
            let report = ctx.read(name, list_workspaces)?;
            Ok(Answer::new(report, |report, _| workspaces_text(report)))
        }
        WorkspaceCommand::Rename { name: old, new, by } => {
            let by = by.by.as_deref();
            let report = ctx.read(name, |session| rename_workspace(session, (old, new), by))?;
            Ok(told(report, "is its name now"))
        }
        WorkspaceCommand::Delete(args) => {
            let by = args.by.by.as_deref();
            let report = ctx.read(name, |session| delete_workspace(session, &args.name, by))?;
            Ok(told(report, "is deleted"))
        }
    }
}

fn told(report: WorkspaceReport, words: &'static str) -> Answer {
    Answer::new(report, move |report, _| {
        format!("{} {words}\n", printable(&report.workspace.name))
    })
}

fn workspaces_text(report: &WorkspaceListReport) -> String {
    let mut table = Table::new();
    for line in &report.workspaces {
        let open = count(line.open as u64, "open task");
        // Two machines made one each: their names do not tell them apart.
        let is_alike = |it: &&WorkspaceLine| it.name.eq_ignore_ascii_case(&line.name);
        let is_alone = report.workspaces.iter().filter(is_alike).count() == 1;
        let id = if is_alone { "" } else { &line.id };
        table.row([line.name.clone(), open, id.to_owned()]);
    }
    table.to_string()
}

pub fn run_epic(ctx: &Ctx, name: &str, command: &EpicCommand) -> Result<Answer, FlowError> {
    match command {
        EpicCommand::Add(args) => run_add(ctx, name, (args, true)),
        EpicCommand::List { all } => {
            let report = ctx.read(name, |session| list_epics(session, *all))?;
            let hint = report
                .epics
                .is_empty()
                .then_some("add one: `holdall epic add TITLE`");
            Ok(Answer::new(report, |report, _| epics_text(report)).hints(hint))
        }
        EpicCommand::Show { task } => {
            let report = ctx.read(name, |session| show_epic(session, &task.reference))?;
            Ok(Answer::new(report, epic_text))
        }
    }
}

fn epics_text(report: &EpicListReport) -> String {
    if report.epics.is_empty() {
        return "no epics\n".to_owned();
    }
    let mut table = Table::new();
    for epic in &report.epics {
        table.row([
            epic.task.reference.clone(),
            epic.task.status.clone(),
            epic.task.title.clone(),
            format!("{} of {} closed", epic.closed, epic.parts),
        ]);
    }
    table.to_string()
}

fn epic_text(report: &EpicShowReport, look: &Look) -> String {
    let mut text = page(&report.shown, look);
    let (closed, parts) = (report.closed, report.shown.parts.len());
    writeln!(text, "\n{closed} of {parts} closed").ok();
    text
}
