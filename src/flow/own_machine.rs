//! What this machine calls itself. Whoever needs a name first makes one, and all go by that one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::{
    BaseError, FileLock, HostPath, LockOutcome, MachineId, create_private_dir, read_if_there,
    write_atomic,
};

use super::aside::set_aside;
use super::{FlowError, Session};

/// How long a name in the making is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Serialize, Deserialize)]
struct OwnMachine {
    machine: MachineId,
}

/// This machine's id, if it has one yet.
pub fn known(session: &Session<'_>) -> Result<Option<MachineId>, FlowError> {
    let file = session.places.machine_file();
    let Some(bytes) = read_if_there(file.as_path(), 1 << 16)? else {
        return Ok(None);
    };
    let own: OwnMachine = serde_json::from_slice(&bytes).map_err(|source| FlowError::BadFile {
        path: file.as_path().to_owned(),
        source,
    })?;
    Ok(Some(own.machine))
}

/// This machine's id. Of several processes that need the first one, one makes it.
pub fn known_or_new(session: &Session<'_>) -> Result<MachineId, FlowError> {
    known_or(session, || MachineId::new(session.edges))
}

/// The same for whoever has one that would do.
pub fn known_or(
    session: &Session<'_>,
    fresh: impl FnOnce() -> Result<MachineId, BaseError>,
) -> Result<MachineId, FlowError> {
    if let Some(machine) = known(session)? {
        return Ok(machine);
    }
    create_private_dir(session.places.data.as_path())?;
    let _lock = take_lock(session)?;
    if let Some(machine) = known(session)? {
        return Ok(machine);
    }
    let machine = fresh()?;
    remember(session, &machine)?;
    Ok(machine)
}

/// Gives a file that does not say the id another name: then it can be found, or made anew.
pub fn set_damaged_aside(session: &Session<'_>) -> Result<Option<HostPath>, FlowError> {
    match known(session) {
        Err(FlowError::BadFile { .. }) => set_aside(&session.places.machine_file()),
        known => known.map(|_| None),
    }
}

/// A new id, in the place of one that there may be.
pub fn renamed(session: &Session<'_>) -> Result<MachineId, FlowError> {
    let machine = MachineId::new(session.edges)?;
    remember(session, &machine)?;
    Ok(machine)
}

/// Writes down what this machine is called.
pub fn remember(session: &Session<'_>, machine: &MachineId) -> Result<(), FlowError> {
    let own = OwnMachine {
        machine: machine.clone(),
    };
    let mut bytes = serde_json::to_vec_pretty(&own).expect("plain data");
    bytes.push(b'\n');
    Ok(write_atomic(
        session.places.machine_file().as_path(),
        &bytes,
    )?)
}

fn take_lock(session: &Session<'_>) -> Result<FileLock, FlowError> {
    let file = session.places.machine_file();
    match FileLock::beside(file.as_path(), &session.holder(), PATIENCE)? {
        LockOutcome::Taken(lock) => Ok(lock),
        LockOutcome::Busy(holder) => Err(FlowError::Busy { holder }),
    }
}
