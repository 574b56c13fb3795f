//! `project add`, `project list`, `project remove`, `project explain`.

use crate::base::VaultPath;
use crate::flow::project::{
    ProjectAddOptions, ProjectAddReport, ProjectLine, ProjectListReport, add, list, remove,
};
use crate::flow::{FlowError, quoted};

use super::answer::Answer;
use super::args::{ProjectAddArgs, ProjectCommand};
use super::ctx::Ctx;
use super::explain;
use super::show::{Table, printable};

pub fn run(ctx: &Ctx, name: &str, command: &ProjectCommand) -> Result<Answer, FlowError> {
    match command {
        ProjectCommand::Add(args) => run_add(ctx, name, args),
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

fn run_add(ctx: &Ctx, name: &str, args: &ProjectAddArgs) -> Result<Answer, FlowError> {
    let options = ProjectAddOptions {
        path: args.path.clone(),
        name: args.name.clone(),
        dirs: args
            .state
            .iter()
            .map(|dir| dir.to_string_lossy().into_owned())
            .collect(),
        separate: args.separate,
    };
    let report = ctx.read(name, |session| add(session, &options))?;
    let mut hints = Vec::new();
    if report.project.dirs.is_empty() {
        hints.push(format!(
            "no state directory is in it yet: `holdall backup pull` brings those that the vault has, and one of your own is named with `holdall project add {} --state DIR`",
            quoted(&report.project.path.to_string())
        ));
    }
    if report.project.remotes.is_empty() {
        hints.push("it has no remote, so other machines cannot recognise it by one".to_owned());
    }
    for dir in &report.absent {
        hints.push(format!(
            "{dir} is not there yet: it travels as soon as it is"
        ));
    }
    if !report.project.dirs.is_empty() && !report.project.published {
        hints.push("send it: `holdall backup push`".to_owned());
    }
    Ok(Answer::new(report, |report, _| add_text(report)).hints(hints))
}

fn add_text(report: &ProjectAddReport) -> String {
    let project = &report.project;
    let verb = match (&report.moved_from, report.already) {
        (Some(_), _) => "moved".to_owned(),
        (None, true) if report.added.is_empty() => "registered already".to_owned(),
        (None, true) => format!("registered already, added {}", names(&report.added)),
        (None, false) => "registered".to_owned(),
    };
    let linked = report
        .linked_from
        .as_ref()
        .map_or_else(String::new, |from| {
            format!("{from} is a linked worktree of it: its state belongs to the main checkout\n")
        });
    format!(
        "{} {verb}: {} ({})\n{linked}",
        printable(&project.name),
        project.path,
        dirs(project)
    )
}

fn dirs(project: &ProjectLine) -> String {
    if project.dirs.is_empty() {
        return "no state directory yet".to_owned();
    }
    names(&project.dirs)
}

fn names(dirs: &[VaultPath]) -> String {
    let names: Vec<&str> = dirs.iter().map(VaultPath::as_str).collect();
    printable(&names.join(", ")).into_owned()
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
