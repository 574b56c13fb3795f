//! `project scan`.

use std::fmt::Write as _;

use crate::flow::recognise::{
    Doubt, PlacedProject, ProjectScanOptions, ProjectScanReport, Undecided, scan,
};
use crate::flow::{FlowError, one_id_hint};

use super::answer::{Answer, Look};
use super::args::ProjectScanArgs;
use super::ctx::Ctx;
use super::show::{Table, count, printable};

pub fn run(ctx: &Ctx, name: &str, args: &ProjectScanArgs) -> Result<Answer, FlowError> {
    let options = ProjectScanOptions {
        dirs: args.dirs.clone(),
        dry_run: args.dry_run,
    };
    let report = ctx.read(name, |session| scan(session, &options))?;
    let mut doubts = report.undecided.iter();
    let waits = doubts.any(|it| it.why != Doubt::Second);
    let hint = (!report.dry_run && !report.registered.is_empty())
        .then_some("take in what the vault has of them: `holdall backup pull`");
    Ok(Answer::new(report, text).needs_decision(waits).hints(hint))
}

fn text(report: &ProjectScanReport, look: &Look) -> String {
    let mut text = String::new();
    let heading = if report.dry_run {
        "would be registered"
    } else {
        "registered"
    };
    placed(&mut text, heading, &report.registered);
    if look.verbose || report.registered.is_empty() {
        placed(&mut text, "registered before", &report.already);
    }
    undecided(&mut text, &report.undecided);
    for line in &report.unreadable {
        let message = printable(&line.message).into_owned();
        writeln!(text, "cannot be read  {}: {message}", line.path).ok();
    }
    if !report.missing.is_empty() {
        text.push_str("in the vault, and not here\n");
        for project in &report.missing {
            let line = format!("  {}: {}", project.name, project.next);
            writeln!(text, "{}", printable(&line)).ok();
        }
    }
    writeln!(
        text,
        "{} looked at, {} registered, {} before",
        count(report.checkouts as u64, "checkout"),
        if report.dry_run {
            0
        } else {
            report.registered.len()
        },
        report.already.len()
    )
    .ok();
    text
}

fn placed(text: &mut String, heading: &str, projects: &[PlacedProject]) {
    let mut table = Table::new().indent(2);
    for project in projects {
        table.row([project.name.clone(), project.path.to_string()]);
    }
    if !table.is_empty() {
        writeln!(text, "{heading}\n{table}").ok();
        text.pop();
    }
}

/// Checkouts that wait for a person, with the commands that decide.
pub fn undecided(text: &mut String, lines: &[Undecided]) {
    for line in lines {
        let names: Vec<&str> = line.candidates.iter().map(|it| it.name.as_str()).collect();
        let why = match (line.why, &line.first) {
            (Doubt::Second, Some(first)) => {
                format!(
                    "a second checkout of {}: {first} is registered",
                    names.join(", ")
                )
            }
            (Doubt::Several | Doubt::Second, _) => {
                format!("one of several checkouts of {}", names.join(", "))
            }
            (Doubt::OneId, _) => one_id_hint(&names),
            (Doubt::Ambiguous, _) => format!("could be {}", names.join(" or ")),
        };
        let line_text = format!("undecided  {}: {why}", line.path);
        writeln!(text, "{}", printable(&line_text)).ok();
        for (command, candidate) in line.next.iter().zip(&line.candidates) {
            let command = format!("  {}: {command}", candidate.name);
            writeln!(text, "{}", printable(&command)).ok();
        }
    }
}
