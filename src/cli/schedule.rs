//! `backup schedule`.

use crate::flow::FlowError;
use crate::flow::background::schedule::{ScheduleReport, Wanted, set, show};

use super::answer::{Answer, Look};
use super::args::ScheduleArgs;
use super::ctx::Ctx;
use super::overdue::{self, HINT};
use super::show::{Table, ago, count};

pub fn run(ctx: &Ctx, name: &str, args: &ScheduleArgs) -> Result<Answer, FlowError> {
    let report = match args.when.as_deref() {
        None => ctx.read(name, show)?,
        Some(when) => {
            let wanted = match when.trim().to_ascii_lowercase().as_str() {
                "off" | "never" => Wanted::Off,
                _ => Wanted::Each {
                    cadence: when.to_owned(),
                    pull: args.pull,
                },
            };
            ctx.read(name, |session| set(session, &wanted))?
        }
    };
    let hints = hints(&report);
    Ok(Answer::new(report, text).hints(hints))
}

fn hints(report: &ScheduleReport) -> Vec<String> {
    if report.schedule.is_none() {
        return vec!["to have it done for you: `holdall backup schedule hourly`".to_owned()];
    }
    let overdue = report.overdue.as_ref().map(|_| HINT.to_owned());
    overdue.into_iter().collect()
}

fn text(report: &ScheduleReport, look: &Look) -> String {
    let Some(schedule) = &report.schedule else {
        return "no push comes by itself\n".to_owned();
    };
    let what = if report.pull { "sync" } else { "push" };
    let mut text = format!("{what}  {schedule}\n");
    let mut table = Table::new().indent(2);
    for (at, number) in report.next_runs.iter().zip(0..) {
        let when = match number {
            0 if *at <= look.now => "due now".to_owned(),
            _ => ago(*at, look.now),
        };
        table.row([at.locally_readable(), when]);
    }
    text.push_str(&table.to_string());
    let good = report.last_ok.map_or_else(
        || "none went well yet".to_owned(),
        |at| format!("the last good one was {}", ago(at, look.now)),
    );
    let failed = match report.failures {
        0 => String::new(),
        failures => format!(", and {} failed since", count(failures.into(), "run")),
    };
    let overdue = report.overdue.as_ref().map_or_else(String::new, |overdue| {
        format!("overdue  {}\n", overdue::words(overdue, look.now))
    });
    text + &good + &failed + "\n" + &overdue
}
