//! The remote, asked once: whether it answers and lets this machine in, and how it stands to what this
//! machine has. What is fetched for that stays in a store beside the own one, and goes with it.

use std::time::Instant;

use crate::base::{HostPath, ObjectId};
use crate::vault::wire::{Aim, Remote};
use crate::vault::{RefName, Store};

use super::super::recognise::{own_id, seen};
use super::super::upstream::Source;
use super::super::{Event, FlowError, Healed, Session, Stage, last_remote};
use super::scratch;

/// A push of this machine may end while the remote is asked: then it is asked again.
const TRIES: usize = 4;

/// What a remote that can be asked answered.
pub struct Asked {
    pub url: String,
    pub ms: u64,
    /// How it stands, or why it is none that this machine goes on with.
    pub standing: Result<Standing, FlowError>,
}

/// How the remote stands to what this machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was pushed there yet.
    Empty,
    /// This machine has taken nothing in yet.
    Unmet,
    /// By commits.
    Apart { ahead: usize, behind: usize },
    /// It lacks what it was seen to have.
    Lost(Healed),
}

/// Asks, if there is a remote. It is called as for a push, so that who may only read is told.
pub fn ask(
    session: &Session<'_>,
    store: Option<&Store>,
    reads_all: bool,
) -> Result<Option<Asked>, FlowError> {
    let machine = own_id(session)?;
    let Some(remote) = session.remote(&machine, Aim::Push)? else {
        return Ok(None);
    };
    session.tell(&Event::Contacting { url: remote.url() });
    let began = Instant::now();
    let tip = remote.tip()?;
    remote.may_write()?;
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let standing = stand(session, store, (remote.as_ref(), tip));
    let read = || match tip.filter(|_| reads_all) {
        Some(tip) => read_all(session, remote.as_ref(), tip),
        None => Ok(()),
    };
    Ok(Some(Asked {
        url: remote.url().to_owned(),
        ms,
        standing: standing.and_then(|standing| read().map(|()| standing)),
    }))
}

/// Fetches everything, as a new machine would: a remote may have lost what nobody asked it for since.
fn read_all(session: &Session<'_>, remote: &dyn Remote, tip: ObjectId) -> Result<(), FlowError> {
    let dir = scratch()?;
    let place = HostPath::new(dir.path().join("all.git"))?;
    let all = Store::open(&place)?;
    Ok(remote.fetch(&all, tip, &session.tells(Stage::Fetching))?)
}

fn stand(
    session: &Session<'_>,
    store: Option<&Store>,
    (remote, mut tip): (&dyn Remote, Option<ObjectId>),
) -> Result<Standing, FlowError> {
    let Some(store) = store else {
        return Ok(tip.map_or(Standing::Empty, |_| Standing::Unmet));
    };
    let mut branch = store.read_ref(RefName::Branch)?;
    for _ in 1..TRIES {
        let standing = judge(session, store, (remote, tip, branch))?;
        let before = std::mem::replace(&mut branch, store.read_ref(RefName::Branch)?);
        if standing == IN_STEP || before == branch {
            return Ok(standing);
        }
        tip = remote.tip()?;
    }
    judge(session, store, (remote, tip, branch))
}

const IN_STEP: Standing = Standing::Apart {
    ahead: 0,
    behind: 0,
};

fn judge(
    session: &Session<'_>,
    store: &Store,
    (remote, tip, branch): (&dyn Remote, Option<ObjectId>, Option<ObjectId>),
) -> Result<Standing, FlowError> {
    let published = store.read_ref(RefName::Published)?;
    match (tip, branch) {
        (None, _) if published.is_some() && !last_remote::is_another(session)? => {
            return Ok(Standing::Lost(Healed::Emptied));
        }
        (None, _) => return Ok(Standing::Empty),
        (Some(_), None) => return Ok(Standing::Unmet),
        (Some(tip), Some(branch)) if tip == branch || is_own(store, tip)? => return Ok(IN_STEP),
        _ => {}
    }
    let dir = scratch()?;
    let place = HostPath::new(dir.path().join("beside.git"))?;
    let beside = store.beside(&place)?;
    for name in [RefName::Branch, RefName::Published] {
        if let Some(id) = store.read_ref(name)? {
            beside.write_ref(name, id)?;
        }
    }
    let tell = session.tells(Stage::Fetching);
    let machine = own_id(session)?;
    let upstream = seen(session, &beside, (&Source::Remote(remote, &tell), &machine))?;
    if let Some(healed) = upstream.healed {
        return Ok(Standing::Lost(healed));
    }
    let count = |from: Option<ObjectId>, hidden| {
        from.map_or(Ok(0), |from| {
            beside.commits(from, hidden).map(|list| list.len())
        })
    };
    Ok(Standing::Apart {
        ahead: count(branch, upstream.expected)?,
        behind: count(upstream.expected, branch)?,
    })
}

/// A push of this machine brought the remote there, and has not booked it yet.
fn is_own(store: &Store, tip: ObjectId) -> Result<bool, FlowError> {
    for base in store.sent()? {
        if store.commit_info(base)?.parents.first() == Some(&tip) {
            return Ok(true);
        }
    }
    Ok(false)
}
