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
    let report = ctx.write(name, |writer| sync(writer, &options))?;
    let (hints, needs) = (hints(&report), report.needs_decision());
    Ok(Answer::new(report, text).needs_decision(needs).hints(hints))
}

fn hints(report: &SyncReport) -> Vec<String> {
    let pulled = report.pull.as_ref().map_or_else(Vec::new, pull::hints);
    [push::hints(&report.push), pulled].concat()
}

/// What waits in both directions the push tells last, as it stands then.
fn text(report: &SyncReport, look: &Look) -> String {
    let pulled = report.pull.as_ref().map_or_else(String::new, |pulled| {
        [
            pull::arrivals(pulled, look),
            pull::elsewhere(pulled),
            pull::outcome(pulled),
        ]
        .concat()
    });
    pulled + &push::text(&report.push, look)
}
