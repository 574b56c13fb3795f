//! How the values of a field differ.

use crate::base::VaultPath;
use crate::flow::FlowError;
use crate::tasks::Variant;
use crate::vault::text_patch;

use super::super::report::Comparison;
use super::super::show::DiffOptions;
use super::view::{FieldConflict, Fields};

/// Each value, or the one with a token, against the one that is shown, or against what all come from.
pub fn compare(
    fields: &Fields<'_>,
    conflict: &FieldConflict,
    options: &DiffOptions,
) -> Result<Vec<Comparison>, FlowError> {
    let (reading, variants) = (fields.reading(), &conflict.dispute.variants);
    let shown = variants.first();
    let meant: Vec<&Variant> = match &options.token {
        Some(token) => vec![conflict.by_token(token, &fields.machines)?],
        None if options.from_base => variants.iter().collect(),
        None => variants.iter().skip(1).collect(),
    };
    let (from, before) = if options.from_base {
        ("base", conflict.base(&reading)?)
    } else {
        let value = shown.map(|it| conflict.words(&reading, it)).transpose()?;
        ("shown", value.flatten())
    };
    let place = VaultPath::root().child(conflict.line.field.as_bytes());
    let place = place.or_else(|_| VaultPath::root().child(b"field"))?;
    let before = lines(before);
    let compared = meant.into_iter().map(|variant| {
        let after = lines(conflict.words(&reading, variant)?);
        Ok(Comparison {
            token: variant.token.clone(),
            machine: fields.machines.name(&variant.writes[0].machine),
            from,
            patch: text_patch(&place, before.as_bytes(), after.as_bytes())?,
        })
    });
    compared.collect()
}

/// Most values are one line, which nobody ends.
fn lines(value: Option<String>) -> String {
    match value {
        Some(text) if !text.is_empty() && !text.ends_with('\n') => text + "\n",
        value => value.unwrap_or_default(),
    }
}
