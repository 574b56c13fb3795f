//! The task list: its file, its chains, what is made of its log, and whether all came to the same.

use crate::vault::Objects;

use super::super::hints::REPAIR;
use super::super::task::had_tasks;
use super::super::{FlowError, ops};
use super::STORE;
use super::found::{Found, counted, first_of};
use super::ground::Ground;

const REBUILD: &str = "holdall doctor --rebuild";

/// The store is whole, and what it shows is what its log comes to.
pub fn tasks(ground: &Ground<'_>) -> Result<Found, Found> {
    if ground.is_all_gone() {
        return Err(Found::waits(STORE));
    }
    let found = ground.tasks()?;
    let Some(found) = found.filter(|found| found.ops > 0) else {
        return Ok(of_none(ground));
    };
    if let Some((name, why)) = found.chains.first() {
        return Ok(Ground::damaged_tasks(&format!(
            "the ops of {name} are damaged: {why}"
        )));
    }
    if let Some(name) = first_of(&found.texts) {
        return Ok(Ground::damaged_tasks(&format!(
            "a long text is not what it was: {name}"
        )));
    }
    if !found.tables.is_empty() && found.aside == found.aside_then {
        let tables = found.tables.join(", ");
        let message = format!("what is shown is not what the ops come to: {tables}");
        return Ok(Found::fail(message, REBUILD));
    }
    let ops = counted(found.ops, "op");
    Ok(Found::ok(format!("{ops}, and what they come to")))
}

/// A list in which nothing is, though this machine had tasks when it pushed last.
fn of_none(ground: &Ground<'_>) -> Found {
    let store = ground.store().ok().flatten();
    let had_tasks = store.and_then(|store| had_tasks(ground.session, store).ok());
    if had_tasks == Some(true) {
        let file = ground.session.places.tasks();
        Found::fail(
            format!("{file} has no tasks any more: it was this machine's task list"),
            REPAIR,
        )
    } else {
        Found::ok("no tasks here")
    }
}

/// Whoever has read the same ops came to the same.
pub fn digests(ground: &Ground<'_>) -> Result<Found, Found> {
    let Some(found) = ground.tasks().map_err(|_| Found::waits("tasks"))? else {
        return Ok(Found::ok("no tasks here"));
    };
    if tasks(ground)?.is_fail() {
        return Err(Found::waits("tasks"));
    }
    let (Some(store), Some(tip)) = (ground.store()?, ground.tip()?) else {
        return Ok(Found::ok("no other machine to compare with"));
    };
    let other = || -> Result<Option<String>, FlowError> {
        let Some(list) = ground.session.task_store_there()? else {
            return Ok(None);
        };
        ops::who_differs(&list.reading(), &Objects::new(store), tip.tree)
    };
    Ok(match other() {
        Ok(None) => Found::ok("all who read the same came to the same"),
        // Here the log was read again just now: whoever differs has to do the same.
        Ok(Some(name)) if found.aside == 0 => Found::warn(
            format!("{name} has read the same ops as this machine, and came to something else"),
            format!("run `holdall doctor --rebuild` on {name}, and push from there"),
        ),
        Ok(Some(name)) => Found::ok(format!("{name} understands other ops than this machine")),
        Err(fault) => ground.of_content(&fault),
    })
}

/// No op waits for a program that understands it.
pub fn set_aside(ground: &Ground<'_>) -> Result<Found, Found> {
    let Some(found) = ground.tasks().map_err(|_| Found::waits("tasks"))? else {
        return Ok(Found::ok("no tasks here"));
    };
    let aside = counted(found.aside, "op");
    Ok(if found.aside_then < found.aside {
        let message = format!("{aside} set aside, which this holdall understands by now");
        Found::warn(message, REBUILD)
    } else if found.aside > 0 {
        let message = format!("{aside} set aside: this holdall does not understand them");
        Found::warn(message, "install the newest holdall")
    } else {
        Found::ok("every op is understood")
    })
}
