//! An open conversation with a git server, which told its refs.

use std::io::{self, Read, Write};
use std::time::Instant;

use crate::vault::WireError;

use super::advert::Advert;
use super::receive::Said;
use super::settle::Heard;

/// One of the two programs that a git server runs for whoever comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Fetches come to it.
    Upload,
    /// Pushes come to it.
    Receive,
}

impl Service {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upload => "git-upload-pack",
            Self::Receive => "git-receive-pack",
        }
    }
}

/// What is said: it writes all of it.
pub type Say<'a> = &'a mut dyn FnMut(&mut dyn Write) -> io::Result<()>;
/// Hears an answer to its end.
pub type Hear<'a> = &'a mut dyn FnMut(&mut dyn Read) -> io::Result<()>;

pub trait Line {
    /// Says all of a request, then has the answer heard.
    fn ask(self: Box<Self>, request: &[u8], hear: Hear<'_>) -> Result<(), WireError>;
    /// Says something long, and hears of it meanwhile.
    fn send(self: Box<Self>, say: Say<'_>) -> Heard;
    /// Goes without having asked for anything.
    fn leave(self: Box<Self>);
}

/// A conversation that goes on: the refs were told, and it waits for what is wanted.
pub type Open = (Advert, Box<dyn Line>);

/// A call on its way, to which nobody listens yet.
pub struct Call {
    /// After that it may have been given up.
    pub waits_until: Instant,
    /// Hears the refs.
    pub hear: Box<dyn FnOnce() -> Result<Open, WireError>>,
}

/// A way to a git server.
pub trait Host {
    /// The address as people wrote it, without secrets.
    fn url(&self) -> &str;
    /// Calls a service, and hears its refs.
    fn call(&self, service: Service) -> Result<Open, WireError>;
    /// Calls it, and leaves the hearing for later. Nothing on a way that is short.
    fn dial(&self, _service: Service) -> Result<Option<Call>, WireError> {
        Ok(None)
    }
}

/// What came of saying and hearing at once. What the server said weighs more than a pipe that it
/// closed early.
pub fn of_both(said: io::Result<()>, heard: io::Result<Said>) -> io::Result<Said> {
    match heard {
        Ok(heard) if heard.is_answer() => Ok(heard),
        other => said.and(other),
    }
}
