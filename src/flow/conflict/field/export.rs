//! The values of a field as files, for other programs to look at.

use std::io::Write as _;
use std::path::Path;

use crate::base::{BaseError, HostPath, create_private_dir};
use crate::flow::{FlowError, Session};
use crate::tasks::model::field;

use super::super::export::{ExportReport, ExportedFile, new_file, refuse_taken};
use super::view::{FieldConflict, Fields};

/// A longer name is no name of a file everywhere.
const LONGEST: usize = 80;

/// Writes each value, and what all of them come from, and never over anything.
pub fn export(
    session: &Session<'_>,
    (fields, conflict): (&Fields<'_>, &FieldConflict),
    dir: &Path,
) -> Result<ExportReport, FlowError> {
    if conflict.is_existence() {
        return Err(FlowError::Refused {
            what: format!(
                "{} is about whether it is there: there is no text",
                conflict.name()
            ),
            hint: format!(
                "see both sides: `holdall conflict show {}`",
                conflict.line.id
            ),
        });
    }
    let dir = HostPath::new(session.edges.env.cwd.join(dir))?;
    let mut report = ExportReport {
        id: conflict.line.id.clone(),
        dir: dir.clone(),
        files: Vec::new(),
    };
    let mut texts = Vec::new();
    for (side, machine, text) in sides(fields, conflict)? {
        let file = dir.join(format!("{side}-{}", name(&conflict.line.field)));
        refuse_taken(&file)?;
        texts.push((file.clone(), text));
        report.files.push(ExportedFile {
            file,
            side,
            machine,
        });
    }
    create_private_dir(dir.as_path())?;
    for (file, text) in texts {
        let made = new_file(file.as_path());
        let written = made.and_then(|mut made| made.write_all(text.as_bytes()));
        written.map_err(BaseError::io("write", file.as_path()))?;
    }
    Ok(report)
}

/// What has a text, and whose it is.
type Side = (String, Option<String>, String);

fn sides(fields: &Fields<'_>, conflict: &FieldConflict) -> Result<Vec<Side>, FlowError> {
    let reading = fields.reading();
    let mut sides = Vec::new();
    if let Some(text) = conflict.base(&reading)? {
        sides.push(("base".to_owned(), None, text));
    }
    for variant in &conflict.dispute.variants {
        if let Some(text) = conflict.words(&reading, variant)? {
            let machine = fields.machines.name(&variant.writes[0].machine);
            sides.push((variant.token.clone(), Some(machine), text));
        }
    }
    Ok(sides)
}

/// A field's name as a file can have it: fields of one's own are called anything.
pub fn name(of: &str) -> String {
    let plain = |c: char| {
        let is_plain = c.is_alphanumeric() || "._-".contains(c);
        if is_plain { c } else { '_' }
    };
    let stem: String = of.chars().map(plain).take(LONGEST).collect();
    let kind = if of == field::DESCRIPTION {
        "md"
    } else {
        "txt"
    };
    format!("{stem}.{kind}")
}
