//! `backup pull`.

use std::fmt::Write as _;

use crate::flow::pull::{PullOptions, PullReport, pull};
use crate::flow::report::{
    CASE_CLASH, Counts, DATABASE_IN_USE, LINKED, NOT_ALLOWED, PulledUnit, READ_ONLY,
};
use crate::flow::{FlowError, Selection, Take, quoted, withheld_hints};

use super::answer::{Answer, Look};
use super::args::{PullArgs, TakeSide};
use super::conflict::{decision_hint, decision_words};
use super::ctx::Ctx;
use super::push::{skipped_hints, withheld};
use super::show::{Table, count, printable};
use super::words::{
    amount, change_line, changes_words, conflict_hints, conflicts_words, healed_words, kept_words,
    merged_line, ops_line,
};

pub fn run(ctx: &Ctx, name: &str, args: &PullArgs) -> Result<Answer, FlowError> {
    let options = PullOptions {
        dry_run: args.dry_run,
        selection: Selection {
            projects: args.project.clone(),
        },
        allow_mass_delete: args.allow_mass_delete,
        take: args.take.map(|side| match side {
            TakeSide::Local => Take::Local,
            TakeSide::Vault => Take::Vault,
        }),
    };
    let report = ctx.travel(name, args.dry_run, |writer| pull(writer, &options))?;
    let hints = [hints(&report), hints_on_decisions(&report)].concat();
    let needs = report.needs_decision();
    Ok(Answer::new(report, text).needs_decision(needs).hints(hints))
}

/// What to do about what did not come here. What waits in both directions a push tells, too.
pub fn hints(report: &PullReport) -> Vec<String> {
    let missing = (!report.missing.is_empty()).then(|| {
        "bring a missing project here: clone it, then `holdall project add PATH` (or `holdall project scan DIR` for several) and pull again".to_owned()
    });
    let dropped = decision_hint(&report.resolved);
    let first = missing.into_iter().chain(dropped);
    first.chain(hints_on_kept(report)).collect()
}

/// The decisions that wait in both directions.
fn hints_on_decisions(report: &PullReport) -> Vec<String> {
    [
        conflict_hints(&report.conflicts),
        withheld_hints(&report.withheld, "pull"),
        skipped_hints(&report.skipped),
    ]
    .concat()
}

/// What to do next about what a pull brought, kept, and could not decide.
pub fn hints_on_what_came(report: &PullReport) -> Vec<String> {
    [hints_on_kept(report), hints_on_decisions(report)].concat()
}

fn hints_on_kept(report: &PullReport) -> Vec<String> {
    let mut hints = Vec::new();
    if report.undo.is_some() {
        hints.push("to take it back: `holdall backup undo`".to_owned());
    }
    let units = report.projects.iter().chain(&report.settings);
    hints.extend(kept_hints(units, "`holdall backup pull`"));
    if let Some(settings) = report.unasked.first() {
        hints.push(format!(
            "to have it here, too: `holdall settings add {}`, then `holdall backup pull`",
            quoted(&settings.path.to_string())
        ));
    }
    hints
}

/// What a person can do about what was kept, and what to do again then.
pub(super) fn kept_hints<'r>(
    units: impl Iterator<Item = &'r PulledUnit>,
    again: &str,
) -> Vec<String> {
    let kept = units.flat_map(|unit| &unit.kept_paths);
    let kept: Vec<&str> = kept.map(|kept| kept.why).collect();
    let mut hints = Vec::new();
    if kept.contains(&CASE_CLASH) {
        hints.push("names that this disk takes for one: rename all but one of them on a machine that has them all, and push there".to_owned());
    }
    let ways = [
        (
            LINKED,
            "put a file or directory of its own in the place of the link",
        ),
        (
            DATABASE_IN_USE,
            "close the programs that have the databases open",
        ),
        (
            NOT_ALLOWED,
            "give yourself the permission to write what is kept",
        ),
        (READ_ONLY, "mount what is kept so that it can be written"),
    ];
    let ways = ways.iter().filter(|(why, _)| kept.contains(why));
    hints.extend(ways.map(|(_, way)| format!("{way}, then {again}")));
    hints
}

/// How a pull reads.
pub fn text(report: &PullReport, look: &Look) -> String {
    let mut text = arrivals(report, look);
    text.push_str(&dropped(report));
    text.push_str(&withheld(&report.withheld));
    text.push_str(&conflicts_words(&report.conflicts));
    text.push_str(&elsewhere(report));
    text.push_str(&outcome(report));
    text
}

/// What comes here, and what of it does not.
pub fn arrivals(report: &PullReport, look: &Look) -> String {
    let mut text = String::new();
    for unit in report.projects.iter().chain(&report.settings) {
        changes(&mut text, unit, report.dry_run || look.verbose);
    }
    text.push_str(&ops_line("taken in", report.ops.received));
    text
}

/// The decisions about conflicts that hold no more.
pub fn dropped(report: &PullReport) -> String {
    report.resolved.iter().map(decision_words).collect()
}

/// What the vault has and this machine does not carry.
pub fn elsewhere(report: &PullReport) -> String {
    let mut text = String::new();
    if !report.missing.is_empty() {
        writeln!(text, "in the vault and not on this machine:").ok();
        let mut table = Table::new().indent(2);
        for project in &report.missing {
            table.row([project.name.clone(), project.remotes.join(", ")]);
        }
        text.push_str(&table.to_string());
    }
    for settings in &report.unasked {
        let path = settings.path.to_string();
        let files = count(settings.files as u64, "file");
        writeln!(
            text,
            "not asked for  {}: {files} in the vault",
            printable(&path)
        )
        .ok();
    }
    text
}

pub(super) fn changes(text: &mut String, unit: &PulledUnit, each: bool) {
    if each {
        for change in &unit.changes {
            let place = format!("{}/{}", unit.name, change.path);
            writeln!(text, "{}", change_line(&place, change.change)).ok();
        }
    } else if !unit.changes.is_empty() {
        let amount = amount(&unit.counts);
        writeln!(text, "{}  {amount}", printable(&unit.name)).ok();
    }
    text.extend(unit.merged.iter().map(|path| merged_line(&unit.name, path)));
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
    for taken in &unit.taken {
        let place = format!("{}/{}", unit.name, taken.path);
        let words = match taken.take {
            Take::Local => "this disk's version; the next push puts it into the vault",
            Take::Vault => "the vault's version",
        };
        writeln!(text, "taken  {}: {words}", printable(&place)).ok();
    }
    for name in &unit.refused_names {
        writeln!(text, "refused  {}", printable(name)).ok();
    }
}

pub fn outcome(report: &PullReport) -> String {
    let units = report.projects.iter().chain(&report.settings);
    let what = changes_words(&Counts::of(units.flat_map(|unit| &unit.changes)));
    let healed = report.healed.map_or_else(String::new, |healed| {
        format!("{}\n", healed_words(healed, false))
    });
    let line = if report.dry_run {
        format!("would write: {what}; nothing was changed\n")
    } else if report.applied {
        format!("pulled: {what}\n")
    } else if report.ops.received > 0 {
        String::new()
    } else {
        nothing_written(report)
    };
    format!("{healed}{line}")
}

/// That nothing was written means that all is here only where nothing stands in the way.
fn nothing_written(report: &PullReport) -> String {
    let units = || report.projects.iter().chain(&report.settings);
    let kept: usize = units()
        .map(|unit| unit.kept.max(unit.kept_paths.len()))
        .sum();
    let refused: usize = units().map(|unit| unit.refused_names.len()).sum();
    let ways = [
        (kept, "kept path"),
        (report.conflicts.count(), "conflict"),
        (report.withheld.len(), "withheld path"),
        (refused, "refused name"),
        (report.skipped.len(), "skipped project"),
        (report.missing.len(), "missing project"),
    ];
    let ways = ways.iter().filter(|(count, _)| *count > 0);
    let ways: Vec<String> = ways.map(|(many, what)| count(*many as u64, what)).collect();
    if ways.is_empty() {
        "nothing new: the vault has nothing that this disk waits for\n".to_owned()
    } else {
        format!("nothing was written: {}\n", ways.join(", "))
    }
}
