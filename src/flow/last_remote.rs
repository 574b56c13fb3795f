//! Which remote has what this machine published last: one that is connected since and empty lacks nothing.

use std::borrow::Cow;

use crate::base::{BaseError, read_if_there, write_atomic};
use crate::snapshot::masked;

use super::{FlowError, Session};

const MAX_FILE: u64 = 64 * 1024;

/// Notes it, where it is another one than before.
pub fn note(session: &Session<'_>, url: &str) -> Result<(), FlowError> {
    let (file, now) = (session.places.last_remote(), address(url));
    if read(session)?.as_deref() != Some(now.as_bytes()) {
        write_atomic(file.as_path(), now.as_bytes())?;
    }
    Ok(())
}

/// Whether the remote that is connected now is known to be another one.
pub fn is_another(session: &Session<'_>) -> Result<bool, FlowError> {
    let (Some(last), Some(url)) = (read(session)?, &session.config.remote_url) else {
        return Ok(false);
    };
    Ok(last != address(url).as_bytes())
}

/// A secret in it need not stand in one more file.
fn address(url: &str) -> Cow<'_, str> {
    masked(url)
}

fn read(session: &Session<'_>) -> Result<Option<Vec<u8>>, BaseError> {
    read_if_there(session.places.last_remote().as_path(), MAX_FILE)
}
