//! A project that the vault knows by another id than this machine did: its tasks go with it.

use serde_json::json;

use crate::base::{Id, MachineId};
use crate::tasks::model::{self, field};
use crate::tasks::{Hand, Pen, TasksError};

use super::super::{FlowError, Session};

/// Says in the log that a project is the same as another. Tasks that anybody writes for the old one are
/// then shown with the new one.
pub fn adopted(
    session: &Session<'_>,
    machine: &MachineId,
    renamed: &[(Id, Id)],
) -> Result<(), FlowError> {
    if renamed.is_empty() {
        return Ok(());
    }
    let Some(mut store) = session.task_store_left()? else {
        return Ok(());
    };
    let hand = Hand {
        machine,
        by: None,
        censor: &|_, _| None,
    };
    store.change(session.edges, |change| {
        change.write(hand, "", |pen| {
            renamed
                .iter()
                .try_for_each(|(old, new)| adopt(pen, old, new))
        })
    })?;
    Ok(())
}

fn adopt(pen: &mut Pen<'_, '_, '_>, old: &Id, new: &Id) -> Result<(), TasksError> {
    let rows = pen.reading().projects()?;
    let Some(row) = rows.into_iter().find(|row| row.id == old.as_str()) else {
        return Ok(());
    };
    let to = model::project(new.clone());
    if pen.look(&to)?.all().next().is_none() {
        let fields = vec![
            (field::NAME, json!(row.name)),
            (field::PREFIX, json!(row.prefix)),
        ];
        pen.begin(&to, fields)?;
    }
    let on = model::project(old.clone());
    let seen = pen.look(&on)?.clone();
    pen.set(&on, (field::SAME, json!(new)), &seen)?;
    Ok(())
}
