//! A person's choice between the values of a field: an ordinary write that names all that it saw.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::base::{BaseError, VaultPath, read_limited};
use crate::flow::machines::MachineNames;
use crate::flow::task::WithheldText;
use crate::flow::task::desk::Desk;
use crate::flow::task::projects::Projects;
use crate::flow::task::spoken::value_words;
use crate::flow::task::values::may_be_absent;
use crate::flow::task::wishes::Lookup;
use crate::flow::{FlowError, Session};
use crate::layout::OpId;
use crate::tasks::{Pen, Variant};

use super::super::view::Choice;
use super::draft::{finished, unended};
use super::open::open;
use super::value::checked;
use super::view::FieldConflict;

/// No text that somebody wrote is longer.
const MAX_SIZE: u64 = 64 * 1024 * 1024;

/// A conflict by its id, and the token of what was shown of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub id: String,
    pub token: Option<String>,
}

#[derive(Clone, Copy, Debug)]
pub struct FieldOptions<'o> {
    pub choice: &'o Choice,
    pub dry_run: bool,
    pub by: Option<&'o str>,
    /// What cannot be decided so is left, and named.
    pub leaves: bool,
}

#[derive(Debug, Serialize)]
pub struct ResolvedField {
    pub id: String,
    pub kind: &'static str,
    #[serde(rename = "ref")]
    pub reference: String,
    pub field: String,
    /// Fields have none.
    pub path: Option<VaultPath>,
    /// The token of a value, `base`, or `value` for one of the person's own.
    pub chosen: String,
    /// What the field has now.
    pub value: Option<String>,
    /// The choice is that the thing is gone.
    pub deletes: bool,
    /// What was decided about.
    #[serde(skip)]
    pub seen: String,
}

/// A conflict that stays open.
#[derive(Debug, Serialize)]
pub struct LeftField {
    pub id: String,
    pub kind: &'static str,
    #[serde(rename = "ref")]
    pub reference: String,
    pub field: String,
    pub why: String,
    pub hint: String,
    /// What was looked at.
    #[serde(skip)]
    pub seen: String,
}

#[derive(Debug, Default)]
pub struct Settled {
    pub resolved: Vec<ResolvedField>,
    pub left: Vec<LeftField>,
    pub withheld: Vec<WithheldText>,
}

/// Decides all of them in one transaction, as one deed.
pub fn resolve(
    session: &Session<'_>,
    wanted: &[Shown],
    options: FieldOptions<'_>,
) -> Result<Settled, FlowError> {
    let mut desk = Desk::open(session, options.by)?;
    let machines = MachineNames::new(session)?;
    let what = deed(&desk, wanted)?;
    let write = |pen: &mut Pen<'_, '_, '_>| {
        let mut run = Run {
            machines: &machines,
            options,
            lookup: Lookup {
                session,
                projects: Projects::default(),
            },
            settled: Settled::default(),
        };
        for (conflict, token) in run.found(pen, wanted)? {
            run.decide(pen, &conflict, token)?;
        }
        Ok(run.settled)
    };
    let written = if options.dry_run {
        desk.rehearse(&what, write)?
    } else {
        desk.write(&what, write)?
    };
    Ok(Settled {
        withheld: written.withheld,
        ..written.answer
    })
}

/// What `task undo --list` calls it.
fn deed(desk: &Desk<'_>, wanted: &[Shown]) -> Result<String, FlowError> {
    if let [one] = wanted {
        let lines = open(&desk.reading())?;
        if let Some(line) = lines.into_iter().find(|line| line.id == one.id) {
            return Ok(format!("resolve: {} {}", line.reference, line.field));
        }
    }
    Ok(format!("resolve: {} conflicts", wanted.len()))
}

/// What is written: a value that is there, or another one.
enum Taken<'c> {
    Variant(&'c Variant),
    Base,
    Text(String),
}

struct Run<'r> {
    machines: &'r MachineNames<'r>,
    options: FieldOptions<'r>,
    lookup: Lookup<'r>,
    settled: Settled,
}

impl Run<'_> {
    /// The conflicts as they are in this transaction. Deletions come last: what is written to a thing
    /// behind one would bring it back.
    fn found<'w>(
        &self,
        pen: &Pen<'_, '_, '_>,
        wanted: &'w [Shown],
    ) -> Result<Vec<(FieldConflict, Option<&'w str>)>, FlowError> {
        let reading = pen.reading();
        let lines = open(&reading)?;
        let mut found = Vec::new();
        for shown in wanted {
            if let Some(line) = lines.iter().find(|line| line.id == shown.id) {
                let conflict = FieldConflict::of(&reading, line.clone())?;
                found.push((conflict, shown.token.as_deref()));
            } else if !self.options.leaves {
                return Err(FlowError::Refused {
                    what: "somebody decided this conflict meanwhile".to_owned(),
                    hint: "see what is left: `holdall conflict list`".to_owned(),
                });
            }
        }
        found.sort_by_key(|(conflict, _)| conflict.is_existence());
        Ok(found)
    }

    fn decide(
        &mut self,
        pen: &mut Pen<'_, '_, '_>,
        conflict: &FieldConflict,
        token: Option<&str>,
    ) -> Result<(), FlowError> {
        let seen = token.map_or(Ok(()), |token| refuse_other(pen, conflict, token));
        let choice = match seen.and_then(|()| self.taken(conflict)) {
            Ok(choice) => choice,
            Err(FlowError::Refused { what, hint }) if self.options.leaves => {
                let prefix = format!("{}: ", conflict.name());
                self.settled.left.push(LeftField {
                    id: conflict.line.id.clone(),
                    kind: conflict.line.kind,
                    reference: conflict.line.reference.clone(),
                    field: conflict.line.field.clone(),
                    why: what.strip_prefix(&prefix).unwrap_or(&what).to_owned(),
                    hint,
                    seen: conflict.seen.clone(),
                });
                return Ok(());
            }
            Err(fault) => return Err(fault),
        };
        let line = self.write(pen, conflict, choice)?;
        self.settled.resolved.push(line);
        Ok(())
    }

    fn taken<'c>(&self, conflict: &'c FieldConflict) -> Result<Taken<'c>, FlowError> {
        let machines = self.machines;
        Ok(match self.options.choice {
            Choice::Local => Taken::Variant(conflict.local(machines)?),
            Choice::Vault if self.options.leaves => Taken::Variant(conflict.remote(machines)?),
            Choice::Remote => Taken::Variant(conflict.remote(machines)?),
            Choice::Vault => return Err(no_vault(conflict, machines)),
            Choice::Token(token) => Taken::Variant(conflict.by_token(token, machines)?),
            _ if conflict.is_existence() => return Err(no_text(conflict, machines)),
            Choice::Base => Taken::Base,
            Choice::Value(text) => Taken::Text(finished(conflict, text.as_bytes())?),
            Choice::Bytes(bytes) => Taken::Text(unended(conflict, &finished(conflict, bytes)?)),
            Choice::File(file) => {
                let file = self.lookup.session.edges.env.cwd.join(file);
                Taken::Text(finished(conflict, &read(&file)?)?)
            }
        })
    }

    fn write(
        &mut self,
        pen: &mut Pen<'_, '_, '_>,
        conflict: &FieldConflict,
        taken: Taken<'_>,
    ) -> Result<ResolvedField, FlowError> {
        let dispute = &conflict.dispute;
        let (on, of) = (&dispute.on, dispute.field.as_str());
        let (chosen, value) = match taken {
            Taken::Variant(variant) => {
                if !conflict.is_existence() {
                    pen.choose(on, of, variant.id)?;
                } else if variant.is_deletion {
                    let seen = pen.look(on)?.clone();
                    pen.delete(on, &seen)?;
                } else {
                    pen.undelete(on)?;
                }
                let words = conflict.words(&pen.reading(), variant)?;
                (variant.token.clone(), words)
            }
            Taken::Base => {
                let is_none = dispute
                    .base
                    .as_ref()
                    .is_none_or(|base| base.value.is_none());
                match &dispute.base {
                    _ if is_none && !may_be_absent(of) => return Err(no_base(conflict)),
                    Some(base) => pen.choose(on, of, base.id)?,
                    None => set(pen, conflict, Value::Null)?,
                };
                ("base".to_owned(), conflict.base(&pen.reading())?)
            }
            Taken::Text(text) => {
                let value = checked(pen, &mut self.lookup, (on, of), &text)?;
                let words = match &value {
                    Value::Null => None,
                    Value::String(text) => Some(text.clone()),
                    other => Some(other.to_string()),
                };
                set(pen, conflict, value)?;
                let words = value_words(&pen.reading(), of, words)?;
                ("value".to_owned(), words)
            }
        };
        let deletes = conflict.is_existence() && value.as_deref() == Some("deleted");
        Ok(ResolvedField {
            id: conflict.line.id.clone(),
            kind: conflict.line.kind,
            reference: conflict.line.reference.clone(),
            field: conflict.line.field.clone(),
            path: None,
            chosen,
            value,
            deletes,
            seen: conflict.seen.clone(),
        })
    }
}

fn set(
    pen: &mut Pen<'_, '_, '_>,
    conflict: &FieldConflict,
    value: Value,
) -> Result<OpId, FlowError> {
    let on = &conflict.dispute.on;
    let seen = pen.look(on)?.clone();
    Ok(pen.set(on, (&conflict.dispute.field, value), &seen)?)
}

/// Whoever says what they saw decides about nothing newer.
fn refuse_other(
    pen: &mut Pen<'_, '_, '_>,
    conflict: &FieldConflict,
    token: &str,
) -> Result<(), FlowError> {
    let (on, of) = (&conflict.dispute.on, conflict.dispute.field.as_str());
    if pen.live_then(on, (of, token))? == pen.live(on, of)? {
        return Ok(());
    }
    Err(FlowError::Refused {
        what: format!("{} was changed meanwhile", conflict.name()),
        hint: format!("look again: `holdall conflict show {}`", conflict.line.id),
    })
}

fn no_vault(conflict: &FieldConflict, machines: &MachineNames<'_>) -> FlowError {
    FlowError::Unsaid {
        what: "of a field the vault has every value alike: `--use vault` is for files",
        hint: format!(
            "`--use local`, `--use remote`, or `--use TOKEN`, of {}",
            conflict.choices(machines)
        ),
    }
}

fn no_text(conflict: &FieldConflict, machines: &MachineNames<'_>) -> FlowError {
    FlowError::Unsaid {
        what: "it is about whether it is deleted: that is chosen, and has no text",
        hint: format!(
            "`--use local`, `--use remote`, or `--use TOKEN`, of {}",
            conflict.choices(machines)
        ),
    }
}

fn no_base(conflict: &FieldConflict) -> FlowError {
    FlowError::Refused {
        what: format!(
            "{} was written apart: no value is known that all came from",
            conflict.name()
        ),
        hint: format!(
            "see the values: `holdall conflict show {}`",
            conflict.line.id
        ),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, FlowError> {
    match read_limited(file, MAX_SIZE) {
        Err(BaseError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Err(FlowError::NoSuchPath {
                path: file.to_owned(),
            })
        }
        read => Ok(read?),
    }
}
