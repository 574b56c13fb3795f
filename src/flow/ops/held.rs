//! What the gate finds in the ops that wait here.

use crate::base::{Finding, ObjectId};
use crate::snapshot::SecretGate;
use crate::vault::Objects;

use super::super::publish::hold_back;
use super::super::round::RoundPlan;
use super::super::{FlowError, Session};
use super::arrival::{Theirs, heads};
use super::departure::{depart, lacking};

/// Each value for which a push would hold all of them back, that it was allowed or not.
pub fn held(
    session: &Session<'_>,
    objects: &mut Objects<'_>,
    tree: Option<ObjectId>,
) -> Result<Vec<Finding>, FlowError> {
    let mut found = Vec::new();
    let Some(store) = session.task_store_there()? else {
        return Ok(found);
    };
    let theirs = match tree {
        Some(tree) => heads(objects, tree)?,
        None => Theirs::default(),
    };
    let reading = store.reading();
    if lacking(&reading, &theirs)? == 0 {
        return Ok(found);
    }
    let plan = RoundPlan {
        edits: depart(&reading, objects, (tree, &theirs), false)?.edits,
        ..RoundPlan::default()
    };
    hold_back(objects, (&SecretGate::default(), tree), &plan, &mut |it| {
        found.push(it.clone());
        Ok(())
    })?;
    Ok(found)
}
