//! `sync`.

use crate::flow::sync::{SyncOptions, SyncReport, sync};
use crate::flow::{FlowError, Selection};

use super::answer::{Answer, Look};
use super::args::SyncArgs;
use super::ctx::Ctx;
use super::{pull, push};

pub fn run(ctx: &Ctx, name: &str, args: &SyncArgs) -> Result<Answer, FlowError> {
    let options = SyncOptions {
        dry_run: args.dry_run,
        selection: Selection {
            projects: args.project.clone(),
        },
        allow_mass_delete: args.allow_mass_delete,
    };
    let report = ctx.travel(name, args.dry_run, |writer| sync(writer, &options))?;
    let (hints, needs) = (hints(&report), report.needs_decision());
    Ok(Answer::new(report, text).needs_decision(needs).hints(hints))
}

fn hints(report: &SyncReport) -> Vec<String> {
    let mut hints = push::hints(&report.push);
    for hint in report.pull.iter().flat_map(pull::hints) {
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    hints
}

/// What waits in both directions the push tells last, as it stands then.
fn text(report: &SyncReport, look: &Look) -> String {
    let pulled = report.pull.as_ref().map_or_else(String::new, |pulled| {
        // In a dry run the pull drops nothing, and the push tells of it.
        let dropped = if pulled.dry_run {
            String::new()
        } else {
            pull::dropped(pulled)
        };
        [
            pull::arrivals(pulled, look),
            dropped,
            pull::elsewhere(pulled),
            pull::outcome(pulled),
        ]
        .concat()
    });
    pulled + &push::text(&report.push, look)
}
