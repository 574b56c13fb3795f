//! `task list`, `task search`, `task show`.

use std::fmt::Write as _;

use crate::cli::answer::{Answer, Look};
use crate::cli::args::{TaskFilter, TaskListArgs, TaskSearchArgs};
use crate::cli::ctx::Ctx;
use crate::cli::show::{count, printable};
use crate::flow::FlowError;
use crate::flow::task::{Asked, ListOptions, ListReport, list, search, show};

use super::words::{conflict_hint, page, rows};

/// So many a search tells of, unless more are asked for: the best match is first.
const FOUND: usize = 50;

const PULL: &str =
    "no tasks came to this machine yet; take in what the vault has: `holdall backup pull`";

pub fn run_list(ctx: &Ctx, name: &str, args: &TaskListArgs) -> Result<Answer, FlowError> {
    let options = options(&args.filter, Asked::Open);
    let report = ctx.read(name, |session| list(session, &options))?;
    let hint = if report.not_pulled {
        Some(PULL)
    } else {
        // Under a filter there may be others.
        let is_none = report.tasks.is_empty() && !is_filtered(&options);
        is_none.then_some("add one: `holdall task add TITLE`")
    };
    say_where(ctx, &report);
    Ok(Answer::new(report, list_text).hints(hint))
}

pub fn run_search(ctx: &Ctx, name: &str, args: &TaskSearchArgs) -> Result<Answer, FlowError> {
    let mut options = options(&args.filter, Asked::All);
    options.limit = args.filter.limit.or(Some(FOUND)).filter(|it| *it > 0);
    let words = args.words.join(" ");
    let report = ctx.read(name, |session| search(session, &words, &options))?;
    say_where(ctx, &report);
    let hint = report.not_pulled.then_some(PULL);
    Ok(Answer::new(report, list_text).hints(hint))
}

pub fn run_show(ctx: &Ctx, name: &str, reference: &str) -> Result<Answer, FlowError> {
    let report = ctx.read(name, |session| show(session, reference))?;
    let hint = conflict_hint(&report.task);
    Ok(Answer::new(report, page).hints(hint))
}

fn is_filtered(options: &ListOptions) -> bool {
    let names = [&options.project, &options.workspace, &options.epic];
    options.state != Asked::Open
        || !options.labels.is_empty()
        || !options.priorities.is_empty()
        || names.iter().any(|it| it.is_some())
}

/// Nobody asked for the project of the directory: it is said, and how to see the others.
fn say_where(ctx: &Ctx, report: &ListReport) {
    if let Some(project) = report.project.as_ref().filter(|_| report.project_is_here) {
        ctx.out.note(&format!(
            "tasks of {}; those of all projects: --everywhere",
            printable(project)
        ));
    }
}

fn options(filter: &TaskFilter, usual: Asked) -> ListOptions {
    let asked = [
        (filter.ready, Asked::Ready),
        (filter.blocked, Asked::Blocked),
        (filter.overdue, Asked::Overdue),
        (filter.all, Asked::All),
        (filter.deleted, Asked::Deleted),
        (
            !filter.status.is_empty(),
            Asked::Status(filter.status.clone()),
        ),
    ];
    let asked = asked.into_iter().find(|(is_asked, _)| *is_asked);
    ListOptions {
        state: asked.map_or(usual, |(_, state)| state),
        labels: filter.label.clone(),
        priorities: filter.priority.clone(),
        project: filter.project.clone(),
        workspace: filter.workspace.clone(),
        epic: filter.epic.clone(),
        everywhere: filter.everywhere,
        sort: filter.sort.into(),
        limit: filter.limit.filter(|it| *it > 0),
    }
}

fn list_text(report: &ListReport, look: &Look) -> String {
    if report.tasks.is_empty() {
        return "no tasks\n".to_owned();
    }
    let mut text = rows(&report.tasks, look).to_string();
    let hidden = report.total - report.tasks.len();
    if hidden > 0 {
        writeln!(
            text,
            "and {} more: --limit 0 shows all",
            count(hidden as u64, "task")
        )
        .ok();
    }
    text
}
