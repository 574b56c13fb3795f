//! The gate on its way into the log: a text with a secret in it stays on this machine.

use std::cell::{OnceCell, RefCell};

use serde::Serialize;

use crate::base::{BaseError, Finding, Gate, VaultPath};
use crate::layout::names;
use crate::snapshot::SecretGate;
use crate::tasks::model::field;
use crate::tasks::{LONGEST, Reading, Withheld};

use super::super::{FlowError, Session, allowance};

/// Fields that hold words and names that were checked: no secret fits into them.
const CHECKED: [&str; 8] = [
    field::STATUS,
    field::PRIORITY,
    field::PROJECT,
    field::WORKSPACE,
    field::EPIC,
    field::DUE,
    field::AVAILABLE,
    field::DEPENDS,
];

/// A text that stays on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WithheldText {
    pub field: String,
    pub rule: String,
    pub fingerprint: String,
}

/// Judges the texts of one command. What is allowed is looked up only where something was found.
pub struct Censor<'s> {
    session: &'s Session<'s>,
    allowing: OnceCell<SecretGate>,
    /// Where the ops are, as findings name it.
    place: VaultPath,
    withheld: RefCell<Vec<WithheldText>>,
    fault: RefCell<Option<FlowError>>,
}

impl<'s> Censor<'s> {
    pub fn new(session: &'s Session<'s>) -> Self {
        Self {
            session,
            allowing: OnceCell::new(),
            place: names::ops_dir(),
            withheld: RefCell::default(),
            fault: RefCell::default(),
        }
    }

    /// The fingerprint of what may not leave.
    pub fn judge(&self, field: &str, text: &str) -> Option<String> {
        if CHECKED.contains(&field) {
            return None;
        }
        match self.finding(field, text) {
            Ok(finding) => {
                let finding = finding?;
                self.withheld.borrow_mut().push(WithheldText {
                    field: field.to_owned(),
                    rule: finding.rule,
                    fingerprint: finding.fingerprint.clone(),
                });
                Some(finding.fingerprint)
            }
            Err(fault) => {
                // Nothing is written where nobody knows what may leave.
                self.fault.replace(Some(fault));
                None
            }
        }
    }

    /// What was withheld; or why that cannot be told.
    pub fn end(self) -> Result<Vec<WithheldText>, FlowError> {
        self.whole()?;
        Ok(self.withheld.into_inner())
    }

    /// Fails where a text could not be judged.
    pub fn whole(&self) -> Result<(), FlowError> {
        self.fault.take().map_or(Ok(()), Err)
    }

    fn finding(&self, field: &str, text: &str) -> Result<Option<Finding>, FlowError> {
        let stands = as_it_stands(field, text);
        if inspected(&SecretGate::default(), (&self.place, &stands))?.is_none() {
            return Ok(None);
        }
        if self.allowing.get().is_none() {
            let gate = allowance::at_hand(self.session)?;
            self.allowing.set(gate).ok();
        }
        let gate = self.allowing.get().expect("it was just put there");
        inspected(gate, (&self.place, &stands))
    }
}

/// Refuses what names something and holds a secret: a name travels as it is.
pub fn refuse_secret(what: &str, field: &str, text: &str) -> Result<(), FlowError> {
    let stands = as_it_stands(field, text);
    match inspected(&SecretGate::default(), (&names::ops_dir(), &stands))? {
        None => Ok(()),
        Some(finding) => Err(FlowError::BadValue {
            what: format!(
                "{what} holds a secret ({}), and would travel as it is",
                finding.rule
            ),
            hint: "choose another name".to_owned(),
        }),
    }
}

/// A text that stays on this machine, and the task that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldText {
    #[serde(rename = "ref")]
    pub reference: String,
    #[serde(flatten)]
    pub text: WithheldText,
}

/// The texts of the task list that stay on this machine.
pub fn texts_withheld(session: &Session<'_>) -> Result<Vec<HeldText>, FlowError> {
    match session.task_store_there()? {
        Some(store) => held_texts(&store.reading()),
        None => Ok(Vec::new()),
    }
}

/// The same of a task list that is open already.
pub fn held_texts(reading: &Reading<'_>) -> Result<Vec<HeldText>, FlowError> {
    let (mut all, place) = (Vec::new(), names::ops_dir());
    for Withheld {
        on, field, value, ..
    } in reading.withheld()?
    {
        // It was found once, and may be found under another name since.
        let stands = as_it_stands(&field, &value);
        if let Some(finding) = inspected(&SecretGate::default(), (&place, &stands))? {
            all.push(HeldText {
                reference: reading.reference(on.id.as_str())?,
                text: WithheldText {
                    field,
                    rule: finding.rule,
                    fingerprint: finding.fingerprint,
                },
            });
        }
    }
    Ok(all)
}

fn inspected(
    gate: &SecretGate,
    (place, content): (&VaultPath, &str),
) -> Result<Option<Finding>, FlowError> {
    let found = gate.inspect(place, &mut content.as_bytes());
    let found = found.map_err(BaseError::io("judge", "a text of a task"))?;
    Ok(found.into_iter().next())
}

/// The text as an op has it: the first one of a field, and a later one; a long one as a file.
fn as_it_stands(field: &str, text: &str) -> String {
    let alone = if text.len() > LONGEST { text } else { "" };
    let quoted = |it| serde_json::to_string(it).expect("it is a text");
    let (field, text) = (quoted(field), quoted(text));
    format!("{{\"fields\":{{{field}:{text}}}}}\n{{\"field\":{field},\"value\":{text}}}\n{alone}")
}
