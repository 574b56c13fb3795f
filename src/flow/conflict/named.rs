//! How people name a conflict of either kind, and which one that is.

use crate::flow::compare::store_or_empty;
use crate::flow::{FlowError, Session};
use crate::vault::Objects;

use super::field::{FieldLine, Fields, is_hex, open};
use super::view::View;

/// What a person names: a conflict, and maybe which field of it.
#[derive(Clone, Copy, Debug)]
pub struct Named<'n> {
    pub conflict: &'n str,
    pub field: Option<&'n str>,
}

/// The field that a person means; nothing where they can only mean a file.
pub fn meant<'f, 's>(
    session: &Session<'_>,
    fields: Option<&'f Fields<'s>>,
    named: Named<'_>,
) -> Result<Option<(&'f Fields<'s>, FieldLine)>, FlowError> {
    let wanted = named.conflict;
    let lines = fields.map(|fields| fields.meant(wanted)).transpose()?;
    let mut lines = lines.unwrap_or_default();
    if let Some(field) = named.field {
        let known = lines.iter().map(FieldLine::name).collect();
        lines.retain(|line| line.field == field);
        if lines.is_empty() {
            let fault = FlowError::NoSuch {
                what: "conflict",
                wanted: format!("{wanted} {field}"),
                known,
            };
            return Err(fault);
        }
    } else if !lines.is_empty() && is_hex(wanted) {
        refuse_file(session, wanted, &lines)?;
    }
    match (fields, lines.as_slice()) {
        (None, _) | (_, []) => Ok(None),
        (Some(fields), [one]) => Ok(Some((fields, one.clone()))),
        (_, several) => Err(several_fit(wanted, several)),
    }
}

/// The beginning of an id may be that of a file's conflict, too.
fn refuse_file(session: &Session<'_>, wanted: &str, lines: &[FieldLine]) -> Result<(), FlowError> {
    let (store, _stand_in) = store_or_empty(session)?;
    let view = View::of(session, &mut Objects::new(&store))?;
    let Ok(file) = view.find(session, wanted) else {
        return Ok(());
    };
    let names = lines.iter().map(|line| line.id.clone());
    let names: Vec<String> = names.chain([file.id.clone()]).collect();
    Err(FlowError::Refused {
        what: format!("`{wanted}` could be {}", names.join(" or ")),
        hint: "type more of the id".to_owned(),
    })
}

fn several_fit(wanted: &str, lines: &[FieldLine]) -> FlowError {
    let is_one = lines.iter().all(|line| line.place.on == lines[0].place.on);
    let words: Vec<String> = lines
        .iter()
        .map(|line| {
            if is_one {
                line.field.clone()
            } else {
                format!("{} ({})", line.id, line.name())
            }
        })
        .collect();
    let (what, hint) = if is_one {
        let what = format!("{wanted} has conflicts in {} fields", lines.len());
        let hint = format!("name one behind it: {}", words.join(", "));
        (what, hint)
    } else {
        let hint = format!("name one by its id: {}", words.join(", "));
        (format!("`{wanted}` could be several conflicts"), hint)
    };
    FlowError::Refused { what, hint }
}

/// Who names nothing that is known is told what is, of both kinds.
pub fn with_fields(fault: FlowError, fields: Option<&Fields<'_>>) -> FlowError {
    match (fault, fields) {
        (
            FlowError::NoSuch {
                what: what @ "conflict",
                wanted,
                mut known,
            },
            Some(fields),
        ) => {
            let lines = open(&fields.reading()).unwrap_or_default();
            known.extend(lines.iter().map(FieldLine::name));
            FlowError::NoSuch {
                what,
                wanted,
                known,
            }
        }
        (fault, _) => fault,
    }
}
