//! What never travels: values that the gate let not out, and what a person did at one time. Both go by
//! numbers of their list, and have others in the new one.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, params};

use crate::base::{Id, MachineId};
use crate::layout::{Entity, OpId};
use crate::oplog::WriteKind;

use super::super::TasksError;
use super::super::change::Change;
use super::super::content::{fingerprint, withheld_here};
use super::rows::Salvage;

impl Change<'_> {
    pub(super) fn take_saved_values(&mut self, saved: &Salvage) -> Result<usize, TasksError> {
        let mut taken = 0;
        for value in &saved.values {
            let Some(on) = saved.thing(value) else {
                continue;
            };
            let [field, fingerprint, text] = &value.words;
            taken += self.tx.execute(
                "INSERT OR IGNORE INTO withheld (thing, field, fingerprint, value) \
                 SELECT n, ?3, ?4, ?5 FROM thing WHERE id = ?1 AND kind = ?2",
                params![on.id.as_str(), on.kind, field, fingerprint, text],
            )?;
        }
        Ok(taken)
    }

    /// Fields that tell of a value which this machine kept for itself, and which is not here.
    pub(super) fn values_gone(
        &self,
        machine: &MachineId,
    ) -> Result<Vec<(Entity, String)>, TasksError> {
        let mut gone = Vec::new();
        for (n, on) in self.told_of(machine)? {
            for (field, write) in self.reading().thing(&on)?.all() {
                let content = match &write.kind {
                    WriteKind::Set(content) | WriteKind::Add(content) => content,
                    WriteKind::Delete(_) | WriteKind::Undelete => continue,
                };
                let is_own = self.reading().machine_of(&write.replica)? == machine.as_str();
                let is_told = is_own && fingerprint(content).is_some();
                if is_told && withheld_here(&self.tx, (n, field), content)?.is_none() {
                    gone.push((on.clone(), field.to_owned()));
                }
            }
        }
        Ok(gone)
    }

    /// What this machine wrote such ops about.
    fn told_of(&self, machine: &MachineId) -> Result<Vec<(i64, Entity)>, TasksError> {
        let mut find = self.tx.prepare(
            "SELECT DISTINCT thing.n, kind, thing.id FROM op JOIN thing ON thing.n = op.thing \
             WHERE replica IN (SELECT replica FROM chain WHERE machine = ?1) \
             AND instr(line, CAST('\"withheld\"' AS BLOB)) ORDER BY thing.n",
        )?;
        let mut rows = find.query([machine.as_str()])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let id: String = row.get(2)?;
            let id = Id::parse(&id).map_err(|_| TasksError::Damaged { what: "an id" })?;
            let kind = row.get(1)?;
            all.push((row.get(0)?, Entity { kind, id }));
        }
        Ok(all)
    }

    /// A deed is its ops, one behind the other: of one that lacks some nothing is taken.
    pub(super) fn take_saved_deeds(&mut self, saved: &Salvage) -> Result<usize, TasksError> {
        let ids: HashMap<i64, OpId> = saved.ops.iter().map(|op| (op.n, op.id)).collect();
        let mut taken = 0;
        for deed in &saved.deeds {
            let ends = [deed.first, deed.last].map(|n| ids.get(&n));
            let [Some(first), Some(last)] = ends else {
                continue;
            };
            let (Some(first), Some(last)) = (self.place_of(*first)?, self.place_of(*last)?) else {
                continue;
            };
            if last - first == deed.last - deed.first {
                taken += self.tx.execute(
                    "INSERT OR IGNORE INTO deed VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![deed.n, deed.at, deed.what, first, last, deed.undone],
                )?;
            }
        }
        Ok(taken)
    }

    fn place_of(&self, id: OpId) -> Result<Option<i64>, TasksError> {
        let mut find = self.tx.prepare_cached("SELECT n FROM op WHERE id = ?1")?;
        Ok(find
            .query_row([id.as_bytes()], |row| row.get(0))
            .optional()?)
    }
}
