//! A field as a text that a person edits: both values, with markers where they differ.

use std::collections::BTreeSet;

use crate::flow::FlowError;
use crate::tasks::model::field;
use crate::vault::marked_merge;

use super::super::draft::markers;
use super::export::name;
use super::view::{FieldConflict, Fields};

/// Texts that people write; everything else is chosen, or typed as a word.
const TEXTS: [&str; 4] = [field::TITLE, field::DESCRIPTION, field::NAME, field::PREFIX];

/// The name of a file for it, and the text.
pub fn draft(
    fields: &Fields<'_>,
    conflict: &FieldConflict,
) -> Result<(String, Vec<u8>), FlowError> {
    let of = conflict.dispute.field.as_str();
    let variants = conflict.dispute.variants.as_slice();
    let is_text = TEXTS.contains(&of) || of.starts_with(field::META);
    let ([shown, other], true) = (variants, is_text) else {
        return Err(FlowError::Unsaid {
            what: "nothing says which value to take, and it is no text with two versions to edit",
            hint: format!("`--use TOKEN`, of {}", conflict.choices(&fields.machines)),
        });
    };
    let reading = fields.reading();
    let [base, one, two] = [
        conflict.base(&reading)?,
        conflict.words(&reading, shown)?,
        conflict.words(&reading, other)?,
    ]
    .map(|value| value.map_or_else(String::new, |text| ended(&text)));
    let machine = |at: usize| fields.machines.name(&variants[at].writes[0].machine);
    let text = marked_merge(
        (base.as_bytes(), "what both came from"),
        (one.as_bytes(), &format!("shown: {}", machine(0))),
        (two.as_bytes(), &machine(1)),
    )?;
    Ok((name(of), text))
}

/// Markers stand on lines of their own.
fn ended(text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{text}{end}")
}

/// A text of the person's own. Markers that no value had are somebody's unfinished work.
pub fn finished(conflict: &FieldConflict, bytes: &[u8]) -> Result<String, FlowError> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(FlowError::BadValue {
            what: format!("what is given for {} is no text in UTF-8", conflict.name()),
            hint: "give it text; nothing was decided".to_owned(),
        });
    };
    let variants = conflict.dispute.variants.iter();
    let values = variants.filter_map(|it| it.value.as_deref());
    let known: BTreeSet<Vec<u8>> = values.flat_map(|it| markers(it.as_bytes())).collect();
    if !markers(bytes).is_subset(&known) {
        return Err(FlowError::Refused {
            what: format!("the text for {} still has conflict markers", conflict.name()),
            hint: "choose between what stands within `<<<<<<<` and `>>>>>>>`, take the markers out, and try again".to_owned(),
        });
    }
    Ok(text.to_owned())
}

/// The same without the end that only the editor gave it.
#[must_use]
pub fn unended(conflict: &FieldConflict, text: &str) -> String {
    let variants = conflict.dispute.variants.iter();
    let mut values = variants.filter_map(|it| it.value.as_deref());
    let is_ended = values.any(|value| value.ends_with('\n'));
    let text = if is_ended {
        text
    } else {
        text.strip_suffix('\n').unwrap_or(text)
    };
    text.to_owned()
}
