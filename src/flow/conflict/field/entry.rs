//! A field in conflict, as reports have it.

use serde::Serialize;

use crate::base::{Timestamp, VaultPath};
use crate::flow::FlowError;
use crate::flow::machines::MachineNames;
use crate::flow::task::spoken::{field_name, value_words};
use crate::tasks::{Reading, Variant, Written};

use super::view::{FieldConflict, Fields};

#[derive(Debug, Serialize)]
pub struct FieldEntry {
    pub id: String,
    pub kind: &'static str,
    /// The task's ref, or the project or workspace by its kind and name.
    #[serde(rename = "ref")]
    pub reference: String,
    pub field: String,
    /// Fields have none.
    pub path: Option<VaultPath>,
    pub title: Option<String>,
    /// The one that is shown meanwhile comes first.
    pub variants: Vec<FieldVariant>,
    /// The last value that all of them come from.
    pub base: Option<String>,
    /// Else they were written apart from each other, over nothing that all of them knew.
    pub has_base: bool,
    /// What `--if-seen` takes.
    pub seen: String,
}

#[derive(Debug, Serialize)]
pub struct FieldVariant {
    /// What `--use` takes.
    pub token: String,
    /// Of a thing that somebody deleted: `deleted` or `kept`.
    pub value: Option<String>,
    /// By name.
    pub machine: String,
    pub machine_id: String,
    /// This machine wrote it, maybe beside others.
    pub this_machine: bool,
    pub at: Timestamp,
    pub by: Option<String>,
    /// Other machines that wrote the same.
    pub also: Vec<String>,
    /// What a deletion did not see.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
}

#[derive(Debug, Serialize)]
pub struct FieldChange {
    pub field: String,
    pub value: Option<String>,
}

impl FieldEntry {
    /// It is about whether the thing is there.
    #[must_use]
    pub fn is_existence(&self) -> bool {
        self.field == field_name("")
    }
}

impl FieldConflict {
    pub fn entry(&self, fields: &Fields<'_>) -> Result<FieldEntry, FlowError> {
        let reading = fields.reading();
        let variants = self.dispute.variants.iter();
        let variants = variants.map(|it| self.variant(&reading, it, &fields.machines));
        let variants = variants.collect::<Result<_, _>>()?;
        Ok(FieldEntry {
            id: self.line.id.clone(),
            kind: self.line.kind,
            reference: self.line.reference.clone(),
            field: self.line.field.clone(),
            path: None,
            title: self.line.title.clone(),
            variants,
            base: self.base(&reading)?,
            has_base: self.dispute.base.is_some(),
            seen: self.seen.clone(),
        })
    }

    /// A value of it as people know it.
    pub fn words(
        &self,
        reading: &Reading<'_>,
        variant: &Variant,
    ) -> Result<Option<String>, FlowError> {
        if self.is_existence() {
            let word = if variant.is_deletion {
                "deleted"
            } else {
                "kept"
            };
            return Ok(Some(word.to_owned()));
        }
        value_words(reading, &self.dispute.field, variant.value.clone())
    }

    pub fn base(&self, reading: &Reading<'_>) -> Result<Option<String>, FlowError> {
        let base = self.dispute.base.as_ref();
        let value = base.and_then(|base| base.value.clone());
        value_words(reading, &self.dispute.field, value)
    }

    fn variant(
        &self,
        reading: &Reading<'_>,
        variant: &Variant,
        machines: &MachineNames<'_>,
    ) -> Result<FieldVariant, FlowError> {
        let writes = &variant.writes;
        let (latest, machine) = (&writes[0], machines.name(&writes[0].machine));
        let mut also: Vec<String> = Vec::new();
        for name in writes.iter().map(|it| machines.name(&it.machine)) {
            if name != machine && !also.contains(&name) {
                also.push(name);
            }
        }
        let change = |it: &Written| {
            Ok(FieldChange {
                field: field_name(&it.field).to_owned(),
                value: value_words(reading, &it.field, it.value.clone())?,
            })
        };
        let changes = writes.iter().filter(|it| !it.field.is_empty());
        let changes = changes.filter(|_| self.is_existence()).map(change);
        Ok(FieldVariant {
            token: variant.token.clone(),
            value: self.words(reading, variant)?,
            machine,
            machine_id: latest.machine.clone(),
            this_machine: writes.iter().any(|it| machines.is_own(&it.machine)),
            at: latest.at,
            by: latest.who.clone(),
            also,
            changes: changes.collect::<Result<_, FlowError>>()?,
        })
    }
}
