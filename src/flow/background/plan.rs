//! What there is to do in the background. It follows from what is stored, every time anew: whoever asks
//! need remember nothing, and a changed configuration or a restored store needs no notice.

use serde::Serialize;

use crate::base::{FileLock, LockState, ObjectId, Timestamp, read_if_there, write_passing};
use crate::schedule::{Due, rested};
use crate::vault::{Objects, RefName};

use super::super::journal::interrupted;
use super::super::{FlowError, Session, allowance, ops, pause};
use super::overdue::{HOUR, is_within};
use super::schedule;

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    Push,
    Sync,
}

impl Errand {
    /// The command, as it is typed.
    #[must_use]
    pub const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Push => &["backup", "push"],
            Self::Sync => &["sync"],
        }
    }
}

/// What is known to whoever asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mood {
    /// Something changed here that did not travel yet.
    pub woken: bool,
    /// A person is at work, or the machine just came back: what failed before may go well now.
    pub fresh: bool,
}

/// What is to be done now, and else from when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    Run(Errand),
    Wait(Option<Timestamp>),
}

/// What is to be done now.
pub fn plan(session: &Session<'_>, mood: Mood) -> Result<Plan, FlowError> {
    let mut facts = schedule::facts(session)?;
    if mood.fresh {
        facts.failed = facts.failed.map(|(_, ended)| (1, ended));
    }
    let now = session.edges.clock.now().local();
    let scheduled = schedule::is_due(session, &facts)?;
    let asked = mood.woken.then(|| rested(&facts, &now));
    let moments = [scheduled, asked].into_iter().flatten();
    let soonest = moments.min_by_key(|due| match due {
        Due::Now => None,
        Due::From(moment) => Some(*moment),
    });
    Ok(match soonest {
        Some(Due::Now) => Plan::Run(errand(session)?),
        Some(Due::From(moment)) => Plan::Wait(Some(moment)),
        None => Plan::Wait(None),
    })
}

/// A pull that was undone is not repeated by itself.
fn errand(session: &Session<'_>) -> Result<Errand, FlowError> {
    let pulls = session.config.schedule_pull && pause::since(session)?.is_none();
    Ok(if pulls { Errand::Sync } else { Errand::Push })
}

/// Whether something waits that an earlier run did not finish: files that were being written, a commit
/// or changes of tasks that the remote lacks. What cannot be read now the run itself will name.
#[must_use]
pub fn is_unfinished(session: &Session<'_>) -> bool {
    unfinished(session).unwrap_or(true)
}

fn unfinished(session: &Session<'_>) -> Result<bool, FlowError> {
    let Some(store) = session.store_there()? else {
        return Ok(session.places.tasks().as_path().exists());
    };
    if interrupted(&store)?.is_some() {
        return Ok(true);
    }
    let branch = store.read_ref(RefName::Branch)?;
    let remote = session.config.remote_url.is_some();
    if remote && branch != store.read_ref(RefName::Published)? {
        return Ok(true);
    }
    let tree = branch.map(|tip| store.tree_of(tip)).transpose()?;
    has_ops_to_send(session, &mut Objects::new(&store), tree)
}

/// What the gate holds back waits for a person, and for no further run.
fn has_ops_to_send(
    session: &Session<'_>,
    objects: &mut Objects<'_>,
    tree: Option<ObjectId>,
) -> Result<bool, FlowError> {
    if ops::waiting(session, objects, tree) == 0 {
        return Ok(false);
    }
    let held = ops::held(session, objects, tree)?;
    let passes = allowance::allowed(session, objects, tree)?;
    Ok(held.iter().all(|it| passes.contains(&it.fingerprint)))
}

/// Whether somebody began to write onto this disk, and did not come to the end. It may still be at it.
#[must_use]
pub fn is_interrupted(session: &Session<'_>) -> bool {
    let store = session.store_there().ok().flatten();
    store.is_some_and(|store| interrupted(&store).is_ok_and(|found| found.is_some()))
}

/// Whether a daemon runs for this home, and which.
pub fn daemon(session: &Session<'_>) -> Result<LockState, FlowError> {
    Ok(FileLock::state(session.places.daemon_lock().as_path())?)
}

/// Notes that somebody looked who comes again, and does not stay meanwhile: a timer, or cron. Where it
/// cannot be noted, it looked all the same.
pub fn note_look(session: &Session<'_>) {
    let now = session.edges.clock.now();
    let file = session.places.looked();
    write_passing(file.as_path(), format!("{now}\n").as_bytes()).ok();
}

/// When somebody last looked who comes again, where that is not long ago: whoever comes no more does not
/// count.
pub fn last_look(session: &Session<'_>) -> Option<Timestamp> {
    let bytes = read_if_there(session.places.looked().as_path(), 1 << 10).ok()??;
    let looked = Timestamp::parse(String::from_utf8(bytes).ok()?.trim()).ok()?;
    is_within(looked, session.edges.clock.now(), HOUR).then_some(looked)
}
