//! `project list`, `project remove`; the rest of `project` has files of its own.

use crate::flow::FlowError;
use crate::flow::project::{ProjectListReport, list, remove};

use super::answer::Answer;
use super::args::ProjectCommand;
use super::ctx::Ctx;
use super::project_add::dirs;
use super::show::{Table, printable};
use super::{explain, project_add, project_link, project_scan};

pub fn run(ctx: &Ctx, name: &str, command: &ProjectCommand) -> Result<Answer, FlowError> {
    match command {
        ProjectCommand::Add(args) => project_add::run(ctx, name, args),
        ProjectCommand::Link(args) => project_link::run(ctx, name, args),
        ProjectCommand::Scan(args) => project_scan::run(ctx, name, args),
        ProjectCommand::List => {
            let report = ctx.read(name, list)?;
            let hint = report
                .projects
                .is_empty()
                .then_some("register one: `holdall project add PATH`");
            Ok(Answer::new(report, |report, _| list_text(report)).hints(hint))
        }
        ProjectCommand::Explain { path } => explain::run(ctx, name, path),
        ProjectCommand::Remove(args) => {
            let report = ctx.write(name, |writer| remove(writer, &args.name, args.from_vault))?;
            let hint = (!args.from_vault).then(|| "the vault keeps what it has of it".to_owned());
            let text = |report: &crate::flow::project::ProjectRemoveReport| {
                let place = match (report.from_vault, report.not_in_vault) {
                    (true, _) => "taken out of the vault and forgotten",
                    (false, true) => "not in the vault, and forgotten",
                    (false, false) => "forgotten",
                };
                format!(
                    "{} is {place}; its files at {} are as they were\n",
                    printable(&report.project.name),
                    report.project.path
                )
            };
            Ok(Answer::new(report, move |report, _| text(report)).hints(hint))
        }
    }
}

fn list_text(report: &ProjectListReport) -> String {
    let mut table = Table::new();
    for project in &report.projects {
        let state = match (project.present, project.published) {
            (false, _) => "its directory is gone",
            (true, false) => "goes with the next push",
            (true, true) => "",
        };
        table.row([
            project.name.clone(),
            project.path.to_string(),
            dirs(project),
            state.to_owned(),
        ]);
    }
    table.to_string()
}
