//! Which remote has what this machine published last: one that is connected since and empty lacks nothing.

use crate::base::{BaseError, read_if_there, write_atomic};
use crate::snapshot::masked;

use super::{FlowError, Session};

const MAX_FILE: u64 = 64 * 1024;

/// Notes it, where it is another one than before.
pub fn note(session: &Session<'_>) -> Result<(), FlowError> {
    let Some(now) = address(session) else {
        return Ok(());
    };
    let file = session.places.last_remote();
    if read(session)? != Some(now.as_bytes().to_vec()) {
        write_atomic(file.as_path(), now.as_bytes())?;
    }
    Ok(())
}

/// Whether the remote that is connected now is known to be another one.
pub fn is_another(session: &Session<'_>) -> Result<bool, FlowError> {
    let (last, now) = (read(session)?, address(session));
    Ok(last.is_some() && last != now.map(String::into_bytes))
}

/// A secret in it need not stand in one more file.
fn address(session: &Session<'_>) -> Option<String> {
    let url = session.config.remote_url.as_deref()?;
    Some(masked(url).into_owned())
}

fn read(session: &Session<'_>) -> Result<Option<Vec<u8>>, BaseError> {
    read_if_there(session.places.last_remote().as_path(), MAX_FILE)
}
