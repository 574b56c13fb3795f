//! Whether something is there, told from what only cannot be looked at.
//!
//! *In*: a place. *Out*: that it is there, or that it is gone. *Never*: gone for what is closed to this user,
//! or behind a link that leads nowhere: a disk that is not mounted has all of it.

use std::fs;
use std::path::Path;

use crate::base::{BaseError, HostPath, create_private_dir};
use crate::vault::WireError;

use super::hints::{Closed, quoted};
use super::{FlowError, Session};

/// Whether something is there. Only what the system does not know is gone.
pub fn is_there(place: &HostPath) -> Result<bool, FlowError> {
    let path = place.as_path();
    let is_there = path.try_exists().map_err(BaseError::io("look at", path))?;
    if !is_there {
        refuse_nowhere(path)?;
    }
    Ok(is_there)
}

/// Makes a directory of ours, where no link says that it is to be elsewhere.
pub fn make_dir(place: &HostPath) -> Result<(), FlowError> {
    refuse_nowhere(place.as_path())?;
    Ok(create_private_dir(place.as_path())?)
}

/// Refuses a path that a link on its way leads nowhere.
pub fn refuse_nowhere(path: &Path) -> Result<(), FlowError> {
    let mut way = path.ancestors();
    let last = way.find(|path| fs::symlink_metadata(path).is_ok());
    let Some((link, target)) = last.and_then(|link| Some((link, fs::read_link(link).ok()?))) else {
        return Ok(());
    };
    if !matches!(link.try_exists(), Ok(false)) {
        return Ok(());
    }
    let target = link.parent().unwrap_or(link).join(target);
    let (link, target) = (link.display(), target.display());
    Err(FlowError::Refused {
        what: format!("{link} leads to {target}, which is not there"),
        hint: format!(
            "mount the disk that has it; if there never was anything: `mkdir -p {}`",
            quoted(&target.to_string())
        ),
    })
}

/// A fault of this machine's copy of the vault, told as what it is where a part of that copy is closed to
/// this user: git takes what it may not read for something that is not there, or not whole.
#[must_use]
pub fn or_closed(session: &Session<'_>, fault: FlowError) -> FlowError {
    closed_for(session, &fault).map_or(fault, |closed| closed.fault())
}

/// What is closed, where that may be why.
pub fn closed_for(session: &Session<'_>, fault: &FlowError) -> Option<Closed> {
    let is_of_git = match fault {
        FlowError::Vault(fault) | FlowError::Wire(WireError::Vault(fault)) => {
            fault.is_damage() || fault.is_of_config()
        }
        _ => false,
    };
    let is_lack = matches!(fault, FlowError::Lacking { .. });
    if is_of_git || is_lack || fault.is_of_store() {
        Closed::below(session.places.store().as_path())
    } else {
        None
    }
}
