//! `project explain`.

use std::fmt::Write as _;
use std::path::Path;

use crate::flow::FlowError;
use crate::flow::explain::{Change, ExplainReport, ExplainedRule, Stays, explain};
use crate::flow::report::Reason;

use super::answer::Answer;
use super::ctx::Ctx;
use super::show::{Table, printable};
use super::words::reason_words;

pub fn run(ctx: &Ctx, name: &str, path: &Path) -> Result<Answer, FlowError> {
    let report = ctx.read(name, |session| explain(session, path))?;
    Ok(Answer::new(report, |report, _| text(report)))
}

fn text(report: &ExplainReport) -> String {
    let path = report.path.to_string();
    let mut text = match report.reason {
        None if report.exists => format!("{} travels\n", printable(&path)),
        None => format!("{} would travel; it is not there\n", printable(&path)),
        Some(reason) => format!("{} stays here: {}\n", printable(&path), stays_words(reason)),
    };
    let mut table = Table::new().indent(2);
    if let Some(owner) = &report.owner {
        table.row(["of", owner]);
    }
    if let Some(rule) = &report.rule {
        table.row(["rule", &rule_words(rule, report)]);
    }
    if let Some(detail) = &report.detail {
        let line = report.line.map(|line| format!(", line {line}"));
        table.row(["because", &format!("{detail}{}", line.unwrap_or_default())]);
    }
    if let Some(merge) = report.merge {
        let place = report
            .merge_rule
            .as_ref()
            .map(|rule| rule_words(rule, report));
        table.row([
            "merge",
            &format!("{}, by {}", merge.word(), place.unwrap_or_default()),
        ]);
    }
    if !report.local_keys.is_empty() {
        table.row(["without", &report.local_keys.join(", ")]);
    }
    text.push_str(&table.to_string());
    // What cannot be shown as it is cannot be typed.
    let shown = |change: &&Change| match change {
        Change::Add { line, .. } => printable(line) == line.as_str(),
        Change::Run { .. } => true,
    };
    if let Some(change) = report.change.as_ref().filter(shown) {
        let aim = if report.travels {
            "to keep it here"
        } else {
            "to let it travel"
        };
        let how = match change {
            Change::Add { line, file } if file.as_path().ends_with("config.toml") => {
                format!("add `{line}` to `rules` in {file}")
            }
            Change::Add { line, file } => format!("add the line `{line}` to {file}"),
            Change::Run { run } => format!("`{run}`"),
        };
        writeln!(text, "{aim}: {}", printable(&how)).ok();
    }
    text
}

fn rule_words(rule: &ExplainedRule, report: &ExplainReport) -> String {
    let above = Some(&rule.matched) != report.below.as_ref();
    let on = if above {
        format!(" on {}", rule.matched)
    } else {
        String::new()
    };
    let why = if rule.why.is_empty() {
        String::new()
    } else {
        format!(": {}", rule.why)
    };
    format!("{}{on} ({}){why}", rule.pattern, rule.place)
}

fn stays_words(reason: Stays) -> &'static str {
    match reason {
        Stays::Left(Reason::HoldsSecret) => "the gate finds a secret in it",
        Stays::Left(reason) => reason_words(reason),
        Stays::NotRegistered => "it belongs to no registered project and to no tool",
        Stays::OutsideState => "it lies in none of the project's state directories",
        Stays::LinkedWorktree => "a linked worktree has no state of its own",
        Stays::NotListed => "it is none of the settings that travel",
        Stays::NoTool => "its tool is not on this machine",
        Stays::SwitchedOff => "its tool is switched off",
    }
}
