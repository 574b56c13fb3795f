//! `backup restore --at`.

use std::fmt::Write as _;

use crate::flow::report::Counts;
use crate::flow::restore_at::{RestoreOptions, RestoreReport, restore};
use crate::flow::{FlowError, withheld_hints};

use super::answer::{Answer, Look};
use super::args::RestoreAtArgs;
use super::ctx::Ctx;
use super::pull::{changes, kept_hints};
use super::push::{skipped_hints, withheld};
use super::show::{count_of, printable};
use super::words::changes_words;

pub fn run(ctx: &Ctx, name: &str, args: &RestoreAtArgs) -> Result<Answer, FlowError> {
    let options = RestoreOptions {
        at: args.at.clone(),
        projects: args.project.clone(),
        paths: args.path.clone(),
        to: args.to.clone(),
        delete: args.delete,
        dry_run: args.dry_run,
    };
    let report = ctx.write(name, |writer| restore(writer, &options))?;
    let needs = report.needs_decision();
    let hints = hints(&report);
    Ok(Answer::new(report, text).needs_decision(needs).hints(hints))
}

fn hints(report: &RestoreReport) -> Vec<String> {
    let mut hints = Vec::new();
    if report.undo.is_some() {
        hints.push("to take it back: `holdall backup undo`".to_owned());
        hints.push("to have it on your other machines, too: `holdall backup push`".to_owned());
    }
    if !report.missing.is_empty() {
        hints.push("what is not on this machine: add `--to DIR` to have it there".to_owned());
    }
    let units = report.projects.iter().chain(&report.settings);
    hints.extend(kept_hints(units, "run the command again"));
    let again = format!("restore --at {}", report.commit.short());
    hints.extend(withheld_hints(&report.withheld, &again));
    hints.extend(skipped_hints(&report.skipped));
    hints
}

fn text(report: &RestoreReport, look: &Look) -> String {
    let mut text = String::new();
    let units = || report.projects.iter().chain(&report.settings);
    for unit in units() {
        changes(&mut text, unit, report.dry_run || look.verbose);
    }
    text.push_str(&withheld(&report.withheld));
    for name in &report.missing {
        writeln!(text, "not on this machine  {}", printable(name)).ok();
    }
    let what = changes_words(&Counts::of(units().flat_map(|unit| &unit.changes)));
    let then = format!("{} of {}", report.commit.short(), report.at.readable());
    let place = report.to.as_ref().map_or_else(String::new, |to| {
        format!(" in {}", printable(&to.to_string()))
    });
    let line = if report.dry_run {
        format!("would restore {then}{place}: {what}; nothing was changed\n")
    } else if report.applied {
        format!("restored {then}{place}: {what}\n")
    } else {
        let kept: usize = units().map(|unit| unit.kept).sum();
        let stays = [
            (kept, "kept path", "kept paths"),
            (report.withheld.len(), "withheld path", "withheld paths"),
            (
                report.skipped.len(),
                "project left alone",
                "projects left alone",
            ),
            (
                report.missing.len(),
                "project not here",
                "projects not here",
            ),
        ];
        let stays = stays.into_iter().filter(|(number, ..)| *number > 0);
        let stays: Vec<_> = stays
            .map(|(number, one, many)| count_of(number as u64, one, many))
            .collect();
        if stays.is_empty() {
            format!("nothing was written: all is as in {then}\n")
        } else {
            format!("nothing was written: {}\n", stays.join(", "))
        }
    };
    text + &line
}
