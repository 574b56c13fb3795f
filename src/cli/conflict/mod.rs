//! `conflict`: what waits for a decision, and the decision.
//!
//! *In*: typed arguments, a text from an editor. *Out*: answers: versions side by side for people, whole
//! reports for programs. *Never*: choose a version; the flows carry out what a person chose.

mod decision;
mod field_words;
mod resolve;
mod words;

use crate::flow::conflict::{
    ConflictEntry, ConflictShowReport, DiffOptions, EitherConflict, ExportReport, Named, Thing,
    VariantEntry, diff, export, list, show,
};
use crate::flow::{FlowError, quoted};

use super::answer::{Answer, Look};
use super::args::{ConflictCommand, ConflictDiffArgs, ConflictExportArgs};
use super::ctx::Ctx;
use super::show::Table;

pub use decision::{decision_hint, decision_words};
use field_words::field_hint;
use resolve::run_resolve;
use words::{comparison, list_text, show_text};

pub fn run(ctx: &Ctx, name: &str, command: &ConflictCommand) -> Result<Answer, FlowError> {
    match command {
        ConflictCommand::List => {
            let report = ctx.read(name, list)?;
            let hint = report.conflicts.first().map(|first| {
                format!(
                    "see how they differ: `holdall conflict show {}`",
                    first.id()
                )
            });
            Ok(Answer::new(report, list_text).hints(hint))
        }
        ConflictCommand::Show { which, field } => {
            let named = Named {
                conflict: &which.conflict,
                field: field.field.as_deref(),
            };
            let report = ctx.read(name, |session| show(session, named))?;
            let hint = match &report.conflict {
                EitherConflict::File(file) => show_hint(file),
                EitherConflict::Field(field) => field_hint(field),
            };
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
    let (field, token) = match (args.field.field.as_deref(), args.token.as_deref()) {
        (Some(word), None) if is_token(word) => (None, Some(word)),
        words => words,
    };
    let named = Named {
        conflict: &args.which.conflict,
        field,
    };
    let options = DiffOptions {
        token: token.map(str::to_owned),
        from_base: args.base,
    };
    let report = ctx.read(name, |session| diff(session, named, &options))?;
    let text = |report: &ConflictShowReport, _: &Look| -> String {
        report.diffs.iter().map(comparison).collect()
    };
    Ok(Answer::new(report, text))
}

/// The name of no field has digits alone, as tokens have them.
fn is_token(word: &str) -> bool {
    word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn run_export(ctx: &Ctx, name: &str, args: &ConflictExportArgs) -> Result<Answer, FlowError> {
    let named = Named {
        conflict: &args.which.conflict,
        field: args.field.field.as_deref(),
    };
    let report = ctx.read(name, |session| export(session, named, &args.dir))?;
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
        quoted(&report.id)
    );
    Ok(Answer::new(report, text).hints([hint]))
}
