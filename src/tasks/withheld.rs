//! The values that the gate let not out.

use serde_json::Value;

use crate::base::Id;
use crate::layout::Entity;
use crate::oplog::{Content, WriteKind};

use super::content::WITHHELD;
use super::{Reading, TasksError};

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
        let names_it = |content: &Content| match content {
            Content::Plain(Value::Object(map)) => {
                map.get(WITHHELD).and_then(Value::as_str) == Some(&withheld.fingerprint)
            }
            _ => false,
        };
        let live = thing.field(&withheld.field).any(|write| match &write.kind {
            WriteKind::Set(content) | WriteKind::Add(content) => names_it(content),
            _ => false,
        });
        Ok(live)
    }
}
