//! `conflict`: what waits for a decision, and the decision.
//!
//! *In*: typed arguments, a text from an editor. *Out*: answers: versions side by side for people, whole
//! reports for programs. *Never*: choose a version; the flows carry out what a person chose.

mod decision;
mod resolve;
mod words;

use crate::flow::FlowError;
use crate::flow::conflict::{
    ConflictEntry, ConflictShowReport, DiffOptions, ExportReport, Thing, VariantEntry, diff,
    export, list, show,
};

use super::answer::{Answer, Look};
use super::args::{ConflictCommand, ConflictDiffArgs, ConflictExportArgs};
use super::ctx::Ctx;
use super::show::Table;

pub use decision::{decision_hint, decision_words};
use resolve::run_resolve;
use words::{comparison, list_text, show_text};

pub fn run(ctx: &Ctx, name: &str, command: &ConflictCommand) -> Result<Answer, FlowError> {
    match command {
        ConflictCommand::List => {
            let report = ctx.read(name, list)?;
            let hint = report
                .conflicts
                .first()
                .map(|first| format!("see how they differ: `holdall conflict show {}`", first.id));
            Ok(Answer::new(report, list_text).hints(hint))
        }
        ConflictCommand::Show { which } => {
            let report = ctx.read(name, |session| show(session, &which.conflict))?;
            let hint = show_hint(&report.conflict);
            Ok(Answer::new(report, show_text).hints([hint]))
        }
        ConflictCommand::Diff(args) => run_diff(ctx, name, args),
        ConflictCommand::Export(args) => run_export(ctx, name, args),
        ConflictCommand::Resolve(args) => run_resolve(ctx, name, args),
    }
}

fn show_hint(conflict: &ConflictEntry) -> String {
    let version = match conflict.variants.as_slice() {
        [_] => "local",
        _ => "TOKEN",
    };
    // What both made by themselves came from nothing: to take that would delete it.
    let came_from = |entry: &VariantEntry| entry.base.kind != Thing::Absent;
    let base = if conflict.variants.iter().any(came_from) {
        "|base"
    } else {
        ""
    };
    format!(
        "decide: `holdall conflict resolve {} --use vault|{version}{base}`; without --use in your editor",
        conflict.id
    )
}

fn run_diff(ctx: &Ctx, name: &str, args: &ConflictDiffArgs) -> Result<Answer, FlowError> {
    let options = DiffOptions {
        token: args.token.clone(),
        from_base: args.base,
    };
    let report = ctx.read(name, |session| {
        diff(session, &args.which.conflict, &options)
    })?;
    let text = |report: &ConflictShowReport, _: &Look| -> String {
        report.diffs.iter().map(comparison).collect()
    };
    Ok(Answer::new(report, text))
}

fn run_export(ctx: &Ctx, name: &str, args: &ConflictExportArgs) -> Result<Answer, FlowError> {
    let report = ctx.read(name, |session| {
        export(session, &args.which.conflict, &args.dir)
    })?;
    let text = |report: &ExportReport, _: &Look| {
        let mut table = Table::new();
        for file in &report.files {
            let machine = file.machine.clone().unwrap_or_default();
            table.row([file.side.clone(), machine, file.file.to_string()]);
        }
        table.to_string()
    };
    let hint = format!(
        "decide with one of them, or with one of your own: `holdall conflict resolve {} --file F`",
        report.id
    );
    Ok(Answer::new(report, text).hints([hint]))
}
