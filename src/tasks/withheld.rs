//! The values that the gate let not out.

use serde_json::Value;

use crate::base::Id;
use crate::layout::Entity;
use crate::oplog::{Content, Write, WriteKind};

use super::content::fingerprint;
use super::{Pen, Reading, TasksError};

/// A value that stays on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    pub on: Entity,
    pub field: String,
    pub fingerprint: String,
    pub value: String,
}

impl Reading<'_> {
    /// What is withheld, and was not written over since.
    pub fn withheld(&self) -> Result<Vec<Withheld>, TasksError> {
        let mut find = self.db.prepare(
            "SELECT thing.kind, thing.id, field, fingerprint, value FROM withheld \
             JOIN thing ON thing.n = withheld.thing ORDER BY thing.id, field",
        )?;
        let rows = find.query_map([], |row| {
            let id: String = row.get(1)?;
            Ok((row.get(0)?, id, row.get(2)?, row.get(3)?, row.get(4)?))
        })?;
        let mut all = Vec::new();
        for row in rows {
            let (kind, id, field, fingerprint, value) = row?;
            let id = Id::parse(&id).map_err(|_| TasksError::Damaged { what: "an id" })?;
            let withheld = Withheld {
                on: Entity { kind, id },
                field,
                fingerprint,
                value,
            };
            if self.is_live(&withheld)? {
                all.push(withheld);
            }
        }
        Ok(all)
    }

    fn is_live(&self, withheld: &Withheld) -> Result<bool, TasksError> {
        let thing = self.thing(&withheld.on)?;
        let mut live = thing.field(&withheld.field);
        Ok(live.any(|write| match &write.kind {
            WriteKind::Set(content) | WriteKind::Add(content) => withheld.is_named_by(content),
            _ => false,
        }))
    }
}

impl Withheld {
    fn is_named_by(&self, content: &Content) -> bool {
        fingerprint(content) == Some(&self.fingerprint)
    }
}

impl Pen<'_, '_, '_> {
    /// Writes a value anew, in the place of what stands for it. False where that stands beside others:
    /// a person has to choose.
    pub fn write_again(&mut self, it: &Withheld) -> Result<bool, TasksError> {
        let seen = self.look(&it.on)?.clone();
        let value = Value::String(it.value.clone());
        let is_item = |_: &Write, content: &Content| it.is_named_by(content);
        if self.remove(&it.on, &it.field, &is_item)? {
            self.add(&it.on, &it.field, value)?;
            return Ok(true);
        }
        let is_alone = seen.field(&it.field).count() == 1;
        if is_alone {
            self.set(&it.on, (&it.field, value), &seen)?;
        }
        Ok(is_alone)
    }
}
