//! `completions SHELL`.

use serde::Serialize;

use crate::flow::FlowError;

use super::answer::Answer;
use super::args::{self, CompletionsArgs};
use super::ctx::Ctx;

#[derive(Serialize)]
struct CompletionsReport {
    shell: String,
    script: String,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "every command answers in the same form"
)]
pub fn run(_: &Ctx, args: &CompletionsArgs) -> Result<Answer, FlowError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), "holdall", &mut script);
    let report = CompletionsReport {
        shell: args.shell.to_string(),
        script: String::from_utf8_lossy(&script).into_owned(),
    };
    Ok(Answer::new(report, |report, _| report.script.clone()))
}
