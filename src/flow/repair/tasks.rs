//! The task list: a new one is made of what the vault has, and gets of the damaged one what reads and goes
//! on behind that.

use serde::Serialize;

use crate::base::{HostPath, MachineId, ObjectId};
use crate::tasks::{Rescued, Salvage, TasksError, Verified};
use crate::vault::wire::Aim;
use crate::vault::{Objects, RefName, Store};

use super::super::aside::{DATABASE, replace};
use super::super::recognise::own_id;
use super::super::task::had_tasks;
use super::super::there::is_there;
use super::super::{ErrorKind, Event, FlowError, Session, Stage, ops};
use super::whose::{refuse_another, vault_of};
use super::work_dir;

/// What became of the task list.
#[derive(Debug, Serialize)]
pub struct TasksRepair {
    /// Where the damaged one is; nothing where there was none any more.
    pub damaged: Option<HostPath>,
    /// Ops that came from the vault.
    pub received: usize,
    /// Ops that nobody else has, and that could be read.
    pub rescued: usize,
    /// The same of values that stay on this machine, and of what can be undone.
    pub withheld: usize,
    pub deeds: usize,
    /// So many ops of this machine could not be read; unknown where it is not known how many there were.
    pub lost: Option<u64>,
    /// The withheld values that could not be read.
    pub values_lost: Vec<LostValue>,
}

/// A value that never left this machine.
#[derive(Debug, Serialize)]
pub struct LostValue {
    #[serde(rename = "ref")]
    pub reference: String,
    pub field: String,
}

/// Mends the list, if it is damaged. The vault says whether there was one to who knows this machine's name.
pub fn mend(session: &Session<'_>, is_renamed: bool) -> Result<Option<TasksRepair>, FlowError> {
    let store = session.store()?;
    let is_forgotten = is_renamed && !is_there(&session.places.tasks())?;
    if !is_forgotten && is_well(session, store.as_ref())? {
        return Ok(None);
    }
    let file = session.places.tasks();
    let work = work_dir(session)?;
    let saved = Salvage::read(file.as_path(), work.path(), &session.holder())?;
    let fresh = HostPath::new(work.path().join("tasks.db"))?;
    let (received, rescued, values_lost) = make(session, store.as_ref(), (&saved, &fresh))?;
    if received + rescued.ops == 0 && file.as_path().is_file() {
        return Err(FlowError::Refused {
            what: format!("nothing in {file} can be read any more, and the vault has no tasks"),
            hint: "nothing was changed: put a backup copy of that file in its place".to_owned(),
        });
    }
    Ok(Some(TasksRepair {
        damaged: replace(&file, &fresh, DATABASE)?,
        received,
        rescued: rescued.ops,
        withheld: rescued.withheld,
        deeds: rescued.deeds,
        lost: rescued.lost,
        values_lost,
    }))
}

/// Makes a new list; how many ops came from the vault, what from the damaged one, and what not.
fn make(
    session: &Session<'_>,
    store: Option<&Store>,
    (saved, fresh): (&Salvage, &HostPath),
) -> Result<(usize, Rescued, Vec<LostValue>), FlowError> {
    let machine = own_id(session)?;
    let mut list = session.task_store_at(fresh)?;
    let mut received = 0;
    if let Some(store) = store {
        let objects = Objects::new(store);
        for tree in trees(session, store, &machine)? {
            received += ops::take_in(session, &mut list, (&objects, tree))?;
        }
    }
    let rescued = list.rescue(session.edges, (saved, &machine))?;
    let values_lost = rescued.gone.iter().map(|(on, field)| {
        let reference = list.reading().reference(on.id.as_str())?;
        let field = field.clone();
        Ok(LostValue { reference, field })
    });
    let values_lost = values_lost.collect::<Result<_, FlowError>>()?;
    Ok((received, rescued, values_lost))
}

/// What a look at the list came to.
pub fn look(session: &Session<'_>, thorough: bool) -> Result<Option<Verified>, FlowError> {
    let Some(list) = session.task_store_there()? else {
        return Ok(None);
    };
    if let Some(said) = list.verify_file(thorough)? {
        return Err(TasksError::Broken { said }.into());
    }
    let dir =
        tempfile::tempdir().map_err(crate::base::BaseError::io("make a directory in", "/tmp"))?;
    let place = HostPath::new(dir.path())?;
    Ok(Some(
        list.verify(session.edges, (&place, &session.holder()))?,
    ))
}

fn is_well(session: &Session<'_>, store: Option<&Store>) -> Result<bool, FlowError> {
    let found = match look(session, true) {
        Ok(found) => found,
        Err(fault) if fault.kind() == ErrorKind::Corrupt => return Ok(false),
        Err(fault) => return Err(fault),
    };
    let had_tasks = store.map_or(Ok(false), |store| had_tasks(session, store))?;
    Ok(match found {
        Some(found) if found.ops > 0 => found.chains.is_empty() && found.texts.is_empty(),
        _ => !had_tasks,
    })
}

/// The vault as it is now, if it can be asked, as it was seen last, and with what was committed since.
fn trees(
    session: &Session<'_>,
    store: &Store,
    machine: &MachineId,
) -> Result<Vec<ObjectId>, FlowError> {
    let seen = store.read_ref(RefName::Branch)?;
    let now = asked(session, (store, seen), machine).unwrap_or_else(|fault| {
        let text = format!(
            "{}; the vault is taken as this machine saw it last",
            fault.message()
        );
        session.tell(&Event::Warning { text: &text });
        None
    });
    let away = store.read_ref(RefName::Offline)?;
    let tips = [now, seen, away].into_iter().flatten();
    tips.map(|tip| Ok(store.tree_of(tip)?)).collect()
}

/// The tip of the remote, where it is of the same vault.
fn asked(
    session: &Session<'_>,
    (store, seen): (&Store, Option<ObjectId>),
    machine: &MachineId,
) -> Result<Option<ObjectId>, FlowError> {
    let Some(remote) = session.remote(machine, Aim::Fetch)? else {
        return Ok(None);
    };
    session.tell(&Event::Contacting { url: remote.url() });
    let Some(tip) = remote.tip()? else {
        return Ok(None);
    };
    remote.fetch(store, tip, &session.tells(Stage::Fetching))?;
    let ours = seen.and_then(|seen| vault_of(store, seen));
    refuse_another(session, (store, ours), (remote.url(), tip))?;
    Ok(Some(tip))
}
