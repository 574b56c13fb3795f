//! A conflict that is none any more.

use crate::flow::FlowError;
use crate::flow::task::spoken::value_words;
use crate::tasks::Variant;
use crate::tasks::model::TASK;

use super::open::{FieldLine, Place, line, open};
use super::view::Fields;

/// So much of a value is said.
const WIDTH: usize = 60;

/// What whoever says what they saw is told, where somebody decided that since: by whom, and when.
/// Nothing where it was no conflict then, or is one still.
pub fn decided(
    fields: &Fields<'_>,
    (wanted, field): (&str, Option<&str>),
    token: &str,
) -> Result<Option<FlowError>, FlowError> {
    let reading = fields.reading();
    let mut then = Vec::new();
    for (on, n, name) in reading.disputes_then(token)? {
        let place = Place { on, n, field: name };
        then.push(line(&reading, place)?);
    }
    let still = open(&reading)?;
    then.retain(|it| !still.iter().any(|open| open.place == it.place));
    let mut meant = fields.fitting(then, wanted)?;
    meant.retain(|it| field.is_none_or(|field| field == it.field));
    let Some(it) = meant.first() else {
        return Ok(None);
    };
    let Place { on, n, field } = &it.place;
    let Some(last) = reading.last_write((on, *n), field)? else {
        return Ok(None);
    };
    told(fields, it, &last).map(Some)
}

fn told(fields: &Fields<'_>, it: &FieldLine, last: &Variant) -> Result<FlowError, FlowError> {
    let write = &last.writes[0];
    let machine = if fields.machines.is_own(&write.machine) {
        "this machine".to_owned()
    } else {
        fields.machines.name(&write.machine)
    };
    let who = write.who.as_deref().unwrap_or("somebody");
    let hint = if it.place.on.kind == TASK {
        format!(
            "see all that was written: `holdall task log {}`",
            it.reference
        )
    } else {
        "see what waits for a decision: `holdall conflict list`".to_owned()
    };
    Ok(FlowError::Refused {
        what: format!(
            "{} is decided already: {}, by {who} on {machine}, {}",
            it.name(),
            fields.said(last)?,
            write.at.readable()
        ),
        hint,
    })
}

impl Fields<'_> {
    /// A value in a line.
    fn said(&self, last: &Variant) -> Result<String, FlowError> {
        let write = &last.writes[0];
        if write.field.is_empty() {
            let word = if last.is_deletion { "deleted" } else { "kept" };
            return Ok(word.to_owned());
        }
        let words = value_words(&self.reading(), &write.field, write.value.clone())?;
        let words = words.unwrap_or_else(|| "none".to_owned());
        let first = words.lines().next().unwrap_or_default();
        let mut short: String = first.chars().take(WIDTH).collect();
        if words.trim_end() != short {
            short.push('…');
        }
        Ok(short)
    }
}
