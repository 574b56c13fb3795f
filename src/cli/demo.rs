//! `demo`.
use super::answer::Answer;
use super::args::DemoArgs;
use super::ctx::Ctx;
use crate::flow::FlowError;
pub fn run(_: &Ctx, _: &DemoArgs) -> Result<Answer, FlowError> {
    Err(FlowError::NothingToPull)
}
