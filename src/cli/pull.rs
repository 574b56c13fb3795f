//! `backup pull`.

use std::fmt::Write as _;

use crate::flow::pull::{PullOptions, PullReport, PulledUnit, pull};
use crate::flow::{FlowError, Selection};

use super::answer::{Answer, Look};
use super::args::PullArgs;
use super::ctx::Ctx;
use super::push::{secret_hint, skipped_hints, withheld};
use super::show::{Table, count, printable};
use super::words::{CONFLICT_HINT, change_sign, healed_words, kept_words};

pub fn run(ctx: &Ctx, name: &str, args: &PullArgs) -> Result<Answer, FlowError> {
    let options = PullOptions {
        dry_run: args.dry_run,
        selection: Selection {
            projects: args.project.clone(),
        },
        allow_mass_delete: args.allow_mass_delete,
    };
    let report = ctx.write(name, |writer| pull(writer, &options))?;
    let (hints, needs) = (hints(&report), report.needs_decision());
    Ok(Answer::new(report, text).needs_decision(needs).hints(hints))
}

fn hints(report: &PullReport) -> Vec<String> {
    let mut hints = Vec::new();
    if !report.missing.is_empty() {
        hints.push("bring a missing project here: clone it, then `holdall project add PATH` and pull again".to_owned());
    }
    if !report.conflicts.is_empty() {
        hints.push(CONFLICT_HINT.to_owned());
    }
    hints.extend(secret_hint(&report.withheld));
    hints.extend(skipped_hints(&report.skipped));
    hints
}

fn text(report: &PullReport, look: &Look) -> String {
    let mut text = String::new();
    for unit in report.projects.iter().chain(&report.settings) {
        changes(&mut text, unit, report.dry_run || look.verbose);
    }
    text.push_str(&withheld(&report.withheld));
    for conflict in &report.conflicts {
        let place = format!("{}/{}", conflict.project, conflict.path);
        writeln!(
            text,
            "conflict  {}: changed on two machines; this disk keeps its version",
            printable(&place)
        )
        .ok();
    }
    if !report.missing.is_empty() {
        writeln!(text, "in the vault and not on this machine:").ok();
        let mut table = Table::new().indent(2);
        for project in &report.missing {
            table.row([project.name.clone(), project.remotes.join(", ")]);
        }
        text.push_str(&table.to_string());
    }
    text.push_str(&outcome(report));
    text
}

fn changes(text: &mut String, unit: &PulledUnit, each: bool) {
    if each {
        for change in &unit.changes {
            let place = format!("{}/{}", unit.name, change.path);
            writeln!(text, "{} {}", change_sign(change.change), printable(&place)).ok();
        }
    } else if !unit.changes.is_empty() {
        writeln!(
            text,
            "{}  {}",
            printable(&unit.name),
            count(unit.changes.len() as u64, "file")
        )
        .ok();
    }
    for kept in &unit.kept_paths {
        let place = format!("{}/{}", unit.name, kept.path);
        writeln!(
            text,
            "kept  {}: {}",
            printable(&place),
            kept_words(kept.why)
        )
        .ok();
    }
    for name in &unit.refused_names {
        writeln!(text, "refused  {}", printable(name)).ok();
    }
}

fn outcome(report: &PullReport) -> String {
    let units = || report.projects.iter().chain(&report.settings);
    let sum = |count: fn(&PulledUnit) -> usize| units().map(count).sum::<usize>();
    let (added, changed, removed) = (
        sum(|unit| unit.added),
        sum(|unit| unit.changed),
        sum(|unit| unit.removed),
    );
    let what = format!("{added} added, {changed} changed, {removed} removed");
    let healed = report
        .healed
        .map(healed_words)
        .map_or_else(String::new, |words| format!("{words}\n"));
    let line = if report.dry_run {
        format!("would write: {what}; nothing was changed\n")
    } else if report.applied {
        format!("pulled: {what}\n")
    } else {
        "nothing new: this disk has what the vault has\n".to_owned()
    };
    format!("{healed}{line}")
}
