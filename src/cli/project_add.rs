//! `project add`.

use std::path::PathBuf;

use crate::base::{HostPath, VaultPath};
use crate::flow::project::{ProjectAddOptions, ProjectAddReport, ProjectLine, add};
use crate::flow::recognise::{ProjectLinkOptions, link};
use crate::flow::report::Candidate;
use crate::flow::{FlowError, quoted};

use super::answer::Answer;
use super::args::ProjectAddArgs;
use super::ctx::Ctx;
use super::project_link;
use super::question::choose;
use super::show::printable;

pub fn run(ctx: &Ctx, name: &str, args: &ProjectAddArgs) -> Result<Answer, FlowError> {
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
    match ctx.read(name, |session| add(session, &options)) {
        Err(FlowError::Ambiguous { path, candidates }) if ctx.manner.may_ask => {
            decide(ctx, name, &options, (path, candidates))
        }
        Err(fault) => Err(fault),
        Ok(report) => Ok(answer(report)),
    }
}

/// Asks which project it is.
fn decide(
    ctx: &Ctx,
    name: &str,
    options: &ProjectAddOptions,
    (path, candidates): (HostPath, Vec<Candidate>),
) -> Result<Answer, FlowError> {
    let words = |it: &Candidate| {
        printable(&format!("{} ({})", it.name, it.remotes.join(", "))).into_owned()
    };
    let mut choices: Vec<String> = candidates.iter().map(words).collect();
    choices.push("none of them: a new project".to_owned());
    let prompt = format!("Which project of the vault is {path}?");
    let Some(chosen) = choose(&prompt, &choices) else {
        return Err(FlowError::Ambiguous { path, candidates });
    };
    let Some(candidate) = candidates.get(chosen) else {
        let options = ProjectAddOptions {
            separate: true,
            ..options.clone()
        };
        return ctx.read(name, |session| add(session, &options)).map(answer);
    };
    let options = ProjectLinkOptions {
        path: PathBuf::from(path.as_path()),
        wanted: candidate.id.to_string(),
    };
    ctx.read(name, |session| link(session, &options))
        .map(project_link::answer)
}

fn answer(report: ProjectAddReport) -> Answer {
    let mut hints = Vec::new();
    if report.project.dirs.is_empty() {
        hints.push(format!(
            "no state directory is in it yet: `holdall backup pull` brings those that the vault has, and one of your own is named with `holdall project add {} --state DIR`",
            quoted(&report.project.path.to_string())
        ));
    }
    if report.project.remotes.is_empty() {
        hints.push("it has no remote, so other machines cannot recognise it by one: there, `holdall project link PATH NAME` says that a checkout is this project".to_owned());
    }
    for dir in &report.absent {
        hints.push(format!(
            "{dir} is not there yet: it travels as soon as it is"
        ));
    }
    if !report.project.dirs.is_empty() && !report.project.published {
        hints.push("send it: `holdall backup push`".to_owned());
    }
    Answer::new(report, |report, _| text(report)).hints(hints)
}

fn text(report: &ProjectAddReport) -> String {
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

/// Its state directories.
pub fn dirs(project: &ProjectLine) -> String {
    if project.dirs.is_empty() {
        return "no state directory yet".to_owned();
    }
    names(&project.dirs)
}

fn names(dirs: &[VaultPath]) -> String {
    let names: Vec<&str> = dirs.iter().map(VaultPath::as_str).collect();
    printable(&names.join(", ")).into_owned()
}
