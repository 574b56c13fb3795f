//! `demo`: two machines and one vault in a temporary directory, every command shown as it runs.
//!
//! *In*: the script, which is data. *Out*: what each command said, or the first claim of the script
//! that does not hold. *Never*: touch a file outside its own temporary directory, or show a command
//! that is not run.

mod script;
mod stage;
mod step;

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use crate::flow::FlowError;

use super::answer::{Answer, Look};
use super::args::DemoArgs;
use super::ctx::Ctx;
use super::show::{count, printable};
use script::{SEEN, STEPS};
use stage::{Ran, Stage};
use step::Step;

/// One command of the demo, and how it ended.
#[derive(Debug, Serialize)]
struct StepReport {
    machine: &'static str,
    command: String,
    exit: u8,
    shows: &'static str,
    output: String,
}

#[derive(Debug, Serialize)]
struct DemoReport {
    /// Every claim held; a demo with one that does not is a failure.
    ok: bool,
    steps: Vec<StepReport>,
    claims: usize,
    seen: &'static [&'static str],
    /// Where it all lies, if it was to be kept.
    dir: Option<PathBuf>,
}

pub fn run(ctx: &Ctx, args: &DemoArgs) -> Result<Answer, FlowError> {
    let stage = Stage::build(&ctx.edges.env, args.keep)?;
    ctx.out.part(&format!(
        "Two machines and one vault, all of it in {}. Nothing of yours is touched.\n",
        printable(&stage.base().display().to_string())
    ));
    let mut steps = Vec::new();
    for (number, step) in (1..).zip(STEPS) {
        steps.push(play(ctx, &stage, (number, step))?);
    }
    let report = DemoReport {
        ok: true,
        steps,
        claims: STEPS.iter().map(|step| step.claims.len() + 1).sum(),
        seen: SEEN,
        dir: args.keep.then(|| stage.base().to_owned()),
    };
    Ok(Answer::new(report, text))
}

/// Shows what a step is about, then runs it and shows what came of it, then looks whether that is so.
fn play(ctx: &Ctx, stage: &Stage, (number, step): (usize, &Step)) -> Result<StepReport, FlowError> {
    ctx.out.part(&format!("\n{number:>2}. {}\n", step.shows));
    for file in step.files {
        stage.put(step.who, file)?;
        let deed = if file.text.is_some() {
            "writes"
        } else {
            "deletes"
        };
        let name = step.who.name();
        ctx.out
            .part(&format!("    {name}: a tool {deed} ~/{}\n", file.path));
    }
    let command = stage.command_line(step);
    ctx.out.part(&format!(
        "    {} {} $ {command}\n",
        step.who.name(),
        step.place()
    ));
    let ran = stage.run(step)?;
    ctx.out.part(&shown(&ran));
    if let Some(fault) = stage.fault(step, &ran)? {
        return Err(FlowError::Refused {
            what: format!("the demo's step {number}, \"{}\": {fault}", step.shows),
            hint: "`holdall demo --keep` leaves everything in place to look at".to_owned(),
        });
    }
    Ok(StepReport {
        machine: step.who.name(),
        command,
        exit: ran.exit,
        shows: step.shows,
        output: ran.output,
    })
}

fn shown(ran: &Ran) -> String {
    let mut text = String::new();
    for line in ran.output.lines() {
        writeln!(text, "      {}", printable(line)).ok();
    }
    if ran.exit != 0 {
        writeln!(text, "      (exit {})", ran.exit).ok();
    }
    text
}

fn text(report: &DemoReport, _: &Look) -> String {
    let commands = count(report.steps.len() as u64, "command");
    let claims = count(report.claims as u64, "claim");
    let mut text = format!("\nSeen in {commands}, {claims} checked:\n");
    for line in report.seen {
        writeln!(text, "  - {line}").ok();
    }
    if let Some(dir) = &report.dir {
        let dir = dir.display().to_string();
        writeln!(text, "\nEverything is left in {}", printable(&dir)).ok();
    }
    text.push_str("\nNow with your own: holdall project add PATH; holdall backup push\n");
    text
}
