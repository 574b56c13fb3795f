//! The way to the remote: what its tip is, its objects fetched, a tip moved with compare-and-swap.
//!
//! *In*: an address and this machine's store. *Out*: five different answers to "what is there", and
//! what became of a push, as the remote itself says of its ref. *Never*: success on a guess.

mod address;
mod advert;
mod child;
mod fetch;
mod git_config;
mod http;
mod incoming;
mod line;
mod path;
mod pkt;
mod place;
mod plain;
mod receive;
mod send;
mod settle;
mod smart;
mod ssh;
mod stage;
mod survey;
mod upload;
mod words;

pub use address::{Address, SshPlace};
pub use git_config::GitConfig;

use std::path::PathBuf;
use std::time::Duration;

use crate::base::{Env, MachineId, ObjectId, Tell};

use super::{Objects, Store, WireError};

use http::HttpHost;
use path::PathRemote;
use smart::SmartRemote;
use ssh::SshHost;

/// What a remote is opened for. A git server has one program for each, and a call costs time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    Fetch,
    /// What is new there is fetched all the same.
    Push,
}

impl Aim {
    /// A push that is to change nothing only looks.
    #[must_use]
    pub const fn of_push(dry_run: bool) -> Self {
        if dry_run { Self::Fetch } else { Self::Push }
    }
}

/// What a remote needs to know of this machine.
#[derive(Clone, Debug)]
pub struct WireOptions {
    pub env: Env,
    pub machine: MachineId,
    /// As long may it take until the other side is there.
    pub connect: Duration,
    /// As long may the other side be silent.
    pub idle: Duration,
    /// Somebody is there who can be asked for a passphrase.
    pub may_ask: bool,
    pub web: WebOptions,
}

/// What a person set for https.
#[derive(Clone, Debug, Default)]
pub struct WebOptions {
    /// Certificates that are trusted beside those of the system.
    pub ca_file: Option<PathBuf>,
    pub token_file: Option<PathBuf>,
    /// http may lead to other machines.
    pub allow_insecure: bool,
}

/// The way to an address. Nobody is asked anything yet.
pub fn remote(
    address: Address,
    url: &str,
    (options, config): (WireOptions, &GitConfig),
    aim: Aim,
) -> Result<Box<dyn Remote>, WireError> {
    Ok(match address {
        Address::Path(path) => Box::new(PathRemote::new(&path, url, options)),
        Address::Ssh(place) => Box::new(SmartRemote::new(
            SshHost::new(place, url, options, config),
            aim,
        )),
        Address::Http(place) => Box::new(SmartRemote::new(
            HttpHost::new(place, url, options, config)?,
            aim,
        )),
    })
}

/// A branch tip to be moved from what was seen to what was made.
#[derive(Clone, Copy, Debug)]
pub struct Update {
    pub from: Option<ObjectId>,
    pub to: ObjectId,
}

/// What became of a push, as the remote's own ref says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum PushOutcome {
    Accepted,
    /// Another machine was faster: the tip is not what was seen.
    Moved,
    /// The remote does not take it, and says why.
    Refused {
        reason: String,
    },
}

/// A remote that can be asked for its tip, read, and written.
pub trait Remote {
    /// The address as people wrote it, without secrets.
    fn url(&self) -> &str;
    /// Calls already, so that something else can be done while the way there is gone. False where
    /// nothing is won by it.
    fn begin(&self) -> bool {
        false
    }
    /// The tip of the vault's branch; nothing where the repository is empty. A repository with
    /// other content is [`WireError::NotAVault`].
    fn tip(&self) -> Result<Option<ObjectId>, WireError>;
    /// Whether this user may write there, as far as that shows without writing.
    fn may_write(&self) -> Result<(), WireError> {
        Ok(())
    }
    /// Brings every object of `tip` into the store.
    fn fetch(&self, store: &Store, tip: ObjectId, tell: Tell<'_>) -> Result<(), WireError>;
    /// Moves the tip, if it still is what was seen. `Accepted` means that the ref was read back, or
    /// that the server said of this very ref that it moved.
    fn push(
        &self,
        objects: &Objects<'_>,
        update: Update,
        tell: Tell<'_>,
    ) -> Result<PushOutcome, WireError>;
    /// This machine goes on under another id: what is left there from now on has that one.
    fn rename(&self, _machine: &MachineId) {}
    /// Clears away what an earlier, killed run of this machine left there; `sent` are the commits
    /// that it may have been sending.
    fn sweep(&self, sent: &[ObjectId]) -> Result<(), WireError>;
}
