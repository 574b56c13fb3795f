//! How what was mended takes the place of what was damaged, so that one of the two is always known.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::base::{BaseError, HostPath, TEMP_PREFIX, seams, sync_dir};

use super::there::is_there;
use super::{FlowError, Session};

/// What is whole and waits for its place is called so. A run that finds nothing in the place takes it.
const MENDED: &str = "mended";

/// The same path with something more to its name.
fn named(path: &HostPath, more: &str) -> HostPath {
    with(path, &format!(".{more}"))
}

fn with(path: &HostPath, ending: &str) -> HostPath {
    let mut name = path.as_path().as_os_str().to_owned();
    name.push(ending);
    HostPath::new(PathBuf::from(name)).expect("it was absolute")
}

#[must_use]
pub fn mended(place: &HostPath) -> HostPath {
    named(place, MENDED)
}

/// A directory beside what is mended, for what is made in its place.
pub fn work_dir(session: &Session<'_>) -> Result<tempfile::TempDir, FlowError> {
    let dir = session.places.data.as_path();
    let made = tempfile::Builder::new()
        .prefix(TEMP_PREFIX)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(dir);
    Ok(made.map_err(BaseError::io("create a directory in", dir))?)
}

/// A name beside it that says why it is there. What was moved aside before may be all that is left of
/// something.
#[must_use]
fn free_name(place: &HostPath) -> HostPath {
    let mut names = (1..).map(|number| match number {
        1 => named(place, "damaged"),
        _ => named(place, &format!("damaged-{number}")),
    });
    let is_free = |name: &HostPath| fs::symlink_metadata(name.as_path()).is_err();
    names.find(is_free).expect("there is no end of numbers")
}

fn rename(from: &HostPath, to: &HostPath) -> Result<(), FlowError> {
    let moved = seams::step().and_then(|()| fs::rename(from.as_path(), to.as_path()));
    moved.map_err(BaseError::io("rename", from.as_path()))?;
    Ok(to.as_path().parent().map_or(Ok(()), sync_dir)?)
}

/// What lies beside a database and belongs to it.
pub const DATABASE: &[&str] = &["-wal", "-shm"];

/// Puts what was mended into its place; where what was there is now, with what belongs to it.
pub fn replace(
    place: &HostPath,
    whole: &HostPath,
    parts: &[&str],
) -> Result<Option<HostPath>, FlowError> {
    let (mended, damaged) = (mended(place), free_name(place));
    rename(whole, &mended)?;
    for part in parts {
        let [from, to] = [place, &damaged].map(|path| with(path, part));
        if is_there(&from)? {
            rename(&from, &to)?;
        }
    }
    let was_there = is_there(place)?;
    if was_there {
        rename(place, &damaged)?;
    }
    succeed(place)?;
    Ok(was_there.then_some(damaged))
}

/// Gives what is in a place that is not its own another name.
pub fn set_aside(place: &HostPath) -> Result<Option<HostPath>, FlowError> {
    if !place.as_path().exists() {
        return Ok(None);
    }
    let damaged = free_name(place);
    rename(place, &damaged)?;
    Ok(Some(damaged))
}

/// Does the last step where a run was killed before it, or where it is about to come.
pub fn succeed(place: &HostPath) -> Result<(), FlowError> {
    let whole = mended(place);
    if is_there(place)? || !is_there(&whole)? {
        return Ok(());
    }
    match rename(&whole, place) {
        // Somebody else was there first.
        Err(_) if is_there(place)? => Ok(()),
        done => done,
    }
}

/// What was mended for a place that is taken was made too early: it is kept under a name that says so.
pub fn clear(place: &HostPath) -> Result<(), FlowError> {
    succeed(place)?;
    let whole = mended(place);
    if is_there(&whole)? {
        rename(&whole, &free_name(place))?;
    }
    Ok(())
}
