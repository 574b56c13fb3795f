//! `project link`.

use crate::flow::FlowError;
use crate::flow::recognise::{ProjectLinkOptions, ProjectLinkReport, link};

use super::answer::Answer;
use super::args::ProjectLinkArgs;
use super::ctx::Ctx;
use super::show::printable;

pub fn run(ctx: &Ctx, name: &str, args: &ProjectLinkArgs) -> Result<Answer, FlowError> {
    let options = ProjectLinkOptions {
        path: args.path.clone(),
        wanted: args.project.clone(),
    };
    ctx.read(name, |session| link(session, &options))
        .map(answer)
}

pub fn answer(report: ProjectLinkReport) -> Answer {
    let hint =
        (!report.already).then_some("take in what the vault has of it: `holdall backup pull`");
    Answer::new(report, |report, _| text(report)).hints(hint)
}

fn text(report: &ProjectLinkReport) -> String {
    let (name, path) = (printable(&report.project.name), &report.project.path);
    let verb = if report.already { "was" } else { "is now" };
    let moved = report.moved_from.as_ref().map_or_else(String::new, |from| {
        format!("it was at {from}, which is gone\n")
    });
    let linked = report
        .linked_from
        .as_ref()
        .map_or_else(String::new, |from| {
            format!("{from} is a linked worktree of it: its state belongs to the main checkout\n")
        });
    format!("{path} {verb} {name} of the vault\n{moved}{linked}")
}
