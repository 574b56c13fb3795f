//! `backup verify`.

use crate::flow::FlowError;
use crate::flow::doctor::{VerifyReport, verify};

use super::answer::{Answer, Failure, Look};
use super::args::VerifyArgs;
use super::ctx::Ctx;
use super::doctor::{at_home, is_quiet, told};

pub fn run(ctx: &Ctx, name: &str, args: &VerifyArgs) -> Result<Answer, FlowError> {
    let mut report = ctx.read(name, |session| verify(session, args.read_data))?;
    at_home(&mut report.checks, ctx.manner.home.as_deref());
    let (failed, quiet) = (report.has_failed(), is_quiet(ctx));
    let text = move |report: &VerifyReport, _: &Look| told(&report.checks, quiet);
    let fault = report.unasked.as_ref().map(Failure::from);
    Ok(Answer::new(report, text)
        .found_faults(failed)
        .failing(fault))
}
