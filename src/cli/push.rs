//! `backup push`.

use std::fmt::Write as _;

use crate::flow::push::{PushOptions, PushReport, push};
use crate::flow::report::{AlikeLine, LeftLine, Reason, SkippedProject, UnitChanges, WithheldLine};
use crate::flow::{FlowError, Selection, one_id_hint, quoted, withheld_hints};

use super::answer::{Answer, Look};
use super::args::PushArgs;
use super::conflict::{decision_hint, decision_words};
use super::ctx::Ctx;
use super::show::{Table, bytes, count, printable};
use super::words::{
    amount, change_line, changes_words, conflict_hints, conflicts_words, decisions, healed_words,
    merged_line, ops_line, reason_words, texts_hint, texts_line,
};

pub fn run(ctx: &Ctx, name: &str, args: &PushArgs) -> Result<Answer, FlowError> {
    let options = PushOptions {
        dry_run: args.dry_run,
        selection: Selection {
            projects: args.project.clone(),
        },
        allow_mass_delete: args.allow_mass_delete,
    };
    let report = ctx.travel(name, args.dry_run, |writer| push(writer, &options))?;
    let (hints, needs) = (hints(&report), report.needs_decision());
    Ok(Answer::new(report, text).needs_decision(needs).hints(hints))
}

pub fn hints(report: &PushReport) -> Vec<String> {
    let mut hints = Vec::new();
    if let Some(url) = report.remote.as_ref().filter(|_| report.awaits_projects) {
        hints.push(restore_hint(url));
    } else if report.projects.is_empty() && report.skipped.is_empty() {
        hints.push("no project is registered here: `holdall project add PATH`".to_owned());
    }
    if report.remote.is_none() {
        hints.push(
            "the vault is on this machine alone; connect a remote: `holdall backup configure URL`"
                .to_owned(),
        );
    }
    hints.extend(conflict_hints(&report.conflicts));
    hints.extend(decision_hint(&report.resolved));
    hints.extend(withheld_hints(&report.withheld, "push"));
    hints.extend(texts_hint(&report.texts));
    if !report.large.is_empty() {
        hints.push("to keep a part of it here, add its path to .holdallignore in the state directory; `holdall project explain PATH` has the line".to_owned());
    }
    hints.extend(skipped_hints(&report.skipped));
    hints.extend(twice_hint(&report.left));
    hints
}

/// What to do about a machine that has none of the projects that it had.
fn restore_hint(url: &str) -> String {
    format!(
        "no project goes along: those that travelled from here before this machine was connected anew are found again by `holdall restore {} --into DIR`, or one by one by `holdall project add PATH`",
        quoted(url)
    )
}

/// What to do about what was added though a preset speaks of it.
pub fn twice_hint(left: &[LeftLine]) -> Option<String> {
    let line = left.iter().find(|line| line.reason == Reason::OfPreset)?;
    Some(format!(
        "`holdall settings list` says what travels of that tool; to be told no more: `holdall settings remove ~/{}`; what was sent of it before stays in the vault, at settings/home/{}",
        quoted(line.path.as_str()),
        line.path
    ))
}

/// What to do about projects that take no part.
pub fn skipped_hints(skipped: &[SkippedProject]) -> Vec<String> {
    let hint = |project: &SkippedProject| match project.reason {
        "ambiguous" => format!(
            "{} could be {} in the vault; say which: `holdall project link {} NAME`, or keep it apart: `holdall project add {} --separate`",
            project.name,
            project.candidates.join(" or "),
            quoted(&project.path.to_string()),
            quoted(&project.path.to_string())
        ),
        "one_id" => one_id_hint(&project.candidates),
        "holds_secret" => format!(
            "{} waits as a whole: its name, a state directory of it or the path of a remote has a secret in it; rename that, forget the project and add it again: `holdall project remove {}`, then `holdall project add {}`",
            project.name,
            quoted(&project.name),
            quoted(&project.path.to_string())
        ),
        _ => format!(
            "{} was taken out of the vault; to send it again: `holdall project add {}`",
            project.name,
            quoted(&project.path.to_string())
        ),
    };
    skipped.iter().map(hint).collect()
}

pub fn text(report: &PushReport, look: &Look) -> String {
    let mut text = String::new();
    for unit in report.projects.iter().chain(&report.settings) {
        changes(&mut text, unit, report.dry_run || look.verbose);
    }
    text.push_str(&withheld(&report.withheld));
    text.push_str(&texts_line(&report.texts));
    text.extend(report.resolved.iter().map(decision_words));
    text.push_str(&conflicts_words(&report.conflicts));
    for line in &report.large {
        let (size, limit) = (bytes(line.size), bytes(line.limit));
        let name = printable(&line.project);
        writeln!(
            text,
            "large  {name}: {size} of state, more than limits.warn_project ({limit})"
        )
        .ok();
    }
    text.extend(report.alike.iter().map(alike));
    if report.dry_run || look.verbose {
        text.push_str(&left(report));
    } else {
        let is_told = |line: &&LeftLine| {
            use Reason::{HalfLine, LinkedRoot, OfPreset};
            matches!(line.reason, HalfLine | LinkedRoot | OfPreset)
        };
        text.extend(report.left.iter().filter(is_told).map(stays));
    }
    text.push_str(&ops_line("taken in", report.ops.received));
    let way = match (report.dry_run, &report.remote) {
        (true, Some(_)) => "to go",
        (true, None) => "to be kept here",
        (false, Some(_)) => "sent",
        (false, None) => "kept here",
    };
    text.push_str(&ops_line(way, report.ops.sent));
    text.push_str(&outcome(report));
    text
}

/// Forms of one letter look the same: what is not ASCII is told by its number.
fn alike(line: &AlikeLine) -> String {
    let place = format!("{}/{}", line.project, line.path);
    let names = line.names.iter().map(|name| name.escape_default());
    let names: Vec<String> = names.map(|name| name.to_string()).collect();
    format!(
        "alike  {}: {}: not every disk can hold these side by side\n",
        printable(&place),
        names.join(", ")
    )
}

fn changes(text: &mut String, unit: &UnitChanges, each: bool) {
    // What a tool's settings are is said once without being asked for.
    if each || (unit.is_settings && unit.first) {
        for change in &unit.changes {
            let keys = unit.local_keys.get(&change.path);
            let keys =
                keys.map_or_else(String::new, |keys| format!("  without {}", keys.join(", ")));
            let place = format!("{}/{}", unit.name, change.path);
            writeln!(text, "{}{keys}", change_line(&place, change.change)).ok();
        }
    } else if !unit.changes.is_empty() {
        let amount = amount(&unit.counts());
        writeln!(text, "{}  {amount}", printable(&unit.name)).ok();
    }
    for remark in &unit.remarks {
        let place = format!("{}/{}", unit.name, remark.path);
        writeln!(text, "note  {}: {}", printable(&place), remark.remark).ok();
    }
    text.extend(unit.merged.iter().map(|path| merged_line(&unit.name, path)));
}

/// What stays behind and wants attention. Never the bytes.
pub fn withheld(lines: &[WithheldLine]) -> String {
    let mut text = String::new();
    for line in lines {
        let place = format!("{}/{}", line.project, line.path);
        let at = line
            .line
            .map_or_else(String::new, |number| format!(", line {number}"));
        let value = line
            .fingerprint
            .as_ref()
            .map_or_else(String::new, |name| format!(", fingerprint {name}"));
        let rule = line.rule.as_deref().map_or_else(String::new, |rule| {
            format!(" ({}{at}{value})", printable(rule))
        });
        let detail = line.detail.as_deref().map_or_else(String::new, |detail| {
            format!(" ({}: {})", line.file, printable(detail))
        });
        writeln!(
            text,
            "withheld  {}: {}{rule}{detail}",
            printable(&place),
            reason_words(line.reason)
        )
        .ok();
    }
    text
}

/// One path that stays, with the reason.
pub fn stays(line: &LeftLine) -> String {
    let place = format!("{}/{}", line.project, line.path);
    let why = reason_words(line.reason);
    format!("stays here  {}: {why}\n", printable(&place))
}

/// What rules keep here, grouped by reason.
fn left(report: &PushReport) -> String {
    let mut text = String::new();
    let mut reasons: Vec<_> = report.left.iter().map(|line| line.reason).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for reason in reasons {
        let lines = report.left.iter().filter(|line| line.reason == reason);
        writeln!(text, "stays here: {}", reason_words(reason)).ok();
        let mut table = Table::new().indent(2);
        for line in lines {
            let place = format!("{}/{}", line.project, line.path);
            let rule = line
                .rule
                .as_deref()
                .map_or_else(String::new, |rule| format!("rule {rule}"));
            let of = line.place.as_ref().map(|place| format!("({place})"));
            table.row([place, rule, of.unwrap_or_default()]);
        }
        text.push_str(&table.to_string());
    }
    text
}

fn outcome(report: &PushReport) -> String {
    let files = report.files;
    let what = changes_words(&files.counts);
    let healed = report.healed.map_or_else(String::new, |healed| {
        format!("{}\n", healed_words(healed, !report.dry_run))
    });
    if report.dry_run {
        return format!(
            "{healed}would push: {what}{} ({} looked at); nothing was changed\n",
            decisions(report.decisions),
            count(files.scanned, "file")
        );
    }
    let commit = report.commit.map_or_else(String::new, |id| id.short());
    let place = report.remote.as_deref().map(printable);
    let line = match (report.committed, place) {
        (true, Some(url)) => format!("pushed {commit} to {url}: {what}\n"),
        (true, None) => format!("committed {commit} to the vault on this machine: {what}\n"),
        (false, Some(url)) if report.moved => {
            format!("pushed {commit} to {url}\n")
        }
        (false, Some(url)) => format!("nothing to push: {url} has {commit} already\n"),
        (false, None) => "nothing changed since the last push\n".to_owned(),
    };
    format!("{healed}{line}")
}
