//! After an undo no pull comes by itself: it would bring back what was just taken back. The next one
//! that a person starts ends that.

use std::io;

use crate::base::{Timestamp, read_if_there, write_atomic};

use super::{Event, FlowError, Session};

pub fn begin(session: &Session<'_>, now: Timestamp) -> Result<(), FlowError> {
    let file = session.places.pause();
    Ok(write_atomic(file.as_path(), format!("{now}\n").as_bytes())?)
}

/// A person pulls. Where that cannot be noted the pull is done all the same.
pub fn end(session: &Session<'_>) {
    let file = session.places.pause();
    match std::fs::remove_file(&file) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => {
            let text =
                format!("cannot delete {file}: {fault}; no pull comes by itself until it is gone");
            session.tell(&Event::Warning { text: &text });
        }
        _ => {}
    }
}

/// Since when.
pub fn since(session: &Session<'_>) -> Result<Option<Timestamp>, FlowError> {
    let bytes = read_if_there(session.places.pause().as_path(), 1 << 10)?;
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(text.and_then(|text| Timestamp::parse(text.trim()).ok()))
}
